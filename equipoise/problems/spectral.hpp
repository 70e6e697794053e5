// A held as its singular values, in the coordinates of its singular vectors: O((m+n) d^2) a step after one SVD.
#pragma once

#include <memory>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// A = diag(singular_values) padded with zeros to rows x cols. One gradient costs 10 (rows + cols) rank^2 flops; same
/// bits for any number of threads.
///
/// The loss is a sum in the split form (docs/theory.md, loss near convergence): with the first rank rows of the factors
/// X1, Y1 and the others X2, Y2, S1 the leading block of A and f* = 1/2 sum over i > rank of s_i^2,
///   f - f* = 1/2|S1 - X1 Y1^T|^2 + 1/2<X1^T X1, Y2^T Y2> + 1/2<X2^T X2, Y1^T Y1> + 1/2|X2 Y2^T|^2 - <S2, X2 Y2^T>.
/// It holds for any order of the values; in descending order f* is the least loss, and where f* = 0 every term is a
/// square, so that f is accurate down to (eps |A|)^2. Where f* > 0, f has its full relative accuracy and f - f* has
/// not.
///
/// Throws Error for a negative size, more values than min(rows, cols), or one that is negative or not finite.
std::unique_ptr<Problem> spectral_problem(Vector singular_values, Index rows, Index cols);

/// A user's problem carried to spectral coordinates and back: A = U diag(s) V^T by one SVD, O(rows cols min(rows,
/// cols)). Singular values up to max(rows, cols) eps s_1 count as zero. Rows of the factors beyond the numerical rank r
/// obey X2 <- X2 (I - h Y^T Y), hence stay in the span where they start, whose orthonormal basis carries them exactly
/// (docs/theory.md, coordinates): min(rows, r + d) rows are kept of X, min(cols, r + d) of Y.
struct SpectralCoordinates {
  Matrix left, right;  ///< orthonormal columns: X = left * coordinates of X, Y = right * coordinates of Y
  Factors start;       ///< the start in the coordinates
  std::unique_ptr<Problem> problem;

  /// Factors in the user's coordinates. Throws Error where the coordinates have another number of rows than `start`.
  Factors restore(ConstFactors coordinates) const;
};

/// Throws Error where the shapes of A and start differ or A holds a number that is not finite.
SpectralCoordinates spectral_coordinates(const Matrix& A, ConstFactors start);

}  // namespace equipoise
