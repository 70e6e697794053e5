// Curvature at a critical point: minimiser or saddle.
#pragma once

#include <functional>

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
  double zero = 0;      ///< magnitudes below this are taken as zero
  Limit limit = Limit::undetermined;
};

/// For a complete A in closed form (docs/theory.md, section 6): with tau = |R|_2, found by Lanczos on the residual, the
/// smallest eigenvalue at a critical point is that of [[Y^T Y, -tau I], [-tau I, X^T X]] or zero. Otherwise by Lanczos
/// on the Hessian. Cost: some tens of gradients of rank + 1 and of Hessian products.
Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at, const KeepGoing& keep_going = {});

/// For any objective: both ends by Lanczos, at some tens of Hessian products each. Eigenvalues below 1e-8 of the
/// largest magnitude, or below their residual, are taken as zero.
Curvature curvature_by_lanczos(const Objective& objective, ConstState at, const KeepGoing& keep_going = {});

}  // namespace equipoise
