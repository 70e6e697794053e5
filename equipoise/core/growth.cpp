// Sums that are joined in pairs when there are too many, and batch means.
#include "equipoise/core/growth.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "equipoise/core/endings.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {
constexpr std::size_t most_sums_of_growth = 1024;
}  // namespace

void Growth::add(double log_growth) {
  steps_ += endings::growth_stretch;
  open_sum_ += log_growth;
  if (++stretches_in_open_sum_ < stretches_per_sum_) return;
  sums_.push_back(open_sum_);
  open_sum_ = 0;
  stretches_in_open_sum_ = 0;
  if (sums_.size() < most_sums_of_growth) return;
  for (std::size_t i = 0; i < most_sums_of_growth / 2; ++i) sums_[i] = sums_[2 * i] + sums_[2 * i + 1];
  sums_.resize(most_sums_of_growth / 2);
  stretches_per_sum_ *= 2;
}

LyapunovEstimate Growth::estimate() const {
  const std::size_t groups = std::min<std::size_t>(32, sums_.size());
  if (groups == 0) return {nan, nan, 0};
  const std::size_t group_size = sums_.size() / groups;
  const std::uint64_t steps_in_group = group_size * stretches_per_sum_ * endings::growth_stretch;
  std::array<double, 32> means{};
  auto sum = sums_.end() - static_cast<std::ptrdiff_t>(groups * group_size);
  double exponent = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t i = 0; i < group_size; ++i) means[g] += *sum++;
    means[g] /= static_cast<double>(steps_in_group);
    exponent += means[g];
  }
  const double count = static_cast<double>(groups);
  exponent /= count;
  double squares = 0;
  for (std::size_t g = 0; g < groups; ++g) squares += (means[g] - exponent) * (means[g] - exponent);
  return {exponent, groups >= 8 ? std::sqrt(squares / (count * (count - 1))) : nan, groups * steps_in_group};
}

std::optional<LyapunovEstimate> Growth::chaos() const {
  if (steps() < endings::chaotic_steps) return std::nullopt;
  const LyapunovEstimate found = estimate();
  if (!(found.exponent > endings::chaotic_exponent) || !(found.exponent > endings::chaotic_errors * found.error)) {
    return std::nullopt;
  }
  return found;
}

}  // namespace equipoise
