// How the rows are cut, and the copy by columns.
//
// Tested in equipoise/problems/sparse_test.cpp
#include "equipoise/problems/stored_rows.hpp"

#include <utility>

#include "equipoise/problems/grams.hpp"

namespace equipoise {

namespace {
constexpr Index kMostRunsOfRows = 256;
constexpr Index kShortestRunOfRows = 1024;  ///< stored entries and rows together
}  // namespace

StoredRows::StoredRows(SparseMatrix matrix) : matrix_(std::move(matrix)) {
  matrix_.makeCompressed();
  const Index total = stored() + rows();
  const Index length = std::max(kShortestRunOfRows, (total + kMostRunsOfRows - 1) / kMostRunsOfRows);
  bounds_.push_back(0);
  Index in_run = 0;
  for (Index i = 0; i < rows(); ++i) {
    for_each_entry(i, [&](Index j, double value) { require_finite(value, i, j); });
    in_run += 1 + matrix_.outerIndexPtr()[i + 1] - matrix_.outerIndexPtr()[i];
    if (in_run >= length || i + 1 == rows()) {
      bounds_.push_back(i + 1);
      in_run = 0;
    }
  }
}

StoredRows StoredRows::transposed() const { return StoredRows(SparseMatrix(matrix_.transpose())); }

}  // namespace equipoise
