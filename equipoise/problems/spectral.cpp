// Descent on a diagonal matrix.
#include "equipoise/problems/spectral.hpp"

#include <fmt/format.h>
#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/grams.hpp"
#include "equipoise/problems/parallel/chunks.hpp"
#include "equipoise/problems/parallel/crew.hpp"
#include "equipoise/problems/spectral_kernel.hpp"

namespace equipoise {

namespace {

/// A step is short: threads meet twice within some microseconds, which pays from five times the usual work on.
constexpr double kWorth = 5;
/// Columns of a chunk times the square of the rank that make up for its own sums, which are set to zero before and
/// added up after it.
constexpr Index kColumnWork = 65536;

/// Where the rows of X and Y stand among the columns of the transposed arrays: the leading ones, which the loss treats
/// apart, are filled up to whole vectors. Cut into chunks by the shape alone; chunk 0 is the leading part.
struct Layout {
  Index rank, leading, padded_leading, stride, chunk_columns, chunks;
  double work;

  explicit Layout(Shape shape) : rank(shape.rank) {
    const auto whole = [](Index size, Index step) { return (size + step - 1) / step * step; };
    const Index longest = std::max(shape.rows, shape.cols), block = spectral_block(rank);
    leading = std::min(rank, longest);
    padded_leading = whole(leading, kLaneLimit);
    const Index others = whole(longest - leading, kLaneLimit);
    stride = padded_leading + others;
    if (stride % 64 == 0)
      stride += kLaneLimit;  // rows 512 bytes apart or a multiple would share a few sets of the first cache
    chunk_columns = whole(std::max({Index{256}, others / 64, kColumnWork / std::max<Index>(rank * rank, 1)}), block);
    chunks = 1 + (others + chunk_columns - 1) / chunk_columns;
    work = 3 * static_cast<double>(shape.rows + shape.cols) * static_cast<double>(rank) * static_cast<double>(rank);
  }
  Index column(Index row) const { return row < leading ? row : padded_leading + row - leading; }
  /// Columns in use by a factor with this many rows, in whole vectors.
  Index columns(Index rows) const {
    return rows <= leading ? padded_leading
                           : padded_leading + (rows - leading + kLaneLimit - 1) / kLaneLimit * kLaneLimit;
  }
  Index first(Index chunk) const { return chunk == 0 ? 0 : padded_leading + (chunk - 1) * chunk_columns; }
};

ConstBlock top(const ConstBlock& P, Index count) { return {P.data(), count, P.cols()}; }
ConstBlock below(const ConstBlock& P, Index count) { return {P.data() + count * P.cols(), P.rows() - count, P.cols()}; }

class SpectralProblem final : public Problem {
 public:
  SpectralProblem(Vector singular_values, Index rows, Index cols, double at_rest)
      : values_(std::move(singular_values)), rows_(rows), cols_(cols), at_rest_(at_rest) {
    // Sums of squares from each value on: 2 f* of every rank.
    squares_from_ = Vector::Constant(values_.size() + 1, at_rest);
    for (Index i = values_.size() - 1; i >= 0; --i) squares_from_[i] = squares_from_[i + 1] + values_[i] * values_[i];
  }

  Index rows() const override { return rows_; }
  Index cols() const override { return cols_; }
  Index entries() const override { return rows_ * cols_; }
  LossForm form() const override { return {true, 0}; }
  double cost(Index rank) const override {
    return 10 * static_cast<double>(rows_ + cols_) * static_cast<double>(rank * rank);
  }

  /// The steps of the default but for rounding: one pass over both factors a step, by the kernel.
  void advance(MutableFactors z, double h, std::span<StepTrace> trace) const override {
    if (z.shape().size() == 0 || rows_ == 0 || cols_ == 0) return Problem::advance(z, h, trace);
    if (trace.empty()) return;
    std::unique_ptr<Memory> memory = borrow(z.shape());
    Steps(*this, z, h, *memory).take(trace);
    const std::lock_guard lock(keeping_);
    kept_ = std::move(memory);
  }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Index rank = at.shape().rank;
    const Index p = std::min(rank, rows_), q = std::min(rank, cols_);
    const ConstBlock X = at.X(), Y = at.Y();
    const ConstBlock X1 = top(X, p), X2 = below(X, p), Y1 = top(Y, q), Y2 = below(Y, q);
    const Matrix gram_x1 = gram(X1, X1), gram_x2 = gram(X2, X2), gram_y1 = gram(Y1, Y1), gram_y2 = gram(Y2, Y2);

    out.flat().setZero();
    add_product(X, gram_y1 + gram_y2, out.X());
    add_product(Y, gram_x1 + gram_x2, out.Y());
    subtract_diagonal(Y, out.X());
    subtract_diagonal(X, out.Y());

    Matrix R1 = -(X1 * Y1.transpose());
    const Index leading = leading_pairs(rank);
    for (Index i = 0; i < leading; ++i) R1(i, i) += values_[i];
    double cross = 0;
    for (Index i = leading; i < values_.size(); ++i) cross += values_[i] * X.row(i).dot(Y.row(i));
    return loss({R1.squaredNorm(), inner(gram_x1, gram_y2) + inner(gram_x2, gram_y1), inner(gram_x2, gram_y2), cross},
                rank);
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    out.flat().setZero();
    // D Y - R V = U (Y^T Y) + X (V^T Y + Y^T V) - S V, and the mirror image
    const Matrix mixed_y = gram(direction.Y(), at.Y());
    const Matrix mixed_x = gram(direction.X(), at.X());
    add_product(direction.X(), gram(at.Y(), at.Y()), out.X());
    add_product(at.X(), mixed_y + mixed_y.transpose(), out.X());
    add_product(direction.Y(), gram(at.X(), at.X()), out.Y());
    add_product(at.Y(), mixed_x + mixed_x.transpose(), out.Y());
    subtract_diagonal(direction.Y(), out.X());
    subtract_diagonal(direction.X(), out.Y());
  }

 private:
  /// Sums of which the loss is made: |S1 - X1 Y1^T|^2, <X1'X1, Y2'Y2> + <X2'X2, Y1'Y1>, |X2 Y2^T|^2, and <S2, X2 Y2^T>.
  struct LossParts {
    double leading, off_diagonal, others, cross;
  };
  /// Pairs in the leading block of factors with this many rows.
  Index leading_pairs(Index rank) const { return std::min({rank, rows_, cols_, values_.size()}); }

  double loss(const LossParts& parts, Index rank) const {
    const double rest = squares_from_[leading_pairs(rank)];
    // The last three terms are 1/2 |S2 - X2 Y2^T|^2: not negative but for rounding.
    double second = (parts.others - parts.cross) + (rest - parts.cross);
    if (second < at_rest_) second = at_rest_;  // a NaN stays one
    return (parts.leading + parts.off_diagonal + second) / 2;
  }

  using Lanes = hwy::AlignedFreeUniquePtr<double[]>;  ///< on a cache line: a load across two costs as much as two loads

  static Lanes zeros(Index size) {
    Lanes result = hwy::AllocateAligned<double>(static_cast<std::size_t>(size));
    if (result == nullptr) throw std::bad_alloc();
    std::fill_n(result.get(), size, 0.0);
    return result;
  }

  /// What steps work on: the factors transposed; the sums of each chunk by lanes, and added up; the totals over the
  /// leading columns, which are those of chunk 0, and over the others.
  struct Memory {
    Layout layout;
    Index triangle, part, totals;
    Lanes xt, yt, values, sums, added, others, gram_x, gram_y;

    Memory(Shape shape, const Vector& singular_values)
        : layout(shape),
          triangle(spectral_triangle(layout.rank)),
          part(spectral_sums(layout.rank)),
          totals(part / kLaneLimit),
          xt(zeros(layout.rank * layout.stride)),
          yt(zeros(layout.rank * layout.stride)),
          values(zeros(layout.stride)),
          sums(zeros(layout.chunks * part)),
          added(zeros(layout.chunks * totals)),
          others(zeros(totals)),
          gram_x(zeros(layout.rank * layout.rank)),
          gram_y(zeros(layout.rank * layout.rank)) {
      for (Index i = 0; i < singular_values.size(); ++i)
        values[static_cast<std::size_t>(layout.column(i))] = singular_values[i];
    }
  };

  /// The memory of the last call, where nobody else has it. New memory takes the system as long as some steps.
  std::unique_ptr<Memory> borrow(Shape shape) const {
    {
      const std::lock_guard lock(keeping_);
      if (kept_ != nullptr && kept_->layout.rank == shape.rank) return std::move(kept_);
    }
    return std::make_unique<Memory>(shape, values_);
  }

  /// Steps of one call of advance(). Each leaves its sums for the next.
  class Steps {
   public:
    Steps(const SpectralProblem& problem, MutableFactors z, double h, Memory& memory)
        : problem_(problem),
          z_(z),
          h_(h),
          layout_(memory.layout),
          triangle_(memory.triangle),
          part_(memory.part),
          memory_(memory),
          crew_(layout_.chunks - 1, layout_.work >= kWorth * kWorthThreads) {
      // Zeros beyond the factors: those of the last call became NaN if it diverged.
      std::fill_n(memory.xt.get(), layout_.rank * layout_.stride, 0.0);
      std::fill_n(memory.yt.get(), layout_.rank * layout_.stride, 0.0);
      copy(z.X(), memory.xt, [](double& factor, double& lane) { lane = factor; });
      copy(z.Y(), memory.yt, [](double& factor, double& lane) { lane = factor; });
    }

    void take(std::span<StepTrace> trace) {
      over_chunks(&spectral_grams);
      gather();
      const double *x1 = memory_.added.get(), *y1 = x1 + triangle_, *x2 = memory_.others.get(), *y2 = x2 + triangle_;
      for (StepTrace& seen : trace) {
        // All that the loss needs is there before the step, but <S2, X2 Y2^T>, which the step finds on its way.
        const Index rank = layout_.rank;
        LossParts parts{};
        parts.leading =
            spectral_leading(memory_.xt.get(), memory_.yt.get(), rank, layout_.stride,
                             std::min(layout_.leading, z_.shape().rows), layout_.padded_leading, memory_.values.get());
        parts.off_diagonal = inner_of(x1, y2) + inner_of(x2, y1);
        parts.others = inner_of(x2, y2);
        seen.norm_squared = (trace_of_gram(x1) + trace_of_gram(x2)) + (trace_of_gram(y1) + trace_of_gram(y2));
        over_chunks(&spectral_step);
        gather();
        const double *squares = x1 + 2 * triangle_, *more_squares = x2 + 2 * triangle_;
        parts.cross = -more_squares[1];  // the kernel sums <X, -S Y>
        seen.loss = problem_.loss(parts, rank);
        seen.gradient_squared = squares[0] + more_squares[0];
      }
      copy(z_.X(), memory_.xt, [](double& factor, double& lane) { factor = lane; });
      copy(z_.Y(), memory_.yt, [](double& factor, double& lane) { factor = lane; });
    }

   private:
    /// body(factor, lane) for every entry of a factor and its place among the lanes, a cache line of lanes at a time.
    template <class Body>
    void copy(MutableBlock block, Lanes& lanes, const Body& body) const {
      const Index leading = std::min(layout_.leading, block.rows());
      copy_rows(block, 0, leading, lanes.get(), body);
      copy_rows(block, leading, block.rows(), lanes.get() + layout_.padded_leading - leading, body);
    }
    /// Rows [begin, end), which have the lanes of these numbers.
    template <class Body>
    void copy_rows(MutableBlock block, Index begin, Index end, double* lanes, const Body& body) const {
      const Index rank = layout_.rank;
      for (Index first = begin; first < end; first += kLaneLimit) {
        const Index count = std::min(kLaneLimit, end - first);
        for (Index k = 0; k < rank; ++k) {
          double* factor = block.data() + first * rank + k;
          double* const lane = lanes + k * layout_.stride + first;
          for (Index i = 0; i < count; ++i) body(factor[i * rank], lane[i]);
        }
      }
    }

    template <class Kernel>
    void over_chunks(const Kernel& kernel) {
      const Index columns_x = layout_.columns(z_.shape().rows), columns_y = layout_.columns(z_.shape().cols);
      const Index end = std::max(columns_x, columns_y);
      const auto pass_over = [&](Index chunk) {
        const Index first = layout_.first(chunk);
        const Index last = chunk == 0 ? layout_.padded_leading : std::min(first + layout_.chunk_columns, end);
        double* const xt = first < columns_x ? memory_.xt.get() : nullptr;
        double* const yt = first < columns_y ? memory_.yt.get() : nullptr;
        double* const sums = memory_.sums.get() + chunk * part_;
        std::fill_n(sums, part_, 0.0);
        kernel(SpectralPass{first, last - first, layout_.rank, layout_.stride, xt, yt, memory_.values.get(),
                            memory_.gram_x.get(), memory_.gram_y.get(), h_, sums});
        // Here, while they are in this thread's cache: at rank 32 they are 68 kB a chunk.
        spectral_add_up(sums, part_, memory_.added.get() + chunk * memory_.totals);
      };
      // Chunk 0 is a few columns, which would upset an even share of the others.
      pass_over(0);
      crew_.for_each_chunk([&](Index chunk) { pass_over(chunk + 1); });
    }

    // The sums of all chunks, in their order. Leaves the whole Gram matrices for the next step.
    void gather() {
      const double *leading = memory_.added.get(), *of_chunk = leading;
      double* const others = memory_.others.get();
      std::fill_n(others, memory_.totals, 0.0);
      for (Index chunk = 1; chunk < layout_.chunks; ++chunk) {
        of_chunk += memory_.totals;
        for (Index at = 0; at < memory_.totals; ++at) others[at] += of_chunk[at];
      }
      const Index rank = layout_.rank;
      for (Index k = 0, at = 0; k < rank; ++k) {
        for (Index l = k; l < rank; ++l, ++at) {
          const std::size_t upper = static_cast<std::size_t>(k * rank + l),
                            lower = static_cast<std::size_t>(l * rank + k);
          memory_.gram_x[upper] = memory_.gram_x[lower] = leading[at] + others[at];
          memory_.gram_y[upper] = memory_.gram_y[lower] = leading[triangle_ + at] + others[triangle_ + at];
        }
      }
    }
    /// <G, H> of symmetric matrices, of which the upper triangles are there, row by row.
    double inner_of(const double* G, const double* H) const {
      double diagonal = 0, beside = 0;
      for (Index k = 0, at = 0; k < layout_.rank; ++k) {
        diagonal += G[at] * H[at];
        ++at;
        for (Index l = k + 1; l < layout_.rank; ++l, ++at) beside += G[at] * H[at];
      }
      return diagonal + 2 * beside;
    }
    double trace_of_gram(const double* G) const {
      double sum = 0;
      for (Index k = 0, at = 0; k < layout_.rank; at += layout_.rank - k, ++k) sum += G[at];
      return sum;
    }

    const SpectralProblem& problem_;
    MutableFactors z_;
    double h_;
    const Layout& layout_;
    const Index triangle_, part_;
    Memory& memory_;
    Crew crew_;
  };

  /// out -= S V; serves S^T as well, since both are the same diagonal.
  void subtract_diagonal(const ConstBlock& V, MutableBlock out) const {
    for (Index i = 0; i < values_.size(); ++i) out.row(i) -= values_[i] * V.row(i);
  }

  Vector values_;
  Index rows_, cols_;
  double at_rest_;
  Vector squares_from_;
  mutable std::mutex keeping_;
  mutable std::unique_ptr<Memory> kept_;
};

}  // namespace

std::unique_ptr<Problem> spectral_problem(Vector singular_values, Index rows, Index cols, double at_rest) {
  if (rows < 0 || cols < 0) throw Error(fmt::format("a matrix cannot be {} x {}", rows, cols));
  if (singular_values.size() > std::min(rows, cols)) {
    throw Error(fmt::format("{} singular values were given for a {} x {} matrix, which has at most {}",
                            singular_values.size(), rows, cols, std::min(rows, cols)));
  }
  for (Index i = 0; i < singular_values.size(); ++i) {
    if (!std::isfinite(singular_values[i]) || singular_values[i] < 0) {
      throw Error(fmt::format("singular value {} (counted from 0) is {}; it must be finite and not negative", i,
                              singular_values[i]));
    }
  }
  if (!std::isfinite(at_rest) || at_rest < 0) {
    throw Error(fmt::format("the sum of squares at rest is {}; it must be finite and not negative", at_rest));
  }
  return std::make_unique<SpectralProblem>(std::move(singular_values), rows, cols, at_rest);
}

}  // namespace equipoise
