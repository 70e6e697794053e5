// The least loss that factors of a given rank can reach, in double-double with an error bound that is proved.
#pragma once

#include <limits>

#include "equipoise/core/factors.hpp"
#include "equipoise/exact/double_double.hpp"

namespace equipoise {

/// A double-double with a bound of its distance to the truth. NaN where nothing is known.
struct Enclosed {
  DoubleDouble value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::quiet_NaN();
};

/// A column by column; entries at most near 1 in magnitude. Rows and columns may be swapped: nothing here can tell.
Columns columns_of(const Eigen::Ref<const Eigen::MatrixXd>& A);

/// min over X, Y with `rank` columns of 1/2 |A - X Y^T|^2 + lambda/2 (|X|^2 + |Y|^2)
///   = 1/2 |A|^2 - 1/2 sum over i <= rank of max(0, s_i - lambda)^2.
///
/// A has its larger side as rows. One-sided Jacobi rotations, after the reflectors of a singular value decomposition in
/// double have done most of the work, and only where a rotation still matters; every reflector and rotation is
/// orthogonal up to rounding that is summed up in a bound. What they leave of the inner products of columns enters
/// another bound, which needs no gap between singular values: whatever stops the rotations, the answer is enclosed.
///
/// Cost: one SVD in double and about 2 rows cols^2 double-double products (2 to 5 ns each), up to 13 times that
/// without a gap at `rank`. With cols <= rank and lambda = 0 the answer is 0 and costs nothing.
/// `most_work`: double-double products of the rotations in multiples of rows cols^2, after which they stop where they
/// are.
Enclosed best_loss(const Eigen::Ref<const Eigen::MatrixXd>& A, Index rank, double lambda, double most_work = 24);

/// The same from singular values that were found in double, all min(rows, cols) of them, descending. Cheap. Its error
/// is customary, not proved: 64 (rows + cols) 2^-52 |A| for the distance of A to that rank.
Enclosed best_loss(const Vector& singular_values, Shape shape, double lambda);

}  // namespace equipoise
