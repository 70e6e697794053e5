// Curvature at critical points, in closed form where A is complete.
#include "equipoise/core/curvature.hpp"

#include <algorithm>
#include <cmath>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/residual_norm.hpp"

namespace equipoise {
namespace {

// One of the two factors: its Gram, the other's, and the gradient of the other.
double within_reach_of(const Eigen::MatrixXd& own, const Eigen::MatrixXd& other,
                       const Eigen::Map<const Matrix>& gradient_of_other) {
  const SymmetricEigen pairs = symmetric_eigen(own);
  double squares = 0;
  for (Index a = 0; a < pairs.values.size(); ++a) {
    const double length2 = pairs.values[a];
    if (!(length2 > 0)) continue;
    const Vector direction = pairs.vectors.col(a);
    const double left2 = (gradient_of_other * direction).squaredNorm() / length2;
    const double fitted2 = length2 * std::max(0.0, direction.dot(other * direction));
    if (left2 <= 4 * fitted2) squares += left2;
  }
  return std::sqrt(squares);
}

// The least singular value that X and Y fit, as A has it on their column spaces: exact to second order in what is left.
double least_fitted(ConstFactors at, ConstFactors gradient) {
  const Eigen::MatrixXd own_x = at.X().transpose() * at.X(), own_y = at.Y().transpose() * at.Y();
  const auto inverse_root = [](const Eigen::MatrixXd& gram) {
    const SymmetricEigen pairs = symmetric_eigen(gram);
    return Eigen::MatrixXd(pairs.vectors * pairs.values.cwiseSqrt().cwiseInverse().asDiagonal() *
                           pairs.vectors.transpose());
  };
  const Eigen::MatrixXd fitted =
      inverse_root(own_x) * (own_x * own_y - at.X().transpose() * gradient.X()) * inverse_root(own_y);
  return fitted.allFinite() ? singular_values(fitted).minCoeff() : 0;
}

}  // namespace

double residual_within_reach(ConstFactors at, ConstFactors gradient) {
  const Eigen::MatrixXd own_x = at.X().transpose() * at.X(), own_y = at.Y().transpose() * at.Y();
  if (at.shape().rank == 0 || !own_x.allFinite() || !own_y.allFinite() || !gradient.flat().allFinite()) return 0;
  return within_reach_of(own_x, own_y, gradient.Y()) + within_reach_of(own_y, own_x, gradient.X());
}

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
  Factors gradient(at.shape());
  problem.gradient(at, gradient);
  const double within_reach = residual_within_reach(at, gradient);
  const double rounding = 1e-8 * scale;
  result.zero = std::max(rounding, 2 * within_reach);
  double tau = 0;
  if (problem.complete()) {
    tau = residual_spectral_norm(problem, at).value;
    // An exact fit leaves a residual at the tolerance of the run, which is no direction to leave along.
    result.zero = std::max(result.zero, 1e-8 * tau);
    result.smallest = std::min(0.0, leaving_eigenvalues(at, tau).minCoeff());
  } else {
    SharpnessSettings settings;
    settings.tolerance = 1e-4;
    settings.max_products = 2000;
    const Eigenpairs bottom = extreme_eigenpairs(problem, at, 1, SpectrumEnd::smallest, settings);
    result.smallest = bottom.values[0];
    result.zero = std::max(result.zero, bottom.residuals[0]);
  }
  const bool fits_all = tau <= 2 * within_reach;
  if (problem.complete() && result.smallest < -rounding && result.smallest >= -result.zero && !fits_all) {
    const double least = least_fitted(at, gradient);
    if (tau - least > rounding + 4 * within_reach * within_reach / std::max(least, tau)) result.zero = rounding;
  }
  if (result.smallest < -result.zero) {
    result.limit = Limit::saddle;
  } else if (result.smallest >= -result.zero) {
    result.limit = Limit::minimiser;
  }
  return result;
}

}  // namespace equipoise
