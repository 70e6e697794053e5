// A held as a sparse matrix whose absent entries are zeros.
#pragma once

#include <Eigen/SparseCore>
#include <memory>

#include "equipoise/core/problem.hpp"

namespace equipoise {

using SparseMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor, Index>;

/// Absent entries are zeros: the loss is over all rows * cols entries, through Grams, never forming X Y^T. A is kept by
/// row and by column, 12 bytes an entry each, in blocks of columns. One gradient costs 4 nonzeros rank +
/// 4 (rows + cols) rank^2 flops, 2 nonzeros rank more where the loss is small. Any number of entries that fits into
/// memory. Same bits for any number of threads.
///
/// A large loss is 1/2 (|A|^2 - 2 <A Y, X> + <X^T X, Y^T Y>), to about 13 digits. Below 1/1024 of (|A| + |X| |Y|)^2 it
/// is, with P = X Y^T, 1/2 [sum over stored entries of (a - p)^2 + (|P|_F^2 - sum over stored entries of p^2)]. The
/// stored part is accurate where it is small. The part of the absent entries is a difference, with absolute error about
/// eps |P|_F^2 (taken as 0 where rounding makes it negative): below that the loss has no correct digit, unless every
/// entry is stored. The gradient -(A Y - X (Y^T Y)) has absolute error about eps |A| |Y|.
///
/// Throws Error for a stored entry that is not finite.
std::unique_ptr<Problem> sparse_problem(SparseMatrix A);

/// The plain loops over stored entries: the oracle that the fast kernels are tested against.
std::unique_ptr<Problem> plain_sparse_problem(SparseMatrix A);

}  // namespace equipoise
