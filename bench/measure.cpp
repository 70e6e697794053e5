// The rounds. A sample is the fastest of a few calls, which is what other programs on the machine disturb least; the
// contenders of a round stand close together in time, so that what drifts, drifts for all of them.
#include "measure.hpp"

#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>

#include "peers.hpp"

namespace equipoise::bench {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

double cpu_clock() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

constexpr int kFewestRounds = 3;
constexpr double kQuickSeconds = 5;

/// OpenBLAS's threads wait in a busy loop for some 30 ms after a product; what comes next must not pay for that.
void let_threads_sleep() { std::this_thread::sleep_for(std::chrono::milliseconds(40)); }

}  // namespace

Seconds fastest_call(const std::function<void()>& call, double slice) {
  const double infinity = std::numeric_limits<double>::infinity();
  Seconds best{infinity, infinity};
  double spent = 0;
  for (int calls = 0; calls == 0 || (slice > 0 && (calls < 2 || spent < slice)); ++calls) {
    const double cpu_begin = cpu_clock();
    const Clock::time_point begin = Clock::now();
    call();
    const double seconds = since(begin);
    best.wall = std::min(best.wall, seconds);
    best.cpu = std::min(best.cpu, cpu_clock() - cpu_begin);
    spent += seconds;
  }
  return best;
}

void measure(const std::vector<Plan>& plans, const Options& options, std::FILE* csv) {
  std::fprintf(csv, "case,threads,contender,repetition,seconds,cpu_seconds,flops,bytes,error\n");
  const double slice = options.smoke ? 0 : options.quick ? 0.015 : 0.04;
  for (const Plan& plan : plans) {
    if (plan.name.find(options.only) == std::string::npos) continue;
    const Clock::time_point begin = Clock::now();
    Case current = plan.make();
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(current.threads));
    openblas_threads(current.threads);
    for (const Contender& contender : current.contenders) {
      if (contender.error_limit > 0 && !(contender.error <= contender.error_limit)) {
        throw std::runtime_error(current.name + ": " + contender.name + " is off by " +
                                 std::to_string(contender.error) + ", which is not the same work");
      }
      if (contender.call) contender.call();  // warm: pages, caches, threads
    }
    const std::size_t count = current.contenders.size();
    for (int repetition = 0; repetition < options.repetitions; ++repetition) {
      // On a machine that others keep busy, fewer rounds rather than an hour; the summary says how many there were.
      if (options.quick && repetition >= kFewestRounds && since(begin) > kQuickSeconds) break;
      for (std::size_t turn = 0; turn < count; ++turn) {
        // Another one begins each round.
        const Contender& contender = current.contenders[(turn + static_cast<std::size_t>(repetition)) % count];
        const bool is_ours = contender.name == "equipoise" || contender.name == "limit" ||
                             contender.name.find("peak") != std::string::npos;
        const Seconds seconds = contender.timed ? contender.timed(is_ours         ? slice
                                                                  : options.quick ? 0
                                                                                  : slice)
                                                : fastest_call(contender.call, slice);
        if (current.threads > 1 && !is_ours) let_threads_sleep();
        std::fprintf(csv, "%s,%d,%s,%d,%.9g,%.9g,%.9g,%.9g,%.3g\n", current.name.c_str(), current.threads,
                     contender.name.c_str(), repetition, seconds.wall, seconds.cpu, contender.flops, contender.bytes,
                     contender.error);
      }
    }
    std::fflush(csv);
    std::fprintf(stderr, "%s: %.1f s\n", current.name.c_str(), since(begin));
  }
}

}  // namespace equipoise::bench
