// Reductions go through the Space: a state with an entry that is not a number, which none may see, and one that is
// spread over threads, whose run must not depend on how many they are.
#include "equipoise/core/space.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/test_fixed_pieces.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::space_test {
namespace {

// --- a ghost ---------------------------------------------------------------------------------------------------------

// A whole state with one row of Y more than the problem has, which is no part of it and holds NaN. Every reduction that
// goes round the Space gives NaN. Counts what it is asked.
class GhostSpace final : public Space {
 public:
  GhostSpace(Index rows, Index cols) : rows_(rows), cols_(cols) {}

  bool spread() const override { return true; }
  double dot(ConstState a, ConstState b) const override { return ++calls["dot"], real(a).dot(real(b)); }
  double squared_norm(ConstState a) const override { return ++calls["squared_norm"], real(a).squaredNorm(); }
  double norm(ConstState a) const override { return ++calls["norm"], real(a).stableNorm(); }
  bool finite(ConstState a) const override { return ++calls["finite"], real(a).allFinite(); }
  double largest(ConstState a) const override { return ++calls["largest"], Space::largest(real(a)); }
  Vector dots(const Eigen::Ref<const Eigen::MatrixXd>& columns, ConstState b) const override {
    ++calls["dots"];
    return columns.topRows(real(b).size()).transpose() * real(b);
  }
  Eigen::MatrixXd all_dots(const Eigen::Ref<const Eigen::MatrixXd>& a,
                           const Eigen::Ref<const Eigen::MatrixXd>& b) const override {
    ++calls["all_dots"];
    const Index size = real(a.col(0)).size();
    return a.topRows(size).transpose() * b.topRows(size);
  }
  Eigen::MatrixXd gram(const Matrix& a, const Matrix& b) const override {
    ++calls["gram"];
    const Index rows = a.rows() == cols_ + 1 ? cols_ : a.rows();
    return a.topRows(rows).transpose() * b.topRows(rows);
  }
  Index whole(Index here) const override { return here - ghosts(here); }
  bool decided(bool here) const override { return ++calls["decided"], here; }
  void gaussian(State out, std::uint64_t seed) const override {
    ++calls["gaussian"];
    out.setConstant(NAN);
    Space::gaussian(out.head(whole(out.size())), seed);
  }

  mutable std::map<std::string, int> calls;

 private:
  // A state has (rows + cols + 1) k numbers, X rows * k, and Y (cols + 1) k, where none of these sizes is another's.
  Index ghosts(Index size) const {
    for (const Index unit : {rows_ + cols_ + 1, cols_ + 1}) {
      if (size % unit == 0) return size / unit;
    }
    return 0;
  }
  Eigen::Ref<const Vector> real(const ConstState& a) const { return a.head(whole(a.size())); }

  Index rows_, cols_;
};

class GhostProblem final : public Problem {
 public:
  explicit GhostProblem(const Matrix& A) : base_(dense_problem(A)), space_(A.rows(), A.cols()) {}
  Index rows() const override { return base_->rows(); }
  Index cols() const override { return base_->cols() + 1; }
  Index entries() const override { return base_->entries(); }
  LossForm form() const override { return base_->form(); }
  const Space& space() const override { return space_; }
  const std::map<std::string, int>& calls() const { return space_.calls; }

  double gradient(ConstFactors at, MutableFactors out) const override {
    Factors real = without(at);
    Factors gradient(real.shape());
    const double loss = base_->gradient(real, gradient);
    put(gradient, out);
    return loss;
  }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    Factors product(without(at).shape());
    base_->hessian_product(without(at), without(direction), product);
    put(product, out);
  }
  static Factors with_ghost(const Factors& real) {
    Factors result({real.shape().rows, real.shape().cols + 1, real.shape().rank});
    put(real, result);
    return result;
  }

 private:
  static Factors without(ConstFactors at) {
    return Factors(Matrix(at.X()), Matrix(at.Y().topRows(at.shape().cols - 1)));
  }
  static void put(const Factors& real, MutableFactors out) {
    out.flat().setConstant(NAN);
    out.X() = real.X();
    out.Y().topRows(real.shape().cols) = real.Y();
  }

  std::unique_ptr<Problem> base_;
  GhostSpace space_;
};

// A random matrix whose first singular value is well above the second, so that cycles of the first pair are stable.
Matrix with_gap(Index rows, Index cols, double noise, double top, std::uint64_t seed) {
  const Factors first = gaussian_factors({rows, cols, 1}, seed + 2);
  return noise * gaussian_factors({rows, 0, cols}, seed).X() + top * first.X() * first.Y().transpose();
}

RunSettings busy(std::uint64_t max_steps) {
  RunSettings settings;
  settings.max_steps = max_steps;
  settings.sharpness_every = 10;
  return settings;
}

TEST(Space, NoReductionOfARunGoesRoundIt) {
  // More than 48 unknowns at rank 1, so that Lanczos is asked and not a dense solver.
  const Matrix A = with_gap(40, 22, 0.4, 0.2, 5);
  const auto plain = dense_problem(A);
  const Factors start = with_norms(gaussian_factors({40, 22, 2}, 6), 1, 0.8);
  const StartMeasures known = measure_start(*plain, start);
  const double sigma1 = known.sigma1;
  std::set<Outcome> seen;
  for (const double times : {0.9, 1.15, 3.0}) {  // of 1/sigma_1
    SCOPED_TRACE(times);
    const double h = times / sigma1;
    const GhostProblem ghost(A);
    const Record there = run(ghost, GhostProblem::with_ghost(start), h, busy(3000));
    const Record here = run(*plain, start, h, busy(3000));
    seen.insert(here.verdict.outcome);
    EXPECT_EQ(there.verdict.outcome, here.verdict.outcome) << there.verdict.why << '\n' << here.verdict.why;
    EXPECT_EQ(there.steps, here.steps);
    EXPECT_EQ(there.verdict.limit, here.verdict.limit);
    EXPECT_EQ(there.verdict.proved, here.verdict.proved);
    EXPECT_EQ(there.last.X(), here.last.X());
    EXPECT_NEAR(there.sigma1, here.sigma1, 1e-10 * sigma1);
    EXPECT_NEAR(there.sharpness_start.value, here.sharpness_start.value, 1e-9 * here.sharpness_start.value);
    ASSERT_EQ(there.samples.size(), here.samples.size());
    for (std::size_t i = 0; i < here.samples.size(); ++i) {
      EXPECT_EQ(there.samples[i].gradient_norm, here.samples[i].gradient_norm);
      EXPECT_EQ(there.samples[i].norm_y, here.samples[i].norm_y);
      EXPECT_EQ(there.samples[i].imbalance, here.samples[i].imbalance);
      ASSERT_EQ(there.samples[i].eigenvalues.size(), here.samples[i].eigenvalues.size());
      for (std::size_t k = 0; k < here.samples[i].eigenvalues.size(); ++k) {
        EXPECT_NEAR(there.samples[i].eigenvalues[k], here.samples[i].eigenvalues[k],
                    2e-3 * std::abs(here.samples[i].eigenvalues[k]));
      }
    }
    const auto& calls = ghost.calls();
    const int steps = static_cast<int>(there.steps);
    EXPECT_GE(calls.at("squared_norm"), 2 * steps);  // the traces
    EXPECT_GE(calls.at("norm"), steps);              // the tangent vector
    EXPECT_GE(calls.at("finite"), steps);
    EXPECT_GE(calls.at("gram"), 2);  // imbalance, Lemma E
    EXPECT_GE(calls.at("gaussian"), 1);
    EXPECT_GE(calls.at("decided"), steps);
  }
  EXPECT_EQ(seen, (std::set<Outcome>{Outcome::converged, Outcome::periodic, Outcome::diverged}));
}

struct Spread {
  std::vector<Record> records;  // one a thread
  Factors last;                 // put together
};

Spread run_in_threads(int threads, const Matrix& A, const Factors& start, double h, const RunSettings& settings) {
  World world(threads);
  Spread result;
  result.records.resize(static_cast<std::size_t>(threads));
  std::vector<std::thread> all;
  for (int part = 0; part < threads; ++part) {
    all.emplace_back([&, part] {
      const ThreadSpace space(world, part);
      const ThreadProblem problem(A, space);
      result.records[static_cast<std::size_t>(part)] = run(problem, space.mine(start), h, settings);
    });
  }
  for (std::thread& each : all) each.join();
  result.last = start;
  Index x = 0, y = 0;
  for (const Record& record : result.records) {
    result.last.X().middleRows(x, record.last.X().rows()) = record.last.X();
    result.last.Y().middleRows(y, record.last.Y().rows()) = record.last.Y();
    x += record.last.X().rows();
    y += record.last.Y().rows();
  }
  return result;
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void expect_same_bits(const Record& a, const Record& b) {
  EXPECT_EQ(a.verdict.outcome, b.verdict.outcome);
  EXPECT_EQ(a.verdict.why, b.verdict.why);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_TRUE(same_number(a.verdict.multiplier, b.verdict.multiplier));
  EXPECT_TRUE(same_number(a.verdict.lyapunov, b.verdict.lyapunov));
  EXPECT_TRUE(same_number(a.verdict.growth, b.verdict.growth));
  EXPECT_EQ(a.sigma1, b.sigma1);
  EXPECT_EQ(a.sharpness_start.value, b.sharpness_start.value);
  EXPECT_TRUE(same_number(a.sharpness_end.value, b.sharpness_end.value));
  EXPECT_EQ(a.balance_end.imbalance, b.balance_end.imbalance);
  EXPECT_EQ(a.loss_end, b.loss_end);
  ASSERT_EQ(a.samples.size(), b.samples.size());
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    EXPECT_EQ(a.samples[i].gradient_norm, b.samples[i].gradient_norm);
    EXPECT_EQ(a.samples[i].imbalance, b.samples[i].imbalance);
    EXPECT_EQ(a.samples[i].eigenvalues, b.samples[i].eigenvalues);
  }
}

TEST(Space, ARunInThreadsDoesNotDependOnHowManyTheyAre) {
  const Matrix A = with_gap(all_rows, all_cols, 0.12, 0.1, 11);
  const auto plain = dense_problem(A);
  const Factors start = with_norms(gaussian_factors({all_rows, all_cols, 1}, 12), 0.5, 0.7);
  const double sigma1 = measure_start(*plain, start).sigma1;
  // In multiples of 1/sigma_1. The third is chaotic: any other rounding would change it after 300 steps.
  for (const auto& [times, outcome] : {std::pair{0.9, Outcome::converged}, std::pair{1.1, Outcome::periodic},
                                       std::pair{1.6, Outcome::exhausted}, std::pair{4.0, Outcome::diverged}}) {
    SCOPED_TRACE(times);
    const double h = times / sigma1;
    RunSettings settings = busy(300);
    const Record alone = run(*plain, start, h, settings);
    const Spread one = run_in_threads(1, A, start, h, settings);
    EXPECT_EQ(alone.verdict.outcome, outcome) << alone.verdict.why;
    EXPECT_EQ(one.records[0].verdict.outcome, alone.verdict.outcome) << one.records[0].verdict.why << '\n'
                                                                     << alone.verdict.why;
    EXPECT_EQ(one.records[0].verdict.limit, alone.verdict.limit);
    EXPECT_EQ(one.records[0].steps, alone.steps);
    EXPECT_NEAR(one.records[0].sigma1, sigma1, 1e-12);
    if (outcome != Outcome::exhausted) {
      EXPECT_LT((one.last.flat() - alone.last.flat()).norm(), 1e-8 * alone.last.flat().norm());
    }
    for (const int threads : {2, 4}) {
      SCOPED_TRACE(threads);
      const Spread spread = run_in_threads(threads, A, start, h, settings);
      for (const Record& record : spread.records) expect_same_bits(record, one.records[0]);
      EXPECT_EQ(spread.last.flat(), one.last.flat());
    }
  }
}

}  // namespace
}  // namespace equipoise::space_test
