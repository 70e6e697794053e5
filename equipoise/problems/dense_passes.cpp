// Cuts rows into chunks, lays factors out in panels, and adds up what the chunks have for Y.
//
// Tested in equipoise/problems/dense_test.cpp
#include "equipoise/problems/dense_passes.hpp"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <new>

#include "equipoise/problems/dense_kernel.hpp"
#include "equipoise/problems/parallel/chunks.hpp"

namespace equipoise {

namespace {

constexpr Index kMostChunks = 64;
/// Multiplications per chunk that make up for reducing its partial sums.
constexpr double kChunkWork = 65536;
constexpr Index kRowUnit = 12;                       ///< a multiple of the rows that the vector kernel takes at once
constexpr Index kPieceColumns = 16 * kPanelColumns;  ///< of work along the columns that a thread takes

Index panels_over(Index cols) { return (cols + kPanelColumns - 1) / kPanelColumns; }

Index chunk_rows(Shape s, double work) {
  // Each chunk has its own sums for Y, which are added up after it, at large ranks from memory: at 256 rows a chunk
  // that took a tenth of a step at rank 64. Fewer rows where there would be less than 8 chunks for the threads. All the
  // sums take 8 MiB, or of a larger A a 128th in single precision; more only for those 8 chunks.
  const double area = static_cast<double>(s.rows) * static_cast<double>(s.cols), rows = static_cast<double>(s.rows);
  const double partial =
      static_cast<double>(std::max<Index>(s.rank, 1)) * static_cast<double>(std::max<Index>(s.cols, 1));
  const double few = std::min(8.0, rows / 48);
  const double by_memory = std::max(std::max(1048576.0, area / 256) / partial, few);
  const double by_rows = std::max(few, std::min(static_cast<double>(kMostChunks), rows / 512));
  const double most = std::max(std::min({work / kChunkWork, by_memory, by_rows}), 1.0);
  const Index wanted = static_cast<Index>(most);
  return std::max<Index>(((s.rows + wanted - 1) / wanted + kRowUnit - 1) / kRowUnit * kRowUnit, kRowUnit);
}

}  // namespace

Scratch::Scratch(Index size)
    : values_(hwy::AllocateAligned<double>(static_cast<std::size_t>(std::max<Index>(size, 1))).release()) {
  if (values_ == nullptr) throw std::bad_alloc();
}
void Scratch::Free::operator()(double* values) const { hwy::FreeAlignedBytes(values, nullptr, nullptr); }

template <class Scalar>
DensePasses<Scalar>::DensePasses(const DenseView<Scalar>& A, Index rank)
    : A_(A),
      rank_(rank),
      panel_doubles_(panels_over(A.cols) * kPanelColumns * rank),
      work_(2 * static_cast<double>(A.rows) * static_cast<double>(A.cols) *
            static_cast<double>(std::max<Index>(rank, 1))),
      rows_per_chunk_(chunk_rows({A.rows, A.cols, rank}, work_)),
      chunks_((A.rows + rows_per_chunk_ - 1) / rows_per_chunk_),
      vt_(panel_doubles_),
      partials_(chunks_ * panel_doubles_) {}

/// to = Y^T in panels, zero beyond Y.
template <class Scalar>
void DensePasses<Scalar>::keep_panels(const ConstBlock& Y, double* to) const {
  for_each_piece(panels_over(A_.cols) * kPanelColumns, kPieceColumns, work_, [&](Index first, Index count) {
    for (Index panel = first; panel < first + count; panel += kPanelColumns) {
      const Index inside = std::min(Y.rows() - panel, Index{kPanelColumns});
      for (Index k = 0; k < rank_; ++k) {
        double* row = to + panel * rank_ + k * kPanelColumns;
        for (Index j = 0; j < inside; ++j) row[j] = Y.data()[(panel + j) * rank_ + k];
        std::fill(row + inside, row + kPanelColumns, 0.0);
      }
    }
  });
}

/// Calls over(pass, first row) for every chunk and adds up what it returns; out = what the passes give.
template <class Scalar>
template <class Pass>
double DensePasses<Scalar>::pass(const double* u, MutableFactors out, const Pass& over) {
  MutableBlock out_x = out.X();
  MutableBlock out_y = out.Y();
  const double total = sum_over_chunks(chunks_, work_, [&](Index chunk) {
    const Index first = chunk * rows_per_chunk_, count = std::min(rows_per_chunk_, A_.rows - first);
    std::fill_n(out_x.data() + first * rank_, count * rank_, 0.0);
    return over(
        DensePass<Scalar>{count, A_.cols, rank_, A_.data + first * A_.stride, A_.stride, u + first * rank_, vt_.data(),
                          out_x.data() + first * rank_, partials_.data() + chunk * panel_doubles_, true},
        first);
  });
  // The partial sums for Y, in the order of the chunks, and back to row-major.
  for_each_piece(A_.cols, kPieceColumns, work_, [&](Index first, Index count) {
    for (Index panel = first; panel < first + count; panel += kPanelColumns) {
      double* sum = partials_.data() + panel * rank_;
      for (Index chunk = 1; chunk < chunks_; ++chunk) {
        const double* part = sum + chunk * panel_doubles_;
        for (Index at = 0; at < kPanelColumns * rank_; ++at) sum[at] += part[at];
      }
      const Index inside = std::min(A_.cols - panel, Index{kPanelColumns});
      for (Index k = 0; k < rank_; ++k) {
        for (Index j = 0; j < inside; ++j) out_y.data()[(panel + j) * rank_ + k] = sum[k * kPanelColumns + j];
      }
    }
  });
  return total;
}

template <class Scalar>
void DensePasses<Scalar>::products(ConstFactors by, MutableFactors out) {
  keep_panels(by.Y(), vt_.data());
  pass(by.X().data(), out, [](const DensePass<Scalar>& chunk, Index) {
    product_pass(chunk);
    return 0.0;
  });
}

template <class Scalar>
double DensePasses<Scalar>::residual_products(ConstFactors at, ConstFactors by, MutableFactors out) {
  keep_panels(by.Y(), vt_.data());
  const Scratch other(at.data() == by.data() ? 0 : panel_doubles_);
  const double* yt = vt_.data();
  if (at.data() != by.data()) {
    keep_panels(at.Y(), other.data());
    yt = other.data();
  }
  const double* x = at.X().data();
  return pass(by.X().data(), out,
              [&](const DensePass<Scalar>& chunk, Index first) { return residual_pass(chunk, x + first * rank_, yt); });
}

template class DensePasses<double>;
template class DensePasses<float>;

}  // namespace equipoise
