// A known only through its products with blocks of vectors: a user's operator.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <utility>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// What a user's operator must offer: its size, A V and A^T U for blocks of columns, and |A|_F^2 for the loss.
/// All of them must be safe to call from several threads at once.
template <class Op>
concept LinearOperator = requires(const Op& op, const Matrix& block) {
  { op.rows() } -> std::convertible_to<Index>;
  { op.cols() } -> std::convertible_to<Index>;
  { op.norm_squared() } -> std::convertible_to<double>;
  { op.times(block) } -> std::convertible_to<Matrix>;            // A V: V cols x k -> rows x k
  { op.transpose_times(block) } -> std::convertible_to<Matrix>;  // A^T U: U rows x k -> cols x k
};

/// An operator with its type forgotten; operator_problem(op) below makes one.
struct OperatorProducts {
  Index rows, cols;
  double norm_squared;
  std::function<Matrix(const Matrix&)> times, transpose_times;
  /// Operations of A v and A^T u together; 0: as many as those of a full matrix.
  double flops_of_products = 0;
};

/// Throws Error for a negative size, for a norm_squared that is negative or not finite, and at a product whose result
/// has the wrong shape.
std::unique_ptr<Problem> operator_problem(OperatorProducts A);

/// One gradient is one A Y, one A^T X and 8 (rows + cols) rank^2 flops. The loss is the Gram form
/// 1/2 (|A|^2 - 2 <A Y, X> + <X^T X, Y^T Y>), with absolute error about eps |A|^2 (taken as 0 where rounding makes it
/// negative); the gradient -(A Y - X (Y^T Y)) has absolute error about eps |A| |Y|.
/// The same bits for any number of threads if the operator's products have them.
template <LinearOperator Op>
std::unique_ptr<Problem> operator_problem(Op A) {
  const auto op = std::make_shared<const Op>(std::move(A));
  return operator_problem(OperatorProducts{
      static_cast<Index>(op->rows()), static_cast<Index>(op->cols()), static_cast<double>(op->norm_squared()),
      [op](const Matrix& block) -> Matrix { return op->times(block); },
      [op](const Matrix& block) -> Matrix { return op->transpose_times(block); }, 0});
}

}  // namespace equipoise
