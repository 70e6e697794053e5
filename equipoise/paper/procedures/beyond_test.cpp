// Past the edge: the proved 2-cycle, the exponent of a cycle, and a basin counted by the formula of its boundary.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_beyond_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(Beyond, OrbitsAndBasinsAreTheProvedOnes) {
  const Measured found = measured("beyond", {{"m_count", 12.0},
                                             {"probes", Numbers{1.1}},
                                             {"orbit_steps", 20000.0},
                                             {"last", 2000.0},
                                             {"basin_side", 80.0},
                                             {"basin_shown", 20.0},
                                             {"basin_steps", 4000.0}});
  const ResultTable& orbits = found.table("orbits");
  std::size_t cycles = 0;
  for (const Row& row : orbits.rows) {
    if (word(orbits, row, "stage") != "2-cycle") continue;
    ++cycles;
    // q is a root of q^2 - (m + 1) q + 1.
    const double half = (number(orbits, row, "m") + 1) / 2, root = std::sqrt(half * half - 1);
    EXPECT_NEAR(number(orbits, row, "lowest"), half - root, 1e-6);
    EXPECT_NEAR(number(orbits, row, "highest"), half + root, 1e-6);
    EXPECT_EQ(number(orbits, row, "period"), 2);
    // The exponent of a cycle of two is half the logarithm of its multiplier along x = y.
    const double along = 9 - 8 * half * half;
    EXPECT_NEAR(number(orbits, row, "exponent"), std::log(std::abs(along)) / 2, 1e-3 + 0.02 * std::abs(along));
  }
  EXPECT_GE(cycles, 2u);
  const ResultTable& basins = found.table("basins");
  for (const Row& row : basins.rows) {
    const double m = number(basins, row, "m");
    double inside = 0;
    for (int j = 0; j < 80; ++j) {
      for (int i = 0; i < 80; ++i) {
        const double x = -2.6 + 5.2 / 80 * (i + 0.5), y = -2.6 + 5.2 / 80 * (j + 0.5);
        inside += x * x + y * y - m * x * y + m * m < 4 ? 1 : 0;
      }
    }
    EXPECT_EQ(number(basins, row, "cells"), 6400);
    EXPECT_EQ(number(basins, row, "inside"), inside) << m;
    EXPECT_EQ(number(basins, row, "disagreements"), 0) << m;
  }
}

}  // namespace
}  // namespace equipoise::procedure_beyond_test
