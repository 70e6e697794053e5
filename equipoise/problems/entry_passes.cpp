// The passes, one run of rows a task.
//
// Tested in equipoise/problems/observed_test.cpp
#include "equipoise/problems/entry_passes.hpp"

namespace equipoise {

namespace {

constexpr Index kCopyPiece = 4096;

double entries_of(const ConstBlock& block) {
  return static_cast<double>(block.rows()) * static_cast<double>(block.cols());
}

}  // namespace

StridedRows::StridedRows(const ConstBlock& block) : original_(block.data()) {
  const Index rank = block.cols(), stride = entry_stride(rank);
  if (stride == rank) return;
  copy_.resize(static_cast<std::size_t>(block.rows() * stride));
  for_each_piece(block.rows(), kCopyPiece, entries_of(block), [&](Index first, Index count) {
    for (Index i = first; i < first + count; ++i) {
      std::copy_n(original_ + i * rank, rank, copy_.data() + i * stride);
    }
  });
}

EntrySums add_entries(const BlockedEntries& A, EntryWork work, const EntryFactors& factors, MutableBlock out) {
  const Index rank = out.cols(), stride = entry_stride(rank);
  std::vector<EntrySums> parts(static_cast<std::size_t>(A.runs()));
  if (rank == 0) {
    // Nothing to multiply, but the residuals are the entries themselves.
    EntrySums sums;
    if (work == EntryWork::multiply || work == EntryWork::hessian) return sums;
    const double* weights = work == EntryWork::residual ? A.weights() : nullptr;
    for (Index at = 0; at < A.stored(); ++at) {
      const double a = A.values()[at];
      sums.residuals += (weights == nullptr ? a : weights[at] * a) * a;
    }
    return sums;
  }
  std::vector<double> padded(stride == rank ? 0 : static_cast<std::size_t>(A.rows() * stride));
  double* const to = stride == rank ? out.data() : padded.data();
  const auto from = [&](const StridedRows* rows, Index first) {
    return rows == nullptr ? nullptr : rows->data() + first * stride;
  };
  A.for_each_run(rank, [&](Index run) {
    const Index first_row = A.first_row(run);
    EntrySums sums;
    for (Index block = 0; block < A.blocks(); ++block) {
      const Tile tile = A.tile(run, block);
      const Index first_col = block * A.block_cols();
      const EntrySums more = entry_pass(
          EntryPass{work, stride, A.segments() + tile.first_segment, A.segments() + tile.last_segment,
                    A.values() + tile.first_entry, A.weights() == nullptr ? nullptr : A.weights() + tile.first_entry,
                    A.columns() + tile.first_entry, from(factors.P, first_row), from(factors.Q, first_col),
                    from(factors.U, first_row), from(factors.V, first_col), to + first_row * stride});
      sums.residuals += more.residuals;
      sums.products += more.products;
    }
    parts[static_cast<std::size_t>(run)] = sums;
    if (stride == rank) return;
    for (Index i = first_row; i < A.last_row(run); ++i) {
      for (Index k = 0; k < rank; ++k) out.data()[i * rank + k] += to[i * stride + k];
    }
  });
  EntrySums all;
  for (const EntrySums& part : parts) {
    all.residuals += part.residuals;
    all.products += part.products;
  }
  return all;
}

}  // namespace equipoise
