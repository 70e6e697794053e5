// The plain loop against the theorems; orbits, budgets, exceptional starts and mistakes.
#include "equipoise/ensemble/tiny/ensemble.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"
#include "equipoise/ensemble/tiny/test_tiny_ends.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::tiny_ensemble_test {
namespace {

using namespace test_tiny_ends;

// Theorem 2: below m = 1 a run converges inside the ellipse E = 0 and diverges outside, and never anything else.
TEST(TinyEnsemble, OutcomesAreThoseOfTheTheorem) {
  const unsigned seed = 12;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  Runs runs;
  std::vector<double> E;
  while (runs.size() < 20000) {
    const double mu = uniform(-2, 2);
    const double h = uniform(0.01, 0.95) / std::max(std::abs(mu), 0.3);
    const double x = uniform(-3, 3) / std::sqrt(h);
    const double y = uniform(-3, 3) / std::sqrt(h);
    const double m = h * std::abs(mu);
    const double p = h * x * y * (mu < 0 ? -1 : 1);
    const double e = h * (x * x + y * y) - m * p + m * m - 4;
    if (m > 0.97 || m < 0.01 || std::abs(e) < 1e-6) continue;
    runs.push_back(tiny_scalar(mu, x, y, h));
    E.push_back(e);
  }
  const Ends ends = ends_of(runs, batch_targets().front());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    SCOPED_TRACE(fmt::format("{} mu {:a} x {:a} y {:a} h {:a}", i, runs[i].mu, runs[i].x[0], runs[i].y[0], runs[i].h));
    ASSERT_EQ(name(ends[i].outcome), E[i] < 0 ? "converged" : "diverged");
    if (ends[i].outcome == Outcome::converged) {
      EXPECT_LE(ends[i].sharpness * runs[i].h, 2 + 1e-6);
      EXPECT_NEAR(ends[i].product, runs[i].mu, 1e-11 * std::abs(runs[i].mu));
    } else {
      EXPECT_TRUE(ends[i].proved);
    }
  }
}

// The transient of a start close inside the ellipse is chaotic and long: it must never be called chaos, whatever the
// budget.
TEST(TinyEnsemble, ATransientIsNotChaos) {
  Runs runs;
  for (int i = 0; i < 400; ++i) {
    const double m = 0.9;
    const double angle = 0.01 + i * 0.0157;
    // S - m p = 4 - m^2 along the angle, then 1e-12 inside.
    const double radius = std::sqrt((4 - m * m) / (1 - m * std::cos(angle) * std::sin(angle))) * (1 - 1e-12);
    runs.push_back(tiny_scalar(0.9, radius * std::cos(angle), radius * std::sin(angle), 1));
    runs.back().max_steps = i % 2 == 0 ? 40 : 60000;
  }
  for (const TinyEnd& end : ends_of(runs, batch_targets().front())) {
    EXPECT_TRUE(end.outcome == Outcome::converged || end.outcome == Outcome::exhausted) << name(end.outcome);
  }
  for (const TinyEnd& end : ends_of(mixed(3000, 77))) EXPECT_NE(end.outcome, Outcome::stopped);
}

// Just beyond h |mu| = 2 a balanced run wanders over what was its invariant interval, with an exponent near log 3, and
// leaves it after thousands of steps or more: it is never called chaotic.
TEST(TinyEnsemble, ADivergingRunThatLingersIsNotChaos) {
  Runs runs;
  for (const double beyond : {1e-12, 1e-8, 1e-6}) {
    for (const double start : {0.3, 0.32, 0.35, 0.38, 0.41}) {
      runs.push_back(tiny_scalar(1, start, start, 2 + beyond));
      runs.back().max_steps = 300000;
    }
  }
  int lingered = 0;
  for (const TinyEnd& end : ends_of(runs, batch_targets().front())) {
    EXPECT_TRUE(end.outcome == Outcome::diverged || end.outcome == Outcome::exhausted) << name(end.outcome);
    lingered += end.steps > 10000 ? 1 : 0;
  }
  EXPECT_GE(lingered, 7);
}

TEST(TinyEnsemble, ExceptionalStarts) {
  const TinyEnd saddle = end_of(tiny_scalar(0.5, 1, 1.5, 1));  // CE1: lands on the line to the saddle
  EXPECT_EQ(saddle.outcome, Outcome::converged);
  EXPECT_EQ(saddle.limit, Limit::saddle);
  EXPECT_NEAR(saddle.lyapunov, std::log(1.5), 1e-14);
  EXPECT_NEAR(saddle.multiplier, 1.5, 1e-14);
  const TinyEnd landed = end_of(tiny_scalar(0, 2, 1, 1));  // CE2: an exact minimiser after one step, unstable
  EXPECT_EQ(landed.outcome, Outcome::converged);
  EXPECT_EQ(landed.steps, 1U);
  EXPECT_EQ(landed.loss, 0);
  EXPECT_EQ(landed.sharpness, 9);
  EXPECT_NEAR(landed.lyapunov, std::log(8), 1e-14);
  for (const double x_squared : {2.5, 2.6}) {  // CE5
    EXPECT_EQ(end_of(tiny_scalar(3, std::sqrt(x_squared), std::sqrt(x_squared), 1)).outcome, Outcome::diverged);
  }
  const TinyEnd at_once = end_of(tiny_scalar(1, 2, 0.5, 0.1));
  EXPECT_EQ(at_once.outcome, Outcome::converged);
  EXPECT_EQ(at_once.steps, 0U);
  const TinyEnd zero = end_of(tiny_scalar(1, 0, 0, 0.1));
  EXPECT_EQ(zero.limit, Limit::saddle);
  EXPECT_EQ(zero.steps, 0U);
  EXPECT_EQ(zero.ratio, 1);
  EXPECT_DOUBLE_EQ(zero.loss, 0.5);
  // A tiny start leaves the saddle although its gradient is below any tolerance; a start beside the line to the saddle
  // visits it.
  EXPECT_EQ(end_of(tiny_scalar(1, 1e-14, 1e-14, 0.5)).limit, Limit::minimiser);
  EXPECT_EQ(end_of(tiny_scalar(1, 2, -2 * (1 - 1e-15), 0.15)).limit, Limit::minimiser);
  EXPECT_EQ(end_of(tiny_scalar(1, 2, -2, 0.15)).limit, Limit::saddle);
  // Within the tolerance of the saddle for many looks, and gone in the end.
  EXPECT_EQ(end_of(tiny_scalar(1, 1e-15, 1e-15, 0.01)).limit, Limit::minimiser);
}

TEST(TinyEnsemble, BudgetsAndTolerances) {
  TinyRun run = tiny_scalar(1, 3, 1, 0.1);
  run.max_steps = 0;
  EXPECT_EQ(end_of(run).outcome, Outcome::exhausted);
  EXPECT_EQ(end_of(run).steps, 0U);
  EXPECT_DOUBLE_EQ(end_of(run).norm_x, 3);
  run = tiny_scalar(1, 1, 1, 0.1);
  run.max_steps = 0;
  EXPECT_EQ(end_of(run).outcome, Outcome::converged);
  run = tiny_scalar(1, 1.5, 0.5, 0.1);
  const TinyEnd free = end_of(run);
  for (const std::uint64_t budget : {free.steps - 1, free.steps, free.steps + 1}) {
    run.max_steps = budget;
    const TinyEnd end = end_of(run);
    EXPECT_EQ(end.outcome, budget < free.steps ? Outcome::exhausted : Outcome::converged);
    EXPECT_EQ(end.steps, std::min(budget, free.steps));
  }
  run.tolerance = 0;
  run.max_steps = 1000;
  EXPECT_EQ(end_of(run).steps, 1000U);
  run.tolerance = 1e-3;
  EXPECT_LT(end_of(run).steps, free.steps / 2);
}

TEST(TinyEnsemble, UnitsDoNotMatter) {
  // mu -> c mu, h -> h / c, x, y -> sqrt(c) x, y: for c a power of 4 every scaled number is the same.
  const double scale = std::ldexp(1.0, 498);  // about 1e150
  for (const double c : {scale, 1 / scale}) {
    const double root = std::sqrt(c);
    for (const auto& [mu, x, y, h] :
         {std::tuple{1.0, 2.0, 0.7, 0.3}, std::tuple{-1.0, 0.3, 0.5, 1.3}, std::tuple{1.0, 4.0, 2.0, 0.5}}) {
      TinyRun plain = tiny_scalar(mu, x, y, h);
      TinyRun scaled = tiny_scalar(c * mu, root * x, root * y, h / c);
      plain.max_steps = scaled.max_steps = 20000;
      const TinyEnd a = end_of(plain);
      const TinyEnd b = end_of(scaled);
      EXPECT_EQ(a.outcome, b.outcome);
      EXPECT_EQ(a.steps, b.steps);
      if (a.outcome != Outcome::diverged) {
        EXPECT_DOUBLE_EQ(a.sharpness * c, b.sharpness);
      }
      EXPECT_DOUBLE_EQ(a.product * c, b.product);
      EXPECT_DOUBLE_EQ(a.norm_x * root, b.norm_x);
      EXPECT_DOUBLE_EQ(a.ratio, b.ratio);
    }
  }
  // Beyond the range of double there is no proof and no number, but an outcome.
  for (const TinyRun& run :
       {tiny_scalar(1, 1e200, 1e200, 1), tiny_scalar(1e300, 1, 1, 1e300), tiny_scalar(1, 1e308, 1e-300, 1e10)}) {
    for (const std::string& target : batch_targets()) {
      const TinyEnd end = ends_of({run}, target).front();
      EXPECT_EQ(end.outcome, Outcome::diverged);
      EXPECT_TRUE(std::isnan(end.sharpness));
    }
  }
}

TEST(TinyEnsemble, MistakesAreErrors) {
  TinyEnd end;
  const auto run_one = [&](const TinyRun& run) { run_batch(std::span(&run, 1), std::span(&end, 1)); };
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(run_one(tiny_scalar(bad, 1, 1, 0.1)), Error);
    EXPECT_THROW(run_one(tiny_scalar(1, bad, 1, 0.1)), Error);
    EXPECT_THROW(run_one(tiny_scalar(1, 1, -bad, 0.1)), Error);
    EXPECT_THROW(run_one(tiny_scalar(1, 1, 1, bad)), Error);
    EXPECT_THROW(run_one(tiny_isotropic(1, bad, 1, 1, 0, 0.1)), Error);
  }
  EXPECT_THROW(run_one(tiny_scalar(1, 1, 1, 0)), Error);
  EXPECT_THROW(run_one(tiny_scalar(1, 1, 1, -1)), Error);
  EXPECT_THROW(run_one(tiny_isotropic(1, 0, 1, 1, 0, 0.1)), Error);
  TinyRun run = tiny_scalar(1, 1, 1, 0.1);
  run.tolerance = 2;
  EXPECT_THROW(run_one(run), Error);
  run = tiny_scalar(1, 1, 1, 0.1);
  EXPECT_NO_THROW(run_one(tiny_scalar(1e308, 1e308, 1e308, 1)));  // a sum that overflows is no mistake
  EXPECT_THROW(run_batch(std::span(&run, 1), {}), Error);
  EXPECT_THROW(run_batch(std::span(&run, 1), std::span(&end, 1), {"no such target", true}), Error);
  EXPECT_THROW(tiny_vector(1, Vector::Zero(2), Vector::Zero(3), 0.1), Error);
  EXPECT_THROW(tiny_isotropic(1, Vector(), Vector(), 0.1), Error);
  try {
    run_one(tiny_scalar(1, 1, 1, 0));
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "cell 0: the learning rate must be positive and finite, not 0");
  }
}

// The 2-cycle's closed form, the doublings, and the exponents of chaos.
TEST(TinyEnsemble, BeyondTheEdge) {
  for (const double h : {1.1, 1.12, 1.2}) {
    const TinyEnd end = end_of(tiny_scalar(1, 1.2, 0.9, h));
    ASSERT_EQ(end.outcome, Outcome::periodic) << h;
    EXPECT_EQ(end.period, 2U);
    const double root = std::sqrt((h + 3) * (h - 1));
    const double expected = h * end.product > (h + 1) / 2 ? (h + 1 + root) / 2 : (h + 1 - root) / 2;
    EXPECT_NEAR(h * end.product, expected, 1e-9);
    const double along = 9 - 2 * (1 + h) * (1 + h);
    const double across = 3 - 2 * h;
    EXPECT_NEAR(std::abs(end.multiplier), std::max(std::abs(along), std::abs(across)), 1e-6);
    EXPECT_NEAR(end.lyapunov, std::log(std::abs(end.multiplier)) / 2, 1e-12);
  }
  EXPECT_EQ(end_of(tiny_scalar(1, 1.2, 0.9, 1.25)).period, 4U);
  EXPECT_EQ(end_of(tiny_scalar(-1, 1.2, -0.9, 1.29)).period, 8U);
  for (const auto& [h, exponent] : {std::pair{1.4, 0.34}, std::pair{1.8, 0.81}, std::pair{1.999, std::log(3)}}) {
    const TinyEnd end = end_of(tiny_scalar(1, 0.7, h < 1.9 ? 0.8 : 0.7, h));  // m = 2 leaves only x = y bounded
    EXPECT_EQ(end.outcome, Outcome::chaotic) << h;
    EXPECT_EQ(end.steps, 20032U);
    EXPECT_NEAR(end.lyapunov, exponent, 0.03);
    EXPECT_LT(end.lyapunov_error, 0.02);
  }
  TinyRun edge = tiny_scalar(1, 1.2, 0.9, 1 - 1e-4);
  edge.max_steps = 5000;
  EXPECT_EQ(end_of(edge).outcome, Outcome::exhausted);
  edge.h = 1;
  edge.max_steps = 30000;
  EXPECT_EQ(end_of(edge).outcome, Outcome::exhausted);  // m = 1: no claim
  edge.h = 1 + 1e-5;
  EXPECT_EQ(end_of(edge).outcome, Outcome::exhausted);
  edge.h = 1 + 1e-4;
  edge.max_steps = 60000;
  EXPECT_EQ(end_of(edge).outcome, Outcome::exhausted);  // the cycle closes, but its multiplier 1 - 8e-4 decides nothing
}

TEST(TinyEnsemble, OrbitsAreTheLastIterates) {
  Runs runs = mixed(300, 21);
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].max_steps = i < 200 ? 1003 : 30 + i % 3;
  for (const std::size_t last : {std::size_t{1}, std::size_t{7}, std::size_t{30}}) {
    std::vector<double> plain(runs.size() * last);
    record_orbits(runs, last, plain, {"scalar", true});
    for (const std::string& target : lanes()) {
      std::vector<double> orbits(runs.size() * last);
      record_orbits(runs, last, orbits, {target, true});
      for (std::size_t i = 0; i < orbits.size(); ++i) ASSERT_TRUE(same_bits(orbits[i], plain[i])) << i << " " << target;
    }
  }
  // Against the map itself in long double, and the products of the 2-cycle.
  TinyRun run = tiny_scalar(-0.7, 1.3, 0.4, 0.3);
  run.max_steps = 11;
  std::vector<double> orbit(12);
  record_orbits(std::span(&run, 1), 12, orbit);
  long double x = 1.3L, y = 0.4L;
  for (int k = 0; k < 12; ++k) {
    EXPECT_NEAR(orbit[static_cast<std::size_t>(k)], static_cast<double>(x * y), 1e-13);
    const long double r = -0.7L - x * y;
    const long double next = x + 0.3L * r * y;
    y += 0.3L * r * x;
    x = next;
  }
  run = tiny_scalar(1, 1.2, 0.9, 1.1);
  run.max_steps = 5000;
  record_orbits(std::span(&run, 1), 12, orbit);
  EXPECT_NEAR(orbit[0] * orbit[1] * 1.1 * 1.1, 1, 1e-12);  // q+ q- = 1
  EXPECT_EQ(orbit[0], orbit[2]);
  record_orbits(std::span(&run, 1), 0, {});
  record_orbits({}, 5, {});
  std::vector<double> too_many(5002);
  EXPECT_THROW(record_orbits(std::span(&run, 1), 5002, too_many), Error);
  EXPECT_THROW(record_orbits(std::span(&run, 1), 5, orbit), Error);
  run = tiny_scalar(1, 4, 4, 1);
  record_orbits(std::span(&run, 1), 12, orbit);
  for (const double value : orbit) EXPECT_TRUE(std::isnan(value));
}

// The shortcuts of Within against the distance itself, around the tolerance, at zero and at any scale whose squares are
// normal numbers.
TEST(TinyEnsemble, WithinIsTheDistance) {
  std::mt19937_64 random(61);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  const auto check = [&]<std::size_t S>(std::integral_constant<std::size_t, S>) {
    int inside = 0;
    for (int trial = 0; trial < 20000; ++trial) {
      const double tolerance = std::pow(10.0, uniform(-12, -6));
      const double scale = trial % 4 == 0 ? std::pow(10.0, uniform(-140, 100)) : 1;
      tiny::State<S> at, direction, z;
      for (double& each : at) each = trial % 50 == 0 ? 0 : scale * uniform(-2, 2);
      for (double& each : direction) each = trial % 3 == 0 && &each != &direction[0] ? 0 : uniform(-1, 1);
      const double share = trial % 2 == 0 ? uniform(0, 3) : 1 + uniform(-1e-3, 1e-3);
      const double apart = share * tolerance * tiny::length(at) / tiny::length(direction);
      for (std::size_t i = 0; i < S; ++i) z[i] = at[i] + apart * direction[i];
      const bool expected = tiny::distance(at, z) <= tolerance;
      inside += expected ? 1 : 0;
      ASSERT_EQ(tiny::Within<S>(at, tolerance)(z), expected) << S << " " << trial;
    }
    EXPECT_GT(inside, 5000);
    EXPECT_LT(inside, 15000);
  };
  check(std::integral_constant<std::size_t, 2>());
  check(std::integral_constant<std::size_t, 4>());
}

TEST(TinyEnsemble, LogarithmHasNoLibraryInIt) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 100000; ++i) {
    const double x = std::exp(std::uniform_real_distribution<double>(-700, 700)(random) * (i % 2 == 0 ? 1 : 1e-3));
    EXPECT_NEAR(log_of(x), std::log(x), 4e-16 * (1 + std::abs(std::log(x))));
    if (HasFailure()) return;
  }
  EXPECT_EQ(log_of(1), 0);
  EXPECT_NEAR(log_of(5e-324), std::log(5e-324), 1e-12);
  EXPECT_TRUE(std::isnan(log_of(0)) && std::isnan(log_of(-1)) && std::isnan(log_of(INFINITY)));
}

TEST(TinyEnsemble, TargetsHaveNames) {
  const std::vector<std::string> names = batch_targets();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.back(), "scalar");
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    EXPECT_GE(names.size(), 2U);
  }
#endif
}

}  // namespace
}  // namespace equipoise::tiny_ensemble_test
