// The numbers that the driver's two files share. For core alone.
#pragma once

#include <cmath>
#include <cstdint>

#include "equipoise/core/problem.hpp"

namespace equipoise {

namespace driver_bounds {
inline constexpr double heuristic_divergence = 1e8;  // of Laws::extent, if no theorem covers the objective
}  // namespace driver_bounds

inline bool is_finite(const StepTrace& seen) {
  return std::isfinite(seen.loss) && std::isfinite(seen.gradient_squared) && std::isfinite(seen.norm_squared);
}

}  // namespace equipoise
