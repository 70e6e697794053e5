// Every ending of a run, with inputs made to fool the classifier.
#include "equipoise/core/run.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/cycle.hpp"
#include "equipoise/core/descent.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/lyapunov.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"

namespace equipoise::run_test {
namespace {

std::unique_ptr<Problem> scalar(double mu) { return dense_problem(Matrix::Constant(1, 1, mu)); }

Factors pair(double x, double y) {
  Factors z({1, 1, 1});
  z.X()(0, 0) = x;
  z.Y()(0, 0) = y;
  return z;
}

Record scalar_run(double mu, double x, double y, double h, RunSettings settings = {}) {
  return run(*scalar(mu), pair(x, y), h, settings);
}

TEST(Run, ConvergesToAMinimiser) {
  const Record record = scalar_run(1, 9, 1, 0.0254);
  EXPECT_EQ(record.verdict.outcome, Outcome::converged);
  EXPECT_EQ(record.verdict.limit, Limit::minimiser);
  // Reference limit, 60 digits (tests/data/cases.json, s03).
  EXPECT_NEAR(record.last.X()(0, 0), 8.1076426804863941582, 1e-10);
  EXPECT_NEAR(record.last.Y()(0, 0), 0.12334041341101726297, 1e-11);
  EXPECT_LE(record.verdict.evidence, record.verdict.threshold);
  EXPECT_TRUE(record.verdict.reproducible);
  EXPECT_NEAR(record.sharpness_end.value, 65.749082695, 1e-6);
  EXPECT_EQ(record.samples.front().step, 0U);
  EXPECT_EQ(record.samples.back().step, record.steps);
}

TEST(Run, ConvergesToTheSaddleOnItsStableManifold) {
  for (const auto& [mu, x, y, h] :
       {std::tuple{1.0, 2.0, -2.0, 0.15}, std::tuple{0.5, 1.0, 1.5, 1.0}}) {  // the second is CE1
    const Record record = scalar_run(mu, x, y, h);
    EXPECT_EQ(record.verdict.outcome, Outcome::converged);
    EXPECT_EQ(record.verdict.limit, Limit::saddle) << record.verdict.why;
    EXPECT_LT(record.last.flat().norm(), 1e-11);
  }
  const Record zero = scalar_run(1, 0, 0, 0.1);
  EXPECT_EQ(zero.verdict.limit, Limit::saddle);
  EXPECT_EQ(zero.verdict.step, 0U);
}

// A start so close to the stable manifold that the gradient falls below the tolerance near the saddle, and which
// escapes all the same.
TEST(Run, AVisitToASaddleIsNotConvergence) {
  const Record record = scalar_run(1, 2, -2 * (1 - 1e-15), 0.15);
  EXPECT_EQ(record.verdict.outcome, Outcome::converged);
  EXPECT_EQ(record.verdict.limit, Limit::minimiser) << record.verdict.why;
  EXPECT_FALSE(record.verdict.reproducible);
  // A tiny start leaves the saddle at 0 although its gradient is below any absolute tolerance.
  const Record tiny = scalar_run(1, 1e-14, 1e-14, 0.5);
  EXPECT_EQ(tiny.verdict.limit, Limit::minimiser);
  EXPECT_NEAR(tiny.last.X()(0, 0), 1, 1e-9);
}

TEST(Run, ExactLandings) {
  const Record once = scalar_run(0, 2, 1, 1);  // CE2: an exact minimiser after one step, at a rate where it is unstable
  EXPECT_EQ(once.verdict.outcome, Outcome::converged);
  EXPECT_EQ(once.verdict.step, 1U);
  EXPECT_NE(once.verdict.why.find("unstable"), std::string::npos) << once.verdict.why;
  Factors vectors({1, 1, 3});  // CE4
  vectors.X() << 2, 0, 1;
  vectors.Y() << -1, 1, 0;
  const Record vector = run(*scalar(1), vectors, 1);
  EXPECT_EQ(vector.verdict.outcome, Outcome::converged) << vector.verdict.why;
  EXPECT_EQ(vector.verdict.step, 1U);
}

TEST(Run, DivergesByLemmaE) {
  for (const double x_squared : {2.5, 2.6}) {  // CE5
    const Record record = scalar_run(3, std::sqrt(x_squared), std::sqrt(x_squared), 1);
    EXPECT_EQ(record.verdict.outcome, Outcome::diverged);
    EXPECT_TRUE(record.verdict.proved);
  }
  const Record record = scalar_run(1, 9, 1, 0.0491);
  EXPECT_EQ(record.verdict.outcome, Outcome::diverged);
  EXPECT_TRUE(record.verdict.proved);
  EXPECT_GE(record.verdict.evidence, record.verdict.threshold);
  EXPECT_TRUE(record.last.flat().allFinite());
  EXPECT_TRUE(std::isnan(record.sharpness_end.value));
  EXPECT_TRUE(std::isfinite(record.loss_end));
  EXPECT_EQ(record.steps, record.verdict.step);
}

TEST(Run, DivergenceOfObservedEntriesIsNamedAHeuristic) {
  SparseMatrix A(2, 2);
  A.insert(0, 0) = 1;
  A.insert(1, 1) = 2;
  A.makeCompressed();
  const Record record = run(*observed_problem(A), gaussian_factors({2, 2, 1}, 1), 30);
  EXPECT_EQ(record.verdict.outcome, Outcome::diverged);
  EXPECT_FALSE(record.verdict.proved);
  EXPECT_NE(record.verdict.why.find("heuristic"), std::string::npos);
  EXPECT_TRUE(record.last.flat().allFinite());
}

// Products of the 2-cycle: q = ((m + 1) +- sqrt((m + 3)(m - 1))) / 2 over h; multipliers 9 - 2 (1 + m)^2 along, (3 - 2
// m)^... across.
TEST(Run, PeriodTwoHasItsClosedForm) {
  for (const double h : {1.1, 1.12, 1.2}) {
    const Record record = scalar_run(1, 1.2, 0.9, h);
    ASSERT_EQ(record.verdict.outcome, Outcome::periodic) << record.verdict.why;
    EXPECT_EQ(record.verdict.period, 2U);
    const double root = std::sqrt((h + 3) * (h - 1));
    const double product = h * record.last.X()(0, 0) * record.last.Y()(0, 0);
    const double expected = product > (h + 1) / 2 ? (h + 1 + root) / 2 : (h + 1 - root) / 2;
    EXPECT_NEAR(product, expected, 1e-9);
    const double along = 9 - 2 * (1 + h) * (1 + h);
    const double across = std::abs(3 - 2 * h);
    EXPECT_NEAR(std::abs(record.verdict.multiplier), std::max(std::abs(along), across), 1e-4) << h;
    EXPECT_EQ(record.verdict.cycle_losses.size(), 2U);
  }
}

// Eigenvalues of the Jacobian of a turn, by numpy. Two of nearly one size at 1.185 and 1.19; no direction is neutral.
TEST(Run, MultipliersAndExponentsOfCyclesAreThoseOfTheJacobian) {
  for (const auto& [h, period, multiplier] : {std::tuple{1.1, 2U, 0.8}, std::tuple{1.185, 2U, 0.63},
                                              std::tuple{1.19, 2U, 0.62}, std::tuple{1.26, 4U, 0.23757634584006426}}) {
    const Verdict verdict = scalar_run(1, 0.3, 0.3, h).verdict;
    ASSERT_EQ(verdict.outcome, Outcome::periodic) << verdict.why;
    EXPECT_EQ(verdict.period, period);
    EXPECT_NEAR(verdict.multiplier, multiplier, 1e-9) << h;
    EXPECT_NEAR(verdict.lyapunov, std::log(multiplier) / period, 1e-9) << h;
  }
}

// Above the edge of the budget: what the last iterate shows counts.
TEST(Run, SureDivergenceIsSeenAtTheLastIterate) {
  const Record whole = scalar_run(1, 9, 1, 0.06);
  ASSERT_EQ(whole.verdict.outcome, Outcome::diverged) << whole.verdict.why;
  ASSERT_TRUE(whole.verdict.proved);
  RunSettings settings;
  for (const std::uint64_t budget : {whole.steps, whole.steps - 1}) {
    settings.max_steps = budget;
    const Verdict verdict = scalar_run(1, 9, 1, 0.06, settings).verdict;
    EXPECT_EQ(verdict.outcome, budget == whole.steps ? Outcome::diverged : Outcome::exhausted) << verdict.why;
    EXPECT_EQ(verdict.step, budget);
  }
}

TEST(Run, HigherPeriods) {
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1.25).verdict.period, 4U);
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1.29).verdict.period, 8U);
  // Windows in which a turn contracts by 0.1 or more: the longest period that is looked for, and half of it.
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1.3018961).verdict.period, 32U);
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1.302195).verdict.period, 64U);
}

TEST(Run, ALongerPeriodIsNotTakenForAShorterOneNorForChaos) {
  // Beyond the window of 64 the cycle has period 128, which is longer than what is looked for: no claim.
  RunSettings settings;
  settings.max_steps = 60000;
  const Record record = scalar_run(1, 1.2, 0.9, 1.302258, settings);
  EXPECT_EQ(record.verdict.outcome, Outcome::exhausted) << record.verdict.why;
}

// The cycle x -> -x of mu = 0 ... has equal losses at both points: only the states tell.
TEST(Run, PeriodTwoWithEqualLosses) {
  // On x = y the map is w -> w (1 + m - w^2); w -> -w where w^2 = m + 2. For it to attract in z, take find_cycle
  // itself.
  const double m = 0.5;
  const double w = std::sqrt(m + 2);
  const auto cycle = find_cycle(*scalar(m), pair(w, w), 1, 1e-9);
  ASSERT_TRUE(cycle.has_value());
  EXPECT_EQ(cycle->period, 2U);
  EXPECT_NEAR(cycle->losses[0], cycle->losses[1], 1e-12);
  EXPECT_GT(std::abs(cycle->multiplier), 1);  // it repels: run() must not call it an ending
  RunSettings settings;
  settings.max_steps = 20000;
  EXPECT_NE(scalar_run(m, w, w, 1, settings).verdict.outcome, Outcome::periodic);
}

// Beside a cycle that repels, the first return is within the tolerance and the second is not.
TEST(Run, OneReturnIsNotACycle) {
  const double m = 1.5;
  const double q = ((m + 1) + std::sqrt((m + 3) * (m - 1))) / 2;
  const double w = std::sqrt(q);  // multiplier 9 - 2 (1 + m)^2 = -3.5
  ASSERT_TRUE(find_cycle(*scalar(m), pair(w, w), 1, 1e-9).has_value());
  EXPECT_NEAR(find_cycle(*scalar(m), pair(w, w), 1, 1e-9)->multiplier, -3.5, 1e-6);
  EXPECT_FALSE(find_cycle(*scalar(m), pair(w + 1e-10, w + 1e-10), 1, 1e-9).has_value());
}

// Close below the doubling at m = sqrt(5) - 1 a turn contracts by less than a thousandth: the cycle closes, and decides
// nothing.
TEST(Run, AMarginalCycleDecidesNothing) {
  RunSettings settings;
  settings.max_steps = 200000;
  const Record record = scalar_run(1, 1.2, 0.9, std::sqrt(5.0) - 1 - 5e-5, settings);
  EXPECT_EQ(record.verdict.outcome, Outcome::exhausted) << record.verdict.why;
  EXPECT_NE(record.verdict.why.find("decides nothing"), std::string::npos) << record.verdict.why;
}

TEST(Run, SlowApproachIsNotACycle) {
  // hμ = 1 - 1e-4: the approach alternates with a multiplier of -(1 - 2e-4) and z_{k+2} is nearly z_k for very long.
  RunSettings settings;
  settings.max_steps = 5000;
  const Record slow = scalar_run(1, 1.2, 0.9, 1 - 1e-4, settings);
  EXPECT_EQ(slow.verdict.outcome, Outcome::exhausted) << slow.verdict.why;
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1 - 1e-3).verdict.outcome, Outcome::converged);
  settings.max_steps = 30000;
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1, settings).verdict.outcome, Outcome::exhausted);  // m = 1: make no claim
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1 + 1e-5, settings).verdict.outcome, Outcome::exhausted);
}

TEST(Run, ExhaustedSaysWhetherTheGradientStillFalls) {
  RunSettings settings;
  settings.max_steps = 1000;
  const auto why = [&](double x, double y, double h) {
    const Record record = scalar_run(1, x, y, h, settings);
    EXPECT_EQ(record.verdict.outcome, Outcome::exhausted) << record.verdict.why;
    return record.verdict.why;
  };
  EXPECT_NE(why(1.2, 0.5, 1e-3).find("and still falls: "), std::string::npos);
  EXPECT_NE(why(1.2, 0.9, 1e-9).find("still falls, slowly"), std::string::npos);  // by a millionth
  EXPECT_NE(why(1e-3, 1e-3, 1e-3).find("has grown"), std::string::npos);          // leaving the saddle
  EXPECT_NE(why(1.2, 0.9, std::sqrt(5.0) - 1).find("no longer falls"),
            std::string::npos);  // where the cycle of two turns into one of four
  settings.max_steps = 5;
  EXPECT_NE(why(1.2, 0.5, 1e-3).find("too short"), std::string::npos);
}

TEST(Run, ChaosIsBoundedWithItsKnownExponent) {
  for (const auto& [h, exponent] : {std::pair{1.4, 0.34}, std::pair{1.8, 0.81}}) {
    const Record record = scalar_run(1, 1.2, 0.9, h);
    EXPECT_EQ(record.verdict.outcome, Outcome::chaotic) << record.verdict.why;
    EXPECT_NEAR(record.verdict.lyapunov, exponent, 0.02);
    EXPECT_LT(record.verdict.lyapunov_error, 0.02);
    EXPECT_FALSE(record.verdict.proved);
  }
}

TEST(Run, ChaosIsNeverClaimedWhereAMinimiserIsStable) {
  // Close inside the edge the transient is long and chaotic; theory says it converges.
  RunSettings settings;
  settings.max_steps = 40;
  const Record early = scalar_run(1, 9, 1, 0.04901, settings);
  EXPECT_TRUE(early.verdict.outcome == Outcome::exhausted || early.verdict.outcome == Outcome::converged);
  EXPECT_EQ(scalar_run(1, 9, 1, 0.04901).verdict.outcome, Outcome::converged);
}

TEST(Run, ADivergingRunThatLingers) {
  // A start just outside the edge (delta = 2 + 1e-9 at m = 0.9) needs many steps to leave.
  const double m = 0.9;
  const double S = 4 - m * m;  // p = 0: S - m p + m^2 = 4
  const double x = std::sqrt(S) * (1 + 1e-13);
  const Record record = scalar_run(m, x, 0, 1);
  EXPECT_EQ(record.verdict.outcome, Outcome::diverged) << record.verdict.why;
  EXPECT_GT(record.verdict.step, 20U);
  // m just above 2 on x = y: the map wanders over what was its invariant interval, and leaves it only after tens of
  // thousands of steps. All that while it looks chaotic, with an exponent near log 3.
  int lingered = 0;
  for (const double start : {0.3, 0.32, 0.35, 0.38, 0.41}) {
    const Record late = scalar_run(1, start, start, 2 + 1e-8);
    EXPECT_EQ(late.verdict.outcome, Outcome::diverged) << start << ": " << late.verdict.why;
    EXPECT_TRUE(late.verdict.proved);
    lingered += late.verdict.step > 10000 ? 1 : 0;
  }
  EXPECT_GE(lingered, 2);
}

// A problem that breaks: its gradient is not a number from some distance on.
class Breaking final : public Problem {
 public:
  Index rows() const override { return 1; }
  Index cols() const override { return 1; }
  Index entries() const override { return 1; }
  LossForm form() const override { return {complete_, 0}; }
  explicit Breaking(bool complete) : complete_(complete) {}
  double gradient(ConstFactors at, MutableFactors out) const override {
    const double r = residual(at);
    out.X() = -r * at.Y();
    out.Y() = -r * at.X();
    return r * r / 2;
  }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    const double r = residual(at);
    const double change = direction.X().cwiseProduct(at.Y()).sum() + at.X().cwiseProduct(direction.Y()).sum();
    out.X() = change * at.Y() - r * direction.Y();
    out.Y() = change * at.X() - r * direction.X();
  }

 private:
  static double residual(ConstFactors at) {
    return at.X().squaredNorm() > 1.2 ? NAN : 1 - at.X().cwiseProduct(at.Y()).sum();
  }
  bool complete_;
};

TEST(Run, NotANumberIsNeverANumberNorAProof) {
  for (const bool complete : {true, false}) {
    for (const double x : {0.5, 1.0, 1.6}) {
      SCOPED_TRACE(::testing::Message() << complete << " from " << x);
      RunSettings settings;
      settings.max_steps = 1000;
      const Record record = run(Breaking(complete), pair(x, 0.3), 1.9, settings);
      EXPECT_EQ(record.verdict.outcome, Outcome::diverged) << record.verdict.why;
      EXPECT_FALSE(record.verdict.proved);
      EXPECT_NE(record.verdict.why.find("heuristic, no theorem"), std::string::npos);
      EXPECT_TRUE(record.last.flat().allFinite());
      EXPECT_TRUE(std::isnan(record.sharpness_end.value));
    }
  }
}

TEST(Run, BudgetsAndStops) {
  RunSettings settings;
  settings.max_steps = 0;
  const Record none = scalar_run(1, 3, 1, 0.1, settings);
  EXPECT_EQ(none.verdict.outcome, Outcome::exhausted);
  EXPECT_EQ(none.steps, 0U);
  EXPECT_EQ(none.last.X()(0, 0), 3);
  settings.max_steps = 1000;
  settings.time_limit = 0;
  EXPECT_EQ(scalar_run(1, 3, 1, 0.1, settings).verdict.outcome, Outcome::exhausted);
  settings.time_limit = INFINITY;
  settings.tolerance = 0;
  const Record whole = scalar_run(1, 1.5, 0.5, 0.1, settings);
  EXPECT_EQ(whole.steps, 1000U) << whole.verdict.why;
  EXPECT_EQ(scalar_run(0, 2, 1, 1, settings).steps, 1000U);  // a gradient of exactly zero from step 1 on
  EXPECT_EQ(scalar_run(0, 2, 1, 1, settings).verdict.outcome, Outcome::converged);
  settings.max_steps = 3000;
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1.2, settings).steps, 3000U);
  EXPECT_EQ(scalar_run(1, 1.2, 0.9, 1.2, settings).verdict.outcome, Outcome::periodic);
  Watch watch;
  watch.observer = [](const Sample& sample, ConstFactors) {
    return sample.step < 7 ? std::nullopt : std::optional<Stop>(Stop());
  };
  const Record stopped = run(*scalar(1), pair(3, 1), 0.1, {}, watch);
  EXPECT_EQ(stopped.verdict.outcome, Outcome::stopped);
  EXPECT_EQ(stopped.steps, 7U);
  Watch pulse;
  pulse.pulse = [](std::uint64_t step) { return step < 5 ? std::nullopt : std::optional<Stop>(Stop()); };
  EXPECT_EQ(run(*scalar(1), pair(3, 1), 0.1, {}, pulse).verdict.outcome, Outcome::stopped);
}

TEST(Run, MistakesAreExceptions) {
  EXPECT_THROW(scalar_run(1, NAN, 1, 0.1), Error);
  EXPECT_THROW(scalar_run(1, INFINITY, 1, 0.1), Error);
  EXPECT_THROW(scalar_run(1, 1, 1, 0), Error);
  EXPECT_THROW(scalar_run(1, 1, 1, -1), Error);
  EXPECT_THROW(scalar_run(1, 1, 1, NAN), Error);
  EXPECT_THROW(run(*scalar(1), Factors({2, 1, 1}), 0.1), Error);
}

TEST(Run, TheStartIsNotModifiedAndStepsAreTheMap) {
  const Matrix A = gaussian_factors({7, 0, 5}, 1).X();
  const Factors start = gaussian_factors({7, 5, 2}, 2);
  const Factors copy = start;
  RunSettings settings;
  settings.max_steps = 137;
  settings.tolerance = 0;
  const auto problem = dense_problem(A);
  const Record record = run(*problem, start, 0.02, settings);
  EXPECT_EQ(start.flat(), copy.flat());
  Descent by_hand(*problem, start, 0.02);
  by_hand.step(137);
  EXPECT_EQ(record.last.flat(), by_hand.at().flat());
  Matrix X = start.X();
  Matrix Y = start.Y();
  for (int k = 0; k < 137; ++k) {
    const Matrix R = A - X * Y.transpose();
    const Matrix next = X + 0.02 * R * Y;
    Y += 0.02 * R.transpose() * X;
    X = next;
  }
  EXPECT_LT((record.last.X() - X).norm() + (record.last.Y() - Y).norm(), 1e-12);
}

// The verdict and the last iterate do not depend on what is recorded along the way.
TEST(Run, SamplingChangesNothing) {
  const Matrix A = gaussian_factors({7, 0, 5}, 1).X();
  const Factors start = with_norms(gaussian_factors({7, 5, 2}, 2), 5, 1);
  const auto problem = dense_problem(A);
  const double h = 2.5 / sharpness(*problem, start).value;
  const Record reference = run(*problem, start, h);
  for (const std::uint64_t every : {1U, 7U, 1000U}) {
    for (const Sensitivity sensitivity : {Sensitivity::never, Sensitivity::always}) {
      RunSettings settings;
      settings.sample_every = every;
      settings.sharpness_every = 3 * every;
      settings.sensitivity = sensitivity;
      const Record record = run(*problem, start, h, settings);
      EXPECT_EQ(record.last.flat(), reference.last.flat());
      EXPECT_EQ(record.verdict.step, reference.verdict.step);
      EXPECT_EQ(record.verdict.outcome, reference.verdict.outcome);
      for (std::size_t i = 1; i < record.samples.size(); ++i)
        EXPECT_GT(record.samples[i].step, record.samples[i - 1].step);
    }
  }
}

TEST(Lyapunov, AgreesWithTheMultipliersOfAMinimiser) {
  // At a minimiser of the scalar problem the multipliers are 1 and 1 - h (x^2 + y^2).
  for (const double h : {0.1, 0.3, 0.6}) {
    const LyapunovEstimate estimate = lyapunov(*scalar(2), pair(2, 1), h, 4000);
    const double expected = std::max(0.0, std::log(std::abs(1 - 5 * h)));
    EXPECT_NEAR(estimate.exponent, expected, 1e-3) << h;
  }
}

// The transient near the edge separates neighbours wildly; the exponent is that of the second half, at the minimiser.
TEST(Lyapunov, TheFirstHalfIsDropped) {
  const LyapunovEstimate estimate = lyapunov(*scalar(1), pair(9, 1), 0.0487, 4000);
  EXPECT_NEAR(estimate.exponent, 0, 1e-9);
  EXPECT_LE(estimate.steps, 2000U + 16U);
}

// So many steps that batches were merged on the way.
TEST(Lyapunov, LongRunsMergeTheirBatches) {
  const LyapunovEstimate estimate = lyapunov(*scalar(1.8), pair(1.2, 0.9), 1, 200000);
  EXPECT_NEAR(estimate.exponent, 0.81, 0.01);
  EXPECT_GT(estimate.steps, 90000U);
}

TEST(Lyapunov, ChebyshevMapHasLogThree) {
  // m = 2 on x = y is conjugate to T_3. Rounding drives doubles off the invariant interval after long, so the run is
  // short.
  const LyapunovEstimate estimate = lyapunov(*scalar(1.999), pair(0.7, 0.7), 1, 20000);
  EXPECT_NEAR(estimate.exponent, std::log(3), 0.03);
  EXPECT_LT(estimate.error, 0.02);
}

}  // namespace
}  // namespace equipoise::run_test
