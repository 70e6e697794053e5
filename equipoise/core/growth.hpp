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

/// Sums of a long series over equally many of its values each. When there are `most` sums, an even number, they are
/// joined in pairs: memory is bounded however long the series is.
class JoinedSums {
 public:
  JoinedSums(std::size_t most, std::uint64_t values_per_sum) : most_(most), values_per_sum_(values_per_sum) {}

  void add(double value);
  std::size_t count() const { return sums_.size(); }  ///< of whole sums
  /// Mean of the series over its last `sums` whole sums, and its standard error, from up to 32 batches of equal length
  /// that end with the last whole sum. Each value stands for `steps_per_value` steps.
  LyapunovEstimate mean_of_last(std::size_t sums, std::uint64_t steps_per_value) const;

 private:
  std::vector<double> sums_;
  std::size_t most_;
  std::uint64_t values_per_sum_;
  std::uint64_t values_in_open_sum_ = 0;
  double open_sum_ = 0;
};

/// Log growth of a tangent vector, in sums over 64 steps or more.
class Growth {
 public:
  /// The growth over the next endings::growth_stretch steps.
  void add(double log_growth);
  std::uint64_t steps() const { return steps_; }
  /// Mean per step and its standard error, over all whole sums.
  LyapunovEstimate estimate() const;
  /// The same if it says "chaotic" by the rule of core/endings: steps enough, and an exponent that is large and
  /// certain. Nothing otherwise.
  std::optional<LyapunovEstimate> chaos() const;

 private:
  JoinedSums sums_{1024, 1};
  std::uint64_t steps_ = 0;
};

}  // namespace equipoise
