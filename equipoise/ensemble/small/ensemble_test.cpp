// Small problems in lanes: the bits of the plain loop on every target, and against run(), dense eigenvalues, Lemma E
// and closed forms.
#include "equipoise/ensemble/small/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/descent.hpp"
#include "equipoise/core/divergence.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/test_refusal.hpp"
#include "equipoise/ensemble/small/rules.hpp"
#include "equipoise/ensemble/small/test_small.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::small_ensemble_test {
namespace {

using namespace test_small;
using test_tiny_ends::Ends;
using test_tiny_ends::expect_same;
using test_tiny_ends::lanes;
using test_tiny_ends::same_bits;
using SmallRuns = std::vector<SmallRun>;

class Random {
 public:
  explicit Random(unsigned seed) : engine(seed) {}
  double uniform(double from, double to) { return std::uniform_real_distribution<double>(from, to)(engine); }
  template <class List>
  auto one_of(const List& list) {
    return std::data(list)[engine() % std::size(list)];
  }
  std::mt19937_64 engine;
};

SmallRuns random_runs(const Small& small, std::size_t count, Random& random) {
  const double tolerances[] = {0, 1e-12, 1e-12, 1e-9, 1e-6, 1e-3, 0.1, 1};
  const std::uint64_t budgets[] = {0, 1, 15, 16, 17, 63, 100, 255, 256, 257, 320, 500, 1000};
  SmallRuns runs;
  for (std::size_t i = 0; i < count; ++i) {
    const double scale = std::sqrt(small.sigma1()) * std::exp(random.uniform(-1, 1.2));
    SmallRun run = small.run(random.engine() % small.starts.size(), scale * std::exp(random.uniform(-1, 1)),
                             scale * std::exp(random.uniform(-1, 1)),
                             std::exp(random.uniform(-3, 0.7)) / small.sigma1(), random.one_of(budgets));
    run.tolerance = random.one_of(tolerances);
    if (random.engine() % 40 == 0) run.scale_x = 0;
    if (random.engine() % 40 == 0) run.scale_y = 0;
    if (random.engine() % 40 == 0) run.scale_x *= std::exp(random.uniform(-300, 300));
    runs.push_back(run);
  }
  return runs;
}

void expect_lanes_to_end_as(const Ends& plain, const Small& small, const SmallRuns& runs) {
  for (const std::string& target : lanes()) {
    SCOPED_TRACE(target);
    const Ends ends = small.ends(runs, target);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      SCOPED_TRACE(i);
      expect_same(ends[i], plain[i]);
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(SmallEnsemble, EveryTargetHasTheBitsOfThePlainLoop) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  Random random(seed);
  std::map<Outcome, int> seen;
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    const Small small = random_small(random.engine, 3);
    const SmallRuns runs = random_runs(small, random.engine() % 60, random);
    const Ends plain = small.ends(runs);
    for (const TinyEnd& end : plain) ++seen[end.outcome];
    expect_lanes_to_end_as(plain, small, runs);
    if (HasFailure()) return;
  }
  for (const Outcome outcome : {Outcome::converged, Outcome::diverged, Outcome::exhausted})
    EXPECT_GT(seen[outcome], 50);
}

// Cycles, chaos and what lingers take turns in lanes, with the tangent and without.
TEST(SmallEnsemble, LongRunsHaveTheBitsOfThePlainLoop) {
  const Small small(gaussian_matrix(3, 2, 2, 5), 1, 2, 7);
  const double root = std::sqrt(small.sigma1());
  SmallRuns runs;
  for (int i = 0; i < 70; ++i) {
    SmallRun run = small.run(i % 2, 0.4 * root, (0.3 + 0.01 * i) * root, (0.9 + 0.018 * i) / small.sigma1(),
                             i % 3 == 0 ? 20100 : 20032);
    if (i % 7 == 0) run.tolerance = 1e-3;
    runs.push_back(run);
  }
  const Ends plain = small.ends(runs);
  std::map<Outcome, int> seen;
  for (const TinyEnd& end : plain) ++seen[end.outcome];
  EXPECT_GT(seen[Outcome::periodic], 5);
  EXPECT_GT(seen[Outcome::chaotic], 5);
  expect_lanes_to_end_as(plain, small, runs);
}

TEST(SmallEnsemble, NeighboursDoNotMatter) {
  Random random(3);
  for (const auto& [rows, cols, rank] : {Shape{4, 3, 1}, Shape{5, 5, 2}, Shape{6, 9, 6}}) {
    const Small small(gaussian_matrix(rows, cols, std::min(rows, cols), 1), rank, 3, 2);
    const SmallRuns runs = random_runs(small, 45, random);
    const Ends together = small.ends(runs, "");
    for (std::size_t i = 0; i < runs.size(); ++i) expect_same(small.ends({runs[i]}, "").front(), together[i]);
    SmallRuns reversed(runs.rbegin(), runs.rend());
    const Ends backwards = small.ends(reversed, "");
    for (std::size_t i = 0; i < runs.size(); ++i) expect_same(backwards[runs.size() - 1 - i], together[i]);
  }
}

// The other arithmetic, the other coordinates and the other rules: the driver on A as it stands.
TEST(SmallEnsemble, EndsAreThoseOfRun) {
  Random random(11);
  std::map<Outcome, int> seen;
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    const Index rows = 1 + trial % 7, cols = 1 + trial % 5;
    const Small small(gaussian_matrix(rows, cols, std::min(rows, cols), static_cast<std::uint64_t>(trial)),
                      1 + trial % 3, 1, static_cast<std::uint64_t>(trial));
    const std::unique_ptr<Problem> problem = dense_problem(small.A);
    for (int i = 0; i < 4; ++i) {
      const double scale = std::sqrt(small.sigma1());
      const double h = std::exp(random.uniform(-2.5, 0.6)) / small.sigma1();
      const SmallRun run = small.run(0, scale * random.uniform(0.3, 3), scale * random.uniform(0.3, 3), h, 1500);
      const TinyEnd end = small.ends({run}, "").front();
      RunSettings settings;
      settings.max_steps = run.max_steps;
      const Record record = equipoise::run(*problem, small.natural(run), h, settings);
      if (!record.verdict.reproducible) continue;
      SCOPED_TRACE(record.verdict.why);
      ++seen[end.outcome];
      ASSERT_EQ(name(end.outcome), name(record.verdict.outcome));
      EXPECT_EQ(end.period, record.verdict.period);
      EXPECT_NEAR(static_cast<double>(end.steps), static_cast<double>(record.verdict.step),
                  2 + 0.02 * static_cast<double>(record.verdict.step));
      if (end.outcome == Outcome::diverged) {
        EXPECT_EQ(end.proved, record.verdict.proved);
        EXPECT_TRUE(std::isnan(end.sharpness));
        continue;
      }
      if (end.outcome == Outcome::converged) {
        EXPECT_EQ(end.limit, record.verdict.limit);
      }
      if (end.outcome == Outcome::periodic) continue;  // at which of its points is not the same
      EXPECT_NEAR(end.norm_x, record.balance_end.norm_x, 1e-7 * scale);
      EXPECT_NEAR(end.norm_y, record.balance_end.norm_y, 1e-7 * scale);
      EXPECT_NEAR(end.imbalance, record.balance_end.imbalance, 1e-7 * small.sigma1());
      EXPECT_NEAR(end.sharpness, record.sharpness_end.value, 1e-6 * record.sharpness_end.value);
      EXPECT_NEAR(end.loss, record.loss_end, 1e-9 * small.A.squaredNorm());
      if (rows == cols) {
        EXPECT_NEAR(end.product, record.last.X().cwiseProduct(record.last.Y()).sum(), 1e-7 * small.sigma1());
      }
    }
  }
  EXPECT_GT(seen[Outcome::converged], 20);
  EXPECT_GT(seen[Outcome::diverged], 20);
}

// The Hessian's eigenvalues, whole, at the end of a run that is taken again in the coordinates of A.
TEST(SmallEnsemble, SharpnessIsTheLargestEigenvalue) {
  int closed = 0;
  for (int trial = 0; trial < 24; ++trial) {
    const Index rank = 1 + trial % 4;
    Matrix A = gaussian_matrix(6, 5, 5, static_cast<std::uint64_t>(40 + trial));
    if (trial % 6 == 5) A = Matrix::Identity(6, 5);
    const Small small(A, rank, 1, static_cast<std::uint64_t>(trial));
    const double scale = std::sqrt(small.sigma1());
    const SmallRun run = small.run(0, scale, 0.7 * scale, 0.12 / small.sigma1(), trial % 2 == 0 ? 20 : 100000);
    const TinyEnd end = small.ends({run}, "").front();
    const std::unique_ptr<Problem> problem = dense_problem(A);
    Descent descent(*problem, small.natural(run), run.h);
    descent.step(end.steps);
    const double largest = hessian_spectrum(*problem, descent.at()).maxCoeff();
    EXPECT_NEAR(end.sharpness, largest, 1e-9 * largest) << trial;
    closed += end.outcome == Outcome::converged ? 1 : 0;
  }
  EXPECT_GT(closed, 8);
}

TEST(SmallEnsemble, DivergenceIsAtTheFirstStepOfLemmaE) {
  for (int trial = 0; trial < 20; ++trial) {
    const Small small(gaussian_matrix(5, 4, 4, static_cast<std::uint64_t>(trial)), 2, 1, 9);
    const double scale = (2 + 0.1 * trial) * std::sqrt(small.sigma1());
    const SmallRun run = small.run(0, scale, scale, 0.6 / small.sigma1(), 1000);
    const TinyEnd end = small.ends({run}, "").front();
    ASSERT_EQ(name(end.outcome), "diverged") << trial;
    ASSERT_TRUE(end.proved);
    const std::unique_ptr<Problem> problem = dense_problem(small.A);
    Descent descent(*problem, small.natural(run), run.h);
    for (std::uint64_t step = 0; step <= end.steps; ++step) {
      const LemmaE evidence = lemma_e(descent.at(), run.h, small.A.norm());
      // Next to the threshold two bounds of rounding errors may differ.
      if (std::abs(evidence.nu_lower - evidence.needed) < 1e-9 * evidence.needed) break;
      EXPECT_EQ(evidence.holds, step == end.steps) << trial << " " << step;
      descent.step();
    }
  }
}

// docs/theory.md, section 8: the top pair moves as x y does for mu = s_1, and the others go to rest.
TEST(SmallEnsemble, TheTopPairCyclesAsTheScalarProblemDoes) {
  Matrix A = Matrix::Zero(4, 2);
  A(0, 0) = 1;
  A(1, 1) = 0.3;
  const Small small(A, 1, 1, 4);
  for (const double m : {1.05, 1.12, 1.2}) {
    const SmallRun run = small.run(0, 0.5, 0.6, m, 4000);
    const TinyEnd end = small.ends({run}, "").front();
    ASSERT_EQ(name(end.outcome), "periodic") << m;
    EXPECT_EQ(end.period, 2U);
    const double balanced = 9 - 2 * (1 + m) * (1 + m), apart = 3 - 2 * m;  // along x = y, and of x - y
    EXPECT_NEAR(end.multiplier, std::abs(balanced) > std::abs(apart) ? balanced : apart, 1e-6) << m;
    EXPECT_NEAR(end.lyapunov, std::log(std::abs(end.multiplier)) / 2, 1e-12);
    std::vector<double> orbit(4);
    record_small_orbits(*small.family, {&run, 1}, 4, orbit);
    std::sort(orbit.begin(), orbit.end());
    const double root = std::sqrt((m + 3) * (m - 1));
    for (const int i : {0, 1}) EXPECT_NEAR(m * orbit[static_cast<std::size_t>(i)], (m + 1 - root) / 2, 1e-10);
    for (const int i : {2, 3}) EXPECT_NEAR(m * orbit[static_cast<std::size_t>(i)], (m + 1 + root) / 2, 1e-10);
  }
  EXPECT_EQ(small.ends({small.run(0, 0.5, 0.6, 1.27, 20000)}, "").front().period, 4U);
  const SmallRun chaotic = small.run(0, 0.5, 0.6, 1.8, 40256);
  const TinyEnd end = small.ends({chaotic}, "").front();
  ASSERT_EQ(name(end.outcome), "chaotic");
  EXPECT_EQ(end.steps, 20032U);  // the first look at which there are ten thousand steps
  EXPECT_NEAR(end.lyapunov, 0.81, 0.03);
  double exponent = 0;
  small_lyapunov_exponents(*small.family, {&chaotic, 1}, {&exponent, 1});
  EXPECT_NEAR(exponent, 0.81, 0.03);
}

TEST(SmallEnsemble, OrbitsAndExponentsHaveTheBitsOfThePlainLoop) {
  Random random(8);
  for (const auto& [rows, cols, rank] :
       {Shape{1, 1, 1}, Shape{4, 3, 2}, Shape{5, 6, 3}, Shape{4, 4, 5}, Shape{9, 9, 8}}) {
    const Small small(gaussian_matrix(rows, cols, 1, 6), rank, 2, 3);
    SmallRuns runs = random_runs(small, 20, random);
    for (SmallRun& run : runs) run.max_steps = random.one_of(std::initializer_list<std::uint64_t>{5, 17, 33, 100});
    const std::size_t last = 6;
    std::vector<double> plain(runs.size() * last), orbits(plain.size()), exponents(runs.size()), in_lanes(runs.size());
    record_small_orbits(*small.family, runs, last, plain, {"scalar"});
    small_lyapunov_exponents(*small.family, runs, exponents, {"scalar"});
    for (const std::string& target : lanes()) {
      record_small_orbits(*small.family, runs, last, orbits, {target});
      small_lyapunov_exponents(*small.family, runs, in_lanes, {target});
      EXPECT_TRUE(std::equal(orbits.begin(), orbits.end(), plain.begin(), same_bits)) << target;
      EXPECT_TRUE(std::equal(in_lanes.begin(), in_lanes.end(), exponents.begin(), same_bits)) << target;
    }
    // The iterates themselves, in the coordinates of A.
    const std::unique_ptr<Problem> problem = dense_problem(small.A);
    const SpectralBasis basis = spectral_basis(small.A);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i].max_steps > 17) continue;  // chaos takes the two apart
      Descent descent(*problem, small.natural(runs[i]), runs[i].h);
      descent.step(runs[i].max_steps + 1 - last);
      for (std::size_t k = 0; k < last; ++k) {
        const double value = plain[i * last + k];
        const ConstFactors at = descent.at();
        const double expected =
            (basis.left.col(0).transpose() * at.X() * (at.Y().transpose() * basis.right.col(0)))(0, 0);
        if (!(std::abs(expected) < 1e6 * small.sigma1())) break;
        EXPECT_NEAR(value, expected, 1e-6 * small.sigma1()) << i << " " << k;
        descent.step();
      }
    }
  }
}

// How fast the gradient falls at the end is how fast the slowest direction does, which theorem 4 knows.
TEST(SmallEnsemble, TheMultiplierOfAnArrivalIsThatOfTheSlowestDirection) {
  for (const double h : {0.12, 0.2, 0.35}) {
    const Small small(Matrix(Vector{{1.0, 0.5, 0.3}}.asDiagonal()), 2, 1, 5);
    const SmallRun run = small.run(0, 1.1, 1, h, 100000);
    const TinyEnd end = small.ends({run}, "").front();
    ASSERT_EQ(name(end.outcome), "converged");
    const std::unique_ptr<Problem> problem = dense_problem(small.A);
    Descent descent(*problem, small.natural(run), h);
    descent.step(end.steps);
    const Vector eigenvalues = minimiser_spectrum(Vector{{1.0, 0.5, 0.3}}, descent.at());
    double slowest = 0;
    for (const double each : eigenvalues) {
      if (each > 1e-6) slowest = std::max(slowest, std::abs(1 - h * each));
    }
    EXPECT_NEAR(end.multiplier, slowest, 1e-3) << h;
  }
}

// A start along the second singular pair alone: what it comes to is critical, and no minimiser. Nothing leads away from
// it, however unstable it is.
TEST(SmallEnsemble, ASaddleIsNoMinimiser) {
  Small small(Matrix(Vector{{2.0, 1.0, 0.5}}.asDiagonal()), 1, 1, 1);
  Factors along({3, 3, 1});
  along.X()(1, 0) = 0.8;
  along.Y()(1, 0) = 1.1;
  small.starts[0].factors = along;
  const SmallRun run = small.run(0, 1, 1, 0.1, 5000);
  for (const std::string& target : batch_targets()) {
    const TinyEnd end = small.ends({run}, target).front();
    EXPECT_EQ(name(end.outcome), "converged") << target;
    EXPECT_EQ(name(end.limit), "saddle") << target;
    EXPECT_NEAR(end.loss, (4 + 0.25) / 2, 1e-12);
    // The eigenvalue of [[|y|^2, -2], [-2, |x|^2]] below zero, the residual being 2 along the first pair.
    const double half = (end.norm_x * end.norm_x + end.norm_y * end.norm_y) / 2, gap = end.imbalance / 2;
    const double lowest = half - std::sqrt(gap * gap + 4);
    EXPECT_NEAR(end.multiplier, 1 - 0.1 * lowest, 1e-9);
    EXPECT_NEAR(end.lyapunov, std::log(end.multiplier), 1e-9);
    EXPECT_NEAR(end.norm_x * end.norm_y, 1, 1e-9);
  }
  // A little of the first pair leads away, although the tolerance is met for a while.
  small.starts[0].factors.X()(0, 0) = 1e-9;
  SmallRun passing = run;
  passing.tolerance = 1e-6;
  for (const std::string& target : batch_targets()) {
    const TinyEnd passed = small.ends({passing}, target).front();
    EXPECT_EQ(name(passed.limit), "minimiser") << target;
    EXPECT_NEAR(passed.loss, (1 + 0.25) / 2, 1e-9);
  }
  // A zero start stands on a saddle from the first step on.
  const TinyEnd end = small.ends({small.run(0, 0, 0, 0.1, 5000)}, "").front();
  EXPECT_EQ(name(end.limit), "saddle");
  EXPECT_EQ(end.steps, 0U);
  EXPECT_NEAR(end.multiplier, 1.2, 1e-12);
}

// Of 12 equal singular values three move at rank 1. The others are in the loss and in |A| alone.
TEST(SmallEnsemble, PairsAtRestAreInTheLoss) {
  const Small small(0.5 * Matrix::Identity(12, 12), 1, 1, 3);
  ASSERT_EQ(small.coordinates[0].start.shape().rows, 3);
  const SmallRun run = small.run(0, 1, 0.8, 0.3, 5000);
  const TinyEnd end = small.ends({run}, "").front();
  EXPECT_EQ(name(end.outcome), "converged");
  EXPECT_NEAR(end.loss, 11 * 0.25 / 2, 1e-12);
  const std::unique_ptr<Problem> problem = dense_problem(small.A);
  RunSettings settings;
  const Record record = equipoise::run(*problem, small.natural(run), run.h, settings);
  EXPECT_NEAR(static_cast<double>(end.steps), static_cast<double>(record.verdict.step), 2);
}

// Powers of two change no bit of a run.
TEST(SmallEnsemble, ScalesAreExact) {
  const Small small(gaussian_matrix(5, 4, 4, 2), 2, 1, 1);
  const double root = std::sqrt(small.sigma1());
  SmallRuns runs;
  for (int i = 0; i < 20; ++i) runs.push_back(small.run(0, root, 0.5 * root, (0.1 + 0.06 * i) / small.sigma1(), 2000));
  const Ends ends = small.ends(runs, "");
  for (const int exponent : {-200, 200}) {
    const Small scaled(small.A * std::ldexp(1.0, 2 * exponent), 2, 1, 1);
    SmallRuns same;
    for (const SmallRun& run : runs) {
      same.push_back(scaled.run(0, std::ldexp(run.scale_x, exponent), std::ldexp(run.scale_y, exponent),
                                std::ldexp(run.h, -2 * exponent), run.max_steps));
    }
    const Ends far = scaled.ends(same, "");
    for (std::size_t i = 0; i < runs.size(); ++i) {
      EXPECT_EQ(far[i].outcome, ends[i].outcome) << i;
      EXPECT_EQ(far[i].steps, ends[i].steps) << i;
      EXPECT_TRUE(same_bits(far[i].ratio, ends[i].ratio)) << i;
    }
  }
}

// Rows beyond the rank of A decay for ever. No number gets to where operations are slow.
TEST(SmallEnsemble, WhatVanishesBecomesZero) {
  const Small small(gaussian_matrix(6, 5, 1, 3), 1, 1, 2);
  const SmallRun run =
      small.run(0, 1.2 * std::sqrt(small.sigma1()), std::sqrt(small.sigma1()), 0.4 / small.sigma1(), 1 << 20);
  small::Follow follow;
  small::begin(small.family->form(), run, follow);
  for (int block = 0; block < 4000; ++block) {
    small::take_block(small.family->form(), follow);
    for (const double each : follow.z) ASSERT_NE(std::fpclassify(each), FP_SUBNORMAL) << block;
  }
  EXPECT_EQ(std::count(follow.z.begin(), follow.z.end(), 0.0), 2);
}

}  // namespace
}  // namespace equipoise::small_ensemble_test
