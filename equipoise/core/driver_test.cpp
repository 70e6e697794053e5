// A run as a value that goes on from where it was copied, and those who look on.
#include "equipoise/core/driver.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "equipoise/core/factor_objective.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::driver_test {
namespace {

std::unique_ptr<Problem> scalar(double mu) { return dense_problem(Matrix::Constant(1, 1, mu)); }

Factors pair(double x, double y) {
  Factors z({1, 1, 1});
  z.X()(0, 0) = x;
  z.Y()(0, 0) = y;
  return z;
}

void expect_same(const ObjectiveRecord& a, const ObjectiveRecord& b) {
  EXPECT_EQ(a.verdict.outcome, b.verdict.outcome);
  EXPECT_EQ(a.verdict.why, b.verdict.why);
  EXPECT_EQ(a.verdict.step, b.verdict.step);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.last, b.last);
  EXPECT_EQ(a.loss_end, b.loss_end);
  EXPECT_EQ(a.verdict.growth, b.verdict.growth);
  const auto same_number = [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); };
  EXPECT_TRUE(same_number(a.verdict.lyapunov, b.verdict.lyapunov));
  EXPECT_TRUE(same_number(a.verdict.multiplier, b.verdict.multiplier));
  EXPECT_TRUE(same_number(a.sharpness_end.value, b.sharpness_end.value));
  ASSERT_EQ(a.samples.size(), b.samples.size());
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    EXPECT_EQ(a.samples[i].step, b.samples[i].step);
    EXPECT_EQ(a.samples[i].gradient_norm, b.samples[i].gradient_norm);
    EXPECT_EQ(a.samples[i].measures, b.samples[i].measures);
    EXPECT_EQ(a.samples[i].eigenvalues, b.samples[i].eigenvalues);
  }
}

struct Case {
  const char* what;
  double mu, x, y, h;
  std::uint64_t max_steps;
  Outcome outcome;
};

// Copied after any number of blocks, a run and its copy end alike to the bit, also with another driver.
TEST(RunState, ACopyGoesOnWithTheSameBits) {
  for (const Case& each : {Case{"minimiser", 1, 9, 1, 0.0254, 100000, Outcome::converged},
                           Case{"a visit to a saddle", 1, 2, -2 * (1 - 1e-15), 0.15, 100000, Outcome::converged},
                           Case{"cycle", 1, 1.2, 0.9, 1.25, 100000, Outcome::periodic},
                           Case{"chaos", 1, 1.2, 0.9, 1.4, 100000, Outcome::chaotic},
                           Case{"divergence", 1, 9, 1, 0.0491, 100000, Outcome::diverged},
                           Case{"exhausted", 1, 1.2, 0.9, 1.302258, 5000, Outcome::exhausted}}) {
    SCOPED_TRACE(each.what);
    const auto problem = scalar(each.mu);
    const FactorObjective objective(*problem, {1, 1, 1}, MatrixSize{each.mu, each.mu});
    RunSettings settings;
    settings.max_steps = each.max_steps;
    settings.sharpness_every = 17;
    RunDriver driver(objective, each.h, settings);
    const Factors start = pair(each.x, each.y);
    RunState state = driver.begin(start.flat());
    std::vector<RunState> copies;
    for (int block = 0; !state.ended; ++block) {
      if (block == 0 || block == 3 || block == 50 || block == 300) copies.push_back(state);
      driver.advance(state);
    }
    const ObjectiveRecord record = driver.finish(state);
    EXPECT_EQ(record.verdict.outcome, each.outcome) << record.verdict.why;
    driver.advance(state);  // an ended run stays as it is
    EXPECT_EQ(state.z, record.last);
    ASSERT_GE(copies.size(), 2U);
    for (RunState& copy : copies) {
      RunDriver another(objective, each.h, settings);
      while (!copy.ended) another.advance(copy);
      expect_same(another.finish(std::move(copy)), record);
    }
    expect_same(run(objective, start.flat(), each.h, settings), record);
  }
}

// The blocks of a large problem are longer than a step, and its tangent vector is given up on the way.
TEST(RunState, ACopyOfALargerRun) {
  const Matrix A = gaussian_factors({70, 0, 50}, 1).X();
  const auto problem = dense_problem(A);
  const Factors start = with_norms(gaussian_factors({70, 50, 30}, 2), 30, 10);
  const FactorObjective objective(*problem, start.shape());
  RunSettings settings;
  settings.max_steps = 700;
  settings.sharpness_every = 100;
  settings.top_eigenvalues = 2;
  RunDriver driver(objective, 5e-3, settings);
  RunState state = driver.begin(start.flat());
  for (int block = 0; block < 80; ++block) driver.advance(state);
  RunState copy = state;
  while (!state.ended) driver.advance(state);
  RunDriver another(objective, 5e-3, settings);
  while (!copy.ended) another.advance(copy);
  expect_same(another.finish(std::move(copy)), driver.finish(std::move(state)));
}

TEST(Watch, AStopSaysWhyAndAtWhichIterate) {
  Watch watch;
  watch.observer = [](const Sample& sample, ConstFactors at) -> std::optional<Stop> {
    if (sample.step < 7) return std::nullopt;
    EXPECT_NEAR(at.flat().norm(), std::hypot(sample.norm_x, sample.norm_y), 1e-12);
    return Stop{"seven is enough"};
  };
  const Record record = run(*scalar(1), pair(3, 1), 0.1, {}, watch);
  EXPECT_EQ(record.verdict.outcome, Outcome::stopped);
  EXPECT_EQ(record.steps, 7U);
  EXPECT_EQ(record.verdict.why, "stopped: seven is enough");
  watch.observer = nullptr;
  int calls = 0;
  watch.pulse = [&](std::uint64_t step) -> std::optional<Stop> {
    ++calls;
    return step < 5 ? std::nullopt : std::optional<Stop>(Stop{"patience"});
  };
  EXPECT_EQ(run(*scalar(1), pair(3, 1), 0.1, {}, watch).verdict.why, "stopped: patience");
  EXPECT_GE(calls, 6);
}

// Every Hessian product sleeps: measuring is what takes the time.
class Slow final : public Objective {
 public:
  Index size() const override { return 200; }
  double gradient(ConstState at, State out) const override {
    out = Vector::LinSpaced(size(), 1, 2).cwiseProduct(at);
    return at.dot(out) / 2;
  }
  void hessian_product(ConstState, ConstState v, State out) const override {
    ++products;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    out = Vector::LinSpaced(size(), 1, 2).cwiseProduct(v);
  }
  mutable int products = 0;
};

TEST(Watch, ATimeLimitCountsTheMeasuringAndTheEndIsBounded) {
  const Slow slow;
  RunSettings settings;
  settings.time_limit = 0.1;
  settings.tolerance = 0;
  settings.sensitivity = Sensitivity::never;
  const ObjectiveRecord record = run(slow, Vector::Ones(200), 0.1, settings);
  EXPECT_EQ(record.verdict.outcome, Outcome::exhausted);
  EXPECT_NE(record.verdict.why.find("the time limit was reached"), std::string::npos) << record.verdict.why;
  EXPECT_NE(record.verdict.why.find("the sharpness at the start was not measured to its tolerance"), std::string::npos)
      << record.verdict.why;
  EXPECT_EQ(record.steps, 0U);
  EXPECT_LT(record.seconds, 10);  // 0.1 for the start, one second for the end; a Lanczos of 100 products takes 2
}

TEST(Watch, APulseIsHeardWithinAMeasurement) {
  const Slow slow;
  ObjectiveWatch watch;
  int calls = 0;
  watch.pulse = [&](std::uint64_t) { return ++calls < 4 ? std::nullopt : std::optional<Stop>(Stop{"enough"}); };
  const ObjectiveRecord record = run(slow, Vector::Ones(200), 0.1, {}, watch);
  EXPECT_EQ(record.verdict.outcome, Outcome::stopped);
  EXPECT_TRUE(record.verdict.why.starts_with("stopped: enough")) << record.verdict.why;
  EXPECT_EQ(record.steps, 0U);
  EXPECT_LT(slow.products, 200);
}

}  // namespace
}  // namespace equipoise::driver_test
