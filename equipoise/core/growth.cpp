// Sums that are joined in pairs when there are too many, and batch means.
#include "equipoise/core/growth.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {

void JoinedSums::add(double value) {
  open_sum_ += value;
  if (++values_in_open_sum_ < values_per_sum_) return;
  sums_.push_back(open_sum_);
  open_sum_ = 0;
  values_in_open_sum_ = 0;
  if (sums_.size() < most_) return;
  for (std::size_t i = 0; i < most_ / 2; ++i) sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
  sums_.resize(most_ / 2);
  values_per_sum_ *= 2;
}

LyapunovEstimate JoinedSums::mean_of_last(std::size_t sums, std::uint64_t steps_per_value) const {
  // Up to 32 batches: long enough to be nearly independent, enough of them for a spread.
  const std::size_t batches = std::min<std::size_t>(32, sums);
  if (batches == 0) return {nan, nan, 0};
  const std::size_t sums_in_batch = sums / batches;
  const std::uint64_t steps_in_batch = sums_in_batch * values_per_sum_ * steps_per_value;
  const auto count = static_cast<double>(batches);
  std::array<double, 32> means{};
  auto sum = sums_.end() - static_cast<std::ptrdiff_t>(batches * sums_in_batch);
  double exponent = 0;
  for (std::size_t b = 0; b < batches; ++b) {
    for (std::size_t i = 0; i < sums_in_batch; ++i) means[b] += *sum++;
    means[b] /= static_cast<double>(steps_in_batch);
    exponent += means[b] / count;
  }
  double squares = 0;
  for (std::size_t b = 0; b < batches; ++b) squares += (means[b] - exponent) * (means[b] - exponent);
  return {exponent, batches >= 8 ? std::sqrt(squares / (count * (count - 1))) : nan, batches * steps_in_batch};
}

void Growth::add(double log_growth) {
  steps_ += endings::growth_stretch;
  sums_.add(log_growth);
}

LyapunovEstimate Growth::estimate() const { return sums_.mean_of_last(sums_.count(), endings::growth_stretch); }

std::optional<LyapunovEstimate> Growth::chaos() const {
  if (steps() < endings::chaotic_steps) return std::nullopt;
  const LyapunovEstimate found = estimate();
  if (!(found.exponent > endings::chaotic_exponent) || !(found.exponent > endings::chaotic_errors * found.error)) {
    return std::nullopt;
  }
  return found;
}

}  // namespace equipoise
