// Extreme eigenvalues of the Hessian and singular values of A, by Lanczos (Spectra) or whole for few unknowns.
#include "equipoise/core/sharpness.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Spectra/SymEigsSolver.h>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <optional>

#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise {
namespace {

using Product = std::function<void(const double* in, double* out)>;
using ColumnMatrix = Eigen::MatrixXd;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// A symmetric operator in the form that Spectra asks for, divided by a power of two that brings its norm near 1: Spectra's
// stopping rule has an absolute part, which would accept anything from an operator of norm 1e-150.
class ScaledOperator {
 public:
  using Scalar = double;
  ScaledOperator(Index size, const Product& product) : size_(size), product_(product) {}

  Index rows() const { return size_; }
  Index cols() const { return size_; }
  void perform_op(const double* in, double* out) const {
    product_(in, out);
    ++products_;
    if (exponent_ != 0) {
      for (Index i = 0; i < size_; ++i) out[i] = std::scalbn(out[i], -exponent_);
    }
  }

  void set_exponent(int exponent) { exponent_ = exponent; }
  int exponent() const { return exponent_; }
  int products() const { return products_; }

 private:
  Index size_;
  const Product& product_;
  int exponent_ = 0;
  mutable int products_ = 0;
};

Eigenpairs nothing_finite(Index size, Index count, int products) {
  Eigenpairs result;
  result.values.assign(static_cast<std::size_t>(count), nan);
  result.residuals.assign(static_cast<std::size_t>(count), nan);
  result.vectors = Matrix::Constant(count, size, nan);
  result.converged = false;
  result.products = products;
  return result;
}

ColumnMatrix whole_matrix(const ScaledOperator& op) {
  ColumnMatrix whole(op.rows(), op.rows());
  Vector unit = Vector::Zero(op.rows());
  for (Index j = 0; j < op.rows(); ++j) {
    unit[j] = 1;
    op.perform_op(unit.data(), whole.col(j).data());
    unit[j] = 0;
  }
  return (whole + whole.transpose()) / 2;
}

// Values in the wanted order, with residuals measured on the operator itself and the scale put back.
Eigenpairs measured(const ScaledOperator& op, const Vector& values, const ColumnMatrix& vectors, double tolerance) {
  Eigenpairs result;
  const Index count = values.size();
  result.vectors.resize(count, op.rows());
  Vector image(op.rows());
  const double largest = count > 0 ? values.cwiseAbs().maxCoeff() : 0;
  for (Index i = 0; i < count; ++i) {
    const Vector vector = vectors.col(i).normalized();
    op.perform_op(vector.data(), image.data());
    const double residual = (image - values[i] * vector).norm();
    result.converged = result.converged && residual <= tolerance * std::max(1.0, largest);
    result.values.push_back(std::scalbn(values[i], op.exponent()));
    result.residuals.push_back(std::scalbn(residual, op.exponent()));
    result.vectors.row(i) = vector.transpose();
  }
  result.products = op.products();
  return result;
}

Eigenpairs whole_decomposition(const ScaledOperator& op, Index count, SpectrumEnd end, double tolerance) {
  const Eigen::SelfAdjointEigenSolver<ColumnMatrix> solver(whole_matrix(op));
  const bool descending = end == SpectrumEnd::largest;
  Vector values(count);
  ColumnMatrix vectors(op.rows(), count);
  for (Index i = 0; i < count; ++i) {
    const Index from = descending ? op.rows() - 1 - i : i;
    values[i] = solver.eigenvalues()[from];
    vectors.col(i) = solver.eigenvectors().col(from);
  }
  return measured(op, values, vectors, tolerance);
}

// A few Lanczos steps with full reorthogonalisation. Where few eigenvalues are distinct (A = I does that) the Krylov space of
// a random vector closes after as many steps, and contains an eigenvector of each: the answer is then complete, while
// a restarted solver would divide by the rounding error that is left. Nothing where it does not close.
std::optional<Eigenpairs> closed_krylov_space(ScaledOperator& op, const Vector& first, Index count, SpectrumEnd end,
                                              double tolerance) {
  const Index longest = std::min<Index>(24, op.rows());
  ColumnMatrix basis(op.rows(), longest);
  basis.col(0) = first;
  ColumnMatrix projected = ColumnMatrix::Zero(longest, longest);
  Vector image(op.rows());
  for (Index k = 0; k < longest; ++k) {
    op.perform_op(basis.col(k).data(), image.data());
    const double size = image.norm();
    for (int pass = 0; pass < 2; ++pass) {
      const Vector along = basis.leftCols(k + 1).transpose() * image;
      projected.col(k).head(k + 1) += along;
      image -= basis.leftCols(k + 1) * along;
    }
    const double left = image.norm();
    if (left <= 1e-13 * std::max(1.0, size)) {
      if (k + 1 < count) return std::nullopt;
      const ColumnMatrix small = projected.topLeftCorner(k + 1, k + 1);
      const Eigen::SelfAdjointEigenSolver<ColumnMatrix> solver((small + small.transpose()) / 2);
      Vector values(count);
      ColumnMatrix vectors(op.rows(), count);
      for (Index i = 0; i < count; ++i) {
        const Index from = end == SpectrumEnd::largest ? k - i : i;
        values[i] = solver.eigenvalues()[from];
        vectors.col(i) = basis.leftCols(k + 1) * solver.eigenvectors().col(from);
      }
      return measured(op, values, vectors, 10 * tolerance);
    }
    if (k + 1 < longest) {
      projected(k + 1, k) = left;
      basis.col(k + 1) = image / left;
    }
  }
  return std::nullopt;
}

Eigenpairs lanczos(ScaledOperator& op, const Vector& first, Index count, SpectrumEnd end,
                   const SharpnessSettings& settings) {
  const auto rule = end == SpectrumEnd::largest ? Spectra::SortRule::LargestAlge : Spectra::SortRule::SmallestAlge;
  // A small basis is cheapest for a well separated end; where restarts do not get there, larger ones do.
  for (Index basis = std::max<Index>(2 * count + 10, 20);; basis *= 3) {
    basis = std::min(basis, op.rows());
    Spectra::SymEigsSolver<ScaledOperator> solver(op, count, basis);
    solver.init(first.data());
    const auto restarts = std::max<Index>(1, (settings.max_products - op.products()) / std::max<Index>(1, basis - count));
    const Index found = solver.compute(rule, std::min<Index>(restarts, 60), settings.tolerance, rule);
    const bool out_of_budget = op.products() >= settings.max_products || basis == op.rows() || basis > 1000;
    if (found == count || (out_of_budget && found > 0)) {
      Eigenpairs result = measured(op, solver.eigenvalues(), solver.eigenvectors(), 10 * settings.tolerance);
      result.converged = result.converged && found == count;
      return result;
    }
    if (out_of_budget) return nothing_finite(op.rows(), count, op.products());
  }
}

Eigenpairs extreme_of(Index size, const Product& product, Index count, SpectrumEnd end,
                      const SharpnessSettings& settings) {
  count = std::min(count, size);
  if (size == 0 || count <= 0) return {};
  ScaledOperator op(size, product);

  const Factors random = gaussian_factors({size, 0, 1}, 1);
  const Vector first = random.flat().normalized();
  Vector image(size);
  op.perform_op(first.data(), image.data());
  if (!image.allFinite()) return nothing_finite(size, count, op.products());
  const double norm = image.stableNorm();
  if (norm == 0) {  // a random vector is not in the kernel of anything but zero
    return measured(op, Vector::Zero(count), ColumnMatrix::Identity(size, count), settings.tolerance);
  }
  op.set_exponent(std::ilogb(norm));
  if (size <= std::max<Index>(settings.dense_below, count + 2)) {
    return whole_decomposition(op, count, end, settings.tolerance);
  }
  if (count == 1) {  // several eigenvalues may be copies, of which a Krylov space sees one
    if (auto closed = closed_krylov_space(op, first, count, end, settings.tolerance)) return *closed;
  }
  return lanczos(op, first, count, end, settings);
}

Product hessian_of(const Problem& problem, ConstFactors at) {
  return [&problem, at](const double* in, double* out) {
    problem.hessian_product(at, ConstFactors(at.shape(), in), MutableFactors(at.shape(), out));
  };
}

}  // namespace

Eigenpairs extreme_eigenpairs(const Problem& problem, ConstFactors at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings) {
  return extreme_of(at.shape().size(), hessian_of(problem, at), count, end, settings);
}

Sharpness sharpness(const Problem& problem, ConstFactors at, const SharpnessSettings& settings) {
  if (at.shape().size() == 0) return {};
  const Eigenpairs top = extreme_eigenpairs(problem, at, 1, SpectrumEnd::largest, settings);
  return {top.values[0], top.residuals[0]};
}

Vector hessian_spectrum(const Problem& problem, ConstFactors at, Index largest_size) {
  const Index size = at.shape().size();
  if (size > largest_size) {
    throw Error(fmt::format("the whole spectrum of {} unknowns needs a {} x {} matrix; at most {} unknowns are taken, ask for "
                            "the top eigenvalues instead",
                            size, size, size, largest_size));
  }
  if (size == 0) return Vector();
  const Product product = hessian_of(problem, at);
  const ColumnMatrix whole = whole_matrix(ScaledOperator(size, product));
  if (!whole.allFinite()) return Vector::Constant(size, nan);
  return Eigen::SelfAdjointEigenSolver<ColumnMatrix>(whole, Eigen::EigenvaluesOnly).eigenvalues();
}

SingularTriplets top_singular_triplets(const Problem& problem, Index count, const SharpnessSettings& settings) {
  const Index rows = problem.rows();
  const Index cols = problem.cols();
  count = std::min({count, rows, cols});
  SingularTriplets result;
  if (count <= 0) {
    result.left = Matrix(rows, 0);
    result.right = Matrix(cols, 0);
    return result;
  }
  // With one factor zero the residual is A itself, and the gradient's other half is -A v or -A^T u, also with a ridge.
  const Shape shape{rows, cols, 1};
  const Product symmetric_form = [&](const double* in, double* out) {
    Factors at(shape);
    Factors gradient(shape);
    at.Y() = ConstFactors(shape, in).Y();
    problem.gradient(at, gradient);
    MutableFactors(shape, out).X() = -gradient.X();
    at.Y().setZero();
    at.X() = ConstFactors(shape, in).X();
    problem.gradient(at, gradient);
    MutableFactors(shape, out).Y() = -gradient.Y();
  };
  const Eigenpairs pairs = extreme_of(rows + cols, symmetric_form, count, SpectrumEnd::largest, settings);
  result.values = Eigen::Map<const Vector>(pairs.values.data(), count);
  result.values = result.values.unaryExpr([](double value) { return value < 0 ? 0 : value; });  // NaN stays NaN
  result.left = std::numbers::sqrt2 * pairs.vectors.leftCols(rows).transpose();
  result.right = std::numbers::sqrt2 * pairs.vectors.rightCols(cols).transpose();
  result.residual = *std::max_element(pairs.residuals.begin(), pairs.residuals.end());
  return result;
}

}  // namespace equipoise
