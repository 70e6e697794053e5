// What it costs to follow the sharpness along a run: the same run with it every 20 steps and without it.
#include <cmath>

#include "contenders.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::bench {

namespace {

Case sharpness_case(const std::string& name, Index n, Index d, int threads, const Options& options) {
  // A of rank d with singular values near 1 and small noise; a small rate: the smooth stretch of which the target speaks.
  const Factors low = gaussian_factors({n, n, d}, 6);
  const Factors noise = gaussian_factors({n, 0, n}, 7);
  Matrix A = low.X() * low.Y().transpose() / static_cast<double>(n) + 1e-3 / std::sqrt(static_cast<double>(n)) * noise.X();
  const std::shared_ptr<const Problem> problem = dense_problem(std::move(A));
  const Factors start = gaussian_start(*problem, d, 8);
  Watch watch;
  watch.known = measure_start(*problem, start);
  const double rate = 0.2 / watch.known->sharpness.value;
  const std::uint64_t steps = options.smoke ? 20 : 200;

  Case result{name, threads, {}};
  const auto add = [&](const char* who, std::uint64_t stride) {
    RunSettings settings;
    settings.max_steps = steps;
    settings.tolerance = 0;
    settings.sample_every = 20;
    settings.sharpness_every = stride;
    settings.sensitivity = Sensitivity::never;
    Contender contender;
    contender.name = who;
    contender.call = [=] { run(*problem, start, rate, settings, watch); };
    result.contenders.push_back(contender);
  };
  add("equipoise", 20);
  add("equipoise without", 0);
  return result;
}

}  // namespace

std::vector<Plan> sharpness_plans(const Options& options) {
  std::vector<Plan> plans;
  const Index n = options.smoke ? 40 : options.quick ? 1000 : 2000;
  const std::string name = "sharpness/float64/n" + std::to_string(n) + "/d8/stride20/threads2";
  plans.push_back({name, [=] { return sharpness_case(name, n, 8, 2, options); }});
  return plans;
}

}  // namespace equipoise::bench
