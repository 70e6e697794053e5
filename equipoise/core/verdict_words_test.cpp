// The sentences of verdicts: every branch, and the trend on gradients whose behaviour is known.
#include "equipoise/core/verdict_words.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace equipoise::verdict_words_test {
namespace {

using verdict_words::GradientAt;

// As a run samples: every step up to 200, then every hundredth part, and the end.
std::vector<GradientAt> sampled(std::uint64_t steps, const std::function<double(std::uint64_t)>& norm) {
  std::vector<GradientAt> rows;
  for (std::uint64_t step = 0; step < steps; step = step < 200 ? step + 1 : step + step / 100)
    rows.push_back({step, norm(step)});
  rows.push_back({steps, norm(steps)});
  return rows;
}

std::string trend(std::uint64_t steps, const std::function<double(std::uint64_t)>& norm) {
  return verdict_words::trend(sampled(steps, norm));
}

bool begins(const std::string& text, std::string_view with) { return text.starts_with(with); }

TEST(VerdictWords, AGradientThatFallsStillFalls) {
  EXPECT_TRUE(begins(trend(1000, [](std::uint64_t k) { return std::pow(0.99, k); }), "still falls: "));
  // Geometric and wavy.
  EXPECT_TRUE(
      begins(trend(1000, [](std::uint64_t k) { return std::pow(0.99, k) * (k % 2 == 0 ? 1 : 3); }), "still falls: "));
  EXPECT_TRUE(
      begins(trend(1000, [](std::uint64_t k) { return 1 - 1e-9 * static_cast<double>(k); }), "still falls, slowly: "));
}

// The end may be a small value of a gradient that keeps going up and down between two sizes: like is compared with
// like.
TEST(VerdictWords, AGradientThatOnlyOscillatesNoLongerFalls) {
  for (const std::uint64_t steps : {1000U, 1001U, 20000U, 20001U}) {
    for (const double small : {0.9, 0.415, 1e-3}) {
      const std::string text = trend(steps, [&](std::uint64_t k) { return k % 2 == 0 ? small : 1; });
      EXPECT_TRUE(begins(text, "no longer falls: the largest value of the last quarter of the run is 1 of"))
          << steps << ' ' << small << ": " << text;
    }
  }
  EXPECT_TRUE(begins(trend(1000, [](std::uint64_t) { return 0.7; }), "no longer falls"));
}

TEST(VerdictWords, GrowthAndRunsTooShortToSay) {
  EXPECT_TRUE(begins(trend(1000, [](std::uint64_t k) { return std::pow(1.01, k); }), "has grown: "));
  for (const std::uint64_t steps : {0U, 1U, 7U})
    EXPECT_TRUE(begins(trend(steps, [](std::uint64_t) { return 1; }), "the run is too short"));
  EXPECT_TRUE(begins(verdict_words::trend({}), "the run is too short"));
  // No sample between the start and the end of a long run.
  const std::vector<GradientAt> ends = {{0, 1}, {100000, 0.5}};
  EXPECT_TRUE(begins(verdict_words::trend(ends), "the run is too short"));
  EXPECT_TRUE(begins(trend(1000, [](std::uint64_t) { return 0; }), "the run is too short"));
}

TEST(VerdictWords, Converged) {
  verdict_words::Converged at;
  at.limit = Limit::minimiser;
  at.relative_gradient = 5e-13;
  at.tolerance = 1e-12;
  at.h_smallest = 0;
  at.h_largest = 1.5;
  EXPECT_EQ(verdict_words::converged(at),
            "converged to a minimiser: |grad f| is 5e-13 of its natural scale (tolerance 1e-12), h times the Hessian's "
            "eigenvalues from 0 to 1.5");
  at.limit = Limit::undetermined;
  at.tolerance = 0;
  at.unstable = true;
  EXPECT_EQ(verdict_words::converged(at),
            "converged to a critical point whose curvature was not found: |grad f| is 5e-13 of its natural scale, h "
            "times the Hessian's eigenvalues from 0 to 1.5; it is unstable, and only starts on its stable manifold "
            "stay");
  at.limit = Limit::saddle;
  at.exact = true;
  EXPECT_NE(verdict_words::converged(at).find("converged to a saddle: "), std::string::npos);
  EXPECT_NE(verdict_words::converged(at).find("only an exact landing stays"), std::string::npos);
}

TEST(VerdictWords, StoppedSaysWhy) {
  EXPECT_EQ(verdict_words::stopped("", false), "stopped from outside");
  EXPECT_EQ(verdict_words::stopped("", true), "stopped by the observer");
  EXPECT_EQ(verdict_words::stopped("the loss is small enough", true), "stopped: the loss is small enough");
}

TEST(VerdictWords, Divergence) {
  EXPECT_EQ(verdict_words::beyond_bound("h (|X|^2 + |Y|^2)", 2.5e8, 1e8),
            "heuristic, no theorem: h (|X|^2 + |Y|^2) = 2.5e+08 exceeds 1e+08");
  EXPECT_NE(verdict_words::beyond_bound("", 2.5e8, 1e8).find("have both grown by 2.5e+08 or more"), std::string::npos);
}

TEST(VerdictWords, ChaosNamesTheRateAsTheObjectiveDoes) {
  verdict_words::Chaotic run;
  run.bound_name = "|z|";
  run.bound = 2;
  run.exponent = 0.5;
  run.error = 0.001;
  run.steps = 12000;
  run.rate = {"h * sigma_1", 1.4};
  run.largest_stable = 1;
  EXPECT_EQ(verdict_words::chaotic(run),
            "bounded so far (|z| <= 2) with a Lyapunov exponent of 0.5000 +- 0.0010 per step over 12000 steps, and h * "
            "sigma_1 = 1.4 > 1 leaves no stable minimiser; numerical evidence, not a proof");
}

TEST(VerdictWords, Exhausted) {
  verdict_words::Exhausted run;
  run.what = "the budget of steps ended";
  EXPECT_EQ(verdict_words::exhausted(run), "the budget of steps ended before the first step");
  run.step = 10;
  run.relative_gradient = 0.25;
  run.trend = "still falls: so much";
  EXPECT_EQ(verdict_words::exhausted(run),
            "the budget of steps ended; |grad f| is 0.25 of its natural scale and still falls: so much");
  run.left_a_visit = true;
  run.doubt = "; a doubt";
  run.neighbours_separate = true;
  run.exponent = 0.25;
  run.rate = {"h", 0.5};
  EXPECT_NE(verdict_words::exhausted(run).find("so rounding had a say; a doubt; neighbouring runs separate (exponent "
                                               "0.250 so far), which at h = 0.5 may be a transient"),
            std::string::npos);
  run.lingering = true;
  run.lingering_at = Limit::saddle;
  EXPECT_NE(verdict_words::exhausted(run).find("at a critical point (a saddle) that is unstable"), std::string::npos);
  EXPECT_EQ(verdict_words::exhausted(run).find("of its natural scale"), std::string::npos);
}

}  // namespace
}  // namespace equipoise::verdict_words_test
