// Verdicts proved before a run: the exceptional starts of theorem 2, and thousands of runs around the critical curve.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/ridge.hpp"
#include "equipoise/theory/scalar.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise::forecast_test {
namespace {

Forecast forecast_of(const Matrix& A, const Matrix& X, const Matrix& Y, double h) {
  const auto problem = plain_dense_problem(A);
  const Factors start(X, Y);
  const double sigma1 = A.size() > 0 ? singular_values(A)[0] : 0;
  return forecast(Situation{*problem, start, h, 1.0, sigma1, std::nullopt, &A});
}
Forecast scalar_forecast(double mu, double x, double y, double h = 1) {
  return forecast_of(Matrix::Constant(1, 1, mu), Matrix::Constant(1, 1, x), Matrix::Constant(1, 1, y), h);
}
bool says(const Forecast& forecast, const std::string& words) {
  return forecast.sentence.find(words) != std::string::npos;
}

// CE1: inside, u + v is not zero, and yet the first step lands on the line of the saddle.
TEST(Forecast, LandsOnTheSaddleThoughInside) {
  const Forecast forecast = scalar_forecast(0.5, 1, 1.5);
  EXPECT_EQ(forecast.outcome, Outcome::converged);
  EXPECT_EQ(forecast.limit, Limit::saddle);
  EXPECT_TRUE(forecast.limit_surely);
  // One bit beside it nothing is exceptional, and nothing is promised for this very start.
  const Forecast beside = scalar_forecast(0.5, 1, std::nextafter(1.5, 2));
  EXPECT_EQ(beside.outcome, Outcome::converged);
  EXPECT_EQ(beside.limit, Limit::minimiser);
  EXPECT_TRUE(beside.outcome_surely);
  EXPECT_FALSE(beside.limit_surely);
  EXPECT_TRUE(says(beside, "for almost every start"));
}

// CE2: outside, and an exact minimiser after one step.
TEST(Forecast, LandsOnAMinimiserThoughOutside) {
  const Forecast forecast = scalar_forecast(0, 2, 1);
  EXPECT_EQ(forecast.outcome, Outcome::converged);
  EXPECT_EQ(forecast.limit, Limit::minimiser);
  EXPECT_TRUE(says(forecast, "at step 1"));
  EXPECT_TRUE(says(forecast, "unstable"));
}

// CE3: exceptional for -27/40 and 4/5, which are not doubles: for the doubles nearest to them only "almost every" is
// true.
TEST(Forecast, DecimalsThatAreNotDoublesAreNotExceptional) {
  const Forecast forecast = scalar_forecast(-27.0 / 40, 2, 0.8);
  EXPECT_EQ(forecast.outcome, Outcome::diverged);
  EXPECT_FALSE(forecast.outcome_surely);
  EXPECT_TRUE(says(forecast, "almost every"));
  EXPECT_TRUE(says(forecast, "never converges to a stable minimiser"));
}

// CE4: the same in three dimensions, at once.
TEST(Forecast, LandsOnAMinimiserInThreeDimensions) {
  const Forecast forecast = forecast_of(Matrix::Constant(1, 1, 1), Matrix{{2, 0, 1}}, Matrix{{-1, 1, 0}}, 1);
  EXPECT_EQ(forecast.outcome, Outcome::converged);
  EXPECT_TRUE(says(forecast, "at step 1"));
  EXPECT_TRUE(says(forecast, "unstable"));
}

// CE5: m = 3, where the sign of E says nothing: E < 0 although delta > 3.
TEST(Forecast, TheEllipseMeansNothingBeyondTwo) {
  for (const double x : {2.5, 2.6, 3.0}) {
    SCOPED_TRACE(x);
    const Delta state = Delta::of_vectors(3, Vector{{x}}, Vector{{x}});
    EXPECT_LT(state.E(1), 0);
    EXPECT_GT(state.delta(1), 3);
    EXPECT_EQ(region(state, 1), Region::outside);
    EXPECT_EQ(scalar_forecast(3, x, x).outcome, Outcome::diverged);
  }
  // On the balanced segment itself delta = m, and nothing is claimed.
  EXPECT_FALSE(scalar_forecast(3, 1.5, 1.5).outcome.has_value());
}

TEST(Forecast, SureMinimiserAndSaddleLine) {
  EXPECT_TRUE(scalar_forecast(0.5, 0.5, 0.6).limit_surely);
  EXPECT_EQ(scalar_forecast(0.5, 0.5, 0.6).statement, "scalar.minimiser");
  EXPECT_EQ(scalar_forecast(0.5, 0.5, -0.5).limit, Limit::saddle);
  EXPECT_EQ(scalar_forecast(-0.5, 0.5, 0.5).limit, Limit::saddle);
  EXPECT_EQ(scalar_forecast(1.5, 0.1, -0.1).limit, Limit::saddle);
  EXPECT_EQ(scalar_forecast(0.5, 2, -2).outcome, Outcome::diverged);
  EXPECT_TRUE(scalar_forecast(0.5, 2, -2).outcome_surely);
  EXPECT_EQ(scalar_forecast(0, 0.5, 0.1).limit, Limit::minimiser);
  const Forecast beyond = scalar_forecast(1.4, 0.5, 0.25);
  EXPECT_FALSE(beyond.outcome.has_value());
  EXPECT_EQ(beyond.excluded.size(), 2u);
  EXPECT_TRUE(scalar_forecast(1, 10, 10).outcome_surely);  // lemma E
}

TEST(Forecast, SilentWhereNothingCanBeSaid) {
  const Matrix one = Matrix::Ones(1, 1);
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(forecast_of(one, nan * one, one, 1).outcome.has_value());
  EXPECT_FALSE(forecast_of(nan * one, one, one, 1).outcome.has_value());
  EXPECT_FALSE(forecast_of(one, one, one, nan).outcome.has_value());
  EXPECT_FALSE(forecast_of(one, one, one, -1).outcome.has_value());
  EXPECT_FALSE(forecast_of(Matrix(0, 0), Matrix(0, 2), Matrix(0, 2), 1).outcome.has_value());
  EXPECT_FALSE(forecast_of(one, Matrix(1, 0), Matrix(1, 0), 1).outcome.has_value());
  EXPECT_FALSE(forecast_of(Matrix{{2, 0}, {0, 1}}, Matrix::Ones(2, 1), Matrix::Ones(2, 1), 0.1).outcome.has_value());
  EXPECT_EQ(forecast_of(Matrix{{2, 0}, {0, 1}}, Matrix::Zero(2, 1), Matrix::Zero(2, 1), 0.1).limit, Limit::saddle);
  EXPECT_EQ(forecast_of(Matrix::Zero(2, 3), Matrix::Zero(2, 1), Matrix::Zero(3, 1), 0.1).limit, Limit::minimiser);
  // rank(A) = 1 with d = 1 is not the scalar problem.
  EXPECT_FALSE(forecast_of(Matrix{{1, 0}, {0, 0}}, Matrix{{1}, {0.5}}, Matrix{{0.3}, {0.2}}, 0.2).outcome.has_value());
  const auto problem = plain_dense_problem(one);
  EXPECT_THROW(forecast(Situation{*problem, Factors(Shape{2, 1, 1}), 1, 1, 1, std::nullopt}), Error);
  const auto ridge = ridge_problem(plain_dense_problem(one), 0.1);
  const Factors start(one, one);
  EXPECT_FALSE(forecast(Situation{*ridge, start, 1, 1, 1, std::nullopt}).outcome.has_value());
}

TEST(Forecast, UnitsDoNotMatter) {
  // Powers of two carry every verdict to any scale, where products would leave the range of double.
  for (const int k : {-480, -200, 0, 200, 480}) {
    SCOPED_TRACE(k);
    const double c = std::ldexp(1.0, k);
    const double cc = std::ldexp(1.0, 2 * k);
    EXPECT_EQ(scalar_forecast(cc * 0.5, c * 1, c * 1.5, 1 / cc).limit, Limit::saddle);
    EXPECT_EQ(scalar_forecast(cc * 1, c * 9, c * 1, 0.0491 / cc).outcome, Outcome::diverged);
    EXPECT_EQ(scalar_forecast(cc * 1, c * 9, c * 1, 0.0489 / cc).outcome, Outcome::converged);
    const Matrix A = cc * Matrix::Identity(3, 3);
    EXPECT_EQ(forecast_of(A, c * Matrix{{9}, {0}, {0}}, c * Matrix{{0}, {1}, {0}}, 0.0444 / cc).outcome,
              Outcome::converged);
    EXPECT_EQ(forecast_of(A, c * Matrix{{9}, {0}, {0}}, c * Matrix{{0}, {1}, {0}}, 0.06 / cc).outcome,
              Outcome::diverged);
    EXPECT_EQ(forecast_of(A, c * Matrix{{0.1}, {0}, {0}}, c * Matrix{{0}, {0.2}, {0}}, 1.5 / cc).statement,
              "any.necessary-rate");
    EXPECT_EQ(forecast_of(A, c * Matrix{{9}, {0}, {0}}, c * Matrix{{9}, {0}, {0}}, 10 / cc).statement,
              "any.divergence");
  }
}

// Every start of a grid of short dyadic numbers, against exact steps of u and v themselves.
TEST(Forecast, LandingsOnAGridOfShortNumbers) {
  int minimisers = 0;
  int saddles = 0;
  for (int mu = -8; mu <= 8; ++mu) {
    for (int x = -12; x <= 12; ++x) {
      for (int y = -12; y <= 12; ++y) {
        const double A = mu / 8.0;
        Exact u(x / 4.0);
        Exact v(y / 4.0);
        std::optional<Landing> expected;
        for (std::uint64_t step = 0; step <= 4 && !expected; ++step) {
          const Exact r = Exact(A) - u * v;
          const Exact line = mu < 0 ? u - v : u + v;
          if (r.sign() == 0) expected = Landing{Landing::Where::minimiser, step};
          if (r.sign() != 0 && line.sign() == 0 && mu != 0) expected = Landing{Landing::Where::saddle_line, step};
          const Exact before = u;
          u = u + r * v;
          v = v + r * before;
        }
        const auto found = landing(A, Vector{{x / 4.0}}, Vector{{y / 4.0}}, 1);
        ASSERT_EQ(found.has_value(), expected.has_value()) << A << " " << x << " " << y;
        if (!found) continue;
        EXPECT_EQ(found->where, expected->where) << A << " " << x << " " << y;
        EXPECT_EQ(found->step, expected->step) << A << " " << x << " " << y;
        ++(found->where == Landing::Where::minimiser ? minimisers : saddles);
      }
    }
  }
  EXPECT_GT(minimisers, 100);
  EXPECT_GT(saddles, 100);
}

// Below delta = 1 a minimiser is sure; between 1 and 1 + sqrt(1 - m^2) it is there for almost every start, and this is
// all that is told.
TEST(Forecast, IsotropicMinimisersAreSureBelowDeltaOneAlone) {
  const Matrix A = Matrix::Identity(3, 3);
  const Matrix X{{9}, {0}, {0}};
  const Matrix Y{{0}, {1}, {0}};
  const Delta state = Delta::of_isotropic(A, X.col(0), Y.col(0));
  const double at_one = Delta::largest_rate([&](double h) { return state.delta_versus(h, 1) < 0; });
  for (const double part : {0.5, 0.999, 1.001, 1.5, 1.9}) {
    SCOPED_TRACE(part);
    const Forecast told = forecast_of(A, X, Y, part * at_one);
    EXPECT_EQ(told.outcome, Outcome::converged);
    EXPECT_EQ(told.limit, Limit::minimiser);
    EXPECT_EQ(told.limit_surely, part < 1);
    EXPECT_EQ(told.outcome_surely, part < 1);
    EXPECT_EQ(says(told, "almost every"), part > 1);
  }
}

// Sure divergence is told as sure by whichever of the three tests fires, in agreement with the finding any.divergence.
TEST(Forecast, SureDivergenceIsToldAsSure) {
  EXPECT_TRUE(scalar_forecast(3, 2.5, 2.5).outcome_surely);  // min(x^2, y^2) > 2 + m alone
  EXPECT_EQ(scalar_forecast(3, 2.5, 2.5).statement, "any.divergence");
  const Forecast column = forecast_of(Matrix{{1, 0}, {0, 0.5}}, Matrix{{2}, {0}}, Matrix{{0}, {2}}, 1);
  EXPECT_EQ(column.outcome, Outcome::diverged);
  EXPECT_TRUE(column.outcome_surely);
  EXPECT_TRUE(says(column, "min(|x|^2, |y|^2)"));
  // The same norms at rank 2: the short test speaks of rank one alone.
  EXPECT_FALSE(forecast_of(Matrix{{1, 0}, {0, 0.5}}, Matrix{{2, 0}, {0, 0}}, Matrix{{0, 0}, {2, 0}}, 1).outcome_surely);
}

TEST(CriticalRates, EachWithItsKind) {
  const auto rates_of = [](const Matrix& A, const Matrix& X, const Matrix& Y, double L, double sigma1) {
    const auto problem = plain_dense_problem(A);
    const Factors start(X, Y);
    return critical_rates(Situation{*problem, start, 1e-3, L, sigma1, std::nullopt, &A});
  };
  const auto find = [](const std::vector<CriticalRate>& rates, std::string_view id, RateKind kind) {
    for (const CriticalRate& rate : rates) {
      if (rate.statement == id && rate.kind == kind) return rate.rate;
    }
    return -1.0;
  };
  // The paper's setting at n = 3, x and y at right angles: S = 82, mu = 1, p = 0.
  const auto isotropic = rates_of(Matrix::Identity(3, 3), Matrix{{9}, {0}, {0}}, Matrix{{0}, {1}, {0}}, 84.9, 1);
  EXPECT_NEAR(find(isotropic, "isotropic.sufficient-rate", RateKind::sufficient), 84.0 / (42 * 42 + 1), 1e-15);
  EXPECT_GE(find(isotropic, "isotropic.sufficient-rate", RateKind::sufficient), 4.0 / (82 + 4));
  EXPECT_NEAR(find(isotropic, "isotropic.critical-rate", RateKind::necessary), 8 / (82 + std::sqrt(82.0 * 82 + 16)),
              1e-15);
  EXPECT_LT(find(isotropic, "isotropic.critical-rate", RateKind::sufficient),
            find(isotropic, "isotropic.critical-rate", RateKind::necessary));
  EXPECT_GE(find(isotropic, "isotropic.critical-rate", RateKind::sufficient),
            find(isotropic, "isotropic.sufficient-rate", RateKind::sufficient));
  EXPECT_NEAR(find(isotropic, "frobenius.rate", RateKind::sufficient), 4.0 / 86, 1e-16);
  EXPECT_EQ(find(isotropic, "any.necessary-rate", RateKind::necessary), 1);
  EXPECT_EQ(find(isotropic, "classical.two-over-L", RateKind::reference), 2 / 84.9);
  for (const CriticalRate& rate : isotropic) {
    EXPECT_EQ(rate.standing == Standing::conjecture, rate.statement == "frobenius.rate");
  }
  const auto scalar =
      rates_of(Matrix::Constant(1, 1, 2), Matrix::Constant(1, 1, 0.1), Matrix::Constant(1, 1, 0.1), 2, 2);
  EXPECT_EQ(find(scalar, "scalar.critical-rate", RateKind::exact), std::nextafter(0.5, 0));
  const auto nothing = rates_of(Matrix::Zero(2, 2), Matrix::Zero(2, 1), Matrix::Zero(2, 1), 0, 0);
  for (const CriticalRate& rate : nothing) EXPECT_EQ(rate.rate, infinity) << rate.statement;
  const auto ridge = ridge_problem(plain_dense_problem(Matrix::Ones(1, 1)), 0.1);
  const Factors start(Matrix::Ones(1, 1), Matrix::Ones(1, 1));
  EXPECT_TRUE(critical_rates(Situation{*ridge, start, 1, 1, 1, std::nullopt}).empty());
}

}  // namespace
}  // namespace equipoise::forecast_test
