// The tracked sharpness against a dense eigensolver, along runs and where eigenvalues cross.
#include "equipoise/core/tracker.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::tracker_test {
namespace {

double largest(const Problem& problem, ConstFactors at) {
  const Vector all = hessian_spectrum(problem, at);
  return all.size() > 0 ? all[all.size() - 1] : 0;
}

TEST(Tracker, FollowsARunFromItsWildBeginningToItsEnd) {
  for (const Shape shape : {Shape{20, 14, 3}, Shape{9, 30, 2}, Shape{12, 12, 1}}) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " rank " << shape.rank);
    const auto problem = dense_problem(gaussian_factors({shape.rows, 0, shape.cols}, 3).X());
    Factors z = with_norms(gaussian_factors(shape, 4), 9, 1);
    const double h = 3 / sharpness(*problem, z).value;
    SharpnessTracker tracker(*problem);
    int smooth_products = 0;
    for (int measurement = 0; measurement < 60; ++measurement) {
      const int before = tracker.products();
      const Sharpness tracked = tracker.measure(z);
      const double exact = largest(*problem, z);
      EXPECT_LE(tracked.value, exact * (1 + 1e-12)) << measurement;
      EXPECT_GE(tracked.value, exact * (1 - 1e-4)) << measurement;
      EXPECT_LE(tracked.residual, 1e-3 * exact * (1 + 1e-12));
      if (measurement >= 40) smooth_products += tracker.products() - before;
      std::vector<StepTrace> trace(20);
      problem->advance(z, h, trace);
    }
    EXPECT_LE(smooth_products, 40);  // 20 measurements
  }
}

// The eigenvector followed stays exact while another eigenvalue overtakes: no residual tells of it.
TEST(Tracker, AnEigenvalueThatOvertakesIsFoundAtTheNextLookElsewhere) {
  const auto problem = dense_problem(Matrix::Zero(2, 2));
  // With A = 0 and d = 2, X = diag(a, b), Y = 0: the Hessian is X^T X on Y, with the eigenvalues a^2 and b^2.
  const auto at = [](double a, double b) {
    Factors z({2, 2, 2});
    z.X()(0, 0) = a;
    z.X()(1, 1) = b;
    return z;
  };
  SharpnessTracker tracker(*problem, 1e-3, 10);
  EXPECT_NEAR(tracker.measure(at(2, 1)).value, 4, 1e-9);
  double value = 0;
  for (int k = 0; k < 10; ++k) value = tracker.measure(at(2, 3)).value;
  EXPECT_NEAR(value, 9, 1e-4);
}

// Images of directions are carried along and not computed again. What the last direction adds is small near the end:
// did its image have a rounding error as large as the whole image's, the climb would never settle there.
TEST(Tracker, WhatIsCarriedAlongServesUpToTheLastDigits) {
  for (const Index rank : {1, 2}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      SCOPED_TRACE(::testing::Message() << "rank " << rank << " seed " << seed);
      const Shape shape{60, 50, rank};
      const auto problem = dense_problem(gaussian_factors({shape.rows, 0, shape.cols}, seed).X());
      Factors z = gaussian_factors(shape, seed + 10);
      SharpnessTracker tracker(*problem, 1e-11);
      tracker.measure(z);
      const int before = tracker.products();
      for (int measurement = 0; measurement < 20; ++measurement) {
        z.flat() *= 1.0001;
        const Sharpness tracked = tracker.measure(z);
        const double exact = largest(*problem, z);
        EXPECT_NEAR(tracked.value, exact, 1e-12 * exact);
        EXPECT_LE(tracked.residual, 1e-11 * exact);
      }
      EXPECT_LE(tracker.products() - before, 20 * 20);  // from scratch it would be 75 a measurement
    }
  }
}

TEST(Tracker, SmallSizesAndWhatIsNotFinite) {
  const auto one = dense_problem(Matrix::Constant(1, 1, 1));
  SharpnessTracker tiny(*one);
  Factors z({1, 1, 1});
  z.X()(0, 0) = 2;
  z.Y()(0, 0) = 1;
  EXPECT_NEAR(tiny.measure(z).value, largest(*one, z), 1e-12);
  EXPECT_NEAR(tiny.measure(z).value, largest(*one, z), 1e-12);
  const auto problem = dense_problem(Matrix::Identity(4, 4));
  SharpnessTracker none(*problem);
  EXPECT_EQ(none.measure(Factors({4, 4, 0})).value, 0);
  SharpnessTracker tracker(*problem);
  Factors at = gaussian_factors({4, 4, 2}, 1);
  EXPECT_TRUE(std::isfinite(tracker.measure(at).value));
  Factors broken = at;
  broken.X()(0, 0) = NAN;
  EXPECT_TRUE(std::isnan(tracker.measure(broken).value));
  EXPECT_NEAR(tracker.measure(at).value, largest(*problem, at), 1e-3);
  // At zero the Hessian of A = 0 is zero.
  const auto zero = dense_problem(Matrix::Zero(3, 3));
  SharpnessTracker at_zero(*zero);
  EXPECT_EQ(at_zero.measure(Factors({3, 3, 1})).value, 0);
  EXPECT_EQ(at_zero.measure(Factors({3, 3, 1})).value, 0);
}

}  // namespace
}  // namespace equipoise::tracker_test
