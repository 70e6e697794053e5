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

/// Problem::cost() of a pass by rows and one by columns: most of it is finding the row of the other factor.
inline double cost_of_entries(Index stored, Index rank) {
  return static_cast<double>(stored) * (60 + 20 * static_cast<double>(rank));
}

/// out += what `work` says, over all entries of A. Returns the sums, added up run by run. Same bits for any number of
/// threads.
EntrySums add_entries(const BlockedEntries& A, EntryWork work, const EntryFactors& factors, MutableBlock out);

}  // namespace equipoise
