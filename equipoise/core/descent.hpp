// The map z <- z - h grad f(z), stepped by hand.
#pragma once

#include <cstdint>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// Gradient descent one step at a time, for notebooks and debugging; run() is the driver with verdicts.
/// Keeps a reference to the problem, which must outlive it.
class Descent {
 public:
  /// Throws Error for a start that does not fit the problem or is not finite, or a rate that is not positive and
  /// finite.
  Descent(const Problem& problem, Factors start, double learning_rate);

  /// Takes `count` steps; returns the trace of the iterate before the last of them (zeros if count = 0).
  StepTrace step(std::uint64_t count = 1);

  ConstFactors at() const { return current_; }
  std::uint64_t steps() const { return steps_; }
  double learning_rate() const { return learning_rate_; }

 private:
  const Problem& problem_;
  Factors current_;
  double learning_rate_;
  std::uint64_t steps_ = 0;
};

/// The checks of a start and a rate that every descent begins with; throws Error.
void require_start(const Problem& problem, ConstFactors start, double learning_rate);

}  // namespace equipoise
