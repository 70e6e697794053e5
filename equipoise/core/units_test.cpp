// A run in other units is the same run, bit by bit.
#include "equipoise/core/units.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::units_test {
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
  settings.sharpness_every = 50;
  settings.top_eigenvalues = 2;
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
    ASSERT_EQ(back.samples.size(), plain.samples.size());
    for (std::size_t i = 0; i < plain.samples.size(); ++i) {
      EXPECT_EQ(back.samples[i].loss, plain.samples[i].loss);
      EXPECT_EQ(back.samples[i].gradient_norm, plain.samples[i].gradient_norm);
      EXPECT_EQ(back.samples[i].norm_x, plain.samples[i].norm_x);
      EXPECT_EQ(back.samples[i].norm_y, plain.samples[i].norm_y);
      EXPECT_EQ(back.samples[i].imbalance, plain.samples[i].imbalance);
      ASSERT_EQ(back.samples[i].eigenvalues.size(), plain.samples[i].eigenvalues.size());
      for (std::size_t k = 0; k < plain.samples[i].eigenvalues.size(); ++k) {
        EXPECT_NEAR(back.samples[i].eigenvalues[k], plain.samples[i].eigenvalues[k],
                    1e-6 * plain.samples[i].eigenvalues[0]);
      }
    }
    EXPECT_EQ(back.balance_start.norm_x, plain.balance_start.norm_x);
    EXPECT_EQ(back.balance_end.norm_y, plain.balance_end.norm_y);
    EXPECT_NEAR(back.norm, plain.norm, 1e-14 * plain.norm);
    EXPECT_NEAR(back.sharpness_end.value, plain.sharpness_end.value, 1e-10 * plain.sharpness_end.value);
    EXPECT_NEAR(back.sigma1, plain.sigma1, 1e-12 * plain.sigma1);
  }
}

TEST(Units, CyclesKeepTheirLosses) {
  const Units units{7};
  const Factors start(Matrix::Constant(1, 1, 1.2), Matrix::Constant(1, 1, 0.9));
  const Record plain = run(*dense_problem(Matrix::Ones(1, 1)), start, 1.2);
  ASSERT_EQ(plain.verdict.cycle_losses.size(), 2U);
  Factors scaled_start = start;
  for (double& value : scaled_start.flat()) value = units.factor(value);
  const Record there = run(*dense_problem(Matrix::Constant(1, 1, units.matrix(1))), scaled_start, units.rate(1.2));
  EXPECT_EQ(in_users_units(there, units).verdict.cycle_losses, plain.verdict.cycle_losses);
}

}  // namespace
}  // namespace equipoise::units_test
