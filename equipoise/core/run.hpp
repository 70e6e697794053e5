// One run of gradient descent: settings in, record out.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "equipoise/core/balance.hpp"
#include "equipoise/core/driver.hpp"
#include "equipoise/core/problem.hpp"
#include "equipoise/core/run_settings.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// Gradient descent z <- z - h grad f(z) from `start` until a verdict is reached or the budget ends.
/// Every ending is a value. Throws Error for a start that does not fit the objective or is not finite, and for a
/// learning rate that is not positive and finite. Cost per step: one Objective::advance step, twice that while
/// sensitivity is followed.
ObjectiveRecord run(const Objective& objective, ConstState start, double learning_rate,
                    const RunSettings& settings = {}, const ObjectiveWatch& watch = {});

/// One row of what is recorded along a run of factors.
struct Sample {
  std::uint64_t step = 0;
  double loss = 0;
  double gradient_norm = 0;
  double norm_x = 0;
  double norm_y = 0;
  double imbalance = 0;
  std::vector<double> eigenvalues;  ///< the largest, descending; empty where sharpness was not measured
};

/// One run of factors.
struct Record {
  RunSettings settings;
  double learning_rate = 0;
  double sigma1 = 0;  ///< largest singular value of A
  double norm = 0;    ///< |A|_F over the entries of the loss
  Sharpness sharpness_start;
  Sharpness sharpness_end;  ///< NaN after divergence: never a number
  Balance balance_start, balance_end;
  double loss_start = 0;
  double loss_end = 0;
  std::vector<Sample> samples;  ///< the first is the start, the last is `last`
  Factors last;                 ///< the last iterate; after divergence the last finite one
  Verdict verdict;
  std::uint64_t steps = 0;  ///< steps from the start to `last`
  double seconds = 0;
};

/// What is measured at the start, before any step. The rate `3.5/L` needs it before run() does.
struct StartMeasures {
  Sharpness sharpness;  ///< L and its residual
  double sigma1 = 0;    ///< largest singular value of A
  double norm = 0;      ///< |A|_F over the entries of the loss
};
/// Cost: some tens of Hessian products and of rank-1 gradients.
StartMeasures measure_start(const Problem& problem, ConstFactors start, const SharpnessSettings& settings = {});

/// Called at every sample, from the thread of run(). A Stop ends the run at this iterate.
using Observer = std::function<std::optional<Stop>(const Sample&, ConstFactors at)>;

/// Who looks on while a run goes, and what is already known of its start. All of it may be left out.
struct Watch {
  Observer observer;
  Pulse pulse;
  std::optional<StartMeasures> known;
};

/// The run of a FactorObjective, whose laws are made from the measures of the start, with a record that names the
/// factors. Throws Error also for factors whose rows are not those of the problem.
Record run(const Problem& problem, const Factors& start, double learning_rate, const RunSettings& settings = {},
           const Watch& watch = {});

}  // namespace equipoise
