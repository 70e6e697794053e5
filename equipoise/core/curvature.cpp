// Curvature at critical points, in closed form where A is complete.
#include "equipoise/core/curvature.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

// The residual of a fixed pair of factors as a problem of its own, so that its singular values come from the same place as
// those of A: with X and Y widened by the columns of a second pair, R is kept and the new columns see it as their A.
class ResidualProblem final : public Problem {
 public:
  ResidualProblem(const Problem& base, ConstFactors at) : base_(base), at_(at) {}

  Index rows() const override { return base_.rows(); }
  Index cols() const override { return base_.cols(); }
  Index entries() const override { return base_.entries(); }
  bool complete() const override { return base_.complete(); }

  double gradient(ConstFactors at, MutableFactors out) const override {
    const Shape wide{rows(), cols(), at_.shape().rank + at.shape().rank};
    Factors both(wide);
    Factors gradient_of_both(wide);
    both.X() << at_.X(), at.X();
    both.Y() << at_.Y(), at.Y();
    const double loss = base_.gradient(both, gradient_of_both);
    out.X() = gradient_of_both.X().rightCols(at.shape().rank);
    out.Y() = gradient_of_both.Y().rightCols(at.shape().rank);
    return loss;
  }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const Shape wide{rows(), cols(), at_.shape().rank + at.shape().rank};
    Factors both(wide);
    Factors wide_direction(wide);
    Factors product(wide);
    both.X() << at_.X(), at.X();
    both.Y() << at_.Y(), at.Y();
    wide_direction.X().rightCols(at.shape().rank) = direction.X();
    wide_direction.Y().rightCols(at.shape().rank) = direction.Y();
    base_.hessian_product(both, wide_direction, product);
    out.X() = product.X().rightCols(at.shape().rank);
    out.Y() = product.Y().rightCols(at.shape().rank);
  }

 private:
  const Problem& base_;
  ConstFactors at_;
};

// [[Y'Y, -tau I], [-tau I, X'X]], the Hessian on directions that leave the row and column spaces of X Y^T along one
// singular pair of the residual.
Vector leaving_eigenvalues(ConstFactors at, double tau) {
  const Index d = at.shape().rank;
  Eigen::MatrixXd block(2 * d, 2 * d);
  block.topLeftCorner(d, d) = at.Y().transpose() * at.Y();
  block.bottomRightCorner(d, d) = at.X().transpose() * at.X();
  block.topRightCorner(d, d) = -tau * Eigen::MatrixXd::Identity(d, d);
  block.bottomLeftCorner(d, d) = -tau * Eigen::MatrixXd::Identity(d, d);
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(block, Eigen::EigenvaluesOnly).eigenvalues();
}

}  // namespace

double residual_spectral_norm(const Problem& problem, ConstFactors at) {
  if (problem.rows() == 0 || problem.cols() == 0) return 0;
  const ResidualProblem residual(problem, at);
  SharpnessSettings settings;
  settings.tolerance = 1e-8;
  return top_singular_triplets(residual, 1, settings).values[0];
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
  result.zero = 1e-8 * scale;
  if (problem.complete()) {
    const double tau = residual_spectral_norm(problem, at);
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
  if (result.smallest < -result.zero) {
    result.limit = Limit::saddle;
  } else if (result.smallest >= -result.zero) {
    result.limit = Limit::minimiser;
  }
  return result;
}

Vector minimiser_spectrum(const Vector& singular_values, ConstFactors at) {
  const auto [rows, cols, d] = at.shape();
  const Index sides = std::min(rows, cols);
  if (d > sides || singular_values.size() != sides) {
    throw Error(fmt::format("the closed form of the spectrum needs rank <= {} and all {} singular values, got rank {} and {} values",
                            sides, sides, d, singular_values.size()));
  }
  const auto eigenvalues = [](const Eigen::MatrixXd& gram) -> Vector {
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram, Eigen::EigenvaluesOnly).eigenvalues();
  };
  const Vector p = eigenvalues(at.X().transpose() * at.X());
  const Vector q = eigenvalues(at.Y().transpose() * at.Y());
  std::vector<double> all;
  all.reserve(static_cast<std::size_t>(at.shape().size()));
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < d; ++j) all.push_back(p[i] + q[j]);
  }
  all.insert(all.end(), static_cast<std::size_t>(d * d), 0.0);
  for (Index i = d; i < sides; ++i) {
    const Vector block = leaving_eigenvalues(at, singular_values[i]);
    all.insert(all.end(), block.begin(), block.end());
  }
  const Vector& extra = rows > cols ? q : p;
  for (Index i = sides; i < std::max(rows, cols); ++i) all.insert(all.end(), extra.begin(), extra.end());
  std::sort(all.begin(), all.end());
  return Eigen::Map<const Vector>(all.data(), static_cast<Index>(all.size()));
}

}  // namespace equipoise
