// Runs and their ends in tests: computed by any target, compared bit for bit.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "equipoise/ensemble/tiny/ensemble.hpp"

namespace equipoise::test_tiny_ends {

using Runs = std::vector<TinyRun>;
using Ends = std::vector<TinyEnd>;

inline Ends ends_of(const Runs& runs, const std::string& target = "scalar") {
  Ends ends(runs.size());
  run_tiny(runs, ends, {target, true});
  return ends;
}
inline TinyEnd end_of(const TinyRun& run) { return ends_of({run}).front(); }

inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

inline void expect_same(const TinyEnd& a, const TinyEnd& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.limit, b.limit);
  EXPECT_EQ(a.proved, b.proved);
  EXPECT_EQ(a.period, b.period);
  EXPECT_EQ(a.steps, b.steps);
  for (const auto field :
       {&TinyEnd::loss, &TinyEnd::sharpness, &TinyEnd::ratio, &TinyEnd::imbalance, &TinyEnd::product, &TinyEnd::norm_x,
        &TinyEnd::norm_y, &TinyEnd::lyapunov, &TinyEnd::lyapunov_error, &TinyEnd::multiplier}) {
    EXPECT_TRUE(same_bits(a.*field, b.*field)) << a.*field << " " << b.*field;
  }
}

/// Every target but the plain loop.
inline std::vector<std::string> lanes() {
  std::vector<std::string> names = ensemble_targets();
  names.pop_back();
  return names;
}

/// Every kind of cell: all outcomes, both kinds, budgets that are no multiple of anything, special values.
inline Runs mixed(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); };
  const double special[] = {0.0, 1.0, -1.0, 0.5, 1.5, 2.0, 1e-14, 1e-160, 1e160, 5e-324};
  Runs runs;
  for (std::size_t i = 0; i < count; ++i) {
    TinyRun run;
    const double mu = uniform(0, 1) < 0.1 ? special[random() % 6] : uniform(-1.3, 1.3);
    double x = uniform(-4, 4);
    double y = uniform(-2, 2);
    if (uniform(0, 1) < 0.05) x = special[random() % 10];
    if (uniform(0, 1) < 0.05) y = special[random() % 10];
    if (uniform(0, 1) < 0.05) y = x;
    if (uniform(0, 1) < 0.05) y = -x;
    const double h = uniform(0, 1) < 0.3 ? uniform(0.9, 2.0) : std::exp(uniform(-4, 0.2));
    if (random() % 3 == 0) {
      run = tiny_isotropic(mu, static_cast<double>(1 + random() % 5), x, y, uniform(-1, 1), h);
    } else {
      run = tiny_scalar(mu, x, y, h);
    }
    const std::uint64_t budgets[] = {0, 1, 15, 16, 17, 63, 64, 65, 100, 256, 300, 1000, 1003, 4096, 2500};
    run.max_steps = budgets[random() % 15];
    if (random() % 16 == 0) run.tolerance = 0;
    if (random() % 16 == 0) run.tolerance = std::pow(10.0, uniform(-16, 0));
    runs.push_back(run);
  }
  return runs;
}

}  // namespace equipoise::test_tiny_ends
