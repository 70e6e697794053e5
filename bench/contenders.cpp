// How the shared contenders measure themselves.
#include "contenders.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <sstream>

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

Contender read_peak(std::span<const std::byte> memory) {
  Contender result;
  result.name = "read peak";
  result.bytes = static_cast<double>(memory.size());
  result.call = [=] { read_all(memory); };
  return result;
}

double relative_error(ConstFactors got, double got_loss, ConstFactors want, double want_loss) {
  return std::max((got.flat() - want.flat()).norm() / want.flat().norm(), std::abs(got_loss - want_loss) / want_loss);
}

Contender own_steps(std::shared_ptr<const Problem> problem, const Factors& at, double flops, double bytes,
                    double error_limit, const Factors& reference, double reference_loss) {
  constexpr std::size_t kSteps = 16;  // run() takes 64 at once
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
  result.timed = [=](double slice) {
    const Seconds block = fastest_call(
        [&] {
          std::array<StepTrace, kSteps> trace;
          problem->advance(*iterate, rate, trace);
        },
        slice);
    return Seconds{block.wall / kSteps, block.cpu / kSteps};
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
