// Statements against runs: nothing proved is ever refuted, nothing applies where it should not, and broken records are
// noticed.
#include "equipoise/theory/theory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/ridge.hpp"
#include "equipoise/problems/sparse.hpp"
#include "equipoise/theory/delta.hpp"
#include "equipoise/theory/test_trial.hpp"

namespace equipoise::theory_test {
namespace {

using namespace test_trial;

TEST(Theory, ListIsCompleteAndUnique) {
  std::set<std::string_view> ids;
  for (const Statement& statement : statements()) {
    EXPECT_TRUE(ids.insert(statement.id).second) << statement.id;
    EXPECT_FALSE(statement.text.empty());
    EXPECT_FALSE(statement.source.empty());
  }
  for (const char* id :
       {"classical.two-over-L", "any.necessary-rate", "minimiser.sharpness", "limit.flatness", "limit.balance",
        "imbalance.step", "rank1.sharpness", "scalar.critical-rate", "scalar.minimiser", "scalar.beyond",
        "isotropic.critical-rate", "isotropic.minimiser", "isotropic.sufficient-rate", "frobenius.rate",
        "any.divergence", "basin.gradient", "basin.exact-fit"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
  for (const Statement& statement : statements()) {
    if (statement.id == "frobenius.rate") {
      EXPECT_EQ(statement.standing, Standing::conjecture);
    }
    if (statement.id == "scalar.beyond-cycles") {
      EXPECT_EQ(statement.standing, Standing::numerical);
    }
  }
}

// 500 complete problems: what is proved is not refuted, and the sharpness at a minimiser is |X|_2^2 + |Y|_2^2.
TEST(Theory, NothingProvedIsRefutedByRandomRuns) {
  std::map<std::string, int> confirmed;
  int converged = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    const Trial trial = random_trial(seed);
    const Situation situation = trial.situation();
    const Forecast told = forecast(situation);
    const Record record = run(*trial.problem, trial.start, trial.h);
    if (record.verdict.outcome == Outcome::converged) ++converged;
    if (record.verdict.limit == Limit::minimiser) {
      const double P = std::pow(singular_values(record.last.X())[0], 2);
      const double Q = std::pow(singular_values(record.last.Y())[0], 2);
      EXPECT_NEAR(record.sharpness_end.value, P + Q, 1e-8 * (P + Q)) << record.verdict.why;
    }
    if (told.outcome && record.verdict.outcome != Outcome::exhausted) {
      EXPECT_EQ(record.verdict.outcome, *told.outcome) << told.sentence << "; " << record.verdict.why;
    }
    for (const Finding& finding : examine(situation, record)) {
      if (finding.confirmed == Answer::yes) ++confirmed[finding.statement];
      if (finding.confirmed != Answer::no) continue;
      std::string failed;
      for (const Check& check : finding.predictions) {
        if (check.holds == Answer::no)
          failed += check.text + " (" + std::to_string(check.value) + ", " + std::to_string(check.bound) + "); ";
      }
      ADD_FAILURE() << finding.statement << ": " << finding.says << " -- " << failed << record.verdict.why;
    }
  }
  EXPECT_GT(converged, 400);
  for (const char* id : {"minimiser.sharpness", "limit.flatness", "limit.balance", "imbalance.step", "frobenius.rate",
                         "basin.gradient", "basin.exact-fit", "rank1.sharpness", "scalar.critical-rate"}) {
    EXPECT_GT(confirmed[id], 10) << id;
  }
  for (const auto& [id, count] : confirmed) RecordProperty(id, count);
}

TEST(Theory, IsotropicRunsConfirmTheirStatements) {
  std::map<std::string, int> confirmed;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Generator random(seed);
    const auto n = static_cast<Index>(2 + random.next() % 4);
    const double mu = random.normal();
    Matrix A = Matrix::Zero(n, n);
    for (Index i = 0; i < n; ++i) A(i, (i + static_cast<Index>(seed)) % n) = i % 2 == 0 ? mu : -mu;
    Factors start = gaussian_factors(Shape{n, n, 1}, seed);
    const double c = start.flat().squaredNorm() / 2 + std::abs(mu);
    Trial trial{dense_problem(A), start, (0.2 + 1.2 * random.uniform()) * 2 * c / (c * c + mu * mu), singular_values(A),
                A};
    const Situation situation = trial.situation();
    const Forecast told = forecast(situation);
    const Record record = run(*trial.problem, trial.start, trial.h);
    if (told.outcome) {
      EXPECT_EQ(record.verdict.outcome, *told.outcome) << told.sentence << record.verdict.why;
    }
    for (const Finding& finding : examine(situation, record)) {
      EXPECT_NE(finding.confirmed, Answer::no) << finding.statement << ": " << finding.says << record.verdict.why;
      if (finding.confirmed == Answer::yes) ++confirmed[finding.statement];
    }
  }
  EXPECT_GT(confirmed["isotropic.critical-rate"], 30);
  EXPECT_GT(confirmed["isotropic.sufficient-rate"], 20);
  EXPECT_GT(confirmed["isotropic.minimiser"], 20);
}

TEST(Theory, PaperSettingStaysWithinTheBounds) {
  const Index n = 100;
  for (const double norm_x : {9.0, 19.0, 99.0}) {
    for (int part = 2; part <= 7; ++part) {
      SCOPED_TRACE(::testing::Message() << norm_x << " " << part);
      const Factors start = with_norms(gaussian_factors(Shape{n, n, 1}, 1), norm_x, 1);
      const double h = part / 7.0 * 4 / (norm_x * norm_x + 1 + 8);
      const Matrix A = Matrix::Identity(n, n);
      const Trial trial{dense_problem(A), start, h, Vector::Ones(n), A};
      const Situation situation = trial.situation();
      const Record record = run(*trial.problem, start, h);
      ASSERT_EQ(record.verdict.outcome, Outcome::converged) << record.verdict.why;
      const auto findings = examine(situation, record);
      for (const Finding& finding : findings)
        EXPECT_NE(finding.confirmed, Answer::no) << finding.statement << finding.says;
      for (const char* id : {"isotropic.sufficient-rate", "isotropic.critical-rate", "limit.flatness", "limit.balance",
                             "minimiser.sharpness", "rank1.sharpness", "imbalance.step"}) {
        EXPECT_EQ(find(findings, id).confirmed, Answer::yes)
            << id << ": " << find(findings, id).says << record.verdict.why;
      }
    }
  }
}

TEST(Theory, PredictionsAreUnknownBeforeARun) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    const Trial trial = random_trial(seed);
    for (const Finding& finding : predict(trial.situation())) {
      EXPECT_EQ(finding.confirmed, Answer::unknown) << finding.statement;
      EXPECT_FALSE(finding.says.empty()) << finding.statement;
      for (const Check& check : finding.predictions)
        EXPECT_EQ(check.holds, Answer::unknown) << finding.statement << check.text;
    }
  }
}

TEST(Theory, NothingAppliesToIncompleteOrBrokenSituations) {
  SparseMatrix sparse(2, 2);
  sparse.insert(0, 0) = 1;
  const auto ridge = ridge_problem(dense_problem(Matrix(Matrix::Identity(2, 2))), 0.5);
  const auto observed = observed_problem(sparse);
  const Matrix identity = Matrix::Identity(2, 2), with_nan{{nan, 1}, {0, 1}};
  const auto dense = dense_problem(identity);
  const auto poisoned = plain_dense_problem(with_nan);
  const auto empty = dense_problem(Matrix(0, 3));
  const Factors start(Matrix::Ones(2, 1), Matrix::Ones(2, 1));
  const Factors broken(Matrix{{1}, {nan}}, Matrix::Ones(2, 1));
  const Factors no_rank(Shape{2, 2, 0});
  const Factors nothing(Shape{0, 3, 1});
  for (const Situation& situation :
       {Situation{*ridge, start, 0.1, 1, 1, std::nullopt}, Situation{*observed, start, 0.1, 1, 1, std::nullopt},
        Situation{*dense, broken, 0.1, nan, 1, std::nullopt, &identity},
        Situation{*dense, start, nan, 1, 1, std::nullopt, &identity},
        Situation{*dense, start, -1, 1, 1, std::nullopt, &identity},
        Situation{*dense, no_rank, 0.1, 0, 1, std::nullopt, &identity},
        Situation{*empty, nothing, 0.1, 0, 0, std::nullopt}}) {
    for (const Finding& finding : predict(situation)) {
      EXPECT_EQ(finding.applies, Answer::no) << finding.statement;
      ASSERT_FALSE(finding.assumptions.empty());
    }
  }
  for (const Finding& finding : predict(Situation{*ridge, start, 0.1, 1, 1, std::nullopt})) {
    EXPECT_EQ(finding.assumptions.front().text, "every entry of A is known and there is no ridge");
    EXPECT_EQ(finding.assumptions.front().holds, Answer::no);
  }
  // A matrix with NaN must not look like a theorem's.
  for (const Finding& finding : predict(Situation{*poisoned, start, 0.1, nan, nan, std::nullopt, &with_nan})) {
    for (const Check& check : finding.predictions) EXPECT_EQ(check.holds, Answer::unknown);
    if (finding.statement != "imbalance.step") {
      EXPECT_NE(finding.applies, Answer::yes) << finding.statement;
    }
  }
}

TEST(Theory, RankOneMatrixIsNotTheScalarProblem) {
  const Trial trial = trial_of(Matrix{{2, 0}, {0, 0}}, Matrix{{1}, {0.5}}, Matrix{{1}, {0.25}}, 0.1);
  const auto findings = predict(trial.situation());
  EXPECT_EQ(find(findings, "scalar.critical-rate").applies, Answer::no);
  EXPECT_EQ(find(findings, "isotropic.critical-rate").applies, Answer::no);
  EXPECT_EQ(find(findings, "rank1.sharpness").applies, Answer::yes);
}

TEST(Theory, AlmostIsotropicIsUnknownNotYes) {
  Matrix A = 0.2 * Matrix{{3, 4}, {-4, 3}};
  A(1, 1) = 0.6;  // 0.2 * 3 is the double above it
  const Trial trial = trial_of(A, Matrix{{1}, {0.5}}, Matrix{{1}, {0.25}}, 0.1);
  EXPECT_EQ(find(predict(trial.situation()), "isotropic.critical-rate").applies, Answer::unknown);
  A(0, 0) = 5;
  const Trial other = trial_of(A, Matrix{{1}, {0.5}}, Matrix{{1}, {0.25}}, 0.1);
  EXPECT_EQ(find(predict(other.situation()), "isotropic.critical-rate").applies, Answer::no);
}

TEST(Theory, ExceptionalStartsDoNotRefute) {
  struct Exceptional {
    double mu, x, y;
  };
  for (const auto& [mu, x, y] : {Exceptional{0.5, 1, 1.5}, Exceptional{0, 2, 1}, Exceptional{-27.0 / 40, 2, 0.8}}) {
    SCOPED_TRACE(mu);
    const Trial trial = trial_of(Matrix::Constant(1, 1, mu), Matrix::Constant(1, 1, x), Matrix::Constant(1, 1, y), 1);
    const Record record = run(*trial.problem, trial.start, 1);
    for (const Finding& finding : examine(trial.situation(), record)) {
      EXPECT_NE(finding.confirmed, Answer::no)
          << finding.statement << ": " << finding.says << "; " << record.verdict.why;
    }
  }
  const Trial vector = trial_of(Matrix::Ones(1, 1), Matrix{{2, 0, 1}}, Matrix{{-1, 1, 0}}, 1);
  const Record record = run(*vector.problem, vector.start, 1);
  EXPECT_EQ(record.verdict.outcome, Outcome::converged);
  const Finding finding = find(examine(vector.situation(), record), "scalar.critical-rate");
  EXPECT_EQ(finding.confirmed, Answer::unknown);
  EXPECT_NE(finding.says.find("almost every start"), std::string::npos);
  EXPECT_NE(finding.says.find("landed exactly"), std::string::npos);
}

// A false record must be noticed: checks that cannot fail check nothing.
TEST(Theory, FalseRecordsAreRefuted) {
  const Trial trial = trial_of(Matrix{{2, 1}, {0, 1}}, Matrix{{1}, {0.5}}, Matrix{{1}, {0.25}}, 0.1);
  const Situation situation = trial.situation();
  const Record good = run(*trial.problem, trial.start, trial.h);
  ASSERT_EQ(good.verdict.limit, Limit::minimiser);
  for (const Finding& finding : examine(situation, good)) EXPECT_NE(finding.confirmed, Answer::no) << finding.statement;

  Record record = good;
  record.sharpness_end.value *= 1 + 1e-6;
  EXPECT_EQ(find(examine(situation, record), "minimiser.sharpness").confirmed, Answer::no);
  EXPECT_EQ(find(examine(situation, record), "rank1.sharpness").confirmed, Answer::no);
  record = good;
  record.loss_end *= 1 + 1e-6;
  EXPECT_EQ(find(examine(situation, record), "minimiser.sharpness").confirmed, Answer::no);
  record = good;
  record.last.Y() *= 3;  // still h (P + Q) < 2 at this rate, but no minimiser
  record.last.X() /= 6;
  EXPECT_EQ(find(examine(situation, record), "minimiser.sharpness").confirmed, Answer::no);
  record = good;
  record.last.X() *= 1.9 / record.last.X().norm() / std::sqrt(trial.h) * 0.7;  // far too heavy for any stable minimiser
  record.last.Y() *= 0.01;
  EXPECT_EQ(find(examine(situation, record), "limit.balance").confirmed, Answer::no);
  record = good;
  record.verdict.outcome = Outcome::diverged;
  EXPECT_EQ(find(examine(situation, record), "frobenius.rate").confirmed, Answer::no);
  Situation wrong = situation;
  wrong.L *= 2;
  EXPECT_EQ(find(examine(wrong, good), "rank1.sharpness").confirmed, Answer::no);

  const Trial scalar = trial_of(Matrix::Ones(1, 1), Matrix::Constant(1, 1, 0.5), Matrix::Constant(1, 1, 0.25), 0.1);
  Record lie = run(*scalar.problem, scalar.start, scalar.h);
  lie.verdict.outcome = Outcome::diverged;
  EXPECT_EQ(find(examine(scalar.situation(), lie), "scalar.critical-rate").confirmed, Answer::no);
  EXPECT_EQ(find(examine(scalar.situation(), lie), "scalar.minimiser").confirmed, Answer::no);
}

TEST(Theory, ConjectureAndDivergence) {
  const Trial wild = trial_of(Matrix{{1, 2}, {0, 1}}, Matrix::Constant(2, 2, 9), Matrix::Constant(2, 2, 9), 1);
  EXPECT_EQ(find(predict(wild.situation()), "any.divergence").applies, Answer::yes);
  const Record record = run(*wild.problem, wild.start, wild.h);
  EXPECT_EQ(find(examine(wild.situation(), record), "any.divergence").confirmed, Answer::yes);
  EXPECT_EQ(find(examine(wild.situation(), record), "limit.flatness").applies, Answer::no);
  EXPECT_EQ(find(examine(wild.situation(), record), "frobenius.rate").applies, Answer::no);
  // d = 1: both factors are long, and the smaller of them grows for ever.
  const Trial column = trial_of(Matrix{{1, 0}, {0, 0.5}}, Matrix{{2}, {0}}, Matrix{{0}, {2}}, 1);
  EXPECT_EQ(find(predict(column.situation()), "any.divergence").applies, Answer::yes);
}

TEST(Theory, ScalesDoNotMatter) {
  for (const int k : {-400, -150, 150, 400}) {
    SCOPED_TRACE(k);
    const double c = std::ldexp(1.0, k);
    const double cc = std::ldexp(1.0, 2 * k);
    const Matrix A{{2, 1}, {0, 1}};
    const Trial plain = trial_of(A, Matrix{{1}, {0.5}}, Matrix{{1}, {0.25}}, 0.1);
    const Matrix scaled = cc * A;
    const auto problem = plain_dense_problem(scaled);
    const Factors start(c * plain.start.X(), c * plain.start.Y());
    const Situation here = plain.situation();
    const Situation there{*problem, start, 0.1 / cc, here.L * cc, here.sigma1 * cc, std::nullopt, &scaled};
    const auto expected = predict(here);
    const auto found = predict(there);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(found[i].applies, expected[i].applies) << expected[i].statement;
      for (std::size_t j = 0; j < expected[i].assumptions.size(); ++j) {
        EXPECT_EQ(found[i].assumptions[j].holds, expected[i].assumptions[j].holds) << expected[i].assumptions[j].text;
      }
    }
  }
}

// A that is handed over decides: without it the statements about its entries are open, and singular values that are
// given spare the decomposition and change nothing.
TEST(Theory, TheMatrixComesWithTheSituation) {
  const Trial trial = trial_of(3 * Matrix::Identity(4, 4), Matrix::Ones(4, 1), Matrix::Constant(4, 1, 0.25), 0.1);
  Situation situation = trial.situation();
  const std::vector<Finding> whole = predict(situation);
  EXPECT_EQ(find(whole, "isotropic.critical-rate").applies, Answer::yes);
  situation.singular_values = trial.singular;
  const std::vector<Finding> given = predict(situation);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(given[i].applies, whole[i].applies) << whole[i].statement;
    EXPECT_EQ(given[i].says, whole[i].says) << whole[i].statement;
  }
  situation.A = nullptr;
  situation.singular_values.reset();
  EXPECT_EQ(find(predict(situation), "isotropic.critical-rate").applies, Answer::unknown);
  EXPECT_EQ(find(predict(situation), "any.necessary-rate").applies, find(whole, "any.necessary-rate").applies);
  const Matrix other = Matrix::Identity(3, 4);
  situation.A = &other;
  EXPECT_THROW(predict(situation), Error);
}

}  // namespace
}  // namespace equipoise::theory_test
