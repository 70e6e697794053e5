// How the shared contenders measure themselves.
#include "contenders.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <span>
#include <sstream>
#include <utility>

#include "ceilings.hpp"
#include "measure.hpp"
#include "peers.hpp"

namespace equipoise::bench {

Contender fma_peak(int threads, const Options& options) {
  const std::int64_t rounds = options.smoke ? 1000 : 200000;
  Contender result;
  result.name = "fma peak";
  result.flops = fma_chains(threads, rounds);
  result.call = [=] { fma_chains(threads, rounds); };
  return result;
}

Contender read_peak(std::span<const std::byte> memory, std::shared_ptr<const void> owner) {
  Contender result;
  result.name = "read peak";
  result.bytes = static_cast<double>(memory.size());
  result.call = [memory, owner = std::move(owner)] { read_all(memory); };
  return result;
}

Contender limit(double flops, double bytes, std::function<void()> call) {
  Contender result;
  result.name = "limit";
  result.flops = flops;
  result.bytes = bytes;
  result.call = std::move(call);
  return result;
}

double relative_error(ConstFactors got, double got_loss, ConstFactors want, double want_loss) {
  return std::max((got.flat() - want.flat()).norm() / want.flat().norm(), std::abs(got_loss - want_loss) / want_loss);
}

Contender own_steps(std::shared_ptr<const Problem> problem, const Factors& at, double flops, double bytes,
                    double error_limit, const Factors& reference, double reference_loss) {
  // run() takes 64 steps at once; fewer where that would be long, since a sample is the fastest of at least two calls.
  constexpr double kLongEnough = 0.02;
  constexpr std::size_t kMostSteps = 64, kFewestSteps = 4;
  Contender result;
  result.name = "equipoise";
  result.flops = flops;
  result.bytes = bytes;
  result.error_limit = error_limit;
  Factors gradient(at.shape());
  const double loss = problem->gradient(at, gradient);
  result.error = relative_error(gradient, loss, reference, reference_loss);
  const double rate = 1e-9 / (1 + at.flat().squaredNorm());
  const auto iterate = std::make_shared<Factors>(at);
  const auto take = [=](std::size_t steps) {
    std::array<StepTrace, kMostSteps> trace;
    problem->advance(*iterate, rate, std::span(trace).first(steps));
  };
  const double one = fastest_call([&] { take(1); }, kLongEnough / 4).wall;
  const auto steps = static_cast<std::size_t>(
      std::clamp(kLongEnough / one, static_cast<double>(kFewestSteps), static_cast<double>(kMostSteps)));
  result.timed = [=](double slice) {
    const Seconds block = fastest_call([&] { take(steps); }, slice);
    const double count = static_cast<double>(steps);
    return Seconds{block.wall / count, block.cpu / count};
  };
  return result;
}

std::vector<std::string> names_in(const std::string& answer) {
  std::vector<std::string> names;
  std::istringstream words(answer);
  for (std::string name; std::getline(words, name, ',');) names.push_back(name);
  return names;
}

Contender python_peer(const std::string& name, int threads, double flops, double error_limit) {
  PythonPeers* peers = python_peers();
  peers->ask("threads " + std::to_string(threads));
  Contender result;
  result.name = name;
  result.flops = flops;
  result.error = std::stod(peers->ask("error " + name));
  result.error_limit = error_limit;
  result.timed = [=](double slice) {
    std::istringstream answer(peers->ask("time " + name + " " + std::to_string(slice)));
    Seconds seconds;
    answer >> seconds.wall >> seconds.cpu;
    return seconds;
  };
  return result;
}

}  // namespace equipoise::bench
