// The reference cases of tests/data: every forecast and every finding against their endings.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise::cases_test {
namespace {

Matrix matrix_of(const nlohmann::json& rows) {
  Matrix result(static_cast<Index>(rows.size()), static_cast<Index>(rows.at(0).size()));
  for (Index i = 0; i < result.rows(); ++i) {
    for (Index j = 0; j < result.cols(); ++j) {
      result(i, j) = std::stod(rows.at(static_cast<std::size_t>(i)).at(static_cast<std::size_t>(j)).get<std::string>());
    }
  }
  return result;
}

Outcome outcome_of(const std::string& expected) {
  if (expected.starts_with("converge")) return Outcome::converged;
  if (expected.starts_with("period")) return Outcome::periodic;
  if (expected.starts_with("chaotic")) return Outcome::chaotic;
  EXPECT_EQ(expected, "diverge");
  return Outcome::diverged;
}

void check_all(const std::string& name, int count, int least_told) {
  std::ifstream file(EQUIPOISE_SOURCE_DIR "/tests/data/" + name);
  const nlohmann::json all = nlohmann::json::parse(file);
  int seen = 0;
  int told = 0;
  for (const nlohmann::json& item : all.at("cases")) {
    const auto id = item.at("id").get<std::string>();
    SCOPED_TRACE(id);
    const auto kind = item.at("kind").get<std::string>();
    const Matrix A = matrix_of(item.at("A"));
    const Factors start(matrix_of(item.at("X0")), matrix_of(item.at("Y0")));
    const double h = std::stod(item.at("h").get<std::string>());
    const Outcome expected = outcome_of(item.at("expected").get<std::string>());
    const auto problem = dense_problem(A);
    const Vector singular = singular_values(A);
    const Situation situation{*problem, start, h, sharpness(*problem, start).value, singular[0], singular, &A};

    const Forecast before = forecast(situation);
    if (before.outcome) {
      EXPECT_EQ(*before.outcome, expected) << before.sentence;
      ++told;
    }
    for (const Outcome excluded : before.excluded) EXPECT_NE(excluded, expected) << before.sentence;
    if (kind == "scalar" || kind == "vector") {
      const bool silent = before.sentence.find("no theorem") != std::string::npos;
      EXPECT_TRUE(before.outcome || !before.excluded.empty() || silent) << before.sentence;
    }
    if (before.outcome == Outcome::converged) {
      EXPECT_EQ(before.limit == Limit::saddle, item.at("expected") == "converge_saddle") << before.sentence;
    }

    const Record record = run(*problem, start, h);
    EXPECT_EQ(record.verdict.outcome, expected) << record.verdict.why;
    for (const Finding& finding : examine(situation, record)) {
      if (finding.standing == Standing::proved || finding.standing == Standing::classical) {
        EXPECT_NE(finding.confirmed, Answer::no) << finding.statement << ": " << finding.says;
      }
      if (finding.statement == "scalar.critical-rate" && (kind == "scalar" || kind == "vector")) {
        EXPECT_EQ(finding.applies, Answer::yes);
        const bool exceptional = before.sentence.find("exceptional") != std::string::npos;
        if (expected == Outcome::converged && item.at("expected") != "converge_saddle" && !exceptional) {
          EXPECT_EQ(finding.confirmed, Answer::yes) << finding.says;
        }
      }
      if (finding.statement == "isotropic.critical-rate" && kind == "isotropic_rank1") {
        EXPECT_EQ(finding.applies, Answer::yes) << finding.says;
      }
      if (finding.statement == "scalar.beyond-cycles" && expected == Outcome::periodic && record.verdict.period == 2 &&
          (kind == "scalar" || kind == "vector")) {
        EXPECT_EQ(finding.confirmed, Answer::yes) << finding.says;
      }
      if (finding.statement == "minimiser.sharpness" && item.at("expected") == "converge") {
        EXPECT_EQ(finding.confirmed, Answer::yes) << finding.says;
      }
    }
    ++seen;
  }
  EXPECT_EQ(seen, count);
  EXPECT_GE(told, least_told);
}

TEST(Cases, ForecastsAndFindingsAgreeWithEveryEnding) { check_all("cases.json", 44, 28); }
TEST(Cases, AndWithThoseOfMoreCases) { check_all("more_cases.json", 45, 24); }

}  // namespace
}  // namespace equipoise::cases_test
