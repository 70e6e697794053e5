// Extreme eigenvalues of the Hessian, its whole spectrum, and the singular values of A.
#include "equipoise/core/sharpness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/factor_objective.hpp"
#include "equipoise/core/lanczos.hpp"

namespace equipoise {
namespace {

// A product that takes longer than some milliseconds has a budget.
constexpr double cheap_cost = 5e7;

SharpnessSettings within(double cost, double value_tolerance, double affordable, int at_least) {
  SharpnessSettings settings;
  if (!(cost > cheap_cost)) return settings;
  settings.value_tolerance = value_tolerance;
  settings.max_products = std::max(at_least, static_cast<int>(affordable / cost));
  return settings;
}

SymmetricProduct hessian_of(const Objective& objective, ConstState at) {
  return [&objective, at, size = at.size()](const double* in, double* out) {
    objective.hessian_product(at, Eigen::Map<const Vector>(in, size), Eigen::Map<Vector>(out, size));
  };
}

SymmetricProduct hessian_of(const Problem& problem, ConstFactors at) {
  return [&problem, at](const double* in, double* out) {
    problem.hessian_product(at, ConstFactors(at.shape(), in), MutableFactors(at.shape(), out));
  };
}

Sharpness first_of(const Eigenpairs& top) {
  return top.values.empty() ? Sharpness{} : Sharpness{top.values[0], top.residuals[0]};
}

Vector whole_spectrum(Index here, const SymmetricProduct& product, const Space& space, Index largest_size) {
  const Index size = space.whole(here);
  if (size > largest_size) {
    throw Error(
        fmt::format("the whole spectrum of {} unknowns needs a {} x {} matrix; at most {} unknowns are taken, ask for "
                    "the top eigenvalues instead",
                    size, size, size, largest_size));
  }
  if (size == 0) return Vector();
  const Eigen::MatrixXd whole = whole_matrix(here, product, space);
  if (!whole.allFinite()) return Vector::Constant(size, std::numeric_limits<double>::quiet_NaN());
  return symmetric_eigenvalues(whole);
}

}  // namespace

SharpnessSettings SharpnessSettings::for_a_scale(double cost) { return within(cost, 1e-7, 5e9, 20); }
SharpnessSettings SharpnessSettings::for_a_rate(double cost) { return within(cost, 1e-7, 1e10, 38); }
SharpnessSettings SharpnessSettings::for_the_record(double cost) { return within(cost, 1e-9, 2e10, 60); }

Eigenpairs extreme_eigenpairs(const Objective& objective, ConstState at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings) {
  return extreme_eigenpairs_of(at.size(), hessian_of(objective, at), count, end, settings, objective.space());
}

Eigenpairs extreme_eigenpairs(const Problem& problem, ConstFactors at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings) {
  return extreme_eigenpairs_of(at.shape().size(), hessian_of(problem, at), count, end, settings, problem.space());
}

Sharpness sharpness(const Objective& objective, ConstState at, const SharpnessSettings& settings) {
  return first_of(extreme_eigenpairs(objective, at, 1, SpectrumEnd::largest, settings));
}

Sharpness sharpness(const Problem& problem, ConstFactors at, const SharpnessSettings& settings) {
  return first_of(extreme_eigenpairs(problem, at, 1, SpectrumEnd::largest, settings));
}

Vector hessian_spectrum(const Objective& objective, ConstState at, Index largest_size) {
  return whole_spectrum(at.size(), hessian_of(objective, at), objective.space(), largest_size);
}

Vector hessian_spectrum(const Problem& problem, ConstFactors at, Index largest_size) {
  return whole_spectrum(at.shape().size(), hessian_of(problem, at), problem.space(), largest_size);
}

SingularTriplets top_singular_triplets(const Problem& given, Index count, const SharpnessSettings& settings) {
  const Problem& problem = given.without_ridge();
  const Index rows = problem.rows();
  const Index cols = problem.cols();
  const Shape shape{rows, cols, 1};
  const Space& space = problem.space();
  count = std::min({count, space.whole(rows), space.whole(cols)});
  SingularTriplets result;
  if (count <= 0) {
    result.left = Matrix(rows, 0);
    result.right = Matrix(cols, 0);
    return result;
  }
  // At zero factors the residual is A itself.
  const Factors zero(shape);
  Factors image(shape);
  const SymmetricProduct symmetric_form = [&](const double* in, double* out) {
    problem.hessian_product(zero, ConstFactors(shape, in), image);
    Eigen::Map<Vector>(out, shape.size()) = -image.flat();
  };
  const Eigenpairs pairs =
      extreme_eigenpairs_of(shape.size(), symmetric_form, count, SpectrumEnd::largest, settings, space);
  result.values = Eigen::Map<const Vector>(pairs.values.data(), count);
  result.values = result.values.unaryExpr([](double value) { return value < 0 ? 0 : value; });  // NaN stays NaN
  result.left = std::numbers::sqrt2 * pairs.vectors.leftCols(rows).transpose();
  result.right = std::numbers::sqrt2 * pairs.vectors.rightCols(cols).transpose();
  result.residuals = pairs.residuals;
  result.residual = *std::max_element(pairs.residuals.begin(), pairs.residuals.end());
  result.converged = pairs.converged;
  result.products = pairs.products;
  return result;
}

Vector guess_along(const Problem& problem, const SingularTriplets& top, ConstFactors at) {
  const Shape shape = at.shape();
  const Index d = shape.rank;
  if (top.values.size() == 0 || d == 0 || !std::isfinite(top.values[0])) return Vector();
  // On directions (u a^T, -v b^T) the Hessian is [[Y^T Y, sigma I], [sigma I, X^T X]], but for terms of u^T X and v^T
  // Y.
  Eigen::MatrixXd block = Eigen::MatrixXd::Zero(2 * d, 2 * d);
  block.topLeftCorner(d, d) = problem.space().gram(at.Y(), at.Y());
  block.bottomRightCorner(d, d) = problem.space().gram(at.X(), at.X());
  block.topRightCorner(d, d) = top.values[0] * Eigen::MatrixXd::Identity(d, d);
  block.bottomLeftCorner(d, d) = block.topRightCorner(d, d);
  if (!block.allFinite()) return Vector();
  const Vector weights = symmetric_eigen(block).vectors.col(2 * d - 1);
  Factors guess(shape);
  guess.X() = top.left.col(0) * weights.head(d).transpose();
  guess.Y() = -top.right.col(0) * weights.tail(d).transpose();
  return guess.flat();
}

}  // namespace equipoise
