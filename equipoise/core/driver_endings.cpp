// What ends a run: divergence, a critical point that it stays at, a cycle, chaos, or the budget.
//
// Tested in equipoise/core/driver_test.cpp
#include <algorithm>
#include <cmath>
#include <utility>

#include "equipoise/core/cycle.hpp"
#include "equipoise/core/driver.hpp"
#include "equipoise/core/driver_bounds.hpp"
#include "equipoise/core/endings.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/verdict_words.hpp"

namespace equipoise {

using driver_bounds::heuristic_divergence;

// The cheap side of a divergence test: false means that it cannot fire at this iterate.
bool RunDriver::may_diverge(const RunState& state, const StepTrace& seen) const {
  if (!is_finite(seen)) return true;
  if (laws_.surely_diverges) return !laws_.may_diverge || laws_.may_diverge(seen, h_);
  return extent(state, seen) > heuristic_divergence;
}

// Walks the last block again, step by step, to the first iterate at which the evidence of divergence holds. False if it
// holds nowhere; everything is then as it was.
bool RunDriver::diverges_within(RunState& state, std::uint64_t length) {
  state.z = before_;
  state.step = block_start_;
  StepTrace seen;
  for (std::uint64_t i = 0; i < length; ++i, ++state.step) {
    if (diverged_here(state)) return true;
    before_step_ = state.z;
    objective_.advance(state.z, h_, std::span(&seen, 1));
    if (!is_finite(seen) || !space_.finite(state.z)) {
      state.z = before_step_;
      end(state, Outcome::diverged, state.step, extent(state, seen), heuristic_divergence,
          verdict_words::next_out_of_range());
      return true;
    }
  }
  return false;
}

bool RunDriver::diverged_here(RunState& state) {
  if (laws_.surely_diverges) {
    const std::optional<DivergenceProof> evidence = laws_.surely_diverges(state.z, h_);
    if (!evidence) return false;
    state.verdict.proved = true;
    end(state, Outcome::diverged, state.step, evidence->evidence, evidence->threshold, evidence->why);
    return true;
  }
  // Without an extent of its own an objective is judged by its gradient, too.
  const StepTrace here = laws_.extent ? StepTrace{0, 0, space_.squared_norm(state.z)} : trace_at(state.z);
  const double reached = extent(state, here);
  if (!(reached > heuristic_divergence)) return false;
  end(state, Outcome::diverged, state.step, reached, heuristic_divergence,
      verdict_words::beyond_bound(laws_.extent_name, reached, heuristic_divergence));
  return true;
}

// True if the run ended at this step; state.z is then the iterate of that step.
bool RunDriver::events_at(RunState& state, std::uint64_t step, const StepTrace& seen) {
  state.falling_streak = seen.loss < state.previous_loss ? state.falling_streak + 1 : 0;
  state.previous_loss = seen.loss;
  state.largest_norm_squared = std::max(state.largest_norm_squared, seen.norm_squared);
  state.largest_gradient_squared = std::max(state.largest_gradient_squared, seen.gradient_squared);
  const double relative = relative_gradient(state, seen);
  state.losses[static_cast<std::size_t>(step % state.losses.size())] = seen.loss;
  state.gradients[static_cast<std::size_t>(step % state.gradients.size())] = relative;
  state.gradient_peaks.see(step, std::sqrt(seen.gradient_squared));
  const bool arrived = settings_.tolerance > 0 && relative <= settings_.tolerance;
  Visit& visit = state.visit;
  if (visit.lasts) {
    visit.strayed = visit.strayed || relative > 2 * settings_.tolerance;
    if (relative > endings::leaving_room * settings_.tolerance) {
      visit.lasts = false;  // the run goes on
      visit.left_one = true;
    } else if (visit.strayed && at_tolerance(state, seen)) {
      if (look_again(state, step, seen)) return true;
    } else if (step >= visit.until || seen.gradient_squared == 0) {
      back_to(state, step);
      conclude_convergence(state, visit.since, seen);
      return true;
    }
  } else if (arrived) {
    const Vector ahead = state.z;
    const std::uint64_t ahead_step = state.step;
    back_to(state, step);
    arrive(state, seen, settings_.time_limit);
    if (state.ended) return true;
    state.z = ahead;
    state.step = ahead_step;
  }
  return false;
}

// A run that strayed from an unstable point and is at the tolerance again may have come to another one. True if it ends
// there.
bool RunDriver::look_again(RunState& state, std::uint64_t step, const StepTrace& seen) {
  const Visit before = state.visit;
  const Vector ahead = state.z;
  const std::uint64_t ahead_step = state.step;
  back_to(state, step);
  arrive(state, seen, settings_.time_limit);
  if (state.ended) return true;
  if (state.visit.curvature.limit == before.curvature.limit) {
    state.visit = before;
    state.visit.strayed = false;
  }
  state.z = ahead;
  state.step = ahead_step;
  return false;
}

// The gradient is at the tolerance: is this where the run stays? If the measuring is cut short, nothing is said.
void RunDriver::arrive(RunState& state, const StepTrace& seen, double deadline) {
  Visit& visit = state.visit;
  visit.curvature = objective_.curvature(state.z, measuring(state, deadline));
  if (std::exchange(cut_short_, false)) return;
  visit.since = state.step;
  visit.growth = growth(state);
  visit.strayed = false;
  const Curvature& found = visit.curvature;
  visit.multiplier = multiplier_of_stay(found, h_);
  // A minimiser without a closed form: the top of the spectrum says whether it is stable.
  visit.factor =
      std::abs(std::isnan(visit.multiplier) ? std::max(1.0, std::abs(1 - h_ * found.largest)) : visit.multiplier);
  if (!(visit.factor > endings::stable_multiplier) || seen.gradient_squared == 0) {
    visit.lasts = false;
    conclude_convergence(state, state.step, seen);
    return;
  }
  visit.lasts = true;
  visit.until = state.step + endings::steps_to_leave(visit.factor);
}

void RunDriver::conclude_convergence(RunState& state, std::uint64_t step, const StepTrace& seen) {
  const Visit& visit = state.visit;
  verdict_words::Converged words;
  words.limit = visit.curvature.limit;
  words.relative_gradient = relative_gradient(state, seen);
  words.tolerance = settings_.tolerance;
  words.h_smallest = h_ * visit.curvature.smallest;
  words.h_largest = h_ * visit.curvature.largest;
  words.unstable = visit.factor > endings::stable_multiplier;
  words.exact = seen.gradient_squared == 0;
  state.verdict.limit = visit.curvature.limit;
  state.verdict.multiplier = std::isnan(visit.multiplier) ? contraction(state) : visit.multiplier;
  state.verdict.lyapunov = endings::exponent_of_stay(visit.factor);
  state.growth_at_verdict = visit.lasts ? visit.growth : growth(state);
  end(state, Outcome::converged, step, words.relative_gradient, settings_.tolerance, verdict_words::converged(words));
}

// The factor a step by which the gradient fell over the last steps; NaN with too few.
double RunDriver::contraction(const RunState& state) const {
  const std::uint64_t window = std::min<std::uint64_t>({state.step, state.gradients.size() - 1, 16});
  if (window < 2) return nan;
  const double now = state.gradients[static_cast<std::size_t>(state.step % state.gradients.size())];
  const double then = state.gradients[static_cast<std::size_t>((state.step - window) % state.gradients.size())];
  return now > 0 && then > 0 ? std::pow(now / then, 1 / static_cast<double>(window)) : nan;
}

// The largest growth of the tangent vector relative to that of the iterate, natural log.
double RunDriver::growth(const RunState& state) const {
  if (settings_.sensitivity == Sensitivity::never || state.tangent.steps() == 0) return state.step == 0 ? 0 : nan;
  const double grown = std::sqrt(std::max(state.largest_norm_squared, state.start_norm_squared));
  const double relative = state.start_norm_squared > 0 ? std::log(grown / std::sqrt(state.start_norm_squared)) : 0;
  return state.largest_log_growth - relative;
}

void RunDriver::look_for_cycle_or_chaos(RunState& state) {
  if (state.tangent.alive()) state.largest_log_growth = std::max(state.largest_log_growth, state.tangent.log_growth());
  if (state.step % endings::growth_stretch == 0) take_stretch(state);
  // A tolerance of 0: nothing but divergence ends a run early.
  const auto may_end = [&] { return settings_.tolerance > 0 && !state.visit.lasts; };
  if (state.step == settings_.max_steps) return;  // finish_exhausted() looks
  if (state.step == state.next_cycle_look) {
    state.next_cycle_look = endings::next_cycle_look(state.step);
    if (may_end() && may_return(state) && accept_cycle(state, endings::cycle_tolerance, settings_.time_limit)) return;
  }
  if (state.step == state.next_growth_look) {
    if (may_end() && accept_chaos(state)) return;
    state.window = Growth();
    state.next_growth_look = endings::next_growth_look(state.step);
  }
}

// The growth of the tangent over the last 64 steps, if it was followed at each of them, enters the window.
void RunDriver::take_stretch(RunState& state) {
  Stretch& stretch = state.stretch;
  const bool whole = state.step - stretch.step == endings::growth_stretch &&
                     state.tangent.steps() - stretch.followed == endings::growth_stretch && state.tangent.alive();
  if (whole) state.window.add(state.tangent.log_growth() - stretch.log_growth);
  stretch = {state.step, state.tangent.steps(), state.tangent.log_growth()};
}

bool RunDriver::no_minimiser_is_stable() const { return h_ > laws_.largest_stable_rate * (1 + 1e-12); }

// Beyond the largest bounded rate a run leaves every bounded set in the end, however long it wanders first.
bool RunDriver::chaos_may_last() const { return no_minimiser_is_stable() && h_ <= laws_.largest_bounded_rate; }

// A cheap look before states are compared: a run whose loss fell at each of the last 64 steps, and by more than
// rounding, does not come back to where it was.
bool RunDriver::may_return(const RunState& state) const {
  if (state.falling_streak < 64) return true;
  const auto loss_before = [&](std::uint64_t back) {
    return state.losses[static_cast<std::size_t>((state.step - back) % state.losses.size())];
  };
  return !(loss_before(64) - loss_before(1) > 1e-8 * loss_before(64));
}

bool RunDriver::accept_cycle(RunState& state, double tolerance, double deadline) {
  const std::optional<Cycle> cycle = find_cycle(objective_, state.z, h_, tolerance, measuring(state, deadline));
  cut_short_ = false;
  if (!cycle) return false;
  if (!endings::attracts(cycle->multiplier)) {
    state.doubt =
        verdict_words::undecided_cycle(cycle->period, cycle->return_distance, cycle->multiplier, endings::marginal);
    return false;
  }
  Verdict& verdict = state.verdict;
  verdict.period = cycle->period;
  verdict.multiplier = cycle->multiplier;
  verdict.cycle_losses = cycle->losses;
  verdict.lyapunov = endings::exponent_of_cycle(cycle->multiplier, cycle->period);
  end(state, Outcome::periodic, state.step, cycle->return_distance, tolerance,
      verdict_words::periodic(cycle->period, cycle->return_distance, cycle->multiplier));
  return true;
}

bool RunDriver::accept_chaos(RunState& state) {
  if (!chaos_may_last()) return false;
  const std::optional<LyapunovEstimate> chaos = state.window.chaos();
  if (!chaos) return false;
  const LyapunovEstimate& estimate = *chaos;
  state.verdict.lyapunov = estimate.exponent;
  state.verdict.lyapunov_error = estimate.error;
  verdict_words::Chaotic words;
  words.bound_name = laws_.extent ? std::string_view(laws_.extent_name) : "|z|";
  words.bound = laws_.extent ? laws_.extent(state.largest_norm_squared, h_) : std::sqrt(state.largest_norm_squared);
  words.exponent = estimate.exponent;
  words.error = estimate.error;
  words.steps = estimate.steps;
  words.rate = {laws_.rate_name, h_ * laws_.rate_unit};
  words.largest_stable = laws_.largest_stable_rate * laws_.rate_unit;
  end(state, Outcome::chaotic, state.step, estimate.exponent, endings::chaotic_exponent, verdict_words::chaotic(words));
  return true;
}

void RunDriver::finish_exhausted(RunState& state, std::string_view what) {
  const double deadline = end_deadline(state);
  const StepTrace here = trace_at(state.z);
  if (may_diverge(state, here) && diverged_here(state)) return;
  if (at_tolerance(state, here) && !state.visit.lasts) {
    arrive(state, here, deadline);
    if (state.ended) return;
  }
  if (!state.visit.lasts) {
    if (state.step > endings::first_cycle_look && may_return(state) &&
        accept_cycle(state, endings::cycle_tolerance_late, deadline)) {
      return;
    }
    if (accept_chaos(state)) return;
    if (here.gradient_squared == 0) {  // with a tolerance of zero nothing else calls this an ending
      arrive(state, here, deadline);
      if (state.ended) return;
    }
  }
  const LyapunovEstimate estimate =
      state.tangent.alive() && following(state) ? state.tangent.second_half() : LyapunovEstimate{nan, nan, 0};
  const std::string trend = trend_of(state, here);
  verdict_words::Exhausted words;
  words.what = what;
  words.step = state.step;
  words.relative_gradient = relative_gradient(state, here);
  words.trend = trend;
  words.lingering = state.visit.lasts;
  words.lingering_at = state.visit.curvature.limit;
  words.left_a_visit = state.visit.left_one;
  words.doubt = state.doubt;
  words.neighbours_separate = estimate.exponent > endings::chaotic_exponent &&
                              estimate.exponent > endings::chaotic_errors * estimate.error && !chaos_may_last();
  words.exponent = estimate.exponent;
  words.rate = {laws_.rate_name, h_ * laws_.rate_unit};
  state.verdict.lyapunov = estimate.exponent;
  state.verdict.lyapunov_error = estimate.error;
  end(state, Outcome::exhausted, state.step, words.relative_gradient, settings_.tolerance,
      verdict_words::exhausted(words));
}

std::string RunDriver::trend_of(const RunState& state, const StepTrace& here) {
  std::vector<verdict_words::GradientAt> rows;
  rows.reserve(state.samples.size() + 1);
  for (const ObjectiveSample& row : state.samples) {
    if (row.step < state.step) rows.push_back({row.step, row.gradient_norm});
  }
  const double now = std::sqrt(here.gradient_squared);
  rows.push_back({state.step, now});
  // Samples are far apart: of a gradient that goes up and down they miss the largest values.
  const Peaks& peaks = state.gradient_peaks;
  verdict_words::Quarters quarters{0, now};
  for (std::size_t i = 0; i < peaks.largest().size(); ++i) {
    const std::uint64_t first = i * peaks.length();
    if (first < state.step / 2) continue;
    double& quarter = first <= state.step - state.step / 4 ? quarters.third : quarters.last;
    quarter = std::max(quarter, peaks.largest()[i]);
  }
  return verdict_words::trend(rows, quarters);
}

void RunDriver::end(RunState& state, Outcome outcome, std::uint64_t step, double evidence, double threshold,
                    std::string why) {
  Verdict& verdict = state.verdict;
  verdict.outcome = outcome;
  verdict.step = step;
  verdict.evidence = evidence;
  verdict.threshold = threshold;
  verdict.why = std::move(why);
  if (outcome != Outcome::converged && outcome != Outcome::periodic) verdict.multiplier = nan;
  if (outcome == Outcome::diverged || outcome == Outcome::stopped) verdict.lyapunov = nan;
  if (outcome != Outcome::chaotic && outcome != Outcome::exhausted) verdict.lyapunov_error = nan;
  verdict.growth = std::isnan(state.growth_at_verdict) ? growth(state) : state.growth_at_verdict;
  // A divergence that a theorem decides does not depend on rounding, whatever the transient did.
  const bool decided_by_theorem = outcome == Outcome::diverged && verdict.proved;
  verdict.reproducible = decided_by_theorem || !(verdict.growth > reproducible_growth);
  state.ended = true;
}

}  // namespace equipoise
