// A run in other units is the same run, bit by bit.
#include "equipoise/core/units.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise {
namespace {

TEST(Units, OnlyForMagnitudesThatNeedThem) {
  for (const double fine : {0.0, 1.0, 1e-40, 1e40}) EXPECT_EQ(natural_units(fine, 0).exponent, 0);
  EXPECT_EQ(natural_units(0, 0).exponent, 0);
  for (const double extreme : {1e-150, 1e-300, 1e60, 1e150, 1e300}) {
    const Units units = natural_units(extreme, 0);
    const double inside = units.matrix(extreme);
    EXPECT_GE(inside, 0.5);
    EXPECT_LE(inside, 4);
    EXPECT_EQ(units.matrix_to_users(inside), extreme);
  }
  EXPECT_NE(natural_units(0, 1e100).exponent, 0);
}

TEST(Units, SameBitsAfterAChange) {
  const Matrix A = gaussian_factors({4, 0, 3}, 1).X();
  const Factors start = gaussian_factors({4, 3, 2}, 2);
  RunSettings settings;
  settings.max_steps = 300;
  const Record plain = run(*dense_problem(A), start, 0.05, settings);
  for (const int e : {-3, 8}) {
    const Units units{e};
    Matrix scaled = A;
    for (double& value : scaled.reshaped()) value = units.matrix(value);
    Factors scaled_start = start;
    for (double& value : scaled_start.flat()) value = units.factor(value);
    const Record back = in_users_units(run(*dense_problem(scaled), scaled_start, units.rate(0.05), settings), units);
    EXPECT_EQ(back.steps, plain.steps);
    EXPECT_EQ(back.loss_end, plain.loss_end);
    EXPECT_EQ(back.learning_rate, plain.learning_rate);
    EXPECT_EQ(back.verdict.outcome, plain.verdict.outcome);
    EXPECT_EQ(back.verdict.step, plain.verdict.step);
    EXPECT_EQ(back.last.flat(), plain.last.flat());
    EXPECT_EQ(back.balance_end.imbalance, plain.balance_end.imbalance);
    EXPECT_EQ(back.samples.back().gradient_norm, plain.samples.back().gradient_norm);
    EXPECT_NEAR(back.sharpness_end.value, plain.sharpness_end.value, 1e-10 * plain.sharpness_end.value);
    EXPECT_NEAR(back.sigma1, plain.sigma1, 1e-12 * plain.sigma1);
  }
}

}  // namespace
}  // namespace equipoise
