// Values of axes against other arithmetic.
#include "equipoise/sweep/axis.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

namespace equipoise::axis_test {
namespace {

TEST(Axis, LinearValuesAreThoseOfNumpy) {
  const Axis axis{"h", AxisScale::linear, 0.01, 1.2, 4096, {}};
  const std::vector<double> values = axis.values();
  const double step = (1.2 - 0.01) / 4095;
  for (std::uint64_t i = 0; i < 4095; ++i) {
    volatile double product = static_cast<double>(i) * step;  // two roundings, not one
    ASSERT_EQ(values[i], product + 0.01) << i;
    ASSERT_EQ(values[i], axis.value(i)) << i;
  }
  EXPECT_EQ(values.back(), 1.2);
  EXPECT_EQ((Axis{"x0", AxisScale::linear, 2, 2, 1, {}}.values()), std::vector<double>{2});
  EXPECT_EQ((Axis{"seed", AxisScale::linear, 0, 3, 4, {}}.values()), (std::vector<double>{0, 1, 2, 3}));
}

TEST(Axis, LogarithmicValuesAreTheNearestDoubles) {
  const std::pair<double, double> ranges[] = {{0.01, 1.2},   {1e-9, 1e9}, {-7, -0.3}, {1, std::nextafter(1, 2) + 1e-12},
                                              {1e-90, 1e90}, {3, 3.5}};
  for (const auto& [from, to] : ranges) {
    const Axis axis{"x0", AxisScale::log, from, to, 1001, {}};
    const std::vector<double> values = axis.values();
    EXPECT_EQ(values.front(), from);
    EXPECT_EQ(values.back(), to);
    const long double quotient = std::log(static_cast<long double>(to) / static_cast<long double>(from));
    for (std::size_t i = 1; i < 1000; ++i) {
      const long double exact =
          static_cast<long double>(from) * std::exp(quotient * static_cast<long double>(i) / 1000);
      const long double ulp = std::abs(std::nextafter(values[i], 2 * values[i]) - values[i]);
      // The long double itself errs by some of its units, 2^-11 of ours, and by as much as its logarithm is large.
      const long double slack = 0.5L + 0x1p-9L * (1 + std::abs(quotient));
      ASSERT_LE(std::abs(static_cast<long double>(values[i]) - exact), slack * ulp) << from << " " << to << " " << i;
      ASSERT_LT(values[i - 1], values[i]);
      ASSERT_EQ(axis.value(i), values[i]);
    }
  }
}

}  // namespace
}  // namespace equipoise::axis_test
