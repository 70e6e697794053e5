// Lanes against the plain loop bit for bit, the plain loop against run() and the theorems.
#include "equipoise/core/batch.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <random>

#include "equipoise/core/batch_kernel.hpp"
#include "equipoise/core/batch_rules.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise {
namespace {

using Runs = std::vector<TinyRun>;
using Ends = std::vector<TinyEnd>;

Ends ends_of(const Runs& runs, const std::string& target = "scalar") {
  Ends ends(runs.size());
  run_batch(runs, ends, {target, true});
  return ends;
}
TinyEnd end_of(const TinyRun& run) { return ends_of({run}).front(); }

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

void expect_same(const TinyEnd& a, const TinyEnd& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.limit, b.limit);
  EXPECT_EQ(a.proved, b.proved);
  EXPECT_EQ(a.period, b.period);
  EXPECT_EQ(a.steps, b.steps);
  for (const auto field : {&TinyEnd::loss, &TinyEnd::sharpness, &TinyEnd::ratio, &TinyEnd::imbalance, &TinyEnd::product,
                           &TinyEnd::norm_x, &TinyEnd::norm_y, &TinyEnd::lyapunov, &TinyEnd::lyapunov_error, &TinyEnd::multiplier}) {
    EXPECT_TRUE(same_bits(a.*field, b.*field)) << a.*field << " " << b.*field;
  }
}

std::vector<std::string> lanes() {
  std::vector<std::string> names = batch_targets();
  names.pop_back();
  return names;
}

// Every kind of cell: all outcomes, both kinds, budgets that are no multiple of anything, special values.
Runs mixed(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  const double special[] = {0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 1e-14, 1e-160, 1e160, 5e-324};
  Runs runs;
  for (std::size_t i = 0; i < count; ++i) {
    TinyRun run;
    const double mu = uniform(0, 1) < 0.1 ? special[random() % 6] : uniform(-1.3, 1.3);
    double x = uniform(-4, 4);
    double y = uniform(-2, 2);
    if (uniform(0, 1) < 0.05) x = special[random() % 10];
    if (uniform(0, 1) < 0.05) y = special[random() % 10];
    if (uniform(0, 1) < 0.05) y = x;
    if (uniform(0, 1) < 0.05) y = -x;
    const double h = uniform(0, 1) < 0.3 ? uniform(0.9, 2.0) : std::exp(uniform(-4, 0.2));
    if (random() % 3 == 0) {
      run = tiny_isotropic(mu, static_cast<double>(1 + random() % 5), x, y, uniform(-1, 1), h);
    } else {
      run = tiny_scalar(mu, x, y, h);
    }
    const std::uint64_t budgets[] = {0, 1, 15, 16, 17, 63, 64, 65, 100, 256, 300, 1000, 1003, 4096, 2500};
    run.max_steps = budgets[random() % 15];
    if (random() % 16 == 0) run.tolerance = 0;
    if (random() % 16 == 0) run.tolerance = std::pow(10.0, uniform(-16, 0));
    runs.push_back(run);
  }
  return runs;
}

TEST(Batch, EveryTargetHasTheBitsOfThePlainLoop) {
  for (const std::size_t count : {0, 1, 2, 3, 7, 8, 9, 23, 24, 25, 47, 48, 49, 97, 4001}) {
    SCOPED_TRACE(count);
    const Runs runs = mixed(count, static_cast<unsigned>(100 + count));
    const Ends plain = ends_of(runs);
    for (const std::string& target : lanes()) {
      SCOPED_TRACE(target);
      const Ends ends = ends_of(runs, target);
      for (std::size_t i = 0; i < count; ++i) {
        SCOPED_TRACE(i);
        expect_same(ends[i], plain[i]);
        if (HasFailure()) return;
      }
    }
  }
}

// Long runs: cycles, chaos, tangents, budgets around the looks at 20032 and 40256.
TEST(Batch, LongRunsHaveTheSameBitsToo) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(0, 1);
  Runs runs;
  for (const std::uint64_t budget : {9919U, 9920U, 9921U, 19967U, 19968U, 20000U, 20032U, 20033U, 30000U, 45000U}) {
    for (int i = 0; i < 12; ++i) {
      const double h = 1 + uniform(random);
      TinyRun run = tiny_scalar(1, 0.3 + uniform(random), 0.3 + uniform(random), h);
      if (i % 4 == 3) run = tiny_isotropic(1, 3, 0.3 + 0.2 * uniform(random), 0.3 + 0.2 * uniform(random), 2 * uniform(random) - 1, h);
      run.max_steps = budget;
      if (i == 5) run.tolerance = 0;
      runs.push_back(run);
    }
  }
  const Ends plain = ends_of(runs);
  std::map<Outcome, int> seen;
  for (const TinyEnd& end : plain) ++seen[end.outcome];
  EXPECT_GT(seen[Outcome::chaotic], 5);
  EXPECT_GT(seen[Outcome::periodic], 5);
  EXPECT_GT(seen[Outcome::exhausted], 5);
  for (const std::string& target : lanes()) {
    SCOPED_TRACE(target);
    const Ends ends = ends_of(runs, target);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      SCOPED_TRACE(i);
      expect_same(ends[i], plain[i]);
      if (HasFailure()) return;
    }
  }
}

TEST(Batch, ACellDoesNotFeelItsNeighbours) {
  const Runs runs = mixed(500, 5);
  const std::string target = batch_targets().front();
  const Ends whole = ends_of(runs, target);
  for (const std::size_t tile : {1, 3, 64, 499}) {
    for (std::size_t from = 0; from < runs.size(); from += tile) {
      const std::size_t to = std::min(from + tile, runs.size());
      const Ends part = ends_of(Runs(runs.begin() + static_cast<std::ptrdiff_t>(from), runs.begin() + static_cast<std::ptrdiff_t>(to)), target);
      for (std::size_t i = from; i < to; ++i) expect_same(part[i - from], whole[i]);
    }
  }
}

Record driver(const TinyRun& run) {
  RunSettings settings;
  settings.max_steps = run.max_steps;
  settings.tolerance = run.tolerance;
  if (run.kind == TinyRun::Kind::pair) {
    Factors z({1, 1, 1});
    z.X()(0, 0) = run.x[0];
    z.Y()(0, 0) = run.y[0];
    return equipoise::run(*dense_problem(Matrix::Constant(1, 1, run.mu)), z, run.h, settings);
  }
  const auto n = static_cast<Index>(run.shape);
  Factors z({n, n, 1});
  z.flat().setZero();
  for (Index i = 0; i < std::min<Index>(n, 2); ++i) {
    z.X()(i, 0) = run.x[i];
    z.Y()(i, 0) = run.y[i];
  }
  return equipoise::run(*dense_problem(run.mu * Matrix::Identity(n, n)), z, run.h, settings);
}

// Scalars against run(): where the limit does not depend on rounding, outcome, step, limit and every field agree.
TEST(Batch, ScalarsEndAsRunSays) {
  const unsigned seed = 11;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  std::map<Outcome, int> seen;
  int different = 0;
  for (int i = 0; i < 1500; ++i) {
    TinyRun cell = tiny_scalar(uniform(-1.2, 1.2), uniform(-4, 4), uniform(-2, 2), std::exp(uniform(-3.5, 0.1)));
    cell.max_steps = 1500;
    const TinyEnd end = end_of(cell);
    const Record record = driver(cell);
    ++seen[end.outcome];
    SCOPED_TRACE(fmt::format("{}: mu {:a} x {:a} y {:a} h {:a}: {}", i, cell.mu, cell.x[0], cell.y[0], cell.h, record.verdict.why));
    EXPECT_EQ(name(end.outcome), name(record.verdict.outcome));
    if (end.outcome != record.verdict.outcome) continue;
    if (end.outcome == Outcome::exhausted) {
      EXPECT_EQ(end.steps, record.verdict.step);
    }
    if (record.verdict.growth > 15) {  // digits are lost on the way: the limit is another point, and another time
      ++different;
      continue;
    }
    if (end.outcome == Outcome::converged) {
      EXPECT_LE(std::abs(static_cast<double>(end.steps) - static_cast<double>(record.verdict.step)), 1 + 0.01 * static_cast<double>(end.steps));
      EXPECT_EQ(end.limit, record.verdict.limit);
      const double scale = record.sharpness_end.value;
      EXPECT_NEAR(end.sharpness, scale, 1e-7 * scale);
      EXPECT_NEAR(end.imbalance, record.balance_end.imbalance, 1e-7 * scale);
      EXPECT_NEAR(end.norm_x, record.balance_end.norm_x, 1e-7 * std::sqrt(scale));
      EXPECT_NEAR(end.norm_y, record.balance_end.norm_y, 1e-7 * std::sqrt(scale));
      EXPECT_EQ(end.lyapunov, record.verdict.lyapunov);
      EXPECT_NEAR(end.product, record.last.X()(0, 0) * record.last.Y()(0, 0), 1e-9);
      EXPECT_LE(end.loss, 1e-20);
    }
    if (end.outcome == Outcome::diverged) {
      EXPECT_TRUE(end.proved);
      EXPECT_LE(std::abs(static_cast<double>(end.steps) - static_cast<double>(record.verdict.step)), 2);
      EXPECT_TRUE(std::isnan(end.sharpness));
      EXPECT_TRUE(std::isfinite(end.loss));
    }
    if (end.outcome == Outcome::periodic) {
      EXPECT_EQ(end.period, record.verdict.period);
    }
  }
  EXPECT_GT(seen[Outcome::converged], 300);
  EXPECT_GT(seen[Outcome::diverged], 200);
  EXPECT_GT(seen[Outcome::periodic], 3);
  EXPECT_LT(different, 500);
}

}  // namespace
}  // namespace equipoise
