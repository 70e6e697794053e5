// What is decided at a look at a run of a small problem, and the walk to an exact step. For small ensembles alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/growth.hpp"
#include "equipoise/ensemble/small/arithmetic.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/ensemble/small/place.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"

namespace equipoise::small {

using endings::never;
/// Steps over which a return is looked for after a candidate was kept.
inline constexpr std::uint64_t watch_for = endings::largest_period;
/// Two iterates of which an entry is further apart than this, times the length of one, are no return at the tolerance
/// of cycles; with room for rounding.
inline constexpr double return_room = 2e-12;

/// A run in progress.
struct Follow {
  std::vector<double> z, before;  ///< the iterate of `step`, and the one at which the last block began
  double h = 1, m = 0;            ///< m = h s_1
  Limits limits;
  std::uint64_t step = 0, before_step = 0, max_steps = 0;
  std::uint64_t event =
      0;  ///< the next step at which look() is due whatever the iterate: a multiple of 16, or max_steps
  std::uint64_t cycle_look = never, growth_look = never;
  std::vector<double> candidate;  ///< the iterate whose returns are watched
  std::uint64_t candidate_step = never;
  bool lingers = false;  ///< at an unstable point, to see whether the run stays
  bool strayed = false;  ///< meanwhile the gradient was above the tolerance again
  Limit visited = Limit::undetermined;
  double visited_multiplier = 0;
  std::uint64_t arrived = 0, lingers_until = 0;
  std::vector<double> tangent;
  double open_growth = 0;          ///< of the 64 steps in progress
  std::unique_ptr<Growth> growth;  ///< there from growth_look on

  bool follows_tangent() const { return growth != nullptr; }
};

/// A unit vector without symmetry, the same for every run.
std::vector<double> first_tangent(const Form& form);

/// Starts a run: scales it, and plans its first event.
void begin(const Form& form, const SmallRun& run, Follow& follow);
/// Takes the steps up to the next look, at most 16.
void take_block(const Form& form, Follow& follow);

/// What the last 16 steps before a look are found to hold, by a walk through them.
struct Event {
  enum class Kind : std::uint8_t { nothing, near, proved_divergence, out_of_range };
  Kind kind = Kind::nothing;
  std::uint64_t after = 0;              ///< steps from the start of the walk; z is the iterate there
  double squared[look_every + 1] = {};  ///< |g|^2 of the iterates up to there
};
/// Walks from z, which becomes the iterate of the event, at most `length` steps.
Event walk(const Form& form, double h, const Limits& limits, double* z, std::uint64_t length);
/// True where `event` at z, of a walk that began at step `first`, ends the run. False for an unstable point, where the
/// run may stay or not.
bool ends_with(const Form& form, double h, const Event& event, std::uint64_t first, const double* z, Ending& ending);

/// What is decided at a look. `may_end_here` false: it is known that the iterate is near nothing and leaves no bounded
/// set (never for a run that lingers). `may_return` false: it is known that no iterate came back to the candidate.
bool look(const Form& form, Follow& follow, Ending& ending, bool may_end_here = true, bool may_return = true);

}  // namespace equipoise::small
