// Whether A is a multiple of an orthogonal matrix, decided exactly.
#pragma once

#include "equipoise/core/factors.hpp"

namespace equipoise {

enum class Isotropy {
  no,
  nearly,  ///< up to the rounding of its entries: theorems about multiples of orthogonal matrices do not speak of it
  exactly  ///< A^T A = mu^2 I holds for the given doubles without rounding; zero matrices are included (mu = 0)
};

/// Square A only; anything else is `no`. Cost: O(n^3) flops, and exact products for pairs of columns whose entries
/// overlap.
Isotropy isotropy(const Matrix& A);

}  // namespace equipoise
