// The thresholds of the verdicts "cycle" and "chaotic": one set for run() and for the batches. For core alone.
#pragma once

#include <cstdint>

namespace equipoise::verdict_rules {

inline constexpr double cycle_tolerance = 1e-12;      ///< a cycle found while there is budget has settled to this
inline constexpr double cycle_tolerance_late = 1e-9;  ///< accepted when the budget ends
inline constexpr double marginal = 1e-3;              ///< a multiplier this close to 1 in magnitude decides nothing
inline constexpr double chaotic_exponent = 0.02;
inline constexpr std::uint64_t chaotic_steps = 10000;  ///< the least window of an exponent that may say "chaotic"

}  // namespace equipoise::verdict_rules
