// All that a run has come to between two blocks of steps: a value, from which it can go on.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "equipoise/core/curvature.hpp"
#include "equipoise/core/growth.hpp"
#include "equipoise/core/lyapunov.hpp"
#include "equipoise/core/peaks.hpp"
#include "equipoise/core/tracker.hpp"
#include "equipoise/core/verdict.hpp"

namespace equipoise {

/// One row of what is recorded along the way.
struct ObjectiveSample {
  std::uint64_t step = 0;
  double loss = 0;
  double gradient_norm = 0;
  std::vector<double> measures;     ///< as Objective::measure_names() says
  std::vector<double> eigenvalues;  ///< the largest, descending; empty if sharpness was not measured
};

/// A stay at a critical point that is unstable at this rate, to see whether the run leaves it again.
struct Visit {
  bool lasts = false;
  bool left_one = false;    ///< an earlier visit ended by leaving
  std::uint64_t since = 0;  ///< the step of arrival
  std::uint64_t until = 0;  ///< the step from which on the run is said to stay
  double factor = 1;        ///< by which a perturbation grows a step there
  double multiplier = 0;    ///< of a step there, as multiplier_of_stay() has it
  bool strayed = false;     ///< the gradient was at the tolerance, and then above it again
  double growth = 0;        ///< RunDriver's growth at arrival
  Curvature curvature;
};

/// Where the 64 steps began whose growth is summed next.
struct Stretch {
  std::uint64_t step = 0, followed = 0;  ///< followed: Tangent::steps()
  double log_growth = 0;
};

/// Copying it copies the run: both go on with the same bits. Holds no reference to the objective.
struct RunState {
  Vector z;                ///< the iterate of `step`
  std::uint64_t step = 0;  ///< steps from the start
  double seconds = 0;      ///< spent so far, the measuring at the start included
  bool ended = false;      ///< the verdict is final
  Verdict verdict;

  Sharpness sharpness_start;
  double loss_start = 0;
  std::vector<ObjectiveSample> samples;

  /// Ring buffers: entry k % 128 is of step k. The second holds |grad f| over its natural scale.
  std::array<double, 128> losses{};
  std::array<double, 128> gradients{};
  Peaks gradient_peaks;  ///< of |grad f| at every step
  Tangent tangent;
  EigenvalueTracker tracker;

  std::uint64_t next_sample = 0;
  std::uint64_t next_cycle_look = 0;
  std::uint64_t next_growth_look = 0;  ///< of core/endings; the window is what was followed since the last one
  Growth window;
  Stretch stretch;
  double start_norm_squared = 0;
  double start_gradient_squared = 0;
  double largest_norm_squared = 0;
  double largest_gradient_squared = 0;
  double largest_log_growth = 0;
  double previous_loss = std::numeric_limits<double>::infinity();
  double growth_at_verdict = std::numeric_limits<double>::quiet_NaN();
  std::uint64_t falling_streak = 0;  ///< steps in a row over which the loss fell
  Visit visit;
  std::string doubt;      ///< why a cycle that was seen decided nothing
  std::string cut_short;  ///< measurements that were ended before their tolerance
};

}  // namespace equipoise
