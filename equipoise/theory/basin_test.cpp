// Theorems G and P: where they fire the run must end at a global minimiser, and where they cannot they must be silent.
#include "equipoise/theory/basin.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise::basin_test {
namespace {

struct Descent {
  Matrix A;
  Factors z;
  double h;
  void step() {
    const Matrix R = A - z.X() * z.Y().transpose();
    const Matrix next_x = z.X() + h * R * z.Y();
    const Matrix next_y = z.Y() + h * R.transpose() * z.X();
    z.X() = next_x;
    z.Y() = next_y;
  }
};

TEST(Basin, FiringMeansAGlobalMinimiserWithinReach) {
  int gradient_fired = 0;
  int exact_fired = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    Generator random(seed);
    const auto rows = static_cast<Index>(1 + random.next() % 4);
    const auto cols = static_cast<Index>(1 + random.next() % 4);
    const auto rank = static_cast<Index>(1 + random.next() % 3);
    Matrix A(rows, cols);
    for (double& x : A.reshaped()) x = random.normal();
    const Vector singular = singular_values(A);
    Factors start = gaussian_factors(Shape{rows, cols, rank}, seed + 1000);
    start.flat() *= 0.5;
    const double h = (0.2 + 0.7 * random.uniform()) * 4 / (start.flat().squaredNorm() + 4 * singular[0]);
    Descent descent{A, start, h};
    const Index tail = std::max<Index>(singular.size() - rank, 0);
    const double least = singular.tail(tail).squaredNorm() / 2;
    bool g = false;
    bool p = false;
    Factors fired_at;
    double reach = 0;
    for (int k = 0; k < 4000; ++k) {
      if (k % 8 == 0) {
        const GradientBasin basin = gradient_basin(A, descent.z, h);
        if (basin.holds && !g) {
          fired_at = descent.z;
          reach = basin.reach;
        }
        EXPECT_FALSE(g && !basin.holds) << "the basin must hold further on";
        g = g || basin.holds;
        const ExactFitBasin fit = exact_fit_basin(A, descent.z, h);
        EXPECT_EQ(fit.known_range, rows <= rank || cols <= rank);
        p = p || fit.holds;
      }
      descent.step();
    }
    const double loss = (A - descent.z.X() * descent.z.Y().transpose()).squaredNorm() / 2;
    if (g || p) {
      EXPECT_NEAR(loss, least, 1e-10 * singular.squaredNorm());
    }
    if (g) {
      EXPECT_LE((descent.z.flat() - fired_at.flat()).norm(), reach * (1 + 1e-9) + 1e-12);
    }
    gradient_fired += g ? 1 : 0;
    exact_fired += p ? 1 : 0;
  }
  EXPECT_GT(gradient_fired, 60);
  EXPECT_GT(exact_fired, 50);
}

TEST(Basin, SilentAtASaddleAndWhereTheRateIsTooLarge) {
  const Matrix A{{2, 0}, {0, 1}};
  const Factors saddle(Matrix{{0}, {1}}, Matrix{{0}, {1}});  // the second singular pair
  EXPECT_FALSE(gradient_basin(A, saddle, 0.1).holds);
  const double root = std::sqrt(2.0);
  const Factors best(Matrix{{root}, {0}}, Matrix{{root}, {0}});
  EXPECT_TRUE(gradient_basin(A, best, 0.1).holds);
  EXPECT_FALSE(gradient_basin(A, best, 0.501).holds);  // h * sharpness = 2.004
  EXPECT_FALSE(
      gradient_basin(Matrix::Identity(2, 2), Factors(Matrix{{1}, {0}}, Matrix{{1}, {0}}), 0.1).holds);  // no gap
  const Factors fit(Matrix{{root, 0}, {0, 1}}, Matrix{{root, 0}, {0, 1}});
  EXPECT_TRUE(exact_fit_basin(A, fit, 0.1).holds);
  EXPECT_FALSE(exact_fit_basin(A, fit, 0.501).holds);
  EXPECT_FALSE(exact_fit_basin(A, best, 0.1).known_range);
  // A of rank one, whose range is known from its zeros.
  const Matrix one{{3, 0}, {0, 0}};
  EXPECT_TRUE(exact_fit_basin(one, Factors(Matrix{{1.7}, {0.01}}, Matrix{{1.7}, {0.02}}), 0.1).holds);
}

// At this minimiser a = b = 2, |R| = 1, so K lies between 1 and 4: by hand, kappa = max(|1 - h|, |1 - 4 h|).
TEST(Basin, FactorsAsComputedByHand) {
  const Matrix A{{2, 0}, {0, 1}};
  const double root = std::sqrt(2.0);
  const Factors best(Matrix{{root}, {0}}, Matrix{{root}, {0}});
  EXPECT_NEAR(gradient_basin(A, best, 0.45).kappa, 0.8, 1e-6);
  EXPECT_NEAR(gradient_basin(A, best, 0.1).kappa, 0.9, 1e-6);
  // x = y = 1 for A = (1): c = 1, P + Q = 2, R = 0; the bound is largest for a rho between 0 and 1.
  const Factors one(Matrix::Ones(1, 1), Matrix::Ones(1, 1));
  double largest = 0;
  for (double rho = 0.001; rho < 1; rho += 0.001) {
    const double lambda = root + rho;
    const double beta = lambda * lambda + root * rho + rho * rho / 2;
    largest = std::max(largest, rho * (1 - 0.25 * beta / 2) * (1 - rho));
  }
  EXPECT_NEAR(exact_fit_basin(Matrix::Ones(1, 1), one, 0.25).allowed, largest, 2e-3 * largest);
}

// Every term of theorem G for one number at x = y = 1.001, in scalar arithmetic.
TEST(Basin, TheContractionAsComputedByHand) {
  const double x = 1.001;
  for (const double h : {0.3, 0.6}) {
    const double PQ = 2 * x * x;
    const double tau = x * x - 1;
    const double g = std::sqrt(2.0) * tau * x;
    const double alpha0 = PQ - tau;
    const double beta0 = std::min(PQ + tau, PQ + 2 * g / x);
    const double first = std::max(std::abs(1 - h * alpha0), std::abs(1 - h * beta0));
    double expected = 0;
    for (const double stretch : {1.05, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0}) {
      const double rho = stretch * h * g / (1 - first);
      const double B = std::sqrt(PQ) + rho;
      expected = std::max(std::abs(1 - h * (alpha0 - 3 * B * rho)), std::abs(1 - h * (beta0 + 3 * B * rho))) +
                 1.5 * h * h * B * g;
      if (expected < 1 && h * g / (1 - expected) * (1 + 1e-3) <= rho) break;
    }
    ASSERT_LT(expected, 1);
    const GradientBasin basin =
        gradient_basin(Matrix::Ones(1, 1), Factors(Matrix::Constant(1, 1, x), Matrix::Constant(1, 1, x)), h);
    EXPECT_TRUE(basin.holds);
    EXPECT_NEAR(basin.kappa, expected, 1e-9);
  }
}

TEST(Basin, EmptyAndOverflow) {
  EXPECT_FALSE(gradient_basin(Matrix(0, 0), Factors(Shape{0, 0, 1}), 1).holds);
  EXPECT_FALSE(exact_fit_basin(Matrix::Ones(1, 1), Factors(Shape{1, 1, 0}), 1).holds);
  const Factors huge(Matrix::Constant(1, 1, 1e200), Matrix::Constant(1, 1, 1e200));
  EXPECT_TRUE(std::isnan(gradient_basin(Matrix::Ones(1, 1), huge, 1).kappa));
  EXPECT_TRUE(std::isnan(exact_fit_basin(Matrix::Ones(1, 1), huge, 1).residual));
}

}  // namespace
}  // namespace equipoise::basin_test
