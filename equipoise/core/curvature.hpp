// Curvature at a critical point: minimiser or saddle.
#pragma once

#include <functional>
#include <limits>

#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

class Objective;

/// Asked within long measurements: false ends them early. Empty: never.
using KeepGoing = std::function<bool()>;

/// Both ends of the Hessian's spectrum at a (numerically) critical point.
struct Curvature {
  double largest = 0;
  double largest_residual = 0;
  double smallest = 0;  ///< an upper bound of the smallest eigenvalue where it is negative; NaN where not found
  double zero = 0;      ///< magnitudes below this are taken as zero: what the gradient that is left may explain
  /// At the minimiser of a complete A itself, in closed form: the largest eigenvalue, and the smallest that is not
  /// zero. NaN elsewhere.
  double largest_at_limit = std::numeric_limits<double>::quiet_NaN();
  double slowest_at_limit = std::numeric_limits<double>::quiet_NaN();
  Limit limit = Limit::undetermined;
};

/// For a complete A in closed form (docs/theory.md, section 6): with tau = |R|_2, found by Lanczos on the residual, the
/// smallest eigenvalue at a critical point is that of [[Y^T Y, -tau I], [-tau I, X^T X]] or zero. Otherwise by Lanczos
/// on the Hessian. Cost: some tens of gradients of rank + 1 and of Hessian products.
///
/// A run stops near a critical point, where the eigenvalues that are zero at it have moved, by at most twice the part
/// of R that a step along the column spaces of X and Y would remove. Only an eigenvalue below that makes a saddle. One
/// that is negative and within it may still be a small gap between two singular values of A of which the smaller is
/// fitted: where A is complete the fitted ones are then compared with tau, which tells them apart up to the square of
/// that part.
Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at, const KeepGoing& keep_going = {});

/// What remains of R along the column spaces of X and Y, from the gradient (-R Y, -R^T X): a bound of |P R|_F + |R
/// Q|_F, P and Q the projections on the columns of X and Y in which no more is left than twice what they fit. The
/// others are columns that have hardly begun to grow. Zero at a critical point. Cost O((rows + cols) rank^2).
double residual_within_reach(ConstFactors at, ConstFactors gradient, const Space& space = local_space());

/// The non-neutral multiplier of largest magnitude of one step at a critical point, with its sign. NaN at a minimiser
/// whose spectrum has no closed form.
double multiplier_of_stay(const Curvature& curvature, double h);

/// For any objective: both ends by Lanczos, at some tens of Hessian products each. Eigenvalues below 1e-8 of the
/// largest magnitude, or below their residual, are taken as zero.
Curvature curvature_by_lanczos(const Objective& objective, ConstState at, const KeepGoing& keep_going = {});

}  // namespace equipoise
