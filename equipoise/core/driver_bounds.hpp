// The numbers that the driver's two files share. For core alone.
#pragma once

#include <cmath>
#include <cstdint>

#include "equipoise/core/problem.hpp"

namespace equipoise {

namespace driver_bounds {
inline constexpr double heuristic_divergence = 1e8;  // of Laws::extent, if no theorem covers the objective
inline constexpr std::uint64_t first_cycle_check = 256;
inline constexpr double unstable = 1e-6;  // a perturbation that grows by more a step shows in the end
}  // namespace driver_bounds

inline bool is_finite(const StepTrace& seen) {
  return std::isfinite(seen.loss) && std::isfinite(seen.gradient_squared) && std::isfinite(seen.norm_squared);
}

}  // namespace equipoise
