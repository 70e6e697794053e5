// The run of an objective, and that of factors made from it.
#include "equipoise/core/run.hpp"

#include <chrono>
#include <cmath>
#include <utility>

#include "equipoise/core/descent.hpp"
#include "equipoise/core/factor_objective.hpp"
#include "equipoise/core/verdict_words.hpp"

namespace equipoise {
namespace {

ObjectiveRecord drive(RunDriver& driver, RunState state) {
  while (!state.ended) driver.advance(state);
  return driver.finish(std::move(state));
}

Sample sample_of_factors(const ObjectiveSample& row) {
  return {row.step, row.loss, row.gradient_norm, row.measures[0], row.measures[1], row.measures[2], row.eigenvalues};
}

// The start's measures, and how their measuring went.
struct Beginning {
  StartMeasures known;
  std::optional<Stop> heard;  // what the pulse said meanwhile
  bool cut_short = false;
  double seconds = 0;
};

Beginning measured_beginning(const Problem& problem, ConstFactors start, const RunSettings& settings,
                             const Watch& watch) {
  Beginning result;
  if (watch.known) {
    result.known = *watch.known;
    return result;
  }
  const auto began = std::chrono::steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(); };
  std::function<bool()> keep_going;
  if (watch.pulse || std::isfinite(settings.time_limit)) {
    keep_going = [&] {
      if (!result.heard && watch.pulse) result.heard = watch.pulse(0);
      if (problem.space().decided(result.heard.has_value() || elapsed() > settings.time_limit)) result.cut_short = true;
      return !result.cut_short;
    };
  }
  SharpnessSettings careful = SharpnessSettings::for_the_record(problem.cost(start.shape().rank));
  careful.keep_going = keep_going;
  result.known.sharpness = sharpness(problem, start, careful);
  careful = SharpnessSettings::for_the_record(problem.cost(1));
  careful.keep_going = keep_going;
  const MatrixSize size = measure_matrix(problem, careful);
  result.known.sigma1 = size.sigma1;
  result.known.norm = size.norm;
  result.seconds = elapsed();
  return result;
}

Record record_of_factors(ObjectiveRecord&& flat, const Factors& start, const StartMeasures& known, const Space& space) {
  Record record;
  record.settings = flat.settings;
  record.learning_rate = flat.learning_rate;
  record.sigma1 = known.sigma1;
  record.norm = known.norm;
  record.sharpness_start = flat.sharpness_start;
  record.sharpness_end = flat.sharpness_end;
  record.last = Factors(ConstFactors(start.shape(), flat.last.data()));
  record.balance_start = balance(start, space);
  record.balance_end = balance(record.last, space);
  record.loss_start = flat.loss_start;
  record.loss_end = flat.loss_end;
  record.samples.reserve(flat.samples.size());
  for (const ObjectiveSample& row : flat.samples) record.samples.push_back(sample_of_factors(row));
  record.verdict = std::move(flat.verdict);
  record.steps = flat.steps;
  record.seconds = flat.seconds;
  return record;
}

}  // namespace

ObjectiveRecord run(const Objective& objective, ConstState start, double learning_rate, const RunSettings& settings,
                    const ObjectiveWatch& watch) {
  require_start(objective, start, learning_rate);
  RunDriver driver(objective, learning_rate, settings, watch);
  return drive(driver, driver.begin(start));
}

StartMeasures measure_start(const Problem& problem, ConstFactors start, const SharpnessSettings& settings) {
  StartMeasures result;
  result.sharpness = sharpness(problem, start, settings);
  const MatrixSize size = measure_matrix(problem, settings);
  result.sigma1 = size.sigma1;
  result.norm = size.norm;
  return result;
}

Record run(const Problem& problem, const Factors& start, double learning_rate, const RunSettings& settings,
           const Watch& watch) {
  require_start(problem, start, learning_rate);
  Beginning beginning = measured_beginning(problem, start, settings, watch);
  const StartMeasures& known = beginning.known;
  const FactorObjective objective(problem, start.shape(), MatrixSize{known.sigma1, known.norm});
  ObjectiveWatch flat_watch;
  flat_watch.known = known.sharpness;
  if (watch.pulse) {
    flat_watch.pulse = [&](std::uint64_t step) { return beginning.heard ? beginning.heard : watch.pulse(step); };
  }
  if (watch.observer) {
    flat_watch.observer = [&](const ObjectiveSample& row, ConstState at) {
      return watch.observer(sample_of_factors(row), objective.factors(at));
    };
  }
  RunDriver driver(objective, learning_rate, settings, flat_watch);
  RunState state = driver.begin(start.flat(), beginning.seconds);
  if (beginning.cut_short) state.cut_short += verdict_words::cut_short("the start");
  return record_of_factors(drive(driver, std::move(state)), start, known, problem.space());
}

}  // namespace equipoise
