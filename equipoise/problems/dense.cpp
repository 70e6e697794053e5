// The fused pass over a dense A, cut into row chunks for threads; a plain loop where A is tiny.
#include "equipoise/problems/dense.hpp"

#include <fmt/format.h>
#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/chunks.hpp"
#include "equipoise/problems/dense_kernel.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

namespace {

/// Below this many entries a loop over scalars beats the preparation of the vector kernel. It is also the form that
/// treats X and Y alike: a start with X = -Y stays exactly so on a symmetric A.
constexpr Index kTiny = 64;
constexpr Index kMostChunks = 64;
/// Multiplications per chunk that make up for reducing its partial sums.
constexpr double kChunkWork = 65536;
constexpr Index kTransposePiece = 512;
constexpr Index kRowUnit = 12;  ///< a multiple of the rows that the vector kernel takes at once

/// Doubles that start on a cache line. Not initialised.
class Scratch {
 public:
  explicit Scratch(Index size)
      : values_(hwy::AllocateAligned<double>(static_cast<std::size_t>(std::max<Index>(size, 1)))) {
    if (values_ == nullptr) throw std::bad_alloc();
  }
  double* data() const { return values_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<double[]> values_;
};

/// How a pass over rows x cols entries with this rank is cut into row chunks: by the shape alone.
struct Cut {
  Shape shape;
  Index stride;  ///< of arrays of `rank` rows along the columns of A
  Index rows_per_chunk;
  Index chunks;
  double work;  ///< multiplications

  explicit Cut(Shape s) : shape(s) {
    stride = (s.cols + kLaneLimit - 1) / kLaneLimit * kLaneLimit;
    // Rows 4096 bytes apart would compete for the same few cache lines.
    if (stride % 512 == 0) stride += kLaneLimit;
    const double area = static_cast<double>(s.rows) * static_cast<double>(s.cols);
    work = 3 * area * static_cast<double>(std::max<Index>(s.rank, 1));
    // Each chunk has its own sums for Y, which are added up after it, at large ranks from memory: at 256 rows a chunk
    // that took a tenth of a step at rank 64. Fewer rows where there would be less than 8 chunks for the threads.
    const double partial = static_cast<double>(std::max<Index>(s.rank, 1)) * static_cast<double>(stride);
    const double by_memory = std::max(1048576.0, area / 4) / std::max(partial, 1.0);
    const double rows = static_cast<double>(s.rows);
    const double by_rows = std::max(std::min(8.0, rows / 48), std::min(static_cast<double>(kMostChunks), rows / 512));
    const double most = std::max(std::min({work / kChunkWork, by_memory, by_rows}), 1.0);
    const Index wanted = static_cast<Index>(most);
    rows_per_chunk = std::max<Index>(((s.rows + wanted - 1) / wanted + kRowUnit - 1) / kRowUnit * kRowUnit, kRowUnit);
    chunks = (s.rows + rows_per_chunk - 1) / rows_per_chunk;
  }
};

/// to = Y^T with rows `stride` apart, zero beyond Y.
void transpose_into(const ConstBlock& Y, const Cut& cut, double* to) {
  for_each_piece(cut.stride, kTransposePiece, cut.work, [&](Index first, Index count) {
    const Index inside = std::clamp<Index>(Y.rows() - first, 0, count);
    for (Index k = 0; k < Y.cols(); ++k) {
      double* row = to + k * cut.stride + first;
      for (Index j = 0; j < inside; ++j) row[j] = Y.data()[(first + j) * Y.cols() + k];
      std::fill(row + inside, row + count, 0.0);
    }
  });
}

/// Memory of one pass, kept from step to step.
struct Workspace {
  Cut cut;
  Scratch yt, partials;
  explicit Workspace(Shape shape)
      : cut(shape), yt(shape.rank * cut.stride), partials(cut.chunks * shape.rank * cut.stride) {}
};

template <class Scalar>
class DenseProblem final : public Problem {
 public:
  explicit DenseProblem(DenseView<Scalar> A) : A_(std::move(A)) {
    if (A_.rows < 0 || A_.cols < 0 || A_.stride < A_.cols) {
      throw Error(fmt::format("a matrix cannot be {} x {} with rows {} entries apart", A_.rows, A_.cols, A_.stride));
    }
    for (Index i = 0; i < A_.rows; ++i) {
      const Scalar* row = A_.data + i * A_.stride;
      for (Index j = 0; j < A_.cols; ++j) require_finite(static_cast<double>(row[j]), i, j);
    }
  }

  Index rows() const override { return A_.rows; }
  Index cols() const override { return A_.cols; }
  Index entries() const override { return A_.rows * A_.cols; }
  bool complete() const override { return true; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    if (tiny()) return tiny_gradient(at, out);
    Workspace workspace(at.shape());
    return gradient(at, out, workspace);
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    if (tiny()) return tiny_hessian_product(at, direction, out);
    Workspace workspace(at.shape());
    const Scratch vt(at.shape().rank * workspace.cut.stride);
    transpose_into(at.Y(), workspace.cut, workspace.yt.data());
    transpose_into(direction.Y(), workspace.cut, vt.data());
    pass(at.X().data(), workspace.yt.data(), direction.X().data(), vt.data(), out, workspace);
    // D Y = U (Y^T Y) + X (V^T Y) and D^T X = V (X^T X) + Y (U^T X)
    add_product(direction.X(), gram(at.Y(), at.Y()), out.X());
    add_product(at.X(), gram(direction.Y(), at.Y()), out.X());
    add_product(direction.Y(), gram(at.X(), at.X()), out.Y());
    add_product(at.Y(), gram(direction.X(), at.X()), out.Y());
  }

  /// The default's steps bit for bit, with the memory of one of them.
  void advance(MutableFactors z, double h, std::span<StepTrace> trace) const override {
    Factors gradient_at_z(z.shape());
    if (tiny()) {
      for (StepTrace& seen : trace) {
        seen = trace_of(tiny_gradient(z, gradient_at_z), gradient_at_z, z);
        z.flat() -= h * gradient_at_z.flat();
      }
      return;
    }
    Workspace workspace(z.shape());
    for (StepTrace& seen : trace) {
      seen = trace_of(gradient(z, gradient_at_z, workspace), gradient_at_z, z);
      z.flat() -= h * gradient_at_z.flat();
    }
  }

 private:
  bool tiny() const { return A_.rows * A_.cols < kTiny; }

  double gradient(ConstFactors at, MutableFactors out, Workspace& workspace) const {
    transpose_into(at.Y(), workspace.cut, workspace.yt.data());
    const double* yt = workspace.yt.data();
    return pass(at.X().data(), yt, at.X().data(), yt, out, workspace) / 2;
  }

  /// out = (-R V, -R^T U), returns |R|_F^2.
  double pass(const double* x, const double* yt, const double* u, const double* vt, MutableFactors out,
              Workspace& workspace) const {
    const Cut& cut = workspace.cut;
    const Index rank = cut.shape.rank;
    const Index partial = rank * cut.stride;
    MutableBlock out_x = out.X();
    MutableBlock out_y = out.Y();
    const double squares = sum_over_chunks(cut.chunks, cut.work, [&](Index chunk) {
      const Index first = chunk * cut.rows_per_chunk;
      const Index count = std::min(cut.rows_per_chunk, cut.shape.rows - first);
      double* sums = workspace.partials.data() + chunk * partial;
      std::fill(out_x.data() + first * rank, out_x.data() + (first + count) * rank, 0.0);
      return residual_pass(ResidualPass<Scalar>{count, cut.shape.cols, rank, A_.data + first * A_.stride, A_.stride,
                                                x + first * rank, yt, u + first * rank, vt, cut.stride,
                                                out_x.data() + first * rank, sums, true});
    });
    // The partial sums for Y, in the order of the chunks, and back to row-major.
    for_each_piece(cut.shape.cols, kTransposePiece, cut.work, [&](Index first, Index count) {
      for (Index k = 0; k < rank; ++k) {
        double* sum = workspace.partials.data() + k * cut.stride + first;
        for (Index chunk = 1; chunk < cut.chunks; ++chunk) {
          const double* part = sum + chunk * partial;
          for (Index j = 0; j < count; ++j) sum[j] += part[j];
        }
        for (Index j = 0; j < count; ++j) out_y.data()[(first + j) * rank + k] = sum[j];
      }
    });
    return squares;
  }

  double tiny_gradient(ConstFactors at, MutableFactors out) const {
    const Index m = A_.rows, n = A_.cols, d = at.shape().rank;
    const double* x = at.data();
    const double* y = x + m * d;
    double* gx = out.data();
    double* gy = gx + m * d;
    std::fill(gx, gx + (m + n) * d, 0.0);
    double squares = 0;
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        const double r = residual(x + i * d, y + j * d, i, j, d);
        squares += r * r;
        for (Index k = 0; k < d; ++k) {
          gx[i * d + k] -= r * y[j * d + k];
          gy[j * d + k] -= r * x[i * d + k];
        }
      }
    }
    return squares / 2;
  }

  void tiny_hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const {
    const Index m = A_.rows, n = A_.cols, d = at.shape().rank;
    const double *x = at.data(), *y = x + m * d;
    const double *u = direction.data(), *v = u + m * d;
    double *out_x = out.data(), *out_y = out_x + m * d;
    std::fill(out_x, out_x + (m + n) * d, 0.0);
    for (Index i = 0; i < m; ++i) {
      for (Index j = 0; j < n; ++j) {
        const double r = residual(x + i * d, y + j * d, i, j, d);
        double change = 0;  // entry of D = U Y^T + X V^T
        for (Index k = 0; k < d; ++k) change += u[i * d + k] * y[j * d + k] + x[i * d + k] * v[j * d + k];
        for (Index k = 0; k < d; ++k) {
          out_x[i * d + k] += change * y[j * d + k] - r * v[j * d + k];
          out_y[j * d + k] += change * x[i * d + k] - r * u[i * d + k];
        }
      }
    }
  }

  double residual(const double* x, const double* y, Index i, Index j, Index d) const {
    double r = static_cast<double>(A_.data[i * A_.stride + j]);
    for (Index k = 0; k < d; ++k) r -= x[k] * y[k];
    return r;
  }

  DenseView<Scalar> A_;
};

class PlainDenseProblem final : public Problem {
 public:
  explicit PlainDenseProblem(Matrix A) : A_(std::move(A)) {}

  Index rows() const override { return A_.rows(); }
  Index cols() const override { return A_.cols(); }
  Index entries() const override { return A_.size(); }
  bool complete() const override { return true; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Matrix R = A_ - at.X() * at.Y().transpose();
    out.X() = -R * at.Y();
    out.Y() = -R.transpose() * at.X();
    return R.squaredNorm() / 2;
  }

  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Matrix R = A_ - at.X() * at.Y().transpose();
    const Matrix D = direction.X() * at.Y().transpose() + at.X() * direction.Y().transpose();
    out.X() = D * at.Y() - R * direction.Y();
    out.Y() = D.transpose() * at.X() - R.transpose() * direction.X();
  }

 private:
  Matrix A_;
};

// A view of a matrix that the view itself keeps.
template <class Entries>
DenseView<typename Entries::Scalar> owned(Entries A) {
  const auto kept = std::make_shared<const Entries>(std::move(A));
  return {kept->data(), kept->rows(), kept->cols(), kept->cols(), kept};
}

}  // namespace

std::unique_ptr<Problem> dense_problem(DenseView<double> A) {
  return std::make_unique<DenseProblem<double>>(std::move(A));
}
std::unique_ptr<Problem> dense_problem(DenseView<float> A) {
  return std::make_unique<DenseProblem<float>>(std::move(A));
}
std::unique_ptr<Problem> dense_problem(Matrix A) { return dense_problem(owned(std::move(A))); }
std::unique_ptr<Problem> single_precision_dense_problem(MatrixF A) { return dense_problem(owned(std::move(A))); }
std::unique_ptr<Problem> plain_dense_problem(Matrix A) { return std::make_unique<PlainDenseProblem>(std::move(A)); }

}  // namespace equipoise
