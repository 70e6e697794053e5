// Curvature at critical points, in closed form where A is complete.
#include "equipoise/core/curvature.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/residual_norm.hpp"

namespace equipoise {

Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at) {
  Curvature result;
  if (at.shape().size() == 0) {
    result.limit = Limit::minimiser;
    return result;
  }
  const Sharpness top = sharpness(problem, at);
  result.largest = top.value;
  result.largest_residual = top.residual;
  const double scale = std::max(at.flat().squaredNorm(), std::abs(top.value));
  result.zero = 1e-8 * scale;
  if (problem.complete()) {
    const double tau = residual_spectral_norm(problem, at).value;
    // An exact fit leaves a residual at the tolerance of the run, which is no direction to leave along.
    result.zero = std::max(result.zero, 1e-8 * tau);
    result.smallest = std::min(0.0, leaving_eigenvalues(at, tau).minCoeff());
  } else {
    SharpnessSettings settings;
    settings.tolerance = 1e-4;
    settings.max_products = 2000;
    const Eigenpairs bottom = extreme_eigenpairs(problem, at, 1, SpectrumEnd::smallest, settings);
    // Short of convergence it is only an upper bound, which may settle a saddle but never a minimiser.
    result.smallest = bottom.converged ? bottom.values[0] : nan;
    result.zero = std::max(result.zero, bottom.residuals[0]);
  }
  if (result.smallest < -result.zero) {
    result.limit = Limit::saddle;
  } else if (result.smallest >= -result.zero) {
    result.limit = Limit::minimiser;
  }
  return result;
}

}  // namespace equipoise
