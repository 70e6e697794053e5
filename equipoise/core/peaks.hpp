// The largest value in every stretch of a run, in bounded memory: the stretches widen as the run gets longer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace equipoise {

class Peaks {
 public:
  /// Steps may be told twice, and need not begin at 0.
  void see(std::uint64_t step, double value) {
    while (step / length_ >= most) widen();
    const auto at = static_cast<std::size_t>(step / length_);
    if (at >= largest_.size()) largest_.resize(at + 1, 0.0);
    largest_[at] = std::max(largest_[at], value);
  }
  /// Steps in a stretch; the i-th begins at i * length().
  std::uint64_t length() const { return length_; }
  const std::vector<double>& largest() const { return largest_; }

 private:
  static constexpr std::size_t most = 256;

  void widen() {
    for (std::size_t i = 0; 2 * i < largest_.size(); ++i)
      largest_[i] = std::max(largest_[2 * i], 2 * i + 1 < largest_.size() ? largest_[2 * i + 1] : 0.0);
    largest_.resize((largest_.size() + 1) / 2);
    length_ *= 2;
  }

  std::uint64_t length_ = 1;
  std::vector<double> largest_;
};

}  // namespace equipoise
