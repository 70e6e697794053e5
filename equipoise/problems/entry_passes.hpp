// Passes over all stored entries: factors brought to the stride of the kernel, tiles in their order, sums in theirs.
#pragma once

#include <memory>
#include <vector>

#include "equipoise/problems/entry_kernel.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

/// A tall block with rows entry_stride(rank) apart: a view where that is the rank, else a copy padded with zeros.
class StridedRows {
 public:
  explicit StridedRows(const ConstBlock& block);
  const double* data() const { return copy_.empty() ? original_ : copy_.data(); }

 private:
  const double* original_;
  std::vector<double> copy_;
};

/// Factors of a pass, named as in EntryPass: P and U have a row for each row of A, Q and V for each column.
struct EntryFactors {
  const StridedRows *P = nullptr, *Q = nullptr, *U = nullptr, *V = nullptr;
};

/// out += what `work` says, over all entries of A. Returns the sums, added up run by run. Same bits for any number of
/// threads.
EntrySums add_entries(const BlockedEntries& A, EntryWork work, const EntryFactors& factors, MutableBlock out);

}  // namespace equipoise
