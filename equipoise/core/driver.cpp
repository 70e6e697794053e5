// Blocks of steps, samples, and the clock; what ends a run is in driver_endings.cpp.
#include "equipoise/core/driver.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/driver_bounds.hpp"
#include "equipoise/core/endings.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/verdict_words.hpp"

namespace equipoise {
namespace {

constexpr double cheap_work = 1e5;       // a gradient of fewer multiplications is cheap
constexpr double work_of_a_block = 1e8;  // some tenths of a second at most
constexpr double grace = 1;              // seconds that the end's measuring may take beyond the time limit

std::uint64_t block_for(double work) {
  return static_cast<std::uint64_t>(std::clamp(work_of_a_block / std::max(1.0, work), 1.0, 64.0));
}

}  // namespace

RunDriver::RunDriver(const Objective& objective, double h, const RunSettings& settings, const ObjectiveWatch& watch)
    : objective_(objective),
      space_(objective.space()),
      h_(h),
      settings_(settings),
      watch_(watch),
      laws_(objective.laws()),
      cheap_(objective.work() <= cheap_work),
      measures_(objective.measure_names().size()),
      longest_block_(block_for(objective.work())) {}

double RunDriver::seconds_of(const RunState& state) const {
  return state.seconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - last_look_).count();
}

void RunDriver::clock(RunState& state) {
  const auto now = std::chrono::steady_clock::now();
  state.seconds += std::chrono::duration<double>(now - last_look_).count();
  last_look_ = now;
}

// What a measurement asks between its products. `deadline` is in seconds of the state.
KeepGoing RunDriver::measuring(const RunState& state, double deadline) {
  cut_short_ = false;
  if (!watch_.pulse && !std::isfinite(settings_.time_limit)) return {};
  return [this, &state, deadline] {
    if (!heard_ && watch_.pulse) heard_ = watch_.pulse(state.step);
    const bool unwanted = heard_.has_value() && state.verdict.outcome != Outcome::stopped;
    if (space_.decided(unwanted || seconds_of(state) > deadline)) cut_short_ = true;
    return !cut_short_;
  };
}

void RunDriver::note_if_cut_short(RunState& state, std::string_view what) {
  if (cut_short_) state.cut_short += verdict_words::cut_short(what);
  cut_short_ = false;
}

RunState RunDriver::begin(ConstState start, double seconds) {
  require_start(objective_, start, h_);
  last_look_ = std::chrono::steady_clock::now();
  RunState state;
  state.seconds = seconds;
  state.z = start;
  state.next_cycle_look = endings::first_cycle_look;
  state.next_growth_look = chaos_may_last() ? endings::first_growth_look : endings::never;
  state.tangent = Tangent(space_.whole(objective_.size()));
  if (watch_.known) {
    state.sharpness_start = *watch_.known;
  } else {
    SharpnessSettings careful = SharpnessSettings::for_the_record(objective_.cost());
    careful.keep_going = measuring(state, settings_.time_limit);
    state.sharpness_start = sharpness(objective_, state.z, careful);
    note_if_cut_short(state, "the sharpness at the start");
  }
  const StepTrace here = trace_at(state.z);
  state.loss_start = here.loss;
  state.start_norm_squared = here.norm_squared;
  state.start_gradient_squared = state.largest_gradient_squared = here.gradient_squared;
  if (!is_finite(here)) {
    end(state, Outcome::diverged, 0, extent(state, here), driver_bounds::heuristic_divergence,
        verdict_words::start_out_of_range());
  } else if (at_tolerance(state, here)) {
    arrive(state, here, settings_.time_limit);
  }
  clock(state);
  return state;
}

void RunDriver::advance(RunState& state) {
  if (state.ended) return;
  clock(state);
  if (state.step >= settings_.max_steps) return finish_exhausted(state, "the budget of steps ended");
  if (space_.decided(state.seconds > settings_.time_limit))
    return finish_exhausted(state, "the time limit was reached");
  if (!heard_ && watch_.pulse) heard_ = watch_.pulse(state.step);
  if (space_.decided(heard_.has_value())) {
    const Stop stop = heard_.value_or(Stop());
    return end(state, Outcome::stopped, state.step, 0, 0, verdict_words::stopped(stop.reason, false));
  }
  take_block(state);
  if (!state.ended) look_for_cycle_or_chaos(state);
}

ObjectiveRecord RunDriver::finish(RunState state) {
  clock(state);
  // Nothing is taken back any more, and the sharpness needs the memory.
  before_ = Vector();
  before_step_ = Vector();
  state.tangent = Tangent();
  const StepTrace here = trace_at(state.z);
  // A replay may have gone back behind samples that were already taken.
  while (!state.samples.empty() && state.samples.back().step >= state.step) state.samples.pop_back();
  sample(state, state.z, state.step, here);

  ObjectiveRecord record;
  record.settings = settings_;
  record.learning_rate = h_;
  record.sharpness_start = state.sharpness_start;
  record.sharpness_end = {nan, nan};
  if (state.verdict.outcome != Outcome::diverged) {
    SharpnessSettings careful = SharpnessSettings::for_the_record(objective_.cost());
    careful.keep_going = measuring(state, end_deadline(state));
    record.sharpness_end = sharpness(objective_, state.z, careful);
    note_if_cut_short(state, "the sharpness at the end");
  }
  clock(state);
  record.loss_start = state.loss_start;
  record.loss_end = here.loss;
  record.measure_names = objective_.measure_names();
  record.samples = std::move(state.samples);
  record.verdict = std::move(state.verdict);
  record.verdict.why += state.cut_short;
  record.steps = state.step;
  record.last = std::move(state.z);
  record.seconds = state.seconds;
  return record;
}

double RunDriver::end_deadline(const RunState& state) const {
  return std::max(settings_.time_limit, seconds_of(state)) + grace;
}

StepTrace RunDriver::trace_at(ConstState z) const {
  Vector gradient(z.size());
  const double loss = objective_.gradient(z, gradient);
  return {loss, space_.squared_norm(gradient), space_.squared_norm(z)};
}

double RunDriver::gradient_scale(const RunState& state, const StepTrace& seen) const {
  if (laws_.gradient_scale) return laws_.gradient_scale(seen.norm_squared, state.start_norm_squared);
  return std::sqrt(std::max(state.largest_gradient_squared, seen.gradient_squared));
}
double RunDriver::relative_gradient(const RunState& state, const StepTrace& seen) const {
  const double scale = gradient_scale(state, seen);
  return scale > 0 ? std::sqrt(seen.gradient_squared) / scale : 0;
}
bool RunDriver::at_tolerance(const RunState& state, const StepTrace& seen) const {
  return settings_.tolerance > 0 && relative_gradient(state, seen) <= settings_.tolerance;
}

// How far the run has gone, a pure number. Without a measure of the objective's own both the iterate and its gradient
// must have grown: a minimiser may lie far away, and a start near a saddle has hardly any gradient.
double RunDriver::extent(const RunState& state, const StepTrace& seen) const {
  if (laws_.extent) return laws_.extent(seen.norm_squared, h_);
  const double moved = std::sqrt(seen.norm_squared) / (1 + std::sqrt(state.start_norm_squared));
  const double steeper = std::sqrt(seen.gradient_squared) / (1 + std::sqrt(state.start_gradient_squared));
  return std::isnan(moved) || std::isnan(steeper) ? nan : std::min(moved, steeper);
}

std::uint64_t RunDriver::next_sample_after(std::uint64_t step) const {
  if (settings_.sample_every > 0) return (step / settings_.sample_every + 1) * settings_.sample_every;
  return step < 200 ? step + 1 : step + step / 100;
}
bool RunDriver::sharpness_due(std::uint64_t step) const {
  return settings_.sharpness_every > 0 && step % settings_.sharpness_every == 0;
}

// `seen` is the trace of `at`, the iterate of `step`.
std::optional<Stop> RunDriver::sample(RunState& state, ConstState at, std::uint64_t step, const StepTrace& seen) {
  ObjectiveSample row;
  row.step = step;
  row.loss = seen.loss;
  row.gradient_norm = std::sqrt(seen.gradient_squared);
  row.measures.resize(measures_);
  objective_.measure(at, row.measures);
  if (sharpness_due(step)) row.eigenvalues = eigenvalues(state, at);
  state.samples.push_back(std::move(row));
  return watch_.observer ? watch_.observer(state.samples.back(), at) : std::nullopt;
}

std::vector<double> RunDriver::eigenvalues(RunState& state, ConstState at) {
  if (space_.whole(at.size()) == 0) return {};
  const KeepGoing keep_going = measuring(state, state.ended ? end_deadline(state) : settings_.time_limit);
  std::vector<double> values;
  if (settings_.top_eigenvalues == 1) {
    values = {state.tracker.measure(objective_, at, keep_going).value};
  } else {
    SharpnessSettings quick;
    quick.tolerance = 1e-8;
    quick.keep_going = keep_going;
    const Index count = static_cast<Index>(settings_.top_eigenvalues);
    values = extreme_eigenpairs(objective_, at, count, SpectrumEnd::largest, quick).values;
  }
  // What a search had reached when it was ended is no eigenvalue.
  return std::exchange(cut_short_, false) ? std::vector<double>() : values;
}

bool RunDriver::following(const RunState& state) const {
  if (!state.tangent.alive() || settings_.sensitivity == Sensitivity::never) return false;
  return settings_.sensitivity == Sensitivity::always || cheap_ || state.visit.lasts || state.falling_streak < 64;
}

std::uint64_t RunDriver::block_length(const RunState& state) const {
  std::uint64_t length = std::min(longest_block_, settings_.max_steps - state.step);
  length = std::min({length, state.next_sample - state.step, state.next_cycle_look - state.step,
                     state.next_growth_look - state.step});
  if (settings_.sharpness_every > 0) {
    length = std::min(length, settings_.sharpness_every - state.step % settings_.sharpness_every);
  }
  return following(state) ? 1 : length;
}

void RunDriver::take_block(RunState& state) {
  const bool sampling = state.step == state.next_sample || sharpness_due(state.step);
  if (state.step == state.next_sample) state.next_sample = next_sample_after(state.step);
  const std::uint64_t length = block_length(state);
  const std::span<StepTrace> trace = std::span(trace_).first(static_cast<std::size_t>(length));
  before_ = state.z;
  block_start_ = state.step;
  if (length == 1 && following(state)) state.tangent.advance(objective_, state.z, h_);
  objective_.advance(state.z, h_, trace);
  // The block's first trace is that of the iterate it began with: a sample costs no gradient of its own.
  if (sampling) {
    const std::optional<Stop> stop = sample(state, before_, block_start_, trace[0]);
    if (space_.decided(stop.has_value())) {
      state.z = before_;
      return end(state, Outcome::stopped, block_start_, 0, 0,
                 verdict_words::stopped(stop.value_or(Stop()).reason, true));
    }
  }
  state.step += length;

  const bool suspicious =
      !space_.finite(state.z) ||
      std::any_of(trace.begin(), trace.end(), [&](const StepTrace& seen) { return may_diverge(state, seen); });
  if (suspicious && diverges_within(state, length)) return;
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (events_at(state, block_start_ + i, trace[i])) return;
  }
}

// state.z becomes the iterate of `step`, which lies in the block in progress.
void RunDriver::back_to(RunState& state, std::uint64_t step) {
  state.z = before_;
  std::array<StepTrace, 64> ignored;
  objective_.advance(state.z, h_, std::span(ignored).first(static_cast<std::size_t>(step - block_start_)));
  state.step = step;
}

}  // namespace equipoise
