// How far the loss at given factors is above the best loss of their rank, with an error bound that holds.
#pragma once

#include <optional>

#include "equipoise/core/factors.hpp"
#include "equipoise/exact/exact.hpp"

namespace equipoise {

/// Beyond rows * cols * min(rows, cols) multiplications the best loss would take more than about a second.
inline constexpr double most_best_loss_work = 2e7;
/// Beyond rows * cols * (rank + 1) the loss, or the memory for copies of A, would be more than a run should pay for it.
inline constexpr double most_loss_work = 4e7;

/// Whether excess() has an answer for finite numbers of this shape, so that A is worth keeping for it.
bool excess_is_affordable(Shape shape, double ridge, bool singular_values_known);

/// f(X, Y) - f*, where f = 1/2 |A - X Y^T|_F^2 + ridge/2 (|X|_F^2 + |Y|_F^2) and f* is its minimum over all factors of
/// this rank: |value - truth| <= error, the rounding of `value` included, for A and the factors as the doubles that
/// they are. value >= 0. Any scale: A of 1e150 and of 1e-150 alike.
///
/// Near a minimiser a loss in double loses everything below eps f*, and a Gram form everything below eps |A|^2
/// (docs/theory.md, loss near convergence). Here the residual is formed in double-double; f* comes from best_loss(),
/// with a proved bound and without a gap between singular values. Both errors are some 1e-30 |A| times the residual, so
/// that in an exact fit f keeps its digits down to 1e-55 |A|^2.
///
/// NaN, not known: beyond most_loss_work, where a number is not finite or the loss overflows, and where f* is neither 0
/// nor within most_best_loss_work, unless `singular_values` (in double, all of them, descending) are given: then f*
/// stands on those, and its error on the customary bound of an SVD in double, some 1e-11 |A| times the residual.
/// Throws Error where the shapes differ.
Approximate excess(const Matrix& A, ConstFactors at, double ridge = 0,
                   const std::optional<Vector>& singular_values = std::nullopt);

}  // namespace equipoise
