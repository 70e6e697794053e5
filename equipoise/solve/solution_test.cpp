// Runs through a session: the same in all coordinates and units, halved where `auto` promised too much.
#include "equipoise/solve/solution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/start.hpp"
#include "equipoise/core/test_refusal.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/solve/run_page.hpp"

namespace equipoise::solution_test {
namespace {

using test_refusal::refusal;

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
  Generator random(seed);
  Matrix A(rows, cols);
  for (double& entry : A.reshaped()) entry = random.normal();
  return A;
}

Request request_of(const Matrix& A, Index rank, Rate rate = {}) {
  Request request;
  request.matrix.values = A;
  request.rank = rank;
  request.rate = rate;
  return request;
}

TEST(Solution, IsTheRunOfTheProblemItself) {
  const Matrix A = gaussian(8, 6, 5);
  RunSettings settings;
  settings.max_steps = 400;
  const Solution solution = solve(request_of(A, 2, {Rate::Kind::over_L, 1}), settings);
  const auto problem = dense_problem(A);
  const Factors start = gaussian_start(*problem, 2, 0);
  const Record record = run(*problem, start, 1 / sharpness(*problem, start).value, settings);
  EXPECT_EQ(solution.verdict().outcome, record.verdict.outcome);
  EXPECT_EQ(solution.verdict().step, record.verdict.step);
  EXPECT_EQ(solution.factors().flat(), record.last.flat());
  EXPECT_EQ(solution.record().loss_end, record.loss_end);
  EXPECT_EQ(solution.document.findings.size(), statements().size());
  EXPECT_TRUE(std::isfinite(solution.document.excess));
}

TEST(Solution, CoordinatesGiveTheSameVerdict) {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    SCOPED_TRACE(seed);
    const Matrix A = gaussian(14, 9, seed);
    std::vector<Solution> found;
    for (const Coordinates coordinates : {Coordinates::automatic, Coordinates::plain, Coordinates::spectral}) {
      Request request = request_of(A, 2, {Rate::Kind::over_L, 1.5});
      request.coordinates = coordinates;
      found.push_back(solve(std::move(request), RunSettings{}));
    }
    for (const Solution& each : found) {
      EXPECT_EQ(each.verdict().outcome, found[0].verdict().outcome);
      EXPECT_EQ(each.verdict().limit, found[0].verdict().limit);
      EXPECT_NEAR(each.record().loss_end, found[0].record().loss_end, 1e-9 * found[0].record().loss_end);
      EXPECT_EQ(each.factors().shape(), found[0].factors().shape());
      const Matrix miss = each.factors().X() * each.factors().Y().transpose() -
                          found[0].factors().X() * found[0].factors().Y().transpose();
      EXPECT_LE(miss.norm(), 1e-6 * A.norm());
    }
    EXPECT_TRUE(found[1].document.coordinates.starts_with("plain"));
    EXPECT_TRUE(found[2].document.coordinates.starts_with("spectral"));
  }
}

TEST(Solution, UnitsOfAnySizeGiveTheSameBits) {
  const Matrix A = gaussian(5, 4, 7);
  RunSettings settings;
  settings.max_steps = 200;
  const Solution here = solve(request_of(A, 2, {Rate::Kind::over_L, 1}), settings);
  for (const int e : {-249, 249}) {  // entries near 1e-150 and 1e150
    SCOPED_TRACE(e);
    std::vector<double> losses;
    double last = 0;
    const Onlooker onlooker{[&](const Sample& sample, const std::function<Factors()>& factors) {
                              losses.push_back(sample.loss);
                              last = factors().X()(0, 0);
                              return std::nullopt;
                            },
                            {}};
    const Solution there =
        solve(request_of(std::ldexp(1.0, 2 * e) * A, 2, {Rate::Kind::over_L, 1}), settings, onlooker);
    EXPECT_EQ(there.verdict().why, here.verdict().why);
    EXPECT_EQ(there.factors().X()(0, 0), std::ldexp(here.factors().X()(0, 0), e));
    EXPECT_EQ(last, there.factors().X()(0, 0));
    EXPECT_EQ(there.record().loss_start, std::ldexp(here.record().loss_start, 4 * e));
    EXPECT_EQ(losses.front(), there.record().loss_start);
    EXPECT_EQ(there.document.matrix.sigma1, std::ldexp(here.document.matrix.sigma1, 2 * e));
    EXPECT_EQ(there.document.rate.value, std::ldexp(here.document.rate.value, -2 * e));
  }
}

// A ridge far above a tiny matrix: the factors go to zero, and sigma_1 stays that of A.
TEST(Solution, ARidgeFarAboveTheMatrix) {
  const Matrix A = 1e-12 * gaussian(4, 3, 11);
  Request request = request_of(A, 2);
  request.ridge = 1000;
  request.start_norms = FactorNorms{1, 1};
  const Solution solution = solve(std::move(request), RunSettings{});
  EXPECT_EQ(solution.verdict().outcome, Outcome::converged);
  EXPECT_EQ(solution.verdict().limit, Limit::minimiser);
  EXPECT_LE(solution.factors().flat().norm(), 1e-12);
}

TEST(Solution, EntriesOfTheSmallestSizeUnderARidgeGiveFactorsOfZero) {
  Request request = request_of(Matrix::Constant(3, 2, 5e-324), 1);
  request.ridge = 100;
  const Solution solution = solve(std::move(request), RunSettings{});
  EXPECT_EQ(solution.verdict().outcome, Outcome::converged);
  EXPECT_LE(solution.factors().flat().norm(), 1e-150);
}

// Where `auto` diverges its rate is halved; the sentence tells the first and the last of many halvings.
TEST(Solution, HalvingsAreToldInOneShortSentence) {
  // A start far outside on observed entries: no theorem holds for the rate, and the run shows it.
  SparseMatrix known(2, 2);
  known.insert(0, 0) = 1;
  Request request;
  request.matrix.values = known;
  request.matrix.has_unknown = true;
  request.rank = 1;
  request.start = GivenStart{Factors(Matrix{{40}, {0}}, Matrix{{0.001}, {0}})};
  Session session = prepare(std::move(request));
  const Solution solution = solve(session, RunSettings{});
  const std::string& why = solution.document.rate.why;
  std::size_t told = 0;
  for (std::size_t at = why.find("diverged at step"); at != std::string::npos;
       at = why.find("diverged at step", at + 1))
    ++told;
  EXPECT_LE(told, 2u);
  EXPECT_LE(why.size(), 600u);
}

TEST(Solution, SettingsOutOfTheirLimitsAreRefused) {
  Session session = prepare(request_of(gaussian(4, 3, 1), 1));
  RunSettings settings;
  settings.tolerance = 2;
  EXPECT_EQ(refusal([&] { solve(session, settings); }), "tolerance 2 is out of range; write a number from 0 to 1");
  settings = {};
  settings.max_steps = static_cast<std::uint64_t>(-5);
  EXPECT_NE(refusal([&] { solve(session, settings); }), "");
  Request spectral = request_of(gaussian(4, 3, 1), 1);
  spectral.coordinates = Coordinates::spectral;
  Session other = prepare(std::move(spectral));
  settings = {};
  settings.top_eigenvalues = 2;
  EXPECT_NE(refusal([&] { solve(other, settings); }).find("drops copies of eigenvalues"), std::string::npos);
}

TEST(Solution, AnOnlookerCanStopIt) {
  const Onlooker onlooker{
      {}, [](std::uint64_t step) { return step < 100 ? std::nullopt : std::optional<Stop>(Stop{"seen enough"}); }};
  RunSettings settings;
  settings.tolerance = 0;
  const Solution solution = solve(request_of(gaussian(9, 7, 1), 2), settings, onlooker);
  EXPECT_EQ(solution.verdict().outcome, Outcome::stopped);
  EXPECT_LT(solution.record().steps, 200u);
  EXPECT_NE(solution.verdict().why.find("seen enough"), std::string::npos);
}

// The time of the measuring counts: a limit of nothing ends before the first step.
TEST(Solution, TheTimeLimitCountsTheMeasuring) {
  RunSettings settings;
  settings.tolerance = 0;
  settings.time_limit = 1e-9;
  const Solution solution = solve(request_of(gaussian(9, 7, 1), 2), settings);
  EXPECT_EQ(solution.verdict().outcome, Outcome::exhausted);
  EXPECT_EQ(solution.record().steps, 0u);
  EXPECT_EQ(solution.record().settings.time_limit, 1e-9);
}

TEST(Solution, TheDocumentBecomesARecordAndItsPage) {
  RunSettings settings;
  settings.sharpness_every = 10;
  const Solution solution = solve(request_of(gaussian(6, 5, 1), 2), settings);
  const std::string json = record_json(solution.document);
  for (const char* key : {"\"settings\"", "\"learning_rate\"", "\"findings\"", "\"excess\"", "\"verdict\""})
    EXPECT_NE(json.find(key), std::string::npos) << key;
  EXPECT_EQ(json.find("nan"), std::string::npos);
  const std::string page = report_html(json, solution.record().samples);
  EXPECT_NE(page.find(name(solution.verdict().outcome)), std::string::npos);
  const std::string samples = samples_csv(solution.record().samples);
  EXPECT_TRUE(samples.starts_with(std::string(sample_columns) + ",eigenvalue_1\n"));
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(samples, '\n')), solution.record().samples.size() + 1);
}

TEST(Solution, SettingsAreListedAsTheyWereResolved) {
  Request request = request_of(gaussian(4, 3, 1), 2);
  request.start_norms = FactorNorms{9, 0.5};
  request.start = GaussianStart{7};
  const Solution solution = solve(std::move(request), RunSettings{});
  const ResolvedSettings& all = solution.document.settings;
  const auto value = [&](const std::string& key) {
    for (const auto& [name, held] : all) {
      if (name == key) return held;
    }
    return SettingValue("not there");
  };
  EXPECT_EQ(value("rank"), SettingValue(std::int64_t{2}));
  EXPECT_EQ(value("start"), SettingValue(std::string("gaussian")));
  EXPECT_EQ(value("start_norms"), SettingValue(std::string("9,0.5")));
  EXPECT_EQ(value("seed"), SettingValue(std::int64_t{7}));
  EXPECT_EQ(value("coordinates"), SettingValue(std::string("plain")));
  EXPECT_EQ(value("max_steps"), SettingValue(std::int64_t{100000}));
  EXPECT_EQ(value("rate"), SettingValue(solution.document.rate.value));
}

}  // namespace
}  // namespace equipoise::solution_test
