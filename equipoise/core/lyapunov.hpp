// How fast neighbouring runs separate: a tangent vector carried along a run.
#pragma once

#include <cstdint>
#include <vector>

#include "equipoise/core/growth.hpp"
#include "equipoise/core/objective.hpp"

namespace equipoise {

/// A tangent vector w <- w - h H(z) w, renormalised at every step (Benettin et al. 1980), with its growth so far.
/// At a fixed point the exponent tends to log max |1 - h lambda| over the spectrum of the Hessian, which is 0 at every
/// stable minimiser since the Hessian has zero eigenvalues there. Memory is bounded however long the run.
class Tangent {
 public:
  /// For a state of `unknowns` numbers in all; alive if there are any. Allocates twice the state at the first step.
  explicit Tangent(Index unknowns = 0) : alive_(unknowns > 0) {}

  /// Carries the vector over the step that leaves `at`. Cost: one Hessian product.
  void advance(const Objective& objective, ConstState at, double h);

  /// sum of log growth so far.
  double log_growth() const { return log_growth_; }
  std::uint64_t steps() const { return steps_; }
  /// False from the step on at which the arithmetic overflowed or the vector vanished; growth then stays what it was.
  bool alive() const { return alive_; }
  /// The mean over the second half of what was seen, in whole batches.
  LyapunovEstimate second_half() const;

 private:
  Vector direction_;
  Vector image_;
  std::vector<double> batches_;  // sums of log growth over batch_length_ steps each
  std::uint64_t batch_length_ = 16;
  double open_batch_ = 0;
  double log_growth_ = 0;
  std::uint64_t steps_ = 0;
  bool begun_ = false;
  bool alive_;
};

/// The exponent of the run from `start` over `steps` steps, the first half dropped. Cost: two steps per step.
LyapunovEstimate lyapunov(const Objective& objective, ConstState start, double h, std::uint64_t steps);
LyapunovEstimate lyapunov(const Problem& problem, const Factors& start, double h, std::uint64_t steps);

}  // namespace equipoise
