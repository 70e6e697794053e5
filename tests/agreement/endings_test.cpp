// Every ending of run() against that of the cell of an ensemble, for scalar, vector, isotropic and matrix problems.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/spectral.hpp"

namespace equipoise::endings_test {
namespace {

constexpr double tolerances[] = {0, 1e-12, 1e-6, 1e-2};

int trials() {
  const char* const given = std::getenv("EQUIPOISE_TRIALS");
  return given != nullptr ? std::max(1, std::atoi(given)) : 2000;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  double uniform(double from, double to) { return std::uniform_real_distribution<double>(from, to)(bits_); }
  Index whole(Index from, Index to) {
    return from + static_cast<Index>(bits_() % static_cast<std::uint64_t>(to - from + 1));
  }
  std::uint64_t seed() { return bits_(); }

 private:
  std::mt19937_64 bits_;
};

// Where in the range of rates a run lies, and from how far out it starts, in units of sqrt(sigma_1).
struct Plan {
  double h_times_sigma1 = 0, rate_times_L = 0;  // one of them
  double size = 1, imbalance = 1;
  std::uint64_t max_steps = 3000;
  double tolerance = 0;
};
Plan plan_of(Random& random, int trial, bool matrix) {
  Plan plan;
  plan.tolerance = tolerances[random.whole(0, 3)];
  const int part = trial % 20;
  if (part < 7) {
    plan.rate_times_L = std::exp(random.uniform(std::log(0.1), std::log(5.0)));
    plan.size = random.uniform(0.3, 2.5);
    plan.imbalance = random.uniform(0.5, 2);
  } else if (part < 12) {  // where cycles attract
    plan.h_times_sigma1 = random.uniform(1.02, 1.27);
    plan.size = random.uniform(0.6, 1.1);
    plan.imbalance = random.uniform(0.9, 1.1);
    plan.max_steps = random.whole(0, 2) == 0 ? 1100 : 4100;
  } else if (part < 15 || (part < 18 && matrix)) {  // and where chaos does
    plan.h_times_sigma1 = random.uniform(1.32, 1.6);
    plan.size = random.uniform(0.6, 0.9);
    plan.imbalance = random.uniform(0.97, 1.03);
    plan.max_steps = 20032;
  } else {
    plan.h_times_sigma1 = random.uniform(0.8, 2.4);
    plan.size = random.uniform(0.3, 1.5);
    plan.imbalance = random.uniform(0.8, 1.2);
  }
  return plan;
}

// What both say of one run.
struct Both {
  Record record;
  TinyEnd end;
};

// Counts, and compares.
class Comparison {
 public:
  void compare(const Both& both, const std::string& about) {
    SCOPED_TRACE(about);
    const Verdict& verdict = both.record.verdict;
    const TinyEnd& end = both.end;
    const bool alike = end.outcome == verdict.outcome;
    // An exact zero of the gradient, where nothing else ends a run, is rounding's doing.
    const bool exactly = both.record.settings.tolerance == 0 &&
                         (verdict.outcome == Outcome::converged || end.outcome == Outcome::converged);
    // A proof holds whatever the growth was, but says nothing of when.
    if (!verdict.reproducible || verdict.growth > reproducible_growth || exactly) {
      ++irreproducible_;
      // Digits are lost on the way, and another place is reached; what is scheduled is not.
      if (!alike) {
        ++astray_;
        return;
      }
      if (verdict.outcome == Outcome::chaotic) compare_chaos(verdict, end);
      return;
    }
    // At a loose tolerance a minimiser at the edge of stability may be met before or after it becomes a stable one.
    if (!alike && both.record.settings.tolerance >= 1e-2 && verdict.outcome == Outcome::exhausted &&
        std::abs(std::abs(end.multiplier) - 1) < 10 * both.record.settings.tolerance) {
      ++at_edge_;
      return;
    }
    EXPECT_EQ(name(end.outcome), name(verdict.outcome)) << verdict.why << "; growth " << verdict.growth;
    if (!alike) return;
    switch (verdict.outcome) {
      case Outcome::periodic:
        ++periodic_;
        EXPECT_EQ(end.steps, verdict.step);
        EXPECT_EQ(end.period, verdict.period);
        EXPECT_NEAR(end.multiplier, verdict.multiplier, 1e-6 * std::abs(verdict.multiplier) + 1e-9);
        EXPECT_NEAR(end.lyapunov, verdict.lyapunov, 1e-6 * std::abs(verdict.lyapunov) + 1e-8);
        EXPECT_NEAR(verdict.lyapunov, std::log(std::abs(verdict.multiplier)) / verdict.period, 1e-12);
        break;
      case Outcome::chaotic:
        compare_chaos(verdict, end);
        break;
      case Outcome::converged:
        ++converged_;
        compare_convergence(both);
        break;
      case Outcome::diverged:
        ++diverged_;
        EXPECT_EQ(end.steps, verdict.step) << "growth " << verdict.growth << ": " << verdict.why;
        EXPECT_EQ(end.proved, verdict.proved);
        break;
      default:
        ++exhausted_;
        EXPECT_EQ(end.steps, verdict.step);
    }
  }

  /// `cycles`: there are problems of this kind that have attracting ones.
  void report(const std::string& kind, bool cycles) const {
    std::cout << fmt::format(
        "{}: converged {} (of which at another step {}, and {} more at the edge of stability), periodic {}, chaotic "
        "{}, diverged {}, exhausted {}; rounding "
        "decides {} more, of which {} ended otherwise\n",
        kind, converged_, other_step_, at_edge_, periodic_, chaotic_, diverged_, exhausted_, irreproducible_, astray_);
    if (converged_ + periodic_ + chaotic_ + diverged_ + exhausted_ == 0) GTEST_SKIP() << "nothing was compared";
    const int share = trials() / 10;
    if (cycles) {
      EXPECT_GE(periodic_, share);
    }
    EXPECT_GE(chaotic_, share);
    EXPECT_GE(converged_, share);
    EXPECT_GE(diverged_, share / 5);
    EXPECT_LE(other_step_ + at_edge_, converged_ / 100);
    EXPECT_LE(astray_, 1 + irreproducible_ / 4);
  }

 private:
  void compare_chaos(const Verdict& verdict, const TinyEnd& end) {
    ++chaotic_;
    EXPECT_EQ(end.steps, verdict.step);
    const double error = std::hypot(verdict.lyapunov_error, end.lyapunov_error);
    EXPECT_NEAR(end.lyapunov, verdict.lyapunov, 6 * error + 2e-3);
  }

  void compare_convergence(const Both& both) {
    const Verdict& verdict = both.record.verdict;
    const TinyEnd& end = both.end;
    EXPECT_EQ(name(end.limit), name(verdict.limit)) << verdict.why;
    const double loose = 10 * both.record.settings.tolerance;
    EXPECT_NEAR(end.lyapunov, verdict.lyapunov, 1e-6 + loose);
    EXPECT_NEAR(end.multiplier, verdict.multiplier, 1e-6 + loose) << verdict.why;
    const auto apart = std::abs(static_cast<double>(end.steps) - static_cast<double>(verdict.step));
    // The gradient's rounding errors, relative to the tolerance, over what it falls by in a step.
    const double falls = std::max(1e-6, -std::log(std::min(0.999999, std::abs(verdict.multiplier))));
    const double by_rounding = 1e-14 / both.record.settings.tolerance / falls * std::exp(std::max(0.0, verdict.growth));
    if (apart > std::ceil(by_rounding)) {
      ++other_step_;
      std::cout << fmt::format("  steps {} and {} (tolerance {:g}, multiplier {:.6g}, growth {:.3g})\n", end.steps,
                               verdict.step, both.record.settings.tolerance, verdict.multiplier, verdict.growth);
    }
  }

  int converged_ = 0, periodic_ = 0, chaotic_ = 0, diverged_ = 0, exhausted_ = 0;
  int irreproducible_ = 0, astray_ = 0, other_step_ = 0, at_edge_ = 0;
};

// `start` is scaled so that |X| = size imbalance sqrt(sigma_1), |Y| = size / imbalance sqrt(sigma_1).
Factors scaled(Factors start, const Plan& plan, double sigma1) {
  const double root = std::sqrt(sigma1);
  return with_norms(std::move(start), plan.size * plan.imbalance * root, plan.size / plan.imbalance * root);
}
double rate_of(const Problem& problem, const Factors& start, const Plan& plan, double sigma1) {
  if (plan.h_times_sigma1 > 0) return plan.h_times_sigma1 / sigma1;
  return plan.rate_times_L / sharpness(problem, start).value;
}
RunSettings settings_of(const Plan& plan) {
  RunSettings settings;
  settings.max_steps = plan.max_steps;
  settings.tolerance = plan.tolerance;
  settings.sample_every = 1000000;
  return settings;
}

enum class Kind { scalar, vector, isotropic };

// Starts near the direction in which a balanced run stays, so that many are bounded beyond the edge.
Factors start_of(Kind kind, Index length, bool aligned, Random& random) {
  Factors start = gaussian_factors(
      kind == Kind::isotropic ? Shape{length, length, 1} : Shape{1, 1, kind == Kind::scalar ? 1 : length},
      random.seed());
  if (!aligned) return start;
  if (kind == Kind::isotropic) {  // exactly on a line: beside it no cycle attracts, and beyond the edge all diverge
    start.flat().setZero();
    start.X()(0, 0) = 1;
    start.Y()(0, 0) = random.uniform(0.97, 1.03);
    return start;
  }
  const double own = start.X().norm() / start.Y().norm();
  for (Index i = 0; i < start.X().size(); ++i)
    start.Y().data()[i] = start.X().data()[i] + 0.05 * own * start.Y().data()[i];
  return start;
}

void compare_tiny(Kind kind, const std::string& called, std::uint64_t seed) {
  SCOPED_TRACE(seed);
  Random random(seed);
  Comparison comparison;
  for (int trial = 0; trial < trials(); ++trial) {
    const Plan plan = plan_of(random, trial, false);
    const double mu = (random.whole(0, 1) == 0 ? 1 : -1) * random.uniform(0.3, 2);
    const Index length = kind == Kind::scalar ? 1 : random.whole(2, 4);
    Factors start = scaled(start_of(kind, length, plan.h_times_sigma1 > 0, random), plan, std::abs(mu));
    if (mu < 0) start.Y() *= -1;
    const Index n = kind == Kind::isotropic ? length : 1;
    const std::unique_ptr<Problem> problem = dense_problem(mu * Matrix::Identity(n, n));
    const double h = rate_of(*problem, start, plan, std::abs(mu));
    const Vector x = Eigen::Map<const Vector>(start.X().data(), length),
                 y = Eigen::Map<const Vector>(start.Y().data(), length);
    TinyRun cell = kind == Kind::scalar   ? tiny_scalar(mu, x[0], y[0], h)
                   : kind == Kind::vector ? tiny_vector(mu, x, y, h)
                                          : tiny_isotropic(mu, x, y, h);
    cell.max_steps = plan.max_steps;
    cell.tolerance = plan.tolerance;
    Both both;
    run_batch({&cell, 1}, {&both.end, 1});
    both.record = run(*problem, start, h, settings_of(plan));
    comparison.compare(
        both, fmt::format("{} trial {}: mu {:a} h {:a} tolerance {:g} length {} max_steps {} x {:a} y {:a}", called,
                          trial, mu, h, plan.tolerance, length, plan.max_steps, x[0], y[0]));
  }
  comparison.report(called, kind != Kind::isotropic);
}

TEST(Endings, OfScalarsAreThoseOfRun) { compare_tiny(Kind::scalar, "scalar", 101); }
TEST(Endings, OfVectorsAreThoseOfRun) { compare_tiny(Kind::vector, "vector", 102); }
TEST(Endings, OfIsotropicProblemsAreThoseOfRun) { compare_tiny(Kind::isotropic, "isotropic", 103); }

TEST(Endings, OfMatricesAreThoseOfRun) {
  const std::uint64_t seed = 104;
  SCOPED_TRACE(seed);
  Random random(seed);
  Comparison comparison;
  for (int trial = 0; trial < trials(); ++trial) {
    const Plan plan = plan_of(random, trial, true);
    const Index rows = random.whole(2, 6), cols = random.whole(2, 4), rank = random.whole(1, 3);
    const Index least = std::min(rows, cols);
    const Factors sides = gaussian_factors({rows, cols, least}, random.seed());
    Vector values(least);
    for (Index i = 0; i < least; ++i) values[i] = i == 0 ? 1 : random.uniform(0.05, 0.8);
    std::sort(values.begin(), values.end(), std::greater<>());
    const Eigen::MatrixXd left = thin_qr(sides.X()).orthonormal, right = thin_qr(sides.Y()).orthonormal;
    const double scale = random.uniform(0.3, 3);
    const Matrix A = scale * left * values.asDiagonal() * right.transpose();
    Factors start = gaussian_factors({rows, cols, rank}, random.seed());
    if (plan.h_times_sigma1 > 0) {  // near the minimiser in which every pair is balanced
      const Index fitted = std::min(rank, least);
      start.flat() *= 0.03;
      for (Index i = 0; i < fitted; ++i) {
        start.X().col(i) += std::sqrt(values[i]) * left.col(i);
        start.Y().col(i) += std::sqrt(values[i]) * right.col(i);
      }
      start.flat() *= plan.size * std::sqrt(scale);
    } else {
      start = scaled(std::move(start), plan, scale);
    }
    const std::unique_ptr<Problem> problem = dense_problem(A);
    const double h = rate_of(*problem, start, plan, scale);
    const SpectralCoordinates own = spectral_coordinates(A, start);
    const SmallFamily family(*own.problem, own.start.shape(), own.values, own.squares_at_rest);
    const SmallStart small{own.start, Matrix()};
    const SmallRun cell{&small, 1, 1, h, plan.max_steps, plan.tolerance};
    Both both;
    run_small_batch(family, {&cell, 1}, {&both.end, 1});
    both.record = run(*problem, start, h, settings_of(plan));
    comparison.compare(both, fmt::format("matrix trial {}: {} x {} rank {} h {:a} tolerance {:g} max_steps {}", trial,
                                         rows, cols, rank, h, plan.tolerance, plan.max_steps));
  }
  comparison.report("matrix", true);
}

}  // namespace
}  // namespace equipoise::endings_test
