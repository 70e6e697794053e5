// Curvature at critical points, in closed form where A is complete.
//
// Tested in equipoise/core/sharpness_test.cpp
#include "equipoise/core/curvature.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/decompositions.hpp"
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

// Of one factor: its Gram, the other's, and that of the gradient of the other factor.
double within_reach_of(const Eigen::MatrixXd& own, const Eigen::MatrixXd& other, const Eigen::MatrixXd& gradients) {
  const SymmetricEigen pairs = symmetric_eigen(own);
  double squares = 0;
  for (Index a = 0; a < pairs.values.size(); ++a) {
    const double length2 = pairs.values[a];
    if (!(length2 > 0)) continue;
    const Vector direction = pairs.vectors.col(a);
    const double left2 = std::max(0.0, direction.dot(gradients * direction)) / length2;
    const double fitted2 = length2 * std::max(0.0, direction.dot(other * direction));
    if (left2 <= 4 * fitted2) squares += left2;
  }
  return std::sqrt(squares);
}

// The least singular value that X and Y fit, as A has it on their column spaces: exact to second order in what is left.
// `crossed`: X^T times the gradient of X.
double least_fitted(const Eigen::MatrixXd& gram_x, const Eigen::MatrixXd& gram_y, const Eigen::MatrixXd& crossed) {
  const auto inverse_root = [](const Eigen::MatrixXd& gram) {
    const SymmetricEigen pairs = symmetric_eigen(gram);
    return Eigen::MatrixXd(pairs.vectors * pairs.values.cwiseSqrt().cwiseInverse().asDiagonal() *
                           pairs.vectors.transpose());
  };
  const Eigen::MatrixXd fitted = inverse_root(gram_x) * (gram_x * gram_y - crossed) * inverse_root(gram_y);
  return fitted.allFinite() ? singular_values(fitted).minCoeff() : 0;
}

void decide_limit(Curvature& curvature) {
  if (curvature.smallest < -curvature.zero) {
    curvature.limit = Limit::saddle;
  } else if (curvature.smallest >= -curvature.zero) {
    curvature.limit = Limit::minimiser;
  }
}

}  // namespace

double residual_within_reach(ConstFactors at, ConstFactors gradient, const Space& space) {
  const Eigen::MatrixXd own_x = space.gram(at.X(), at.X()), own_y = space.gram(at.Y(), at.Y());
  const Eigen::MatrixXd of_x = space.gram(gradient.X(), gradient.X()), of_y = space.gram(gradient.Y(), gradient.Y());
  const bool in_range = own_x.allFinite() && own_y.allFinite() && of_x.allFinite() && of_y.allFinite();
  if (at.shape().rank == 0 || !in_range) return 0;
  return within_reach_of(own_x, own_y, of_y) + within_reach_of(own_y, own_x, of_x);
}

Curvature curvature_at_critical_point(const Problem& problem, ConstFactors at, const KeepGoing& keep_going) {
  const Space& space = problem.space();
  Curvature result;
  if (space.whole(at.shape().size()) == 0) {
    result.limit = Limit::minimiser;
    return result;
  }
  const Sharpness top = sharpness(problem, at, for_the_top(problem.cost(at.shape().rank), keep_going));
  result.largest = top.value;
  result.largest_residual = top.residual;
  const double scale = std::max(space.squared_norm(at.flat()), std::abs(top.value));
  Factors gradient(at.shape());
  problem.gradient(at, gradient);
  const double within_reach = residual_within_reach(at, gradient, space);
  const double rounding = 1e-8 * scale;
  result.zero = std::max(rounding, 2 * within_reach);
  if (!problem.complete()) {
    const Eigenpairs bottom = extreme_eigenpairs(problem, at, 1, SpectrumEnd::smallest, for_the_bottom(keep_going));
    result.smallest = smallest_of(bottom);
    result.zero = std::max(result.zero, bottom.residuals[0]);
    decide_limit(result);
    return result;
  }
  const Eigen::MatrixXd gram_x = space.gram(at.X(), at.X()), gram_y = space.gram(at.Y(), at.Y());
  const double tau = residual_spectral_norm(problem, at, keep_going).value;
  result.zero = std::max(result.zero, 1e-8 * tau);
  result.smallest = std::min(0.0, leaving_eigenvalues(gram_x, gram_y, tau).minCoeff());
  const bool fits_all = tau <= 2 * within_reach;
  if (result.smallest < -rounding && result.smallest >= -result.zero && !fits_all) {
    const double least = least_fitted(gram_x, gram_y, space.gram(at.X(), gradient.X()));
    if (tau - least > rounding + 4 * within_reach * within_reach / std::max(least, tau)) result.zero = rounding;
  }
  decide_limit(result);
  if (result.limit == Limit::minimiser) {
    const Index rows = space.whole(at.shape().rows), cols = space.whole(at.shape().cols);
    const EndsAtMinimiser ends = ends_at_minimiser(gram_x, gram_y, rows, cols, tau, space.norm(gradient.flat()));
    result.slowest_at_limit = ends.smallest;
    result.largest_at_limit = ends.largest;
  }
  return result;
}

double multiplier_of_stay(const Curvature& curvature, double h) {
  if (curvature.limit == Limit::minimiser) {
    const double fast = 1 - h * curvature.largest_at_limit, slow = 1 - h * curvature.slowest_at_limit;
    return std::abs(slow) > std::abs(fast) ? slow : fast;  // NaN if they are not known
  }
  const double up = 1 - h * curvature.largest;
  const double down = curvature.smallest < -curvature.zero ? 1 - h * curvature.smallest : 1;
  return down > std::abs(up) ? down : up;
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
