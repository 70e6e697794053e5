// A held as a sparse matrix whose absent entries are zeros.
#pragma once

#include <Eigen/SparseCore>
#include <memory>

#include "equipoise/core/problem.hpp"

namespace equipoise {

using SparseMatrix = Eigen::SparseMatrix<double, Eigen::RowMajor, Index>;

/// Absent entries are zeros: the loss is over all rows * cols entries, through Grams, never forming X Y^T.
/// One gradient costs 4 nonzeros rank + O((rows + cols) rank^2) flops. The loss is computed so that its absolute error is about
/// eps |A|^2, hence it has no correct digit below that.
std::unique_ptr<Problem> sparse_problem(SparseMatrix A);

}  // namespace equipoise
