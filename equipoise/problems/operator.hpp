// A known only through its products with blocks of vectors: a user's operator.
#pragma once

#include <memory>
#include <utility>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// What a user's operator must offer: its size, A V and A^T U for blocks of columns, and |A|_F^2 for the loss.
template <class Op>
concept LinearOperator = requires(const Op& op, const Matrix& block) {
  { op.rows() } -> std::convertible_to<Index>;
  { op.cols() } -> std::convertible_to<Index>;
  { op.norm_squared() } -> std::convertible_to<double>;
  { op.times(block) } -> std::convertible_to<Matrix>;            // A V: V cols x k -> rows x k
  { op.transpose_times(block) } -> std::convertible_to<Matrix>;  // A^T U: U rows x k -> cols x k
};

}  // namespace equipoise
