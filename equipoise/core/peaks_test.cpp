// Against the largest value of every stretch, looked up in the whole run.
#include "equipoise/core/peaks.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace equipoise::peaks_test {
namespace {

TEST(Peaks, HoldTheLargestValueOfEveryStretch) {
  for (const std::uint64_t steps : {0, 1, 2, 255, 256, 257, 511, 512, 5000, 100000}) {
    const auto value = [](std::uint64_t k) { return std::abs(std::sin(static_cast<double>(k * k))); };
    Peaks peaks;
    for (std::uint64_t k = 0; k < steps; ++k) peaks.see(k, value(k));
    if (steps > 3) peaks.see(steps - 3, value(steps - 3));  // a step that is taken again
    EXPECT_LE(peaks.largest().size(), 256u);
    for (std::size_t i = 0; i < peaks.largest().size(); ++i) {
      double want = 0;
      for (std::uint64_t k = i * peaks.length(); k < std::min(steps, (i + 1) * peaks.length()); ++k)
        want = std::max(want, value(k));
      EXPECT_EQ(peaks.largest()[i], want) << steps << " steps, stretch " << i;
    }
    EXPECT_TRUE(steps == 0 || peaks.length() * peaks.largest().size() >= steps);
  }
}

}  // namespace
}  // namespace equipoise::peaks_test
