// Measures every kernel beside the ceilings and the peers; raw samples go to a CSV file, which bench/summary.py reads.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "measure.hpp"
#include "peers.hpp"

namespace {

constexpr const char* kUsage =
    "usage: equipoise-bench --csv FILE [--peers bench/peers.py] [--quick | --smoke] [--repetitions N] [--only TEXT]\n";

int fail(const char* what) {
  std::fprintf(stderr, "equipoise-bench: %s\n%s", what, kUsage);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace equipoise::bench;
  Options options;
  std::string csv_file;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--quick" || flag == "--smoke") {
      (flag == "--quick" ? options.quick : options.smoke) = true;
      options.repetitions = flag == "--quick" ? 7 : 1;
      continue;
    }
    if (i + 1 == argc) return fail("every other flag takes a value");
    const char* value = argv[++i];
    if (flag == "--csv") {
      csv_file = value;
    } else if (flag == "--peers") {
      options.peers = value;
    } else if (flag == "--only") {
      options.only = value;
    } else if (flag == "--repetitions") {
      options.repetitions = std::atoi(value);
      if (options.repetitions < 1) return fail("--repetitions must be at least 1");
    } else {
      return fail("unknown flag");
    }
  }
  if (csv_file.empty()) return fail("--csv is missing");

  try {
    std::optional<PythonPeers> python;
    if (!options.peers.empty()) {
      python.emplace(options.peers);
      set_python_peers(&*python);
      std::printf("%s\n", python->versions().c_str());
      std::fflush(stdout);
    }
    std::vector<Plan> plans;
    for (const auto& group : {tiny_plans(options), small_plans(options), sharpness_plans(options),
                              spectral_plans(options), sparse_plans(options), dense_plans(options)}) {
      plans.insert(plans.end(), group.begin(), group.end());
    }
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> csv(std::fopen(csv_file.c_str(), "w"), &std::fclose);
    if (!csv) throw std::runtime_error("cannot write " + csv_file);
    measure(plans, options, csv.get());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "equipoise-bench: %s\n", problem.what());
    return 1;
  }
}
