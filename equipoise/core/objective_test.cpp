// The seam: objectives that are no factorizations get verdict, cycle, exponent and sharpness from run(), as closed
// forms and plain loops of their own say.
#include "equipoise/core/objective.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/cycle.hpp"
#include "equipoise/core/descent.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/lyapunov.hpp"
#include "equipoise/core/run.hpp"

namespace equipoise::objective_test {
namespace {

Vector numbers(std::initializer_list<double> values) {
  return Eigen::Map<const Vector>(values.begin(), static_cast<Index>(values.size()));
}

// f = 1/2 z^T Q diag(spectrum) Q z with Q = I - 2 u u^T / |u|^2 a reflection, or the diagonal itself.
class Quadratic final : public Objective {
 public:
  explicit Quadratic(Vector spectrum, bool turned = true) : spectrum_(std::move(spectrum)) {
    if (turned) mirror_ = Vector::LinSpaced(spectrum_.size(), 1, 2).normalized();
  }
  Index size() const override { return spectrum_.size(); }
  double gradient(ConstState at, State out) const override {
    hessian_product(at, at, out);
    return at.dot(out) / 2;
  }
  void hessian_product(ConstState, ConstState v, State out) const override {
    out = reflected(spectrum_.cwiseProduct(reflected(v)));
  }

 private:
  Vector reflected(const Vector& v) const { return mirror_.size() == 0 ? v : v - 2 * mirror_.dot(v) * mirror_; }
  Vector spectrum_, mirror_;
};

TEST(Objective, AQuadraticConvergesAsItsSpectrumSays) {
  const Quadratic bowl(numbers({0.5, 2, 10}));
  const ObjectiveRecord record = run(bowl, numbers({1, -2, 3}), 0.1);
  ASSERT_EQ(record.verdict.outcome, Outcome::converged) << record.verdict.why;
  EXPECT_EQ(record.verdict.limit, Limit::minimiser);
  EXPECT_LT(record.last.norm(), 1e-10);
  EXPECT_NEAR(record.sharpness_start.value, 10, 1e-12);
  EXPECT_NEAR(record.sharpness_end.value, 10, 1e-12);
  // Along the flattest direction the gradient falls by 1 - h lambda a step.
  EXPECT_NEAR(record.verdict.multiplier, 1 - 0.1 * 0.5, 1e-9);
  EXPECT_EQ(record.steps, record.verdict.step);
  EXPECT_EQ(record.samples.front().step, 0U);
  EXPECT_EQ(record.samples.back().step, record.steps);
  EXPECT_TRUE(record.measure_names.empty());
  // No direction is neutral: the exponent is that of the slowest one.
  EXPECT_NEAR(lyapunov(bowl, numbers({1, -2, 3}), 0.1, 2000).exponent, std::log(0.95), 1e-6);
}

TEST(Objective, AQuadraticPastItsEdgeDivergesAtTheStepOfItsClosedForm) {
  const double h = 0.25;
  const Vector spectrum = numbers({0.5, 2, 10});
  const Vector start = numbers({0.1, 0.2, 0.3});
  const ObjectiveRecord record = run(Quadratic(spectrum, false), start, h);
  ASSERT_EQ(record.verdict.outcome, Outcome::diverged) << record.verdict.why;
  EXPECT_FALSE(record.verdict.proved);
  EXPECT_NE(record.verdict.why.find("heuristic, no theorem"), std::string::npos);
  EXPECT_TRUE(std::isnan(record.sharpness_end.value));
  // z_k = (1 - h lambda)^k z_0; the first step at which both |z| and |grad f| are 1e8 times their beginnings.
  const auto reached = [&](int k) {
    const Vector z = start.array() * (1 - h * spectrum.array()).pow(k);
    const double steep = z.cwiseProduct(spectrum).norm() / (1 + start.cwiseProduct(spectrum).norm());
    return std::min(z.norm() / (1 + start.norm()), steep) > 1e8;
  };
  const int k = static_cast<int>(record.steps);
  EXPECT_TRUE(reached(k)) << k;
  EXPECT_FALSE(reached(k - 1)) << k;
  EXPECT_NEAR(lyapunov(Quadratic(spectrum), start, h, 300).exponent, std::log(1.5), 1e-6);
}

// At h lambda = 2 exactly one coordinate changes its sign at every step, and the others vanish.
TEST(Objective, AQuadraticAtItsEdgeIsACycle) {
  const ObjectiveRecord record = run(Quadratic(numbers({0.5, 2, 8}), false), numbers({1, 1, 1}), 0.25);
  ASSERT_EQ(record.verdict.outcome, Outcome::periodic) << record.verdict.why;
  EXPECT_EQ(record.verdict.period, 2U);
  EXPECT_NEAR(record.verdict.multiplier, 0.875 * 0.875, 1e-9);  // the direction that turns is neutral
  ASSERT_EQ(record.verdict.cycle_losses.size(), 2U);
  EXPECT_NEAR(record.verdict.cycle_losses[0], 4, 1e-9);
}

TEST(Objective, NothingIsCalledAMinimiserWithoutCurvature) {
  // From the stable manifold of a saddle: x^2/2 - y^2/2 at y = 0.
  const ObjectiveRecord saddle = run(Quadratic(numbers({1, -1}), false), numbers({1, 0}), 0.1);
  EXPECT_EQ(saddle.verdict.outcome, Outcome::converged) << saddle.verdict.why;
  EXPECT_EQ(saddle.verdict.limit, Limit::saddle);
  EXPECT_NE(saddle.verdict.why.find("only starts on its stable manifold stay"), std::string::npos);
  // Off it the run leaves, and the function has no minimum.
  const ObjectiveRecord left = run(Quadratic(numbers({1, -1}), false), numbers({1, 1e-20}), 0.1);
  EXPECT_EQ(left.verdict.outcome, Outcome::diverged) << left.verdict.why;
  // A Hessian that is not known leaves the limit undetermined.
  class NoHessian final : public Objective {
    Index size() const override { return 3; }
    double gradient(ConstState at, State out) const override {
      out = at;
      return at.squaredNorm() / 2;
    }
    void hessian_product(ConstState, ConstState, State out) const override { out.setConstant(NAN); }
  };
  RunSettings settings;
  settings.max_steps = 2000;
  const ObjectiveRecord unknown = run(NoHessian(), numbers({1, 2, 3}), 0.1, settings);
  EXPECT_EQ(unknown.verdict.limit, Limit::undetermined) << unknown.verdict.why;
  EXPECT_TRUE(std::isnan(unknown.sharpness_end.value));
}

TEST(Objective, SizesZeroAndOne) {
  const ObjectiveRecord none = run(Quadratic(Vector(), false), Vector(), 0.1);
  EXPECT_EQ(none.verdict.outcome, Outcome::converged) << none.verdict.why;
  EXPECT_EQ(none.steps, 0U);
  EXPECT_EQ(none.sharpness_end.value, 0);
  const ObjectiveRecord one = run(Quadratic(numbers({3}), false), numbers({2}), 0.5);
  EXPECT_EQ(one.verdict.limit, Limit::minimiser) << one.verdict.why;
  EXPECT_NEAR(one.sharpness_end.value, 3, 1e-12);
}

TEST(Objective, MistakesAreExceptions) {
  const Quadratic bowl(numbers({1, 2}));
  EXPECT_THROW(run(bowl, numbers({1}), 0.1), Error);
  EXPECT_THROW(run(bowl, numbers({1, NAN}), 0.1), Error);
  EXPECT_THROW(run(bowl, numbers({1, 1}), 0), Error);
  EXPECT_THROW(Stepper(bowl, numbers({1, 1}), INFINITY), Error);
  EXPECT_THROW(lyapunov(bowl, numbers({1, 1, 1}), 0.1, 10), Error);
}

// f = 1/2 (mu - w1 w2 w3)^2: a factorization of depth three. On w1 = w2 = w3 = w, which rounding keeps exactly, the map
// is w <- w + h (mu - w^3) w^2, and every minimiser has a sharpness of 3 mu^(4/3) or more.
class DeepProduct : public Objective {
 public:
  explicit DeepProduct(double mu) : mu_(mu) {}
  Index size() const override { return 3; }
  double gradient(ConstState w, State out) const override {
    const double r = mu_ - w[0] * w[1] * w[2];
    out << -r * w[1] * w[2], -r * w[0] * w[2], -r * w[0] * w[1];
    return r * r / 2;
  }
  void hessian_product(ConstState w, ConstState v, State out) const override {
    const double r = mu_ - w[0] * w[1] * w[2];
    const double g[3] = {w[1] * w[2], w[0] * w[2], w[0] * w[1]};
    const double along = g[0] * v[0] + g[1] * v[1] + g[2] * v[2];
    out << g[0] * along - r * (w[2] * v[1] + w[1] * v[2]), g[1] * along - r * (w[2] * v[0] + w[0] * v[2]),
        g[2] * along - r * (w[1] * v[0] + w[0] * v[1]);
  }

 protected:
  double mu_;
};

class DeepProductWithLaws final : public DeepProduct {
 public:
  using DeepProduct::DeepProduct;
  Laws laws() const override {
    Laws laws;
    laws.largest_stable_rate = 2 / (3 * std::pow(mu_, 4.0 / 3));
    return laws;
  }
  std::vector<std::string> measure_names() const override { return {"product"}; }
  void measure(ConstState w, std::span<double> out) const override { out[0] = w[0] * w[1] * w[2]; }
};

double on_the_diagonal(double mu, double w, double h) { return w + h * (mu - w * w * w) * w * w; }

TEST(Objective, DepthThreeConverges) {
  const double mu = 2;
  const ObjectiveRecord record = run(DeepProduct(mu), numbers({1, 1, 1}), 0.1);
  ASSERT_EQ(record.verdict.outcome, Outcome::converged) << record.verdict.why;
  EXPECT_EQ(record.verdict.limit, Limit::minimiser);
  EXPECT_NEAR(record.last[0], std::cbrt(mu), 1e-10);
  EXPECT_NEAR(record.sharpness_end.value, 3 * std::pow(mu, 4.0 / 3), 1e-8);
  EXPECT_NEAR(record.verdict.multiplier, std::abs(1 - 0.3 * std::pow(mu, 4.0 / 3)), 1e-4);
  // Unbalanced, with a measure of its own.
  const ObjectiveRecord other = run(DeepProductWithLaws(mu), numbers({2, 1, -0.5}), 0.05);
  ASSERT_EQ(other.verdict.limit, Limit::minimiser) << other.verdict.why;
  ASSERT_EQ(other.measure_names, std::vector<std::string>{"product"});
  EXPECT_EQ(other.samples.front().measures, std::vector<double>{-1});
  EXPECT_NEAR(other.samples.back().measures[0], mu, 1e-10);
  const Vector& w = other.last;
  EXPECT_NEAR(other.sharpness_end.value,
              w[1] * w[1] * w[2] * w[2] + w[0] * w[0] * w[2] * w[2] + w[0] * w[0] * w[1] * w[1], 1e-8);
  EXPECT_EQ(run(DeepProduct(mu), numbers({0, 0, 0}), 0.1).verdict.step, 0U);
}

// Just past h * 3 mu^(4/3) = 2 the run ends in a cycle of two points, found by a loop of its own.
TEST(Objective, DepthThreePastTheEdgeIsACycle) {
  const double h = 0.75;
  double w = 1.05;
  for (int k = 0; k < 100000; ++k) w = on_the_diagonal(1, w, h);
  const double other = on_the_diagonal(1, w, h);
  ASSERT_NEAR(on_the_diagonal(1, other, h), w, 1e-12);
  ASSERT_GT(std::abs(w - other), 0.1);
  const auto along = [&](double x) { return 1 + h * (2 * x - 5 * x * x * x * x); };
  const auto across = [&](double x) { return 1 - h * (1 - x * x * x) * x; };
  const double turn_along = along(w) * along(other), turn_across = across(w) * across(other);
  const double multiplier = std::abs(turn_along) > std::abs(turn_across) ? turn_along : turn_across;

  for (const bool laws : {false, true}) {
    const DeepProduct plain(1);
    const DeepProductWithLaws lawful(1);
    const Objective& objective = laws ? static_cast<const Objective&>(lawful) : plain;
    const ObjectiveRecord record = run(objective, numbers({1.05, 1.05, 1.05}), h);
    ASSERT_EQ(record.verdict.outcome, Outcome::periodic) << record.verdict.why;
    EXPECT_EQ(record.verdict.period, 2U);
    EXPECT_NEAR(record.verdict.multiplier, multiplier, 1e-3);
    EXPECT_NEAR(std::min(record.last[0], on_the_diagonal(1, record.last[0], h)), std::min(w, other), 1e-9);
    const double low = std::min(record.verdict.cycle_losses[0], record.verdict.cycle_losses[1]);
    const auto loss = [](double x) { return (1 - x * x * x) * (1 - x * x * x) / 2; };
    EXPECT_NEAR(low, std::min(loss(w), loss(other)), 1e-9);
  }
  const auto cycle = find_cycle(DeepProduct(1), numbers({w, w, w}), h, 1e-9);
  ASSERT_TRUE(cycle.has_value());
  EXPECT_EQ(cycle->period, 2U);
}

// The same map at a larger rate: bounded, with a positive exponent. Only with a law that no minimiser is stable there
// is it called chaotic.
TEST(Objective, ChaosNeedsALaw) {
  const double h = 0.95;
  const int steps = 200000;
  double w = 1.05, sum = 0;
  for (int k = 0; k < steps; ++k) {
    sum += std::log(std::abs(1 + h * (2 * w - 5 * w * w * w * w)));
    w = on_the_diagonal(1, w, h);
  }
  const double exponent = sum / steps;
  ASSERT_GT(exponent, 0.05);
  RunSettings settings;
  settings.max_steps = 50000;
  const ObjectiveRecord lawful = run(DeepProductWithLaws(1), numbers({1.05, 1.05, 1.05}), h, settings);
  ASSERT_EQ(lawful.verdict.outcome, Outcome::chaotic) << lawful.verdict.why;
  EXPECT_NEAR(lawful.verdict.lyapunov, exponent, 0.02);
  EXPECT_NE(lawful.verdict.why.find("h = 0.95 > 0.666667 leaves no stable minimiser"), std::string::npos)
      << lawful.verdict.why;
  const ObjectiveRecord plain = run(DeepProduct(1), numbers({1.05, 1.05, 1.05}), h, settings);
  ASSERT_EQ(plain.verdict.outcome, Outcome::exhausted) << plain.verdict.why;
  EXPECT_NEAR(plain.verdict.lyapunov, exponent, 0.02);
  EXPECT_NE(plain.verdict.why.find("neighbouring runs separate"), std::string::npos) << plain.verdict.why;
}

// A user's function of two lines: log cosh x + y^2/8.
class Valley final : public Objective {
 public:
  Index size() const override { return 2; }
  double gradient(ConstState z, State out) const override {
    out << std::tanh(z[0]), z[1] / 4;
    return std::log(std::cosh(z[0])) + z[1] * z[1] / 8;
  }
  void hessian_product(ConstState z, ConstState v, State out) const override {
    out << v[0] / std::pow(std::cosh(z[0]), 2), v[1] / 4;
  }
};

TEST(Objective, AUsersFunctionOfTwoLines) {
  const ObjectiveRecord calm = run(Valley(), numbers({3, -2}), 1);
  ASSERT_EQ(calm.verdict.limit, Limit::minimiser) << calm.verdict.why;
  EXPECT_NEAR(calm.sharpness_start.value, 0.25, 1e-12);
  EXPECT_NEAR(calm.sharpness_end.value, 1, 1e-12);
  // Past h = 2 the minimiser is unstable: x -> -x where 2 x = h tanh x.
  const double h = 2.5;
  double x = 1;
  for (int k = 0; k < 1000; ++k) x = h / 2 * std::tanh(x);
  const double turn = std::pow(1 - h / std::pow(std::cosh(x), 2), 2);
  const double side = std::pow(1 - h / 4, 2);
  const ObjectiveRecord wild = run(Valley(), numbers({3, -2}), h);
  ASSERT_EQ(wild.verdict.outcome, Outcome::periodic) << wild.verdict.why;
  EXPECT_EQ(wild.verdict.period, 2U);
  EXPECT_NEAR(std::abs(wild.last[0]), x, 1e-10);
  EXPECT_NEAR(wild.verdict.multiplier, std::max(turn, side), 5e-3);
  EXPECT_NEAR(lyapunov(Valley(), numbers({3, -2}), h, 3000).exponent, std::log(std::max(turn, side)) / 2, 1e-6);
  // From y = 0, which stays exactly, the multiplier is the same: tangent vectors see all directions.
  EXPECT_NEAR(run(Valley(), numbers({3, 0}), h).verdict.multiplier, std::max(turn, side), 5e-3);
}

TEST(Objective, SharpnessIsFollowedAlongTheRun) {
  RunSettings settings;
  settings.sharpness_every = 5;
  settings.sample_every = 5;
  const ObjectiveRecord record = run(Valley(), numbers({3, -2}), 1, settings);
  int measured = 0;
  Stepper by_hand(Valley(), numbers({3, -2}), 1);
  for (const ObjectiveSample& row : record.samples) {
    by_hand.step(row.step - by_hand.steps());
    if (row.eigenvalues.empty()) continue;
    ++measured;
    const double expected = std::max(0.25, 1 / std::pow(std::cosh(by_hand.at()[0]), 2));
    EXPECT_NEAR(row.eigenvalues[0], expected, 1e-9) << row.step;
  }
  EXPECT_GT(measured, 3);
}

}  // namespace
}  // namespace equipoise::objective_test
