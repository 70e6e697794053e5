// Bounds and assumptions of statements are as tight as they say: a run on either side of each.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/theory/delta.hpp"
#include "equipoise/theory/test_trial.hpp"

namespace equipoise::tightness_test {
namespace {

using namespace test_trial;

// The answer of the prediction whose text begins so, for a record whose last factors are replaced: what a bound says of
// them.
Answer said(const Trial& trial, const std::string& statement, const std::string& text, const Matrix& X,
            const Matrix& Y) {
  Record record = run(*trial.problem, trial.start, trial.h);
  record.verdict.outcome = Outcome::converged;
  record.verdict.limit = Limit::minimiser;
  record.last = Factors(X, Y);
  const std::vector<Finding> findings = examine(trial.situation(), record);
  for (const Check& check : find(findings, statement).predictions) {
    if (check.text.starts_with(text)) return check.holds;
  }
  ADD_FAILURE() << statement << " has no prediction " << text;
  return Answer::unknown;
}

// Each bound is refuted by factors a few percent beyond it and holds a few percent below: a bound twice as wide would
// not do.
TEST(Theory, BoundsOfALimitAreAsTightAsTheySay) {
  const auto at = [](double P, double Q) {
    return std::pair{Matrix(Matrix::Constant(1, 1, std::sqrt(P))), Matrix(Matrix::Constant(1, 1, std::sqrt(Q)))};
  };
  // mu = 1/2, h = 1: |P - Q| <= sqrt(3) = 1.732 twice over, P / Q <= (1 + sqrt(3/4))^2 / (1/4) = 13.93, |x - y|^2 <= 1.
  const Trial half = trial_of(Matrix::Constant(1, 1, 0.5), Matrix::Ones(1, 1), Matrix::Constant(1, 1, 0.25), 1);
  const auto half_says = [&](const std::string& text, double P, double Q) {
    const auto [x, y] = at(P, Q);
    return said(half, "limit.balance", text, x, y);
  };
  EXPECT_EQ(half_says("h^2 (|X|_2^2 - |Y|_2^2)^2", 1.80, 0.05), Answer::no);
  EXPECT_EQ(half_says("h^2 (|X|_2^2 - |Y|_2^2)^2", 1.75, 0.05), Answer::yes);
  EXPECT_EQ(half_says("h | |X|_F^2 - |Y|_F^2 |", 1.80, 0.05), Answer::no);
  EXPECT_EQ(half_says("h | |X|_F^2 - |Y|_F^2 |", 1.75, 0.05), Answer::yes);
  EXPECT_EQ(half_says("|X|_F^2 / |Y|_F^2", 1.70, 0.115), Answer::no);
  EXPECT_EQ(half_says("|X|_F^2 / |Y|_F^2", 1.70, 0.13), Answer::yes);
  EXPECT_EQ(said(half, "limit.balance", "h |X - Y|_F^2", Matrix::Ones(1, 1), Matrix::Constant(1, 1, -0.05)),
            Answer::no);
  EXPECT_EQ(said(half, "limit.balance", "h |X - Y|_F^2", Matrix::Ones(1, 1), Matrix::Constant(1, 1, 0.05)),
            Answer::yes);
  // Beyond h (P + Q) = 2 a limit is not stable, and the bounds do not speak of it.
  EXPECT_EQ(half_says("h^2 (|X|_2^2 - |Y|_2^2)^2", 2.05, 0.05), Answer::unknown);
  const auto [x, y] = at(2.05, 0.05);
  EXPECT_EQ(said(half, "limit.flatness", "h (|X|_2^2 + |Y|_2^2) <= 2", x, y), Answer::unknown);
  // One row: X, the heavier factor, has rank one whatever d is.
  const Trial row = trial_of(Matrix{{0.5, 0, 0}}, Matrix{{1, 0}}, Matrix{{0.25, 0}, {0, 0}, {0, 0}}, 1);
  const Matrix light{{std::sqrt(0.05), 0}, {0, 0}, {0, 0}};
  EXPECT_EQ(said(row, "limit.balance", "h | |X|_F^2 - |Y|_F^2 |", Matrix{{std::sqrt(1.80), 0}}, light), Answer::no);
  EXPECT_EQ(said(row, "limit.balance", "h | |X|_F^2 - |Y|_F^2 |", Matrix{{std::sqrt(1.75), 0}}, light), Answer::yes);

  // Brackets of the sure statements: 2 m <= h lambda_max <= 2 delta, for one number and for an isotropic problem.
  const Trial near = trial_of(Matrix::Constant(1, 1, 0.5), Matrix::Constant(1, 1, 0.8), Matrix::Constant(1, 1, 0.5), 1);
  const double delta = Delta::of_vectors(0.5, Vector{{0.8}}, Vector{{0.5}}).delta(1);
  ASSERT_LT(delta, 1);
  for (const double part : {0.98, 1.02}) {
    const double S = 2 * delta * part;
    // x^2 + y^2 = S with xy = 1/2
    const double sum = std::sqrt(S + 1);
    const double difference = std::sqrt(S - 1);
    const auto far_x = Matrix(Matrix::Constant(1, 1, (sum + difference) / 2));
    const auto far_y = Matrix(Matrix::Constant(1, 1, (sum - difference) / 2));
    EXPECT_EQ(said(near, "scalar.minimiser", "h lambda_max at the limit <= 2 delta", far_x, far_y),
              part < 1 ? Answer::yes : Answer::no);
    const Trial isotropic = trial_of(0.5 * Matrix::Identity(2, 2), Matrix{{0.8}, {0}}, Matrix{{0.5}, {0}}, 1);
    EXPECT_EQ(said(isotropic, "isotropic.minimiser", "h lambda_max at the limit <= 2 delta", Matrix{{far_x(0, 0)}, {0}},
                   Matrix{{far_y(0, 0)}, {0}}),
              part < 1 ? Answer::yes : Answer::no);
  }

  // The region of the balanced map, 1 <= m < 2: h (|u|^2 + |v|^2) <= 2 (delta + m).
  const Trial beyond =
      trial_of(Matrix::Constant(1, 1, 1.4), Matrix::Constant(1, 1, 0.5), Matrix::Constant(1, 1, 0.25), 1);
  const double bound = 2 * (Delta::of_vectors(1.4, Vector{{0.5}}, Vector{{0.25}}).delta(1) + 1.4);
  Record record = run(*beyond.problem, beyond.start, beyond.h);
  for (const double part : {0.98, 1.02}) {
    Sample wide = record.samples.front();
    wide.norm_x = std::sqrt(part * bound);
    wide.norm_y = 0;
    Record false_record = record;
    false_record.samples.push_back(wide);
    EXPECT_EQ(find(examine(beyond.situation(), false_record), "scalar.beyond").confirmed == Answer::no, part > 1);
  }
}

// Assumptions fail just beyond their bounds.
TEST(Theory, AssumptionsAreAsTightAsTheySay) {
  const Matrix A{{2, 1}, {0, 1}};
  const Matrix X{{1}, {0.5}};
  const Matrix Y{{1}, {0.25}};
  const double L = trial_of(A, X, Y, 1).situation().L;
  const double S = X.squaredNorm() + Y.squaredNorm();
  const double s1 = singular_values(A)[0];
  for (const double part : {0.98, 1.02}) {
    SCOPED_TRACE(part);
    const auto classical = predict(trial_of(A, X, Y, part * 2 / L).situation());
    EXPECT_EQ(find(classical, "classical.two-over-L").applies, part < 1 ? Answer::unknown : Answer::no);
    const auto frobenius = predict(trial_of(A, X, Y, part * 4 / (S + 4 * s1)).situation());
    EXPECT_EQ(find(frobenius, "frobenius.rate").applies, part < 1 ? Answer::yes : Answer::no);
    const auto necessary = predict(trial_of(A, X, Y, part / s1).situation());
    EXPECT_EQ(find(necessary, "any.necessary-rate").applies, part < 1 ? Answer::no : Answer::yes);
    // h min(|x|^2, |y|^2) = 2 + h s1 at h = 2 / (min - s1).
    const Matrix wide_x = 3 * X;
    const Matrix wide_y = 3 * Y;
    const double smaller = std::min(wide_x.squaredNorm(), wide_y.squaredNorm());
    const auto divergent = predict(trial_of(A, wide_x, wide_y, part * 2 / (smaller - s1)).situation());
    EXPECT_EQ(find(divergent, "any.divergence").applies, part < 1 ? Answer::no : Answer::yes);
  }
}

}  // namespace
}  // namespace equipoise::tightness_test
