// Verdicts proved before a run: the exceptional starts of theorem 2, and thousands of runs around the critical curve.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/lab/scalar.hpp"
#include "equipoise/lab/theory.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/ridge.hpp"

namespace equipoise {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Forecast forecast_of(const Matrix& A, const Matrix& X, const Matrix& Y, double h) {
  const auto problem = plain_dense_problem(A);
  const Factors start(X, Y);
  const double sigma1 = A.size() > 0 ? singular_values(A)[0] : 0;
  return forecast(Situation{*problem, start, h, 1.0, sigma1, std::nullopt});
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

// Plain descent on one number; the test's own loop, so that it does not lean on the driver.
enum class Seen { converged, diverged, neither };
template <int n>
Seen simulate(double mu, std::array<double, n> u, std::array<double, n> v, double h, long steps) {
  // Where h |mu| is far below 1 the slowest mode contracts by no more than 1 - 2 h |mu| a step.
  for (long k = 0; k < steps; ++k) {
    double p = 0;
    double S = 0;
    for (int i = 0; i < n; ++i) {
      p += u[i] * v[i];
      S += u[i] * u[i] + v[i] * v[i];
    }
    const double r = h * (mu - p);
    if (h * S > 1e8) return Seen::diverged;
    if (std::abs(r) < 1e-11 && h * S < 2) return Seen::converged;
    for (int i = 0; i < n; ++i) {
      const double x = u[i];
      u[i] += r * v[i];
      v[i] += r * x;
    }
  }
  return Seen::neither;
}

template <int n>
void around_the_curve(int trials, std::uint64_t seed) {
  Generator random(seed);
  int inside = 0;
  int outside = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const double mu = random.normal() * std::pow(10, 4 * random.uniform() - 2);
    std::array<double, n> u, v;
    Matrix X(1, n), Y(1, n);
    for (int i = 0; i < n; ++i) {
      X(0, i) = u[i] = random.normal() * std::pow(10, 3 * random.uniform() - 1);
      Y(0, i) = v[i] = random.normal() * std::pow(10, 3 * random.uniform() - 1);
    }
    const Delta state = Delta::of_vectors(mu, X.row(0).transpose(), Y.row(0).transpose());
    const double critical =
        Delta::largest_rate([&](double h) { return state.m_versus(h, 2) < 0 && state.delta_versus(h, 2) < 0; });
    const double distance = std::pow(10, -12 + 11 * random.uniform());
    const double h = critical * (trial % 2 == 0 ? 1 - distance : 1 + distance);
    if (h * std::abs(mu) > 0.99) continue;
    const Forecast told = forecast_of(Matrix::Constant(1, 1, mu), X, Y, h);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << " trial " << trial << " distance " << distance << ": "
                                      << told.sentence);
    const Seen seen = simulate<n>(mu, u, v, h, 1000000000);
    ASSERT_TRUE(told.outcome.has_value());
    ASSERT_EQ(*told.outcome == Outcome::converged, trial % 2 == 0);
    ASSERT_EQ(seen, trial % 2 == 0 ? Seen::converged : Seen::diverged);
    ++(trial % 2 == 0 ? inside : outside);
  }
  EXPECT_GT(inside, trials / 4);
  EXPECT_GT(outside, trials / 4);
}
// EQUIPOISE_TRIALS=1000000 asks for a million runs of either kind; EQUIPOISE_SEED for other ones.
int trials(int usual) {
  const char* text = std::getenv("EQUIPOISE_TRIALS");
  return text != nullptr ? std::atoi(text) : usual;
}
std::uint64_t seed(std::uint64_t usual) {
  const char* text = std::getenv("EQUIPOISE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : usual;
}
TEST(Forecast, MatchesRunsAroundTheCurveForOneNumber) { around_the_curve<1>(trials(14000), seed(11)); }
TEST(Forecast, MatchesRunsAroundTheCurveForVectors) { around_the_curve<3>(trials(6000), seed(12)); }

TEST(CriticalRates, EachWithItsKind) {
  const auto rates_of = [](const Matrix& A, const Matrix& X, const Matrix& Y, double L, double sigma1) {
    const auto problem = plain_dense_problem(A);
    const Factors start(X, Y);
    return critical_rates(Situation{*problem, start, 1e-3, L, sigma1, std::nullopt});
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
}  // namespace equipoise
