// The map z <- z - h grad f(z), stepped by hand.
#pragma once

#include <cstdint>

#include "equipoise/core/factor_objective.hpp"

namespace equipoise {

/// Gradient descent one step at a time on any objective, for notebooks and debugging; run() is the driver with
/// verdicts. Keeps a reference to the objective, which must outlive it.
class Stepper {
 public:
  /// Throws Error for a start that does not fit the objective or is not finite, or a rate that is not positive and
  /// finite.
  Stepper(const Objective& objective, ConstState start, double learning_rate);

  /// Takes `count` steps; returns the trace of the iterate before the last of them (zeros if count = 0).
  StepTrace step(std::uint64_t count = 1);

  const Vector& at() const { return current_; }
  std::uint64_t steps() const { return steps_; }
  double learning_rate() const { return learning_rate_; }

 private:
  const Objective& objective_;
  Vector current_;
  double learning_rate_;
  std::uint64_t steps_ = 0;
};

/// The same on the factors of a problem, which must outlive it.
class Descent {
 public:
  /// As Stepper. Throws Error for factors whose rows are not those of the problem.
  Descent(const Problem& problem, const Factors& start, double learning_rate);
  Descent(const Descent&) = delete;  // the stepper refers to the objective beside it
  Descent& operator=(const Descent&) = delete;

  StepTrace step(std::uint64_t count = 1) { return stepper_.step(count); }

  ConstFactors at() const { return objective_.factors(stepper_.at()); }
  std::uint64_t steps() const { return stepper_.steps(); }
  double learning_rate() const { return stepper_.learning_rate(); }

 private:
  FactorObjective objective_;
  Stepper stepper_;
};

/// The checks of a start and a rate that every descent begins with; throws Error.
void require_start(const Objective& objective, ConstState start, double learning_rate);
void require_start(const Problem& problem, ConstFactors start, double learning_rate);

}  // namespace equipoise
