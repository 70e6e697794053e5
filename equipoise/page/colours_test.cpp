// Shades of two outcomes are told apart by every kind of eye, maps are even and ascend: measured in other formulas than
// the colours were made by.
#include "equipoise/page/colours.hpp"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <numbers>

#include "equipoise/core/error.hpp"

namespace equipoise::colours_test {
namespace {

using Three = Eigen::Vector3d;

Three light_of(Rgb colour) {
  const auto decode = [](std::uint8_t level) {
    const double v = level / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return {decode(colour.red), decode(colour.green), decode(colour.blue)};
}

const Eigen::Matrix3d& xyz_of_light() {  // sRGB primaries, D65
  static const Eigen::Matrix3d matrix{
      {0.4124564, 0.3575761, 0.1804375}, {0.2126729, 0.7151522, 0.0721750}, {0.0193339, 0.1191920, 0.9503041}};
  return matrix;
}

// CIE 1976 L*a*b*.
Three lab_of(const Three& light) {
  const Three white = xyz_of_light() * Three::Ones();
  const Three xyz = (xyz_of_light() * light.cwiseMax(0)).cwiseQuotient(white);
  const auto f = [](double t) { return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116; };
  return {116 * f(xyz[1]) - 16, 500 * (f(xyz[0]) - f(xyz[1])), 200 * (f(xyz[1]) - f(xyz[2]))};
}

// What someone without one kind of cone (0 long, 1 middle, 2 short) sees as the same: the other two cones answer alike,
// and the missing one is put into the plane of grey and one primary that looks as it does to everyone (after Vienot,
// Brettel and Mollon 1999; cones of Smith and Pokorny).
Three as_seen(const Three& light, int missing) {
  static const Eigen::Matrix3d cones_of_xyz{
      {0.15514, 0.54312, -0.03286}, {-0.15514, 0.45684, 0.03286}, {0, 0, 0.01608}};
  const Eigen::Matrix3d cones = cones_of_xyz * xyz_of_light();
  const Three grey = cones * Three::Ones();
  const Three anchor = cones * (missing == 2 ? Three::UnitX() : Three::UnitZ());
  const Three normal = grey.cross(anchor);
  Three seen = cones * light;
  seen[missing] = 0;
  seen[missing] = -normal.dot(seen) / normal[missing];
  return cones.inverse() * seen;
}

double difference(Rgb one, Rgb other, int missing) {
  const Three a = missing < 0 ? light_of(one) : as_seen(light_of(one), missing);
  const Three b = missing < 0 ? light_of(other) : as_seen(light_of(other), missing);
  return (lab_of(a) - lab_of(b)).norm();
}

TEST(Colours, KnownOnes) {
  EXPECT_EQ(colour(1, 0, 0), (Rgb{255, 255, 255}));
  EXPECT_EQ(colour(0, 0.3, 120), (Rgb{0, 0, 0}));
  // Oklab of the primaries, computed from its definition with other software.
  EXPECT_EQ(colour(0.62796, 0.25768, 29.234), (Rgb{255, 0, 0}));
  EXPECT_EQ(colour(0.45201, 0.31321, 264.052), (Rgb{0, 0, 255}));
  EXPECT_EQ(hex({1, 160, 255}), "#01a0ff");
}

TEST(Colours, ChromaBeyondTheScreenIsLoweredAndHueKept) {
  const Rgb strong = colour(0.6, 5, 255);
  EXPECT_GT(strong.blue, 200);
  EXPECT_LT(strong.red, 60);
}

// A difference of 1 is about the least that is seen side by side; 5 is seen at a glance.
TEST(Colours, OutcomesAreToldApartByEveryEye) {
  constexpr std::size_t count = 50;
  std::array<std::vector<Rgb>, 6> shades;
  shades[0] = {not_computed_colour};
  for (std::uint8_t code = 1; code < 6; ++code) shades[code] = outcome_colours(code, count);
  for (int missing = -1; missing < 3; ++missing) {
    for (std::size_t one = 0; one < 6; ++one) {
      for (std::size_t other = one + 1; other < 6; ++other) {
        double least = 1000;
        for (const Rgb a : shades[one]) {
          for (const Rgb b : shades[other]) least = std::min(least, difference(a, b, missing));
        }
        EXPECT_GT(least, missing < 0 ? 12 : 5) << one << " and " << other << ", missing cone " << missing;
      }
    }
  }
}

TEST(Colours, ShadesOfAnOutcomeDarken) {
  for (std::uint8_t code = 1; code < 6; ++code) {
    const std::vector<Rgb> shades = outcome_colours(code, 50);
    ASSERT_EQ(shades.size(), 50u);
    for (std::size_t i = 1; i < shades.size(); ++i)
      EXPECT_LE(lab_of(light_of(shades[i]))[0], lab_of(light_of(shades[i - 1]))[0] + 0.6);
    EXPECT_LT(lab_of(light_of(shades.back()))[0], lab_of(light_of(shades.front()))[0] - 8);
  }
  EXPECT_EQ(outcome_colours(1, 1).size(), 1u);
  EXPECT_TRUE(outcome_colours(1, 0).empty());
  EXPECT_THROW(outcome_colours(0, 5), Error);
  EXPECT_THROW(outcome_colours(6, 5), Error);
}

TEST(Colours, TheSequentialMapAscendsEvenlyForEveryEye) {
  const std::vector<Rgb> map = sequential_colours(101);
  double least = 1000, most = 0;
  for (std::size_t i = 10; i < map.size(); i += 10) {
    const double step = difference(map[i - 10], map[i], -1);
    least = std::min(least, step);
    most = std::max(most, step);
    for (int missing = 0; missing < 3; ++missing) {
      EXPECT_GT(lab_of(as_seen(light_of(map[i]), missing))[0], lab_of(as_seen(light_of(map[i - 10]), missing))[0] + 2)
          << i << ' ' << missing;
    }
  }
  EXPECT_LT(most, 2.6 * least) << "CIELAB and Oklab differ by less than that";
  for (std::size_t i = 1; i < map.size(); ++i) EXPECT_NE(map[i], map[i - 1]);
}

TEST(Colours, TheDivergingMapIsNeutralInTheMiddleAndEvenOnBothSides) {
  const std::vector<Rgb> map = diverging_colours(253);
  const Three middle = lab_of(light_of(map[126]));
  EXPECT_GT(middle[0], 94);
  EXPECT_LT(std::hypot(middle[1], middle[2]), 1);
  for (std::size_t i = 1; i <= 126; ++i) {
    const double left = lab_of(light_of(map[126 - i]))[0], right = lab_of(light_of(map[126 + i]))[0];
    EXPECT_NEAR(left, right, 8) << i;
  }
  for (int missing = -1; missing < 3; ++missing) EXPECT_GT(difference(map.front(), map.back(), missing), 40) << missing;
}

}  // namespace
}  // namespace equipoise::colours_test
