// The looks at runs of small problems: arrival, lingering, cycles, chaos, the end of the budget; and the plain block
// and walk.
//
// Tested in equipoise/ensemble/small/ensemble_test.cpp
#include "equipoise/ensemble/small/rules.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/multiplier.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/returns.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/small/place.hpp"

namespace equipoise::small {
namespace {

bool is_near(const Limits& limits, double gradient_squared, double squared_length) {
  return gradient_squared <= std::max(limits.slope2 * squared_length, limits.low2);
}

Limits twice(Limits limits) {
  limits.slope2 *= 4;
  limits.low2 *= 4;
  return limits;
}

void end_here(const Follow& follow, Outcome outcome, Ending& ending) {
  ending = Ending{};
  ending.z = follow.z;
  ending.h = follow.h;
  ending.outcome = outcome;
  ending.step = follow.step;
}

void end_at(const Place& place, double h, const double* z, std::size_t entries, std::uint64_t step, Ending& ending) {
  ending = Ending{};
  ending.z.assign(z, z + entries);
  ending.h = h;
  ending.outcome = Outcome::converged;
  ending.limit = place.limit;
  ending.at_minimiser = place.at_minimiser;
  ending.step = step;
  ending.multiplier = place.multiplier;
  ending.lyapunov = endings::exponent_of_stay(place.multiplier);
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double apart = 0, scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += (b[i] - a[i]) * (b[i] - a[i]);
    scale += a[i] * a[i];
  }
  return std::sqrt(apart / scale);  // no cycle at zero
}

struct SmallCycle {
  std::uint32_t period;
  double multiplier;
};

// For shortest_period().
class SmallWalk {
 public:
  SmallWalk(const Form& form, double h, const std::vector<double>& at)
      : form_(form), h_(h), z_(at), grams_(2 * form.gram()), states_{at} {
    grams_of(form, z_.data(), grams_.data());
  }
  bool take_step() {
    advance(form_, h_, z_.data(), grams_.data(), 1);
    return true;  // beyond the range of double nothing returns
  }
  void keep(std::uint32_t k) {
    if (k < states_.size()) states_[k] = z_;
    else states_.push_back(z_);
  }
  bool returned_to(std::uint32_t k, double tolerance) const { return distance(states_[k], z_) <= tolerance; }
  bool closes_at(std::uint32_t k, double tolerance) const { return distance(states_[0], states_[k]) < tolerance; }
  std::span<const std::vector<double>> turn(std::uint32_t period) const { return std::span(states_).first(period); }

 private:
  const Form& form_;
  double h_;
  std::vector<double> z_, grams_;
  std::vector<std::vector<double>> states_;
};

double multiplier_of(const Form& form, double h, std::span<const std::vector<double>> states, double tolerance) {
  std::vector<std::vector<double>> grams;
  for (const std::vector<double>& each : states) {
    grams.emplace_back(2 * form.gram());
    grams_of(form, each.data(), grams.back().data());
  }
  const std::size_t unknowns = (form.rows + form.cols) * form.rank;
  const auto place = [&](std::size_t k) { return k / form.rank * form.width + k % form.rank; };
  std::vector<double> w(form.entries(), 0.0);
  const TurnProduct turn = [&](State vector) {
    for (std::size_t k = 0; k < unknowns; ++k) w[place(k)] = vector[static_cast<Index>(k)];
    for (std::size_t k = 0; k < states.size(); ++k) step_tangent(form, h, states[k].data(), grams[k].data(), w.data());
    for (std::size_t k = 0; k < unknowns; ++k) vector[static_cast<Index>(k)] = w[place(k)];
    return true;
  };
  const double room = unknowns > 2 ? endings::neutral_room(tolerance) : 0;
  return largest_multiplier(static_cast<Index>(unknowns), turn, room, local_space()).largest;
}

std::optional<SmallCycle> find_small_cycle(const Form& form, double h, const std::vector<double>& at,
                                           double tolerance) {
  SmallWalk walk(form, h, at);
  const std::uint32_t period = shortest_period(walk, tolerance);
  if (period == 0) return std::nullopt;
  return SmallCycle{period, multiplier_of(form, h, walk.turn(period), tolerance)};
}

bool ends_in_a_cycle(const Form& form, const Follow& follow, const std::vector<double>& at, std::uint64_t step,
                     double tolerance, Ending& ending) {
  const std::optional<SmallCycle> cycle = find_small_cycle(form, follow.h, at, tolerance);
  if (!cycle || !endings::attracts(cycle->multiplier)) return false;
  end_here(follow, Outcome::periodic, ending);
  ending.z = at;
  ending.step = step;
  ending.period = cycle->period;
  ending.multiplier = cycle->multiplier;
  ending.lyapunov = endings::exponent_of_cycle(cycle->multiplier, cycle->period);
  return true;
}

bool ends_in_chaos(const Follow& follow, Ending& ending) {
  const auto chaos = follow.growth ? follow.growth->chaos() : std::nullopt;
  if (!chaos) return false;
  end_here(follow, Outcome::chaotic, ending);
  ending.lyapunov = chaos->exponent;
  ending.lyapunov_error = chaos->error;
  return true;
}

void plan(Follow& follow) {
  follow.event = std::min({follow.max_steps, follow.cycle_look, follow.growth_look});
  if (follow.candidate_step != never) follow.event = std::min(follow.event, follow.candidate_step + watch_for);
  if (follow.lingers) follow.event = std::min(follow.event, follow.step + look_every);
}

// Divergence and convergence; the iterate is one of those that a walk would end at, or lingers.
bool ends_in_place(const Form& form, Follow& follow, Ending& ending) {
  std::vector<double> grams(2 * form.gram());
  grams_of(form, follow.z.data(), grams.data());
  const double length = squared_length(form, grams.data());
  const bool leaves = may_have_left(form, follow.limits, grams.data());
  const double gradient = gradient_squared(form, follow.h, follow.z.data(), grams.data());
  if (follow.lingers && !leaves) {
    Limits wider = follow.limits;
    wider.slope2 *= endings::leaving_room * endings::leaving_room;
    wider.low2 *= endings::leaving_room * endings::leaving_room;
    follow.strayed = follow.strayed || !is_near(twice(follow.limits), gradient, length);
    // It may have come to another place.
    const bool elsewhere = follow.strayed && is_near(follow.limits, gradient, length) &&
                           place_of(form, follow.h, follow.z.data()).limit != follow.visited;
    if (!elsewhere && is_near(follow.limits, gradient, length)) follow.strayed = false;
    if (!elsewhere && is_near(wider, gradient, length)) {
      if (gradient != 0 && follow.step < follow.lingers_until) return false;
      const Place place{follow.visited, follow.visited_multiplier, false};
      end_at(place, follow.h, follow.z.data(), form.entries(), follow.arrived, ending);
      return true;
    }
    follow.lingers = false;
  }
  if (!leaves && !is_near(follow.limits, gradient, length)) return false;
  std::vector<double> z = follow.before;
  const Limits looked_for = leaves ? far_from_all(follow.limits) : follow.limits;
  const Event event = walk(form, follow.h, looked_for, z.data(), follow.step - follow.before_step);
  if (ends_with(form, follow.h, event, follow.before_step, z.data(), ending)) return true;
  if (event.kind != Event::Kind::near) return false;
  const Place place = place_of(form, follow.h, z.data());
  follow.lingers = true;
  follow.strayed = false;
  follow.visited = place.limit;
  follow.visited_multiplier = place.multiplier;
  follow.arrived = follow.before_step + event.after;
  follow.lingers_until = follow.arrived + endings::steps_to_leave(place.multiplier);
  return false;
}

bool ends_with_the_budget(const Form& form, const Follow& follow, Ending& ending) {
  if (!follow.lingers) {
    // A candidate whose watch the end of the budget cuts short.
    if (follow.candidate_step != never && follow.limits.slope2 >= 0 &&
        ends_in_a_cycle(form, follow, follow.candidate, follow.candidate_step, endings::cycle_tolerance, ending)) {
      return true;
    }
    if (follow.step > endings::first_cycle_look &&
        ends_in_a_cycle(form, follow, follow.z, follow.step, endings::cycle_tolerance_late, ending)) {
      return true;
    }
    if (ends_in_chaos(follow, ending)) return true;
    std::vector<double> grams(2 * form.gram());
    grams_of(form, follow.z.data(), grams.data());
    if (gradient_squared(form, follow.h, follow.z.data(), grams.data()) == 0) {
      // With a tolerance of zero nothing else calls this an ending.
      end_at(place_of(form, follow.h, follow.z.data()), follow.h, follow.z.data(), form.entries(), follow.step, ending);
      return true;
    }
  }
  end_here(follow, Outcome::exhausted, ending);
  return true;
}

}  // namespace

std::vector<double> first_tangent(const Form& form) {
  Generator generator(2);
  std::vector<double> w(form.entries(), 0.0);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (i % form.width < form.rank) w[i] = generator.normal();
  }
  const double length = std::sqrt(sum_of_squares(form, w.data()));
  for (double& each : w) each /= length;
  return w;
}

void begin(const Form& form, const SmallRun& run, Follow& follow) {
  const Factors& start = run.start->factors;
  const double root = std::sqrt(run.h);
  const double scale_x = root * run.scale_x, scale_y = root * run.scale_y;
  follow.h = run.h;
  follow.m = form.values.empty() ? 0 : run.h * form.values[0];
  follow.max_steps = run.max_steps;
  follow.step = follow.before_step = 0;
  follow.z.assign(form.entries(), 0.0);
  const double* from = start.data();
  double squares = 0;
  for (std::size_t i = 0; i < form.rows + form.cols; ++i) {
    const double scale = i < form.rows ? scale_x : scale_y;
    for (std::size_t a = 0; a < form.rank; ++a) {
      const double value = scale * *from++;
      follow.z[i * form.width + a] = value;
      squares += value * value;
    }
  }
  follow.before = follow.z;
  follow.limits = Limits{};
  const double norm = run.h * form.norm * (1 + 16 * std::numeric_limits<double>::epsilon());
  follow.limits.needed2 = 16 * (1 + norm) * (1 + norm) * (1 + 32 * std::numeric_limits<double>::epsilon());
  if (run.tolerance > 0) {
    // Of A = 0 the start gives the scale.
    const double slope = run.tolerance * (form.norm > 0 ? run.h * form.norm : squares);
    follow.limits.slope2 = slope * slope;
    follow.limits.low2 = slope * slope * (run.h * form.norm);
  }
  follow.cycle_look = endings::first_cycle_look;
  follow.growth_look = endings::may_be_chaotic(follow.m) ? endings::first_growth_look : never;
  follow.candidate_step = never;
  follow.lingers = false;
  follow.growth.reset();
  plan(follow);
}

void take_block(const Form& form, Follow& follow) {
  const std::uint64_t length = std::min(look_every, follow.max_steps - follow.step);
  const bool follows = follow.follows_tangent() && length == look_every;
  std::vector<double> grams(2 * form.gram());
  drop_vanishing(form, follow.z.data());
  follow.before = follow.z;
  follow.before_step = follow.step;
  advance_by_blocks(form, follow.h, follow.z.data(), grams.data(), follows ? follow.tangent.data() : nullptr,
                    follow.step, length);
  follow.step += length;
  if (!follows) return;
  follow.open_growth += normalise(form, follow.tangent.data());
  if (follow.step % tiny::look_every != 0) return;
  follow.growth->add(follow.open_growth);
  follow.open_growth = 0;
}

Event walk(const Form& form, double h, const Limits& limits, double* z, std::uint64_t length) {
  Event event;
  std::vector<double> grams(2 * form.gram());
  grams_of(form, z, grams.data());
  std::vector<double> next(z, z + form.entries()), next_grams;
  for (std::uint64_t k = 0;; ++k) {
    event.after = k;
    const double reached = squared_length(form, grams.data());
    if (!is_finite(reached)) {
      event.kind = Event::Kind::out_of_range;
      return event;
    }
    if (diverges(form, limits, grams.data())) {
      event.kind = Event::Kind::proved_divergence;
      return event;
    }
    event.squared[k] = gradient_squared(form, h, z, grams.data());
    if (is_near(limits, event.squared[k], reached)) {
      event.kind = Event::Kind::near;
      return event;
    }
    if (k == length) return event;
    next_grams = grams;
    advance(form, h, next.data(), next_grams.data(), 1);
    if (!is_finite(squared_length(form, next_grams.data()))) {
      event.kind = Event::Kind::out_of_range;
      return event;
    }
    std::copy(next.begin(), next.end(), z);
    grams = next_grams;
  }
}

bool ends_with(const Form& form, double h, const Event& event, std::uint64_t first, const double* z, Ending& ending) {
  if (event.kind == Event::Kind::nothing) return false;
  const std::uint64_t step = first + event.after;
  if (event.kind != Event::Kind::near) {
    ending = Ending{};
    ending.z.assign(z, z + form.entries());
    ending.h = h;
    ending.outcome = Outcome::diverged;
    ending.proved = event.kind == Event::Kind::proved_divergence;
    ending.step = step;
    return true;
  }
  const Place place = place_of(form, h, z);
  const bool exact = event.squared[event.after] == 0;
  if (!is_stable(place) && !exact) return false;
  end_at(place, h, z, form.entries(), step, ending);
  return true;
}

bool look(const Form& form, Follow& follow, Ending& ending, bool may_end_here, bool may_return) {
  if ((may_end_here || follow.lingers) && ends_in_place(form, follow, ending)) return true;
  if (follow.step == follow.max_steps) return ends_with_the_budget(form, follow, ending);
  // A tolerance of zero: nothing but divergence ends a run early.
  const bool may_end = !follow.lingers && follow.limits.slope2 >= 0;
  if (follow.candidate_step != never && follow.step == follow.candidate_step + watch_for) {
    const std::uint64_t step = follow.candidate_step;
    follow.candidate_step = never;
    if (may_end && may_return &&
        ends_in_a_cycle(form, follow, follow.candidate, step, endings::cycle_tolerance, ending)) {
      return true;
    }
  }
  if (follow.step == follow.cycle_look) {
    follow.cycle_look = endings::next_cycle_look(follow.cycle_look);
    if (may_end) {
      follow.candidate = follow.z;
      follow.candidate_step = follow.step;
    }
  }
  if (follow.step == follow.growth_look) {
    if (may_end && ends_in_chaos(follow, ending)) return true;
    follow.growth = std::make_unique<Growth>();
    follow.open_growth = 0;
    if (follow.growth_look == endings::first_growth_look) follow.tangent = first_tangent(form);
    follow.growth_look = endings::next_growth_look(follow.growth_look);
  }
  plan(follow);
  return false;
}

}  // namespace equipoise::small
