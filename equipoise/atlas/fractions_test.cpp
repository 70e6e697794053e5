// Wilson's interval against values from elsewhere and its defining equation; counts on small grids by hand.
#include "equipoise/atlas/fractions.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/error.hpp"

namespace equipoise::fractions_test {
namespace {

TEST(Fractions, WilsonSolvesItsEquation) {
  constexpr double z = 1.959963984540054;
  for (const std::uint64_t n : {1u, 2u, 10u, 1000u, 1000000u}) {
    for (const std::uint64_t hits : {std::uint64_t{0}, n / 3, n / 2, n}) {
      const Share share = wilson_interval(hits, n);
      const double p = static_cast<double>(hits) / static_cast<double>(n);
      EXPECT_EQ(share.value, p);
      // The ends are the true shares from which p is z standard deviations away.
      for (const double end : {share.low, share.high}) {
        if (end == 0 || end == 1) continue;
        EXPECT_NEAR(std::abs(p - end), z * std::sqrt(end * (1 - end) / static_cast<double>(n)), 1e-12)
            << hits << " of " << n;
      }
      EXPECT_LE(share.low, p);
      EXPECT_GE(share.high, p);
    }
  }
  // 81 of 263, the example of Newcombe (1998).
  const Share known = wilson_interval(81, 263);
  EXPECT_NEAR(known.low, 0.2553, 5e-5);
  EXPECT_NEAR(known.high, 0.3662, 5e-5);
  EXPECT_NEAR(wilson_interval(0, 20).high, 0.1611, 5e-5);
  EXPECT_EQ(wilson_interval(0, 20).low, 0);
  EXPECT_EQ(wilson_interval(20, 20).high, 1);
  EXPECT_TRUE(std::isnan(wilson_interval(0, 0).value));
  EXPECT_THROW(wilson_interval(2, 1), Error);
}

TEST(Fractions, CountsAndSubGrids) {
  // 3 x 2 cells, first axis slow: columns of the picture are 1 1 | 4 1 | 4 0.
  const std::vector<std::uint8_t> outcome = {1, 1, 4, 1, 4, 0};
  Cells cells;
  cells.plane = {0, 2, 1, 3, 2};
  cells.outcome = outcome;
  const Fractions result = fractions(cells);
  EXPECT_EQ(result.cells, 6u);
  EXPECT_EQ(result.computed, 5u);
  EXPECT_EQ(result.outcomes[1].cells, 3u);
  EXPECT_EQ(result.outcomes[4].cells, 2u);
  EXPECT_EQ(result.outcomes[0].cells, 1u);
  EXPECT_NEAR(result.outcomes[1].share.value, 0.6, 1e-15);
  // Sub-grids: {1, 4}, {1, 0}, {4}, {1}: converged shares 1/2, 1, 0, 1.
  EXPECT_EQ(result.outcomes[1].spread, 1);
  EXPECT_TRUE(std::isnan(result.outcomes[0].spread));

  const std::vector<std::uint8_t> tiles = {1, 0};
  cells.computed = {tiles, 4};
  EXPECT_EQ(fractions(cells).computed, 4u);
  const std::vector<std::uint8_t> broken = {1, 1, 7, 1, 4, 0};
  cells.outcome = broken;
  EXPECT_THROW(fractions(cells), Error);
}

TEST(Fractions, OneCellAndNone) {
  const std::vector<std::uint8_t> outcome = {3};
  Cells cells;
  cells.plane = {0, 1, 1, 1, 1};
  cells.outcome = outcome;
  EXPECT_EQ(fractions(cells).outcomes[3].share.value, 1);
  EXPECT_TRUE(std::isnan(fractions(cells).outcomes[3].spread));
  cells.plane = {};
  EXPECT_EQ(fractions(cells).computed, 0u);
  EXPECT_TRUE(std::isnan(fractions(cells).outcomes[3].share.value));
}

}  // namespace
}  // namespace equipoise::fractions_test
