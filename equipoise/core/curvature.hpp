// Curvature at a critical point: minimiser or saddle.
#pragma once

#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// Both ends of the Hessian's spectrum at a (numerically) critical point.
struct Curvature {
  double largest = 0;
  double largest_residual = 0;
  double smallest = 0;  ///< an upper bound of the smallest eigenvalue where it is negative; NaN where not found
  double zero = 0;      ///< magnitudes below this are taken as zero: what the gradient that is left may explain
  Limit limit = Limit::undetermined;
};

/// For a complete A in closed form (docs/theory.md, section 6): with tau = |R|_2, found by Lanczos on the residual, the
/// smallest eigenvalue at a critical point is that of [[Y^T Y, -tau I], [-tau I, X^T X]] or zero. Otherwise by Lanczos
/// on the Hessian. Cost: some tens of gradients of rank + 1 and of Hessian products.
///
/// A run stops near a critical point, where the eigenvalues that are zero at it have moved, by at most twice the part
/// of R that a step along the column spaces of X and Y would remove (docs/theory.md, section 6). Only an eigenvalue
/// below that makes a saddle. One that is negative and within it may still be a small gap between two singular values
/// of A of which the smaller is fitted: A is complete then, and the fitted ones themselves are compared with tau, which
/// tells them apart up to the square of that part.
Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at);

/// What remains of R along the column spaces of X and Y, from the gradient (-R Y, -R^T X): a bound of |P R|_F + |R
/// Q|_F, P and Q the projections on the columns of X and Y in which no more is left than twice what they fit. The
/// others are columns that have hardly begun to grow. Zero at a critical point. Cost O((rows + cols) rank^2).
double residual_within_reach(ConstFactors at, ConstFactors gradient);

}  // namespace equipoise
