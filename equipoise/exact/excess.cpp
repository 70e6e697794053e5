// The loss by one pass over the residual in double-double, less the best loss.
#include "equipoise/exact/excess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/exact/best_loss.hpp"

namespace equipoise {
namespace {

using error_bound::generous, error_bound::underflow, error_bound::unit;

double product(Index a, Index b, Index c) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

bool best_is_zero(Shape shape, double ridge) { return ridge == 0 && shape.rank >= std::min(shape.rows, shape.cols); }

/// The power of two that brings the largest entry to 1/2 .. 1; 0 for a zero or empty matrix.
template <class Derived>
int exponent_of(const Eigen::MatrixBase<Derived>& M) {
  const double largest = M.size() > 0 ? M.cwiseAbs().maxCoeff() : 0;
  int exponent = 0;
  if (largest > 0) std::frexp(largest, &exponent);
  return exponent;
}

template <class Derived>
Eigen::MatrixXd times_power(const Eigen::MatrixBase<Derived>& M, int exponent) {
  return M.unaryExpr([exponent](double entry) { return std::ldexp(entry, exponent); });
}

/// 1/2 |A - X Y^T|^2 for entries at most near 1; X has the longer side.
Enclosed half_residual_squared(const Eigen::MatrixXd& A, const Eigen::MatrixXd& X, const Eigen::MatrixXd& Y) {
  const Columns left = columns_of(X);
  Columns residual(A.rows(), 1);
  DoubleDouble sum;
  for (Index j = 0; j < A.cols(); ++j) {
    for (Index i = 0; i < A.rows(); ++i) residual.set(i, 0, A(i, j));
    for (Index k = 0; k < X.cols(); ++k) {
      if (Y(j, k) != 0) residual.add_exact_multiple(0, -Y(j, k), left, k);
    }
    sum = sum + residual.dot(0, 0);
  }
  // Every entry is a sum of rank + 1 exact terms; the matrix of their magnitudes has a norm of at most |A| + |X| |Y|.
  const double off = static_cast<double>(X.cols() + 2) * unit * (A.norm() + X.norm() * Y.norm()) * generous + underflow;
  const double lost = static_cast<double>(A.rows() + A.cols() + 16) * unit;
  const double error = std::sqrt(sum.high) * off + off * off / 2 + lost * sum.high;
  return {scaled(sum, -1), error * generous};
}

/// |M|^2, relative error at most (size + 16) units.
DoubleDouble squared(const Eigen::MatrixXd& M) {
  DoubleDouble sum;
  for (const double entry : M.reshaped()) sum = sum + double_double::two_product(entry, entry);
  return sum;
}

Enclosed operator-(const Enclosed& a, const Enclosed& b) {
  const DoubleDouble difference = a.value - b.value;
  return {difference, a.error + b.error + unit * std::abs(difference.high)};
}

Enclosed operator+(const Enclosed& a, const Enclosed& b) {
  const DoubleDouble sum = a.value + b.value;
  return {sum, a.error + b.error + unit * std::abs(sum.high)};
}

Enclosed in_units(const Enclosed& a, int exponent) {
  return {scaled(a.value, exponent), std::ldexp(a.error, exponent) + 2 * std::numeric_limits<double>::denorm_min()};
}

}  // namespace

bool excess_is_affordable(Shape shape, double ridge, bool singular_values_known) {
  const Index least = std::min(shape.rows, shape.cols);
  return product(shape.rows, shape.cols, shape.rank + 1) <= most_loss_work &&
         (singular_values_known || best_is_zero(shape, ridge) ||
          product(shape.rows, shape.cols, least) <= most_best_loss_work);
}

Approximate excess(const Matrix& A, ConstFactors at, double ridge, const std::optional<Vector>& singular_values) {
  const Shape shape = at.shape();
  if (shape.rows != A.rows() || shape.cols != A.cols()) {
    throw Error(fmt::format("the factors are for a {} x {} matrix and A is {} x {}", shape.rows, shape.cols, A.rows(),
                            A.cols()));
  }
  const Approximate unknown(nan, nan);
  const Index least = std::min(shape.rows, shape.cols);
  const bool values_known = singular_values && singular_values->size() == least && singular_values->allFinite();
  if (!excess_is_affordable(shape, ridge, values_known)) return unknown;
  if (!A.allFinite() || !at.flat().allFinite() || !std::isfinite(ridge)) return unknown;

  // Powers of two bring A, X and Y near 1: the residual's unit is 2^unit_f, that of f its square.
  const int of_A = exponent_of(A);
  const int of_X = exponent_of(at.X());
  const int of_Y = exponent_of(at.Y());
  const bool no_product = at.X().isZero(0) || at.Y().isZero(0);
  const bool A_is_zero = A.isZero(0);
  const int unit_f = no_product ? of_A : A_is_zero ? of_X + of_Y : std::max(of_A, of_X + of_Y);
  const bool tall = A.rows() >= A.cols();
  const Eigen::MatrixXd near_one = tall ? times_power(A, -of_A) : times_power(A.transpose(), -of_A);
  const Eigen::MatrixXd X = times_power(at.X(), -of_X);
  const Eigen::MatrixXd Y = times_power(at.Y(), -of_Y);
  const Eigen::MatrixXd scaled_Y =
      no_product ? Eigen::MatrixXd::Zero(Y.rows(), Y.cols()) : times_power(at.Y(), of_X - unit_f);

  const double lambda =
      std::min(std::ldexp(ridge, -of_A), 1e100);  // beyond every singular value it makes no difference
  Enclosed best;
  if (best_is_zero(shape, ridge) || A_is_zero) {
    best = {0.0, 0.0};
  } else if (product(shape.rows, shape.cols, least) <= most_best_loss_work) {
    best = best_loss(near_one, shape.rank, lambda);
  } else {
    best = best_loss(Vector(times_power(*singular_values, -of_A)), shape, lambda);
  }
  if (ridge > 0) best.error += underflow;  // of lambda

  const Eigen::MatrixXd residual_A = times_power(near_one, of_A - unit_f);
  Enclosed f = half_residual_squared(residual_A, tall ? X : scaled_Y, tall ? scaled_Y : X);
  if (ridge > 0) {
    int of_ridge = 0;
    const double digits = std::frexp(ridge, &of_ridge) / 2;
    const double relative = static_cast<double>(shape.size() + 32) * unit;
    for (const auto& [M, exponent] : {std::pair(&X, of_X), std::pair(&Y, of_Y)}) {
      const DoubleDouble term = squared(*M) * DoubleDouble(digits);
      f = f + in_units({term, relative * term.high}, of_ridge + 2 * (exponent - unit_f));
    }
  }
  const Enclosed above = in_units(f - in_units(best, 2 * (of_A - unit_f)), 2 * unit_f);
  Approximate result(
      above.value.high,
      (above.error + std::abs(above.value.low) + 2 * std::numeric_limits<double>::denorm_min()) * generous);
  if (!std::isfinite(result.value) || !std::isfinite(result.error)) return unknown;
  if (result.value < 0) result.value = 0;  // the truth is not negative
  return result;
}

}  // namespace equipoise
