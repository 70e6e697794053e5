// One run of gradient descent: settings in, record out.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "equipoise/core/balance.hpp"
#include "equipoise/core/problem.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// When a tangent vector is followed along the run, at the price of a Hessian product a step. It measures the transient
/// growth behind Verdict::reproducible and the Lyapunov exponent behind "chaotic".
enum class Sensitivity {
  automatic,  ///< always where a step is cheap (entries * rank <= 1e5), otherwise until the loss has fallen 64 steps in
              ///< a row
  always,
  never  ///< growth and exponent are then NaN, and no run is called chaotic
};
std::string_view name(Sensitivity sensitivity);
Sensitivity sensitivity_from(std::string_view word);

struct RunSettings {
  std::uint64_t max_steps = 100000;
  double time_limit = std::numeric_limits<double>::infinity();  ///< seconds; the outcome is then exhausted
  double tolerance = 1e-12;           ///< on |grad f| over its natural scale; 0 never stops early
  std::uint64_t sample_every = 0;     ///< steps between samples; 0: every step to 200, then every 1 %
  std::uint64_t sharpness_every = 0;  ///< steps between measured sharpness; 0: at the start and the end alone
  std::uint32_t top_eigenvalues = 1;  ///< how many Hessian eigenvalues such a sample keeps
  Sensitivity sensitivity = Sensitivity::automatic;
};

/// The one list of the settings: name, unit, help and limits drive flags, documentation and records.
struct SettingInfo {
  std::string_view key;  ///< as in record.json and TOML: max_steps; the flag is --max-steps
  std::string_view unit;
  double lowest, highest;  ///< inclusive
  std::string_view help;
};
/// Calls visit(SettingInfo, field) for every field of a RunSettings, const or not.
template <class Settings, class Visit>
void describe(Settings& settings, Visit&& visit) {
  constexpr double forever = std::numeric_limits<double>::infinity();
  visit(SettingInfo{"max_steps", "steps", 0, 9e15, "the most steps to take"}, settings.max_steps);
  visit(SettingInfo{"time_limit", "s", 0, forever, "the longest time to run"}, settings.time_limit);
  visit(SettingInfo{"tolerance", "", 0, 1,
                    "converged when |grad f| is this small relative to its natural scale; 0 never stops early"},
        settings.tolerance);
  visit(SettingInfo{"sample_every", "steps", 0, 9e15, "steps between samples; 0: every step up to 200, then every 1 %"},
        settings.sample_every);
  visit(SettingInfo{"sharpness_every", "steps", 0, 9e15,
                    "steps between measured sharpness; 0: at the start and the end alone"},
        settings.sharpness_every);
  visit(SettingInfo{"top_eigenvalues", "", 1, 1000, "Hessian eigenvalues kept where sharpness is measured"},
        settings.top_eigenvalues);
  visit(SettingInfo{"sensitivity", "", 0, 0,
                    "follow how neighbouring runs separate: auto, always or never; one Hessian product a step"},
        settings.sensitivity);
}

/// One row of what is recorded along the way.
struct Sample {
  std::uint64_t step = 0;
  double loss = 0;
  double gradient_norm = 0;
  double norm_x = 0;
  double norm_y = 0;
  double imbalance = 0;
  std::vector<double> eigenvalues;  ///< the largest, descending; empty where sharpness was not measured
};

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
StartMeasures measure_start(const Problem& problem, ConstFactors start);

/// Called at every sample, from the thread of run(). Returning false stops the run.
using Observer = std::function<bool(const Sample&, ConstFactors at)>;
/// Called between blocks of steps, at least every 64 steps, with the steps taken so far. Returning false stops the run.
using Pulse = std::function<bool(std::uint64_t step)>;

/// Who looks on while a run goes, and what is already known of its start. All of it may be left out.
struct Watch {
  Observer observer;
  Pulse pulse;
  std::optional<StartMeasures> known;
};

/// Gradient descent z <- z - h grad f(z) from `start` until a verdict is reached or the budget ends.
/// Every ending is a value. Throws Error for a start that does not fit the problem or is not finite, and for a learning
/// rate that is not positive and finite. Cost per step: one Problem::advance step, twice that while sensitivity is
/// followed.
Record run(const Problem& problem, const Factors& start, double learning_rate, const RunSettings& settings = {},
           const Watch& watch = {});

}  // namespace equipoise
