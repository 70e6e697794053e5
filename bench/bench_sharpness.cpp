// What it costs to follow the sharpness along a smooth stretch: the same steps with it every 20 of them and without it.
#include <array>
#include <cmath>

#include "contenders.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/tracker.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::bench {

namespace {

Case sharpness_case(const std::string& name, Index n, Index d, int threads, const Options& options) {
  // A of rank d with singular values near 1 and small noise; a small rate: the smooth stretch of which the target
  // speaks.
  const Factors low = gaussian_factors({n, n, d}, 6);
  const Factors noise = gaussian_factors({n, 0, n}, 7);
  Matrix A =
      low.X() * low.Y().transpose() / static_cast<double>(n) + 1e-3 / std::sqrt(static_cast<double>(n)) * noise.X();
  const std::shared_ptr<const Problem> problem = dense_problem(std::move(A));
  const double rate = 0.05 / sharpness(*problem, gaussian_start(*problem, d, 8)).value;
  const auto start = std::make_shared<Factors>(gaussian_start(*problem, d, 8));
  std::vector<StepTrace> transient(options.smoke ? 20 : 400);
  problem->advance(*start, rate, transient);
  // Its first measurement, from scratch, is behind it: what is timed is following.
  const auto tracker = std::make_shared<SharpnessTracker>(*problem);
  tracker->measure(*start);

  constexpr std::size_t kStride = 20, kStretches = 5;
  Case result{name, threads, {}};
  const auto add = [&](const char* who, bool measures) {
    Contender contender;
    contender.name = who;
    contender.call = [=] {
      // The pointer keeps the problem alive: the tracker only refers to it.
      const std::shared_ptr<const Problem> held = problem;
      SharpnessTracker following = *tracker;
      Factors z = *start;
      std::array<StepTrace, kStride> trace;
      for (std::size_t i = 0; i < kStretches; ++i) {
        held->advance(z, rate, trace);
        if (measures) following.measure(z);
      }
    };
    result.contenders.push_back(contender);
  };
  add("equipoise", true);
  add("equipoise without", false);
  return result;
}

}  // namespace

std::vector<Plan> sharpness_plans(const Options& options) {
  std::vector<Plan> plans;
  const Index n = options.smoke ? 40 : options.quick ? 1000 : 2000;
  for (const int threads : {1, 2}) {
    const std::string name =
        "sharpness/float64/n" + std::to_string(n) + "/d8/stride20/threads" + std::to_string(threads);
    plans.push_back({name, [=] { return sharpness_case(name, n, 8, threads, options); }});
  }
  return plans;
}

}  // namespace equipoise::bench
