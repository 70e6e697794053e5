// A held as its singular values, in the coordinates of its singular vectors: O((m+n) d^2) a step after one SVD.
#pragma once

#include <memory>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// A = diag(singular_values) padded with zeros to rows x cols. Throws Error for more values than min(rows, cols), or one that is
/// negative or not finite. The loss is the sum of squares in the split form, accurate where it is small.
std::unique_ptr<Problem> spectral_problem(Vector singular_values, Index rows, Index cols);

/// A user's problem carried to spectral coordinates and back: A = U diag(s) V^T by one SVD, O(rows cols min(rows, cols)).
/// Rows of the factors beyond the numerical rank of A obey X2 <- X2 (I - h Y^T Y): the R-factor of their QR carries them exactly,
/// so at most rank(A) + d rows are kept of each factor.
struct SpectralCoordinates {
  Matrix left, right;               ///< orthonormal columns: coordinates -> user's rows, cols
  Factors start;                    ///< the start in the coordinates
  std::unique_ptr<Problem> problem;

  /// Factors in the user's coordinates.
  Factors restore(ConstFactors coordinates) const;
};
SpectralCoordinates spectral_coordinates(const Matrix& A, ConstFactors start);

}  // namespace equipoise
