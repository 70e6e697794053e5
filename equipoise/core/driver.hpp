// The driver: advances a run block by block, finds the events that end it, and replays blocks to find their exact step.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/objective.hpp"
#include "equipoise/core/run_settings.hpp"
#include "equipoise/core/run_state.hpp"

namespace equipoise {

/// The answer of someone who looks on and wants the run to end.
struct Stop {
  std::string reason;  ///< enters the verdict's sentence; empty: "stopped from outside", "stopped by the observer"
};

/// Called between blocks of steps, at least every 64 steps, and between the products of a measurement, with the steps
/// taken so far. A Stop ends the run, and a measurement early.
using Pulse = std::function<std::optional<Stop>(std::uint64_t step)>;
/// Called at every sample, from the thread of the run. A Stop ends the run at this iterate.
using ObjectiveObserver = std::function<std::optional<Stop>(const ObjectiveSample&, ConstState at)>;

/// Who looks on while a run goes, and what is already known of its start. All of it may be left out.
struct ObjectiveWatch {
  ObjectiveObserver observer;
  Pulse pulse;
  std::optional<Sharpness> known;  ///< the sharpness at the start
};

/// One run of any objective: settings in, record out.
struct ObjectiveRecord {
  RunSettings settings;
  double learning_rate = 0;
  Sharpness sharpness_start;
  Sharpness sharpness_end;  ///< NaN after divergence: never a number
  double loss_start = 0;
  double loss_end = 0;
  std::vector<std::string> measure_names;  ///< of the measures of every sample
  std::vector<ObjectiveSample> samples;    ///< the first is the start, the last is `last`
  Vector last;                             ///< the last iterate; after divergence the last finite one
  Verdict verdict;
  std::uint64_t steps = 0;  ///< steps from the start to `last`
  double seconds = 0;
};

/// What run() does, in three parts, so that a run can be kept and gone on with:
///
///   RunDriver driver(objective, h, settings);
///   RunState state = driver.begin(start);
///   while (!state.ended) driver.advance(state);    // here it may be copied, or written to a file
///   ObjectiveRecord record = driver.finish(std::move(state));
///
/// What a state becomes depends on the state, the objective, h and the settings alone, to the bit, but for time limits
/// and a watch that stops it. Refers to the objective, which must outlive it; its own memory is two states.
class RunDriver {
 public:
  RunDriver(const Objective& objective, double h, const RunSettings& settings, const ObjectiveWatch& watch = {});

  /// Measures the start. `seconds` were spent on the run before. Throws Error for a start that does not fit the
  /// objective or is not finite, and for a rate that is not positive and finite.
  RunState begin(ConstState start, double seconds = 0);
  /// Takes one block of steps, at most 64, and what follows from it. Does nothing once the state has ended.
  void advance(RunState& state);
  /// Measures the end. With a pulse or a time limit, for no longer than what is left of that limit and a second.
  ObjectiveRecord finish(RunState state);

 private:
  double seconds_of(const RunState& state) const;
  void clock(RunState& state);
  double end_deadline(const RunState& state) const;
  KeepGoing measuring(const RunState& state, double deadline);
  void note_if_cut_short(RunState& state, std::string_view what);

  StepTrace trace_at(ConstState z) const;
  double gradient_scale(const RunState& state, const StepTrace& seen) const;
  double relative_gradient(const RunState& state, const StepTrace& seen) const;
  bool at_tolerance(const RunState& state, const StepTrace& seen) const;
  double extent(const RunState& state, const StepTrace& seen) const;

  std::uint64_t next_sample_after(std::uint64_t step) const;
  bool sharpness_due(std::uint64_t step) const;
  std::optional<Stop> sample(RunState& state, ConstState at, std::uint64_t step, const StepTrace& seen);
  std::vector<double> eigenvalues(RunState& state, ConstState at);

  bool following(const RunState& state) const;
  std::uint64_t block_length(const RunState& state) const;
  void take_block(RunState& state);
  bool events_at(RunState& state, std::uint64_t step, const StepTrace& seen);
  void back_to(RunState& state, std::uint64_t step);

  bool may_diverge(const RunState& state, const StepTrace& seen) const;
  bool diverges_within(RunState& state, std::uint64_t length);
  bool diverged_here(RunState& state);

  void arrive(RunState& state, const StepTrace& seen, double deadline);
  bool look_again(RunState& state, std::uint64_t step, const StepTrace& seen);
  void conclude_convergence(RunState& state, std::uint64_t step, const StepTrace& seen);
  double contraction(const RunState& state) const;
  double growth(const RunState& state) const;

  void look_for_cycle_or_chaos(RunState& state);
  static void take_stretch(RunState& state);
  bool may_return(const RunState& state) const;
  bool accept_cycle(RunState& state, double tolerance, double deadline);
  bool no_minimiser_is_stable() const;
  bool chaos_may_last() const;
  bool accept_chaos(RunState& state);

  void finish_exhausted(RunState& state, std::string_view what);
  static std::string trend_of(const RunState& state, const StepTrace& here);
  void end(RunState& state, Outcome outcome, std::uint64_t step, double evidence, double threshold, std::string why);

  const Objective& objective_;
  const Space& space_;
  const double h_;
  const RunSettings settings_;
  const ObjectiveWatch watch_;
  const Laws laws_;
  const bool cheap_;                   // a tangent vector is followed always
  const std::size_t measures_;         // of a sample
  const std::uint64_t longest_block_;  // steps between two looks at the clock

  Vector before_;                  // the iterate at the start of the block in progress
  std::uint64_t block_start_ = 0;  // its step
  std::array<StepTrace, 64> trace_;
  Vector before_step_;  // the iterate before a step that is taken again
  std::chrono::steady_clock::time_point last_look_ = std::chrono::steady_clock::now();
  std::optional<Stop> heard_;  // what the pulse said within a measurement
  bool cut_short_ = false;     // the last measurement was ended early
};

}  // namespace equipoise
