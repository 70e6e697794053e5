// Tiny runs in lockstep beside the ceiling of the core, in turns, by processor time.
//
// A lane-step is three fused multiply-adds. "useful" counts the steps up to the verdict, so refill, looks, exact steps and rows are all
// overhead. Every figure is the median over rounds of the ratio to the ceiling measured in the same round.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "ceiling.hpp"
#include "equipoise/core/batch.hpp"
#include "equipoise/core/batch_kernel.hpp"

namespace {

using namespace equipoise;

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Work>
double rate_of(Work&& work) {
  const double begin = processor_seconds();
  const double done = work();
  return done / (processor_seconds() - begin);
}

// What the script prints; it times itself, without its start.
double numpy_rate(const std::string& script) {
  std::FILE* out = popen(("/usr/bin/python3 " + script).c_str(), "r");
  if (out == nullptr) return 0;
  double rate = 0;
  if (std::fscanf(out, "%lf", &rate) != 1) rate = 0;
  pclose(out);
  return rate;
}

struct Group {
  std::string name;
  std::vector<TinyRun> runs;
  bool measures = false;
  double steps = 0;
  std::vector<double> fractions, rates, runs_rates;
};

Group group(const char* name, double h0, double h1, double x0, double x1, bool measures) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(0, 1);
  Group result;
  result.name = name;
  result.measures = measures;
  for (int i = 0; i < 4096; ++i) {
    const double x = x0 + (x1 - x0) * uniform(random);
    result.runs.push_back(tiny_scalar(1, x, 1, h0 + (h1 - h0) * uniform(random)));
    result.runs.back().max_steps = 20000;
  }
  return result;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

}  // namespace

// usage: bench-batch [numpy_in_place.py] [rounds]
int main(int argc, char** argv) {
  const char* script = argc > 1 ? argv[1] : nullptr;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 15;
  std::vector<Group> groups;
  for (const bool measures : {false, true}) {
    groups.push_back(group("converging, ~1200 steps", 0.008, 0.01, 1, 2, measures));
    groups.push_back(group("converging, ~140 steps", 0.06, 0.08, 1, 2, measures));
    groups.push_back(group("converging, ~55 steps", 0.12, 0.18, 1, 2, measures));
    groups.push_back(group("a third diverging, ~17 steps", 0.1, 0.6, 2, 4, measures));
    groups.push_back(group("atlas of the check", 0.01, 1.2, -4, 4, measures));
  }
  std::vector<double> raw, raw_isotropic, numpy_rates;
  double raw_rate = 0;
  std::vector<double> numpy_ratio;
  std::vector<TinyEnd> ends(4096);
  for (int round = 0; round < rounds; ++round) {
    const double ceiling = rate_of([] { return equipoise::bench::fma_lane_operations(2000000); });
    const std::string target = batch_targets().front();
    std::vector<double> m(192, 0.5);
    std::vector<double> z(768, 0.3);
    raw_rate = rate_of([&] {
      tiny::advance_lanes(target, m, std::span(z).first(384), 100000);
      return 192 * 1e5;
    });
    raw.push_back(3 * raw_rate / ceiling);
    raw_isotropic.push_back(12 * rate_of([&] {
                              tiny::advance_lanes(target, m, z, 30000);
                              return 192 * 3e4;
                            }) / ceiling);
    for (Group& each : groups) {
      const double per_run = rate_of([&] {
        for (int k = 0; k < 4; ++k) run_batch(each.runs, ends, {"", each.measures});
        return 4.0 * static_cast<double>(each.runs.size());
      });
      each.steps = 0;
      for (const TinyEnd& end : ends) each.steps += static_cast<double>(end.steps) / static_cast<double>(ends.size());
      each.runs_rates.push_back(per_run);
      each.rates.push_back(per_run * each.steps);
      each.fractions.push_back(3 * per_run * each.steps / ceiling);
    }
    if (script != nullptr) {
      const double rate = numpy_rate(script);
      numpy_rates.push_back(rate);
      numpy_ratio.push_back(groups[0].rates.back() / rate);
    }
  }
  std::printf("raw steps of pairs: %.0f %% of the fused multiply-add ceiling (%.2f G lane-steps/s)\n", 100 * median(raw), raw_rate / 1e9);
  std::printf("raw steps of isotropic runs (12 operations): %.0f %%\n", 100 * median(raw_isotropic));
  for (const Group& each : groups) {
    std::printf("%-30s %s measures: %6.1f steps a run, %5.2f G lane-steps/s, %5.1f M runs/s, %3.0f %% of the ceiling\n", each.name.c_str(),
                each.measures ? "with   " : "without", each.steps, median(each.rates) / 1e9, median(each.runs_rates) / 1e6,
                100 * median(each.fractions));
  }
  if (script != nullptr) {
    std::printf("numpy in place: %.2f G lane-steps/s without any detection; runs of ~1200 steps are %.1f times as fast\n",
                median(numpy_rates) / 1e9, median(numpy_ratio));
  }
}
