// Very many runs around the curves on which verdicts change: what theory says before a run against what the run does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/theory/delta.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise::critical_curve_test {
namespace {

// EQUIPOISE_TRIALS=1000000 asks for a million trials of each kind (a tenth of that for isotropic problems),
// EQUIPOISE_SEED for other ones. Sanitized builds do less.
std::size_t trials() {
  const char* text = std::getenv("EQUIPOISE_TRIALS");
#ifdef NDEBUG
  constexpr std::size_t usual = 34000;
#else
  constexpr std::size_t usual = 2000;
#endif
  return text != nullptr ? std::strtoull(text, nullptr, 10) : usual;
}
std::uint64_t seed() {
  const char* text = std::getenv("EQUIPOISE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 11;
}

double uniform(Generator& random, double from, double to) { return from + (to - from) * random.uniform(); }
double log_uniform(Generator& random, double from, double to) {
  return std::exp(uniform(random, std::log(from), std::log(to)));
}
Vector direction(Generator& random, Index length) {
  Vector result(length);
  for (double& each : result) each = random.normal();
  return result.normalized();
}

// A problem with its start and rate, and the same as a run in lanes.
struct Trial {
  Matrix A;
  Factors start;
  double h = 0;
  double distance = 0;  // relative to the curve: negative inside
  TinyRun tiny;
};

Forecast told(const Trial& trial) {
  const auto problem = plain_dense_problem(trial.A);
  return forecast(Situation{*problem, trial.start, trial.h, 1.0, std::abs(trial.A(0, 0)), std::nullopt, &trial.A});
}

std::string words(const Trial& trial, std::size_t number, const Forecast& before, const TinyEnd& end) {
  std::string factors;
  for (const double entry : trial.start.flat()) factors += fmt::format(" {:.17g}", entry);
  return fmt::format(
      "seed {} trial {}: mu = {:.17g}, h = {:.17g}, from{}, {:.3g} off the curve; {}; the run was {} at step {}",
      seed(), number, trial.A(0, 0), trial.h, factors, trial.distance, before.sentence, name(end.outcome), end.steps);
}

double off(Generator& random) { return log_uniform(random, 1e-12, 0.1) * (random.next() % 2 == 0 ? 1 : -1); }

// One number: a start with delta = 2 at h = 1, |u + v|^2 = 4 t (2 + m) and |u - v|^2 = 4 (1 - t) (2 - m), in a random
// unit; the rate is then moved off the exact critical one by 1e-12 ... 0.1 to either side.
Trial around_the_ellipse(Generator& random, double least_m, double largest_m) {
  const double m = log_uniform(random, least_m, largest_m);
  const double t = random.uniform();
  const auto length = static_cast<Index>(1 + random.next() % 3);
  const Vector sum = 2 * std::sqrt(t * (2 + m)) * direction(random, length);
  const Vector difference = 2 * std::sqrt((1 - t) * (2 - m)) * direction(random, length);
  const double unit = log_uniform(random, 1e-6, 1e6);
  const double sign = random.next() % 2 == 0 ? 1 : -1;
  const double mu = sign * m * unit * unit;
  const Vector u = unit * (sum + difference) / 2;
  const Vector v = sign * unit * (sum - difference) / 2;
  const Delta state = Delta::of_vectors(mu, u, v);
  const double critical =
      Delta::largest_rate([&](double h) { return state.m_versus(h, 2) < 0 && state.delta_versus(h, 2) < 0; });
  Trial trial{Matrix::Constant(1, 1, mu), Factors(Matrix(u.transpose()), Matrix(v.transpose())), 0, off(random), {}};
  trial.h = critical * (1 + trial.distance);
  trial.tiny = tiny_vector(mu, u, v, trial.h);
  return trial;
}

// A = mu I of size 2 at rank 1: below delta = 1 + sqrt(1 - m^2), or above delta = 2.
Trial around_the_isotropic_curves(Generator& random) {
  const double unit = log_uniform(random, 1e-6, 1e6);
  const double mu = unit * unit * (random.next() % 2 == 0 ? 1 : -1);
  const Vector x = unit * log_uniform(random, 0.3, 30) * direction(random, 2);
  const Vector y = unit * log_uniform(random, 0.3, 30) * direction(random, 2);
  const Matrix A = mu * Matrix::Identity(2, 2);
  const Delta state = Delta::of_isotropic(A, x, y);
  Trial trial{A, Factors(Matrix(x), Matrix(y)), 0, off(random), {}};
  const double critical = Delta::largest_rate([&](double h) {
    if (state.m_versus(h, 1) >= 0) return false;
    return trial.distance < 0 ? state.delta_versus_isotropic_limit(h) < 0 : state.delta_versus(h, 2) <= 0;
  });
  trial.h = critical * (1 + trial.distance);
  trial.tiny = tiny_isotropic(mu, x, y, trial.h);
  return trial;
}

struct Counts {
  std::map<Outcome, std::size_t> inside, outside;
  std::size_t skipped = 0;
};

// Every trial is followed in lanes, and one in 2000 by run() as well. `agrees` says what is wrong, or nothing.
template <class Make, class Agrees>
Counts follow(std::size_t all, Make&& make, Agrees&& agrees) {
  Generator random(seed());
  Counts counts;
  constexpr std::size_t tile = 4096;
  std::vector<Trial> trials(std::min(tile, all));
  std::vector<TinyRun> runs(trials.size());
  std::vector<TinyEnd> ends(trials.size());
  for (std::size_t from = 0; from < all; from += tile) {
    const std::size_t count = std::min(tile, all - from);
    for (std::size_t i = 0; i < count; ++i) {
      trials[i] = make(random);
      runs[i] = trials[i].tiny;
      runs[i].max_steps = 2000000;
    }
    run_batch(std::span(runs).first(count), std::span(ends).first(count), {"", false});
    for (std::size_t i = 0; i < count; ++i) {
      const Trial& trial = trials[i];
      const Forecast before = told(trial);
      ++(trial.distance < 0 ? counts.inside : counts.outside)[ends[i].outcome];
      const std::string wrong = agrees(trial, before, ends[i].outcome);
      if (!wrong.empty()) ADD_FAILURE() << wrong << ": " << words(trial, from + i, before, ends[i]);
      if ((from + i) % 2000 == 0) {
        RunSettings settings;
        settings.max_steps = 100000;
        const Record record = run(*dense_problem(trial.A), trial.start, trial.h, settings);
        const std::string also_wrong =
            record.verdict.outcome == Outcome::exhausted ? "" : agrees(trial, before, record.verdict.outcome);
        if (!also_wrong.empty())
          ADD_FAILURE() << also_wrong << " by run(): " << record.verdict.why << words(trial, from + i, before, ends[i]);
      }
      if (::testing::Test::HasFailure()) return counts;
    }
  }
  return counts;
}

// m < 1: converges inside and diverges outside, and theory says which.
TEST(CriticalCurve, EveryRunBelowHMuOneEndsAsToldBefore) {
  const Counts counts = follow(
      trials(), [](Generator& random) { return around_the_ellipse(random, 1e-3, 0.99); },
      [](const Trial& trial, const Forecast& before, Outcome seen) -> std::string {
        const Outcome right = trial.distance < 0 ? Outcome::converged : Outcome::diverged;
        if (before.outcome != right) return "theory is on the wrong side";
        return seen == right ? "" : "the run did something else";
      });
  EXPECT_GT(counts.inside.at(Outcome::converged), trials() / 3);
  EXPECT_GT(counts.outside.at(Outcome::diverged), trials() / 3);
}

// 1 < m < 2: inside it neither diverges nor converges, outside it diverges.
TEST(CriticalCurve, BeyondHMuOneItNeitherConvergesNorDivergesInside) {
  const Counts counts = follow(
      trials(), [](Generator& random) { return around_the_ellipse(random, 1.12, 1.95); },
      [](const Trial& trial, const Forecast& before, Outcome seen) -> std::string {
        if (trial.distance > 0) {
          if (before.outcome != Outcome::diverged) return "theory is on the wrong side";
          return seen == Outcome::diverged ? "" : "the run did something else";
        }
        // A rate 10 % lower may lie below h |mu| = 1.
        const bool below_one = trial.h * std::abs(trial.A(0, 0)) < 1;
        if (below_one)
          return before.outcome == Outcome::converged && seen == Outcome::converged ? "" : "it should converge";
        if (before.outcome || before.excluded.size() != 2) return "theory should exclude two endings and claim none";
        for (const Outcome excluded : before.excluded) {
          if (seen == excluded) return "an excluded ending";
        }
        return "";
      });
  EXPECT_GT(counts.inside.at(Outcome::chaotic), trials() / 100);
  EXPECT_GT(counts.inside.at(Outcome::periodic), trials() / 100);
  EXPECT_GT(counts.outside.at(Outcome::diverged), trials() / 3);
}

TEST(CriticalCurve, IsotropicRunsEndAsToldBefore) {
  const std::size_t all = trials() / 10;  // exact products of matrices take their time
  const Counts counts = follow(all, around_the_isotropic_curves,
                               [](const Trial& trial, const Forecast& before, Outcome seen) -> std::string {
                                 const Outcome right = trial.distance < 0 ? Outcome::converged : Outcome::diverged;
                                 // With the curve of delta = 2 beyond h |mu| = 1 there is nothing to be told.
                                 if (trial.distance > 0 && trial.h * std::abs(trial.A(0, 0)) >= 1) return "";
                                 if (before.outcome != right) return "theory is on the wrong side";
                                 return seen == right || seen == Outcome::exhausted ? "" : "the run did something else";
                               });
  EXPECT_GT(counts.inside.at(Outcome::converged), all / 3);
  EXPECT_GT(counts.outside.at(Outcome::diverged), all / 3);
}

}  // namespace
}  // namespace equipoise::critical_curve_test
