// A held as its singular values, in the coordinates of its singular vectors: O((m+n) d^2) a step after one SVD.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// A = diag(singular_values) padded with zeros to rows x cols. One gradient costs 10 (rows + cols) rank^2 flops; same
/// bits for any number of threads.
///
/// The loss is a sum in the split form (docs/theory.md, section 12): with the first rank rows of the factors
/// X1, Y1 and the others X2, Y2, S1 the leading block of A and f* = 1/2 sum over i > rank of s_i^2,
///   f - f* = 1/2|S1 - X1 Y1^T|^2 + 1/2<X1^T X1, Y2^T Y2> + 1/2<X2^T X2, Y1^T Y1> + 1/2|X2 Y2^T|^2 - <S2, X2 Y2^T>.
/// It holds for any order of the values; in descending order f* is the least loss, and where f* = 0 every term is a
/// square, so that f is accurate down to (eps |A|)^2. Where f* > 0, f has its full relative accuracy and f - f* has
/// not.
///
/// Throws Error for a negative size, more values than min(rows, cols), or one that is negative or not finite.
/// `at_rest` is the sum of the squares of further singular values, on whose rows X and Y are zero and stay so; they are
/// in the loss alone.
std::unique_ptr<Problem> spectral_problem(Vector singular_values, Index rows, Index cols, double at_rest = 0);

/// A user's problem carried to spectral coordinates and back: A = U diag(s) V^T by one SVD, O(rows cols min(rows,
/// cols)). Singular values up to max(rows, cols) eps s_1 count as zero. Rows of the factors beyond the numerical rank r
/// obey X2 <- X2 (I - h Y^T Y), hence stay in the span where they start, whose orthonormal basis carries them exactly
/// (docs/theory.md, section 13): min(rows, r + d) rows are kept of X, min(cols, r + d) of Y.
///
/// Where k singular values are equal, to the same accuracy, one rotation of their k singular pairs leaves the factors
/// in 2d rows, where they stay: 2d + 1 pairs are kept (one at rest, so that no eigenvalue of the Hessian is lost, only
/// copies of it) and the others enter the loss alone. For A = mu times an orthogonal matrix and rank 1 that is 3 pairs
/// of n; for A = mu times the identity they are found without an SVD, in O(n d^2).
///
/// Where the factors have more columns than rows are kept of both together, a rotation of the columns leaves that many
/// that are not zero, and they stay so: these and one at rest are kept. For a 1 x 1 matrix of any rank that is 3
/// columns.
struct SpectralCoordinates {
  Matrix left, right;  ///< orthonormal columns: X = left * coordinates of X * columns^T, Y = right * coordinates of Y *
                       ///< columns^T
  Matrix columns;      ///< rank x kept columns, orthonormal; 0 x 0 where all are kept as they are
  Factors start;       ///< the start in the coordinates
  std::unique_ptr<Problem> problem;
  Vector values;               ///< the singular values of `problem`, positive and descending
  Index pairs_at_rest = 0;     ///< singular pairs of A that are in the loss alone
  double squares_at_rest = 0;  ///< the sum of their squares

  /// Factors in the user's coordinates. Throws Error where the coordinates have another shape than `start`.
  Factors restore(ConstFactors coordinates) const;
  /// What was left out, in words: "the run is carried by 3 of 100 rows of X ..."; empty where nothing was.
  std::string reduction() const;
};

/// The singular value decomposition of A that coordinates are made from, done once for every start and rank.
struct SpectralBasis {
  Matrix left, right;  ///< the singular vectors of the values that do not count as zero
  Vector values;       ///< descending
  Vector all_values;   ///< all min(rows, cols) of A, also those that count as zero; descending
  double least = 0;    ///< up to here a singular value counts as zero, and two count as equal
};
/// Throws Error where A holds a number that is not finite. O(rows cols min(rows, cols)).
SpectralBasis spectral_basis(const Matrix& A);

/// Throws Error where the shapes of A and start differ or A holds a number that is not finite.
SpectralCoordinates spectral_coordinates(const Matrix& A, ConstFactors start);
/// The same without the decomposition: O((rows + cols) r^2) where a side is longer than the rank r of A.
SpectralCoordinates spectral_coordinates(const SpectralBasis& basis, ConstFactors start);

/// mu where every entry of A is exactly that of mu times the identity, mu not zero. One read of A at most.
std::optional<double> multiple_of_identity(const Matrix& A);

}  // namespace equipoise
