// What a cell reports against the record of run(): limits, measures and exponents. Its endings are compared in
// tests/agreement.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/ensemble/tiny/test_tiny_ends.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::tiny_run_test {
namespace {

using namespace test_tiny_ends;

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
TEST(TinyAgainstRun, ScalarsEndAsRunSays) {
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
    SCOPED_TRACE(fmt::format("{}: mu {:a} x {:a} y {:a} h {:a}: {}", i, cell.mu, cell.x[0], cell.y[0], cell.h,
                             record.verdict.why));
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
      EXPECT_LE(std::abs(static_cast<double>(end.steps) - static_cast<double>(record.verdict.step)),
                1 + 0.01 * static_cast<double>(end.steps));
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

// Vectors and isotropic problems against run() on the full factors.
TEST(TinyAgainstRun, VectorsAndIsotropicProblemsEndAsRunSays) {
  const unsigned seed = 13;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  std::map<Outcome, int> seen;
  for (int i = 0; i < 500; ++i) {
    const bool isotropic = i % 2 == 0;
    const Index k = 1 + static_cast<Index>(random() % 5);
    const double mu = uniform(-1.2, 1.2);
    const double h = std::exp(uniform(-3.5, 0.0));
    Vector u(k), v(k);
    for (Index j = 0; j < k; ++j) {
      u[j] = uniform(-2, 2);
      v[j] = uniform(-2, 2);
    }
    TinyRun cell = isotropic ? tiny_isotropic(mu, u, v, h) : tiny_vector(mu, u, v, h);
    cell.max_steps = 1500;
    const TinyEnd end = end_of(cell);
    RunSettings settings;
    settings.max_steps = cell.max_steps;
    Factors z(isotropic ? Shape{k, k, 1} : Shape{1, 1, k});
    z.X() = isotropic ? Matrix(u) : Matrix(u.transpose());
    z.Y() = isotropic ? Matrix(v) : Matrix(v.transpose());
    const Matrix A = isotropic ? Matrix(mu * Matrix::Identity(k, k)) : Matrix(Matrix::Constant(1, 1, mu));
    const Record record = run(*dense_problem(A), z, h, settings);
    const TinyEnd expected = tiny_end(record);
    ++seen[end.outcome];
    SCOPED_TRACE(
        fmt::format("{}: {} {} mu {} h {}: {}", i, isotropic ? "isotropic" : "vector", k, mu, h, record.verdict.why));
    // Where digits are lost on the way, rounding decides when and where a run settles.
    if (record.verdict.growth > 15) continue;
    EXPECT_EQ(name(end.outcome), name(expected.outcome));
    if (end.outcome != expected.outcome) continue;
    const double slack = end.outcome == Outcome::diverged ? 3 : 2 + 0.05 * static_cast<double>(end.steps);
    EXPECT_LE(std::abs(static_cast<double>(end.steps) - static_cast<double>(expected.steps)), slack);
    if (end.outcome != Outcome::converged) continue;
    EXPECT_EQ(end.limit, expected.limit);
    EXPECT_NEAR(end.loss, expected.loss, 1e-9);
    EXPECT_NEAR(end.sharpness, expected.sharpness, 1e-6 * (1 + expected.sharpness));
    EXPECT_NEAR(end.imbalance, expected.imbalance, 1e-6);
    EXPECT_NEAR(end.norm_x, expected.norm_x, 1e-6);
    EXPECT_NEAR(end.norm_y, expected.norm_y, 1e-6);
    EXPECT_NEAR(end.product, expected.product, 1e-6);
    EXPECT_EQ(end.lyapunov, expected.lyapunov);
  }
  EXPECT_GT(seen[Outcome::converged], 150);
  EXPECT_GT(seen[Outcome::diverged], 30);
}

}  // namespace
}  // namespace equipoise::tiny_run_test
