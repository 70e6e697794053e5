// A held as a sparse matrix whose absent entries are zeros.
#pragma once

#include <Eigen/SparseCore>
#include <cstdint>
#include <memory>
#include <variant>

#include "equipoise/core/problem.hpp"

namespace equipoise {

using SparseMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor, Index>;

/// Where the entries of a sparse matrix stand, row by row (CSR): those of row i are numbers outer[i] to outer[i + 1] -
/// 1, and inner[k] is the column of entry k.
template <class Integer>
struct SparsePlaces {
  const Integer* outer = nullptr;  ///< rows + 1
  const Integer* inner = nullptr;
};

/// A sparse matrix in arrays that something else keeps: an Eigen matrix, scipy's csr_array (indptr, indices, data) with
/// indices of 32 or of 64 bits, both arrays alike. Columns of a row in any order, none twice; values in double
/// precision. `owner` lives until the arrays have been read.
struct SparseView {
  Index rows = 0, cols = 0;
  std::variant<SparsePlaces<Index>, SparsePlaces<std::int32_t>> places;
  const double* values = nullptr;
  std::shared_ptr<const void> owner = nullptr;

  Index stored() const {
    return std::visit([this](const auto& held) { return rows > 0 ? static_cast<Index>(held.outer[rows]) : Index{0}; },
                      places);
  }
};
/// The arrays of a compressed matrix in place: it must outlive the view. Throws Error if it is not compressed.
SparseView borrowed(const SparseMatrix& A);
/// Takes the arrays out of A, which is left 0 x 0, and compresses them; the view owns them.
SparseView taken(SparseMatrix& A);

/// Absent entries are zeros: the loss is over all rows * cols entries, through Grams, never forming X Y^T. The problem
/// keeps A by row and by column, 12 bytes an entry each, in blocks of columns, and lets the view's owner go as soon as
/// the first of these stands. One gradient costs 4 nonzeros rank + 4 (rows + cols) rank^2 flops, 2 nonzeros rank more
/// where the loss is small. Any number of entries that fits into memory. Same bits for any number of threads.
///
/// A large loss is 1/2 (|A|^2 - 2 <A Y, X> + <X^T X, Y^T Y>), to about 13 digits. Below 1/1024 of (|A| + |X| |Y|)^2 it
/// is, with P = X Y^T, 1/2 [sum over stored entries of (a - p)^2 + (|P|_F^2 - sum over stored entries of p^2)]. The
/// stored part is accurate where it is small. The part of the absent entries is a difference, with absolute error about
/// eps |P|_F^2 (taken as 0 where rounding makes it negative): below that the loss has no correct digit, unless every
/// entry is stored. The gradient -(A Y - X (Y^T Y)) has absolute error about eps |A| |Y|.
///
/// Throws Error for a stored entry that is not finite, and for a view whose arrays contradict themselves.
std::unique_ptr<Problem> sparse_problem(SparseView A);
/// Reads A in place; only one that is not compressed is copied.
std::unique_ptr<Problem> sparse_problem(const SparseMatrix& A);
/// Takes A's memory, and frees it before the second copy is made.
std::unique_ptr<Problem> sparse_problem(SparseMatrix&& A);

/// The plain loops over stored entries: the oracle that the fast kernels are tested against.
std::unique_ptr<Problem> plain_sparse_problem(SparseMatrix A);

}  // namespace equipoise
