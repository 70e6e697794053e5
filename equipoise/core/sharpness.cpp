// Extreme eigenvalues of the Hessian, its whole spectrum, and the singular values of A.
#include "equipoise/core/sharpness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numbers>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/lanczos.hpp"

namespace equipoise {
namespace {

SymmetricProduct hessian_of(const Problem& problem, ConstFactors at) {
  return [&problem, at](const double* in, double* out) {
    problem.hessian_product(at, ConstFactors(at.shape(), in), MutableFactors(at.shape(), out));
  };
}

}  // namespace

Eigenpairs extreme_eigenpairs(const Problem& problem, ConstFactors at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings) {
  return extreme_eigenpairs_of(at.shape().size(), hessian_of(problem, at), count, end, settings);
}

Sharpness sharpness(const Problem& problem, ConstFactors at, const SharpnessSettings& settings) {
  if (at.shape().size() == 0) return {};
  const Eigenpairs top = extreme_eigenpairs(problem, at, 1, SpectrumEnd::largest, settings);
  return {top.values[0], top.residuals[0]};
}

Vector hessian_spectrum(const Problem& problem, ConstFactors at, Index largest_size) {
  const Index size = at.shape().size();
  if (size > largest_size) {
    throw Error(
        fmt::format("the whole spectrum of {} unknowns needs a {} x {} matrix; at most {} unknowns are taken, ask for "
                    "the top eigenvalues instead",
                    size, size, size, largest_size));
  }
  if (size == 0) return Vector();
  const Eigen::MatrixXd whole = whole_matrix(size, hessian_of(problem, at));
  if (!whole.allFinite()) return Vector::Constant(size, std::numeric_limits<double>::quiet_NaN());
  return symmetric_eigenvalues(whole);
}

SingularTriplets top_singular_triplets(const Problem& given, Index count, const SharpnessSettings& settings) {
  const Problem& problem = given.without_ridge();
  const Index rows = problem.rows();
  const Index cols = problem.cols();
  count = std::min({count, rows, cols});
  SingularTriplets result;
  if (count <= 0) {
    result.left = Matrix(rows, 0);
    result.right = Matrix(cols, 0);
    return result;
  }
  // At zero factors the residual is A itself.
  const Shape shape{rows, cols, 1};
  const Factors zero(shape);
  Factors image(shape);
  const SymmetricProduct symmetric_form = [&](const double* in, double* out) {
    problem.hessian_product(zero, ConstFactors(shape, in), image);
    Eigen::Map<Vector>(out, shape.size()) = -image.flat();
  };
  const Eigenpairs pairs = extreme_eigenpairs_of(rows + cols, symmetric_form, count, SpectrumEnd::largest, settings);
  result.values = Eigen::Map<const Vector>(pairs.values.data(), count);
  result.values = result.values.unaryExpr([](double value) { return value < 0 ? 0 : value; });  // NaN stays NaN
  result.left = std::numbers::sqrt2 * pairs.vectors.leftCols(rows).transpose();
  result.right = std::numbers::sqrt2 * pairs.vectors.rightCols(cols).transpose();
  result.residual = *std::max_element(pairs.residuals.begin(), pairs.residuals.end());
  return result;
}

}  // namespace equipoise
