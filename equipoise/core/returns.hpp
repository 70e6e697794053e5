// The shortest period with which a run returns to where it is: one rule, whatever holds its state.
#pragma once

#include <cstdint>

#include "equipoise/core/endings.hpp"

namespace equipoise {

/// The smallest p in 2..largest_period whose states return three times in a row within `tolerance` of their length;
/// 0 if there is none. A return of p = 1 (a fixed point, or a slow approach to one) is no cycle, and neither is one
/// that is close at a divisor of p: a spiral into a cycle of a shorter period closes slowly and would pass the first
/// test. States are compared, never losses: a cycle may have equal losses. At most 64 + 2 * 64 steps.
///
/// Walk: take_step() takes a step, false if the state is no longer finite; keep(k) makes it state k, state 0 being
/// where the walk begins; returned_to(k, tolerance): it is within `tolerance` times the length of state k from that
/// one; closes_at(k, tolerance): state k is so close to state 0. Inlined: ensembles spend their time in it.
template <class Walk>
[[gnu::always_inline]] inline std::uint32_t shortest_period(Walk& walk, double tolerance) {
  std::uint32_t period = 0;
  for (std::uint32_t k = 1; k <= endings::largest_period && period == 0; ++k) {
    if (!walk.take_step()) return 0;
    if (walk.returned_to(0, tolerance)) period = k;
    walk.keep(k);
  }
  if (period < 2) return 0;
  for (int turn = 1; turn < 3; ++turn) {
    for (std::uint32_t k = 0; k < period; ++k) {
      if (!walk.take_step()) return 0;
    }
    if (!walk.returned_to(period, tolerance)) return 0;
    walk.keep(period);
  }
  for (std::uint32_t shorter = 1; shorter < period; ++shorter) {
    if (period % shorter == 0 && walk.closes_at(shorter, endings::divisor_room * tolerance)) return 0;
  }
  return period;
}

}  // namespace equipoise
