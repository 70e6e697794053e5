// A sparse matrix cut into runs of rows that cost about the same, and the two vector loops done at each stored entry.
#pragma once

#include <vector>

#include "equipoise/problems/parallel/chunks.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise {

/// Stored entries, row by row. The cut depends on the matrix alone, so sums over it do not depend on threads.
class StoredRows {
 public:
  /// Throws Error for a stored entry that is not finite.
  explicit StoredRows(SparseMatrix matrix);
  /// The same entries, column by column.
  StoredRows transposed() const;

  Index rows() const { return matrix_.rows(); }
  Index cols() const { return matrix_.cols(); }
  Index stored() const { return matrix_.nonZeros(); }
  const SparseMatrix& matrix() const { return matrix_; }

  /// Calls body(chunk, first_row, last_row) for runs of rows, on several threads where that pays.
  template <class Body>
  void for_each_run(Index rank, const Body& body) const {
    const double work = static_cast<double>(rank) * static_cast<double>(stored() + rows());
    for_each_chunk(runs(), work, [&](Index chunk) {
      body(chunk, bounds_[static_cast<std::size_t>(chunk)], bounds_[static_cast<std::size_t>(chunk) + 1]);
    });
  }
  Index runs() const { return static_cast<Index>(bounds_.size()) - 1; }

  /// Calls body(column, value) for the stored entries of a row, in the order of the columns.
  template <class Body>
  void for_each_entry(Index row, const Body& body) const {
    const Index* outer = matrix_.outerIndexPtr();
    for (Index at = outer[row]; at < outer[row + 1]; ++at) body(matrix_.innerIndexPtr()[at], matrix_.valuePtr()[at]);
  }

 private:
  SparseMatrix matrix_;
  std::vector<Index> bounds_;
};

/// sum of a_k b_k in a fixed order: four interleaved sums, then the rest.
inline double dot(const double* a, const double* b, Index size) {
  double sum[4] = {0, 0, 0, 0};
  Index k = 0;
  for (; k + 4 <= size; k += 4) {
    for (Index lane = 0; lane < 4; ++lane) sum[lane] += a[k + lane] * b[k + lane];
  }
  double total = (sum[0] + sum[2]) + (sum[1] + sum[3]);
  for (; k < size; ++k) total += a[k] * b[k];
  return total;
}

/// to += factor * from
inline void add_scaled(double factor, const double* from, double* to, Index size) {
  for (Index k = 0; k < size; ++k) to[k] += factor * from[k];
}

}  // namespace equipoise
