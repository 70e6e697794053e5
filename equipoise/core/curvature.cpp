// Curvature at critical points, in closed form where A is complete.
#include "equipoise/core/curvature.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/objective.hpp"
#include "equipoise/core/residual_norm.hpp"

namespace equipoise {
namespace {

SharpnessSettings for_the_bottom(const KeepGoing& keep_going) {
  SharpnessSettings settings;
  settings.tolerance = 1e-4;
  settings.max_products = 2000;
  settings.keep_going = keep_going;
  return settings;
}

SharpnessSettings for_the_top(double cost, const KeepGoing& keep_going) {
  SharpnessSettings settings = SharpnessSettings::for_the_record(cost);
  settings.keep_going = keep_going;
  return settings;
}

// Short of convergence it is only an upper bound, which may settle a saddle but never a minimiser.
double smallest_of(const Eigenpairs& bottom) { return bottom.converged ? bottom.values[0] : nan; }

void decide_limit(Curvature& curvature) {
  if (curvature.smallest < -curvature.zero) {
    curvature.limit = Limit::saddle;
  } else if (curvature.smallest >= -curvature.zero) {
    curvature.limit = Limit::minimiser;
  }
}

}  // namespace

Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at, const KeepGoing& keep_going) {
  Curvature result;
  if (problem.space().whole(at.shape().size()) == 0) {
    result.limit = Limit::minimiser;
    return result;
  }
  const Sharpness top = sharpness(problem, at, for_the_top(problem.cost(at.shape().rank), keep_going));
  result.largest = top.value;
  result.largest_residual = top.residual;
  const double scale = std::max(problem.space().squared_norm(at.flat()), std::abs(top.value));
  result.zero = 1e-8 * scale;
  if (problem.complete()) {
    const double tau = residual_spectral_norm(problem, at, keep_going).value;
    // An exact fit leaves a residual at the tolerance of the run, which is no direction to leave along.
    result.zero = std::max(result.zero, 1e-8 * tau);
    result.smallest = std::min(0.0, leaving_eigenvalues(at, tau, problem.space()).minCoeff());
  } else {
    const Eigenpairs bottom = extreme_eigenpairs(problem, at, 1, SpectrumEnd::smallest, for_the_bottom(keep_going));
    result.smallest = smallest_of(bottom);
    result.zero = std::max(result.zero, bottom.residuals[0]);
  }
  decide_limit(result);
  return result;
}

Curvature curvature_by_lanczos(const Objective& objective, ConstState at, const KeepGoing& keep_going) {
  Curvature result;
  if (objective.space().whole(objective.size()) == 0) {
    result.limit = Limit::minimiser;
    return result;
  }
  const Sharpness top = sharpness(objective, at, for_the_top(objective.cost(), keep_going));
  const Eigenpairs bottom = extreme_eigenpairs(objective, at, 1, SpectrumEnd::smallest, for_the_bottom(keep_going));
  result.largest = top.value;
  result.largest_residual = top.residual;
  result.smallest = smallest_of(bottom);
  result.zero = std::max({1e-8 * std::abs(top.value), 1e-8 * std::abs(bottom.values[0]), bottom.residuals[0]});
  decide_limit(result);
  return result;
}

}  // namespace equipoise
