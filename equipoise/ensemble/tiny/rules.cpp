// The looks at tiny runs: arrival, lingering, cycles, chaos, the end of the budget; and the plain block of steps.
//
// Tested in equipoise/ensemble/tiny/run_test.cpp
#include "equipoise/ensemble/tiny/rules.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/multiplier.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/returns.hpp"

namespace equipoise::tiny {
namespace {

template <std::size_t S>
State<S> after(const Map<S>& map, State<S> z) {
  step(map, z);
  return z;
}

template <std::size_t S>
void plan(Follow<S>& follow) {
  follow.event = std::min({follow.max_steps, follow.cycle_look, follow.growth_look});
  if (follow.lingers) follow.event = std::min(follow.event, follow.step + look_every);
}

// Number by number: a copy of an Ending that was just made waits for its parts to be written.
template <std::size_t S>
void end_here(const Follow<S>& follow, Outcome outcome, Ending<S>& ending) {
  ending.z = follow.z;
  ending.outcome = outcome;
  ending.limit = Limit::undetermined;
  ending.proved = false;
  ending.period = 0;
  ending.step = follow.step;
  ending.lyapunov = ending.lyapunov_error = ending.multiplier = nan;
}

template <std::size_t S>
std::uint64_t length_from(const Follow<S>& follow, const Marks<S>& marks, std::size_t mark) {
  if (mark + 1 < marks.count) return mark_every;
  return follow.step - marks.first_step - mark * mark_every;
}

// The first iterate of the stretch that is near the same thing as the last one, at marks first and then between two
// marks.
template <std::size_t S>
std::pair<State<S>, std::uint64_t> arrival(const Follow<S>& follow, const Marks<S>& marks, Near what) {
  std::size_t mark = marks.count - 1;
  while (mark > 0 && near(follow.map, marks.at[mark]) == what) --mark;
  State<S> z = marks.at[mark];
  std::uint64_t now = marks.first_step + mark * mark_every;
  State<S> arrived = z;
  std::uint64_t when = now;
  for (std::uint64_t left = length_from(follow, marks, mark); left > 0; --left) {
    const bool there = near(follow.map, z) == what;
    step(follow.map, z);
    ++now;
    if (!there) {
      arrived = z;
      when = now;
    }
  }
  return {arrived, when};
}

template <std::size_t S>
bool ends_in_divergence(const Follow<S>& follow, const Marks<S>& marks, Ending<S>& ending) {
  if (finite(follow.z) && !diverges(follow.map, follow.z)) return false;
  State<S> z = marks.at[0];
  std::uint64_t now = marks.first_step;
  while (true) {
    const State<S> next = after(follow.map, z);
    const bool proved = diverges(follow.map, z);
    if (proved || !finite(next)) {
      ending = divergence(z, now, proved);
      return true;
    }
    z = next;
    ++now;
  }
}

// By how much a perturbation grows per step at the critical point nearby, and the limit's description.
template <std::size_t S>
Ending<S> at_critical_point(const Follow<S>& follow, Near what, const State<S>& z, std::uint64_t step) {
  Ending<S> ending = at_stable_minimiser(z, step);
  if (what == Near::saddle) {
    ending.limit = follow.map.m > 0 ? Limit::saddle : Limit::minimiser;
    ending.multiplier = 1 + follow.map.m;
  }
  ending.lyapunov = endings::exponent_of_stay(ending.multiplier);
  return ending;
}

// True where the run has arrived for good. An unstable point is left within the time that a rounding error needs to
// show.
template <std::size_t S>
bool ends_in_convergence(Follow<S>& follow, const Marks<S>& marks, Ending<S>& ending) {
  const Near what = near(follow.map, follow.z);
  if (follow.lingers) {
    Map<S> wider = follow.map;
    wider.near *= endings::leaving_room;
    if (near(wider, follow.z) != follow.visited) {
      follow.lingers = false;
    } else {
      const bool exact = no_gradient(follow.map, follow.z);
      if (!exact && follow.step < follow.lingers_until) return false;
      ending = at_critical_point(follow, follow.visited, follow.z, follow.arrived);
      return true;
    }
  }
  if (what == Near::nothing) return false;
  const auto [z, when] = arrival(follow, marks, what);
  const bool stable = what == Near::minimiser && sum_of_squares(follow.z) <= stable_sharpness;
  if (stable || no_gradient(follow.map, follow.z)) {
    ending = at_critical_point(follow, what, z, when);
    return true;
  }
  const double factor = std::abs(at_critical_point(follow, what, follow.z, when).multiplier);
  follow.lingers = true;
  follow.visited = what;
  follow.arrived = when;
  follow.lingers_until = when + endings::steps_to_leave(factor);
  return false;
}

// Jacobian of some steps, by its columns: tangent vectors carried along.
template <std::size_t S>
EQUIPOISE_TINY Eigen::Matrix<double, S, S> jacobian(const Map<S>& map, std::span<const State<S>> states) {
  std::array<State<S>, S> columns{};
  for (std::size_t k = 0; k < S; ++k) columns[k][k] = 1;
  for (const State<S>& z : states) {
    for (State<S>& w : columns) step_tangent(map, z, w);
  }
  Eigen::Matrix<double, S, S> J;
  for (std::size_t k = 0; k < S; ++k) {
    for (std::size_t i = 0; i < S; ++i) J(static_cast<Index>(i), static_cast<Index>(k)) = columns[k][i];
  }
  return J;
}

double multiplier_of(const Eigen::Matrix2d& turn, double) { return largest_multiplier(turn); }
// Turning the plane of x and y leaves f alone: one multiplier is 1, and rounding moves it a little.
double multiplier_of(const Eigen::Matrix4d& turn, double tolerance) {
  if (!turn.allFinite()) return nan;
  const Eigen::Vector4cd values = Eigen::EigenSolver<Eigen::Matrix4d>(turn, false).eigenvalues();
  return largest_multiplier(std::span(values.data(), 4), endings::neutral_room(tolerance));
}

struct TinyCycle {
  std::uint32_t period;
  double multiplier;
};

// For shortest_period().
template <std::size_t S>
class TinyWalk {
 public:
  EQUIPOISE_TINY TinyWalk(const Map<S>& map, const State<S>& at) : map_(map), z_(at) { states_[0] = at; }
  EQUIPOISE_TINY bool take_step() {
    step(map_, z_);
    return true;  // beyond the range of double nothing returns
  }
  EQUIPOISE_TINY void keep(std::uint32_t k) { states_[k] = z_; }
  EQUIPOISE_TINY bool returned_to(std::uint32_t k, double tolerance) const {
    return Within<S>(states_[k], tolerance)(z_);
  }
  EQUIPOISE_TINY bool closes_at(std::uint32_t k, double tolerance) const {
    return Within<S>(states_[0], tolerance)(states_[k]);
  }
  EQUIPOISE_TINY std::span<const State<S>> turn(std::uint32_t period) const { return std::span(states_).first(period); }

 private:
  const Map<S>& map_;
  State<S> z_;
  std::array<State<S>, endings::largest_period + 1> states_;
};

template <std::size_t S>
EQUIPOISE_TINY std::optional<TinyCycle> find_tiny_cycle(const Map<S>& map, const State<S>& at, double tolerance) {
  TinyWalk<S> walk(map, at);
  const std::uint32_t period = shortest_period(walk, tolerance);
  if (period == 0) return std::nullopt;
  return TinyCycle{period, multiplier_of(jacobian<S>(map, walk.turn(period)), tolerance)};
}

#if defined(__x86_64__) && !defined(__FMA__)
// The same with the processor's own fused multiply-add instead of a call of std::fma: the same bits, sooner.
template <std::size_t S>
[[gnu::target("fma")]] std::optional<TinyCycle> find_with_fma(const Map<S>& map, const State<S>& at, double tolerance) {
  return find_tiny_cycle(map, at, tolerance);
}
template <std::size_t S>
std::optional<TinyCycle> find(const Map<S>& map, const State<S>& at, double tolerance) {
  static const bool fused = __builtin_cpu_supports("fma") != 0;
  return fused ? find_with_fma(map, at, tolerance) : find_tiny_cycle(map, at, tolerance);
}
#else
template <std::size_t S>
std::optional<TinyCycle> find(const Map<S>& map, const State<S>& at, double tolerance) {
  return find_tiny_cycle(map, at, tolerance);
}
#endif

template <std::size_t S>
bool ends_in_a_cycle(const Follow<S>& follow, double tolerance, Ending<S>& ending) {
  const std::optional<TinyCycle> cycle = find(follow.map, follow.z, tolerance);
  if (!cycle || !endings::attracts(cycle->multiplier)) return false;
  end_here(follow, Outcome::periodic, ending);
  ending.period = cycle->period;
  ending.multiplier = cycle->multiplier;
  ending.lyapunov = endings::exponent_of_cycle(cycle->multiplier, cycle->period);
  return true;
}

template <std::size_t S>
bool ends_in_chaos(const Follow<S>& follow, Ending<S>& ending) {
  const auto chaos = follow.growth ? follow.growth->chaos() : std::nullopt;
  if (!chaos) return false;
  end_here(follow, Outcome::chaotic, ending);
  ending.lyapunov = chaos->exponent;
  ending.lyapunov_error = chaos->error;
  return true;
}

template <std::size_t S>
constexpr State<S> first_tangent() {
  if constexpr (S == 2) return {0.8, 0.6};
  if constexpr (S == 4) return {0.6, 0.4, 0.5, 0.48};
}

// Runs where no cycle attracts and none is worth looking for.
bool may_cycle(const Map<2>& map) { return map.m >= 1; }
bool may_cycle(const Map<4>&) { return true; }

}  // namespace

template <std::size_t S>
bool begin(const TinyRun& run, Follow<S>& follow, Ending<S>& ending) {
  const double root = std::sqrt(run.h);
  const double sign = run.mu < 0 ? -root : root;
  follow = Follow<S>{};
  if constexpr (S == 2) follow.z = {root * run.x[0], sign * run.y[0]};
  if constexpr (S == 4) follow.z = {root * run.x[0], root * run.x[1], sign * run.y[0], sign * run.y[1]};
  Map<S>& map = follow.map;
  map.m = run.h * std::abs(run.mu);
  follow.max_steps = run.max_steps;
  if (!std::isfinite(map.m) || !finite(follow.z)) {
    ending = divergence(follow.z, 0, false);
    return true;
  }
  if constexpr (S == 4) map.near_low = map.m * std::sqrt(run.shape);
  if (run.tolerance > 0) {
    double scale = S == 4 ? map.near_low : map.m;
    if (map.m == 0) scale = sum_of_squares(follow.z);
    if constexpr (S == 2) map.near_low = most_near_saddle(run.tolerance, map.m);
    map.near = run.tolerance * scale;
    if (S == 4 && map.near < least_near) map.near = -1;
    if (no_gradient(map, follow.z)) {
      const bool at_zero = sum_of_squares(follow.z) == 0;
      ending = at_critical_point(follow, at_zero ? Near::saddle : Near::minimiser, follow.z, 0);
      return true;
    }
  }
  if (may_cycle(map)) follow.cycle_look = endings::first_cycle_look;
  if (endings::may_be_chaotic(map.m)) follow.growth_look = endings::first_growth_look;
  plan(follow);
  return false;
}

// Three fused multiply-adds a step for a pair, in one chain of two: the time is their latency, whatever the processor's
// width.
template <std::size_t S>
void take_block(Follow<S>& follow, Marks<S>& marks) {
  const std::uint64_t length = std::min(look_every, follow.max_steps - follow.step);
  const bool follows = follow.follows_tangent() && length == look_every;
  marks.first_step = follow.step;
  marks.count = 1;
  marks.at[0] = follow.z;
  for (std::uint64_t i = 0; i < length; ++i) {
    if (i > 0 && i % mark_every == 0) marks.at[marks.count++] = follow.z;
    if (follows) step_tangent(follow.map, follow.z, follow.tangent);
    step(follow.map, follow.z);
  }
  follow.step += length;
  if (!follows) return;
  const double norm = equipoise::tiny::length(follow.tangent);
  for (double& each : follow.tangent) each /= norm;
  follow.growth->add(log_of(norm));
}

template <std::size_t S>
bool look(Follow<S>& follow, const Marks<S>& marks, Ending<S>& ending, bool may_return) {
  if (ends_in_divergence(follow, marks, ending)) return true;
  if (ends_in_convergence(follow, marks, ending)) return true;
  if (follow.step == follow.max_steps) {
    if (follow.lingers) {
      end_here(follow, Outcome::exhausted, ending);
      return true;
    }
    if (follow.step > endings::first_cycle_look && may_cycle(follow.map) &&
        ends_in_a_cycle(follow, endings::cycle_tolerance_late, ending)) {
      return true;
    }
    if (ends_in_chaos(follow, ending)) return true;
    if (no_gradient(follow.map, follow.z)) {  // with a tolerance of zero nothing else calls this an ending
      const bool at_zero = sum_of_squares(follow.z) == 0;
      ending = at_critical_point(follow, at_zero ? Near::saddle : Near::minimiser, follow.z, follow.step);
      return true;
    }
    end_here(follow, Outcome::exhausted, ending);
    return true;
  }
  const bool may_end =
      !follow.lingers && follow.map.near >= 0;  // a tolerance of zero: nothing but divergence ends a run early
  if (follow.step == follow.cycle_look) {
    follow.cycle_look = endings::next_cycle_look(follow.cycle_look);
    if (may_end && may_return && ends_in_a_cycle(follow, endings::cycle_tolerance, ending)) return true;
  }
  if (follow.step == follow.growth_look) {
    if (may_end && ends_in_chaos(follow, ending)) return true;
    follow.growth = std::make_unique<Growth>();
    if (follow.growth_look == endings::first_growth_look) follow.tangent = first_tangent<S>();
    follow.growth_look = endings::next_growth_look(follow.growth_look);
  }
  plan(follow);
  return false;
}

template bool begin(const TinyRun&, Follow<2>&, Ending<2>&);
template bool begin(const TinyRun&, Follow<4>&, Ending<4>&);
template void take_block(Follow<2>&, Marks<2>&);
template void take_block(Follow<4>&, Marks<4>&);
template bool look(Follow<2>&, const Marks<2>&, Ending<2>&, bool);
template bool look(Follow<4>&, const Marks<4>&, Ending<4>&, bool);

}  // namespace equipoise::tiny
