// The Lyapunov exponent of a window of a run, with its error, from sums of the growth of a tangent vector.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace equipoise {

/// An estimate of the largest Lyapunov exponent (natural log, per step).
struct LyapunovEstimate {
  double exponent = 0;      ///< NaN where there were too few steps
  double error = 0;         ///< standard error by batch means; NaN with fewer than 8 batches
  std::uint64_t steps = 0;  ///< steps that entered the mean
};

/// Log growth of a tangent vector, in sums over 64 steps or more; memory is bounded however long the window is.
class Growth {
 public:
  /// The growth over the next endings::growth_stretch steps.
  void add(double log_growth);
  std::uint64_t steps() const { return steps_; }
  /// Mean per step and its standard error, from up to 32 batches of equal length that end with the last whole sum.
  LyapunovEstimate estimate() const;
  /// The same if it says "chaotic" by the rule of core/endings: steps enough, and an exponent that is large and
  /// certain. Nothing otherwise.
  std::optional<LyapunovEstimate> chaos() const;

 private:
  std::vector<double> sums_;
  std::uint64_t stretches_per_sum_ = 1;
  std::uint64_t stretches_in_open_sum_ = 0;
  double open_sum_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace equipoise
