// Curvature at a critical point: minimiser or saddle, and the spectrum that theory gives in closed form.
#pragma once

#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// Both ends of the Hessian's spectrum at a (numerically) critical point.
struct Curvature {
  double largest = 0;
  double largest_residual = 0;
  double smallest = 0;        ///< an upper bound of the smallest eigenvalue where it is negative; NaN where not found
  double zero = 0;            ///< magnitudes below this are taken as zero
  Limit limit = Limit::undetermined;
};

/// For a complete A in closed form (docs/theory.md, fact on minimisers): with tau = |R|_2, found by Lanczos on the residual, the smallest
/// eigenvalue at a critical point is that of [[Y^T Y, -tau I], [-tau I, X^T X]] or zero. Otherwise by Lanczos on the Hessian.
/// Cost: some tens of gradients of rank + 1 and of Hessian products.
Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at);

/// |A - X Y^T|_2 over the entries of the loss, by Lanczos. Cost: tens of gradients of rank + 1.
double residual_spectral_norm(const Problem& problem, ConstFactors at);

/// The whole Hessian spectrum, ascending, at a global minimiser of a complete problem whose X and Y have full column rank:
/// p_i + q_j (d^2 of them), 0 (d^2), for each i > d the eigenvalues of [[Y^T Y, -s_i I], [-s_i I, X^T X]], and |m - n| copies of
/// eig(Y^T Y) if m > n, of eig(X^T X) if n > m. `singular_values`: all min(m, n) of A, descending. Cost O(min(m,n) d^3).
/// Throws Error where the shapes do not allow it (rank above a side, or too few singular values).
Vector minimiser_spectrum(const Vector& singular_values, ConstFactors at);

}  // namespace equipoise
