// How runs end: every threshold, the steps at which cycles and chaos are looked for, and the exponents that follow from
// multipliers. The one set for run() and for every cell of an ensemble.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "equipoise/core/numbers.hpp"
#include "equipoise/core/portable_log.hpp"

namespace equipoise::endings {

inline constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

// Cycles. They are looked for at 256, 512, 1024, ... steps, and when the budget ends.
inline constexpr std::uint64_t first_cycle_look = 256;
inline constexpr std::uint64_t next_cycle_look(std::uint64_t step) { return 2 * step; }
inline constexpr std::uint32_t largest_period = 64;
inline constexpr double cycle_tolerance = 1e-12;      ///< a cycle found while there is budget has settled to this
inline constexpr double cycle_tolerance_late = 1e-9;  ///< accepted when the budget ends
/// A return within this many tolerances at a divisor of the period is a spiral into the cycle of that divisor.
inline constexpr double divisor_room = 1e3;
/// A multiplier this close to 1 in magnitude decides nothing: an approach at the edge alternates so slowly that its
/// states return to within any tolerance.
inline constexpr double marginal = 1e-3;
inline bool attracts(double multiplier) { return std::abs(multiplier) < 1 - marginal; }
/// A multiplier this close to 1 is taken for 1: the cycle is one of a family, along which nothing contracts. What a
/// state that is off the cycle by some multiple of the tolerance can move such a multiplier by, and well below
/// `marginal`.
inline constexpr double neutral_room(double tolerance) { return std::clamp(1e6 * tolerance, 1e-6, 1e-4); }

// Chaos. The exponent is looked at after 9920, 20032, 40256, ... steps, over the window since the last such look: about
// the second half of the run. From the first to 20000 steps, the budget of many a sweep, there are 157 sums over 64
// steps: 10048 steps.
inline constexpr std::uint64_t growth_stretch = 64;  ///< steps whose growth is summed before it counts
inline constexpr std::uint64_t first_growth_look = 9920;
inline constexpr std::uint64_t next_growth_look(std::uint64_t step) { return 2 * step + 3 * growth_stretch; }
inline constexpr std::uint64_t chaotic_steps = 10000;  ///< the least window of an exponent that may say "chaotic"
inline constexpr double chaotic_exponent = 0.02;
inline constexpr double chaotic_errors = 3;  ///< and it is above so many standard errors
/// h |A|_2 at which a bounded run that does not settle may be called chaotic. Only if no minimiser is stable
/// (any.necessary-rate): below, chaotic transients end at one. And not beyond 2, where the map is unbounded for almost
/// every start (theorem 2c), however long a run wanders first.
inline constexpr bool may_be_chaotic(double m) { return m > 1 + 1e-12 && m <= 2; }

// Critical points. A multiplier of one step up to this magnitude does not leave.
inline constexpr double stable_multiplier = 1 + 1e-6;
/// Steps in which a perturbation of the size of a rounding error has grown to 1 at an unstable point: a run that is
/// still there then stays.
inline std::uint64_t steps_to_leave(double multiplier) {
  const double factor = std::abs(multiplier);
  return static_cast<std::uint64_t>(factor > 1 ? std::min(1e9, std::ceil(42 / log_of(factor))) : 1e9);
}
/// And it has left once its gradient is beyond this many tolerances.
inline constexpr double leaving_room = 10;

/// The exponent of a run that stays at a critical point, from its largest non-neutral multiplier. At a minimiser the
/// zero eigenvalues of the Hessian give 0 at the least, and so does what is within rounding of 1.
inline double exponent_of_stay(double multiplier) {
  const double factor = std::abs(multiplier);
  return factor > stable_multiplier ? log_of(factor) : 0;
}
/// That of a cycle, per step, from its largest non-neutral multiplier; -infinity if that is 0. Directions along a
/// family of cycles would give 0 and are left out: what is asked is how fast runs come to the family.
inline double exponent_of_cycle(double multiplier, std::uint32_t period) {
  const double magnitude = std::abs(multiplier);
  return magnitude > 0 ? log_of(magnitude) / period : -infinity;
}

}  // namespace equipoise::endings
