// Tiny runs in lockstep, against the multiply-add ceiling and against numpy and torch: raw steps, runs to their verdict
// with lanes that are refilled, and a whole atlas.
//
// A lane-step is three fused multiply-adds, 6 flops. What is counted are the steps up to each verdict: refill, looks,
// exact steps and rows are overhead.
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "contenders.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/ensemble/tiny/kernel.hpp"
#include "equipoise/sweep/cells.hpp"
#include "peers.hpp"

namespace equipoise::bench {

namespace {

constexpr double kFlops = 6;
constexpr std::uint64_t kMostSteps = 20000;

/// Runs f = 1/2 (1 - x y)^2 from (x, 1) and the rows that they end in.
struct Cells {
  std::vector<double> h, x;
  std::vector<TinyEnd> ends;
  double steps = 0;   ///< of all runs together, up to their verdicts
  double walked = 0;  ///< the same where each run goes on to a multiple of 64, and then takes 16 to find its exact step

  std::size_t size() const { return h.size(); }
  TinyColumns columns(std::size_t first, std::size_t count) const {
    TinyColumns result;
    result.shared = tiny_scalar(1, 0, 1, 1);
    result.shared.max_steps = kMostSteps;
    result.count = count;
    result.h = h.data() + first;
    result.x[0] = x.data() + first;
    return result;
  }
};

void run_span(Cells& cells, std::size_t first, std::size_t count) {
  run_tiny(cells.columns(first, count), std::span(cells.ends).subspan(first, count), {"", false});
}

/// Pieces of some thousands of cells, as a sweep's tiles are.
constexpr std::size_t kTile = 4096;

void run_all(Cells& cells, int threads) {
  const std::size_t tiles = (cells.size() + kTile - 1) / kTile;
  const auto tile = [&](std::size_t i) { run_span(cells, i * kTile, std::min(kTile, cells.size() - i * kTile)); };
  if (threads > 1) {
    tbb::parallel_for(std::size_t{0}, tiles, tile);
  } else {
    for (std::size_t i = 0; i < tiles; ++i) tile(i);
  }
}

void settle(Cells& cells) {
  cells.ends.resize(cells.size());
  run_all(cells, 1);
  for (const TinyEnd& end : cells.ends) {
    cells.steps += static_cast<double>(end.steps);
    cells.walked += static_cast<double>((end.steps + 63) / 64 * 64 + 16);
  }
}

Contender ours(const std::shared_ptr<Cells>& cells, const char* name, int threads) {
  Contender result;
  result.name = name;
  result.flops = kFlops * cells->steps;
  result.call = [=] { run_all(*cells, threads); };
  return result;
}

/// The steps that looks at every 64th cost, and nothing else: no look, no new run, no row.
Contender steps_alone(const Cells& cells, int threads) {
  constexpr std::size_t kLanes = 192;
  const auto steps = static_cast<std::uint64_t>(cells.walked / static_cast<double>(kLanes) / threads);
  const std::vector<double> m(kLanes, 0.5), z(2 * kLanes, 0.3);
  const auto data = std::make_shared<std::vector<std::vector<double>>>(static_cast<std::size_t>(threads), z);
  const std::string target = ensemble_targets().front();
  return limit(kFlops * cells.steps, 0, [=] {
    tbb::parallel_for(std::size_t{0}, data->size(),
                      [&](std::size_t i) { tiny::advance_lanes(target, m, (*data)[i], steps); });
  });
}

/// Numbers of the runs for the peers, already scaled: rate 1 and m = h mu.
void hand_over_scaled(const std::filesystem::path& folder, const TinyColumns& runs) {
  std::vector<double> m, x, y;
  for (std::size_t i = 0; i < runs.count; ++i) {
    const TinyRun run = runs.run(i);
    m.push_back(run.h * run.mu);
    x.push_back(std::sqrt(run.h) * run.x[0]);
    y.push_back(std::sqrt(run.h) * run.y[0]);
  }
  const auto give = [&](const char* name, const std::vector<double>& numbers) {
    hand_over(folder / name, numbers.data(), numbers.size() * sizeof(double));
  };
  give("m", m), give("x", x), give("y", y);
}

/// Steps and nothing else, beside numpy and torch that do as many steps of 4096 lanes in cache.
Case raw_case(const std::string& name, int coordinates, int threads, const Options& options) {
  struct Data {
    std::vector<double> m, z;
  };
  const std::size_t lanes = 192;
  const std::uint64_t steps =
      options.smoke ? 64 : 30000;  // as long as a sample of the ceiling: other users disturb both alike
  const double flops = (coordinates == 2 ? kFlops : 22) * static_cast<double>(lanes) * static_cast<double>(steps);
  Case result{name, threads, {}};
  result.contenders.push_back(fma_peak(threads, options));
  Contender own;
  own.name = "equipoise";
  own.flops = flops * threads;
  const auto data = std::make_shared<std::vector<Data>>(static_cast<std::size_t>(threads));
  for (Data& each : *data)
    each = {std::vector<double>(lanes, 0.5), std::vector<double>(lanes * static_cast<std::size_t>(coordinates), 0.3)};
  const std::string target = ensemble_targets().front();
  own.call = [=] {
    tbb::parallel_for(std::size_t{0}, data->size(),
                      [&](std::size_t i) { tiny::advance_lanes(target, (*data)[i].m, (*data)[i].z, steps); });
  };
  result.contenders.push_back(own);
  return result;
}

Case ensemble_case(const std::string& name, double h0, double h1, int threads, const Options& options) {
  const auto cells = std::make_shared<Cells>();
  Generator random(1);
  for (int i = 0; i < (options.smoke ? 64 : 16384); ++i) {
    cells->x.push_back(1 + random.uniform());
    cells->h.push_back(h0 + (h1 - h0) * random.uniform());
  }
  settle(*cells);
  Case result{name, threads, {}};
  result.contenders.push_back(fma_peak(threads, options));
  result.contenders.push_back(ours(cells, "equipoise", threads));
  result.contenders.push_back(steps_alone(*cells, threads));
  if (threads > 1) result.contenders.push_back(ours(cells, "one thread", 1));
  if (PythonPeers* peers = python_peers(); peers != nullptr && threads == 1) {
    // As many lane-steps without any detection: less work than ours. Its result is that of the plain loop.
    constexpr std::size_t kLanes = 4096;
    const std::size_t lanes = std::min(kLanes, cells->size());
    const auto steps = static_cast<std::uint64_t>(cells->steps / static_cast<double>(lanes));
    const TinyColumns first = cells->columns(0, lanes);
    hand_over_scaled(peers->folder(), first);
    std::vector<TinyRun> starts;
    std::vector<double> products(lanes);
    for (std::size_t i = 0; i < lanes; ++i) {
      starts.push_back(first.run(i));
      starts.back().max_steps = steps;
    }
    record_orbits(starts, 1, products, {"scalar", false});
    hand_over(peers->folder() / "products", products.data(), lanes * sizeof(double));
    for (const std::string& peer :
         names_in(peers->ask("lanes " + std::to_string(lanes) + " " + std::to_string(steps)))) {
      result.contenders.push_back(
          python_peer(peer, threads, kFlops * static_cast<double>(lanes) * static_cast<double>(steps), 1e-9));
    }
  }
  return result;
}

/// side x side cells: h from 0.01 to 1.2, x0 in [-4, 4]; y0 = 1. Most cells converge, diverge at once or cycle.
Grid atlas_grid(std::size_t side) {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"y0", 1}, {"max_steps", static_cast<double>(kMostSteps)}};
  grid.axes = {{"h", AxisScale::linear, 0.01, 1.2, side, {}}, {"x0", AxisScale::linear, -4, 4, side, {}}};
  return resolved(grid);
}

/// From the grid to the outcome of every cell, a tile at a time as a sweep does: 1 converged, 4 diverged, 0 anything
/// else. Returns the steps.
std::uint64_t run_atlas(const GridCells& cells, std::span<std::uint8_t> outcomes, int threads) {
  const std::size_t tiles = (outcomes.size() + kTile - 1) / kTile;
  std::atomic<std::uint64_t> steps{0};
  const auto tile = [&](std::size_t t) {
    thread_local std::vector<std::vector<double>> room;
    thread_local std::vector<TinyEnd> room_for_ends(kTile);
    const std::size_t first = t * kTile, count = std::min(kTile, outcomes.size() - first);
    const std::span<TinyEnd> ends = std::span(room_for_ends).first(count);
    run_tiny(cells.columns(first, count, room).value(), ends, {"", false});
    std::uint64_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const TinyEnd& end = ends[i];
      outcomes[first + i] = end.outcome == Outcome::converged ? 1 : end.outcome == Outcome::diverged ? 4 : 0;
      taken += end.steps;
    }
    steps += taken;
  };
  if (threads > 1) {
    tbb::parallel_for(std::size_t{0}, tiles, tile);
  } else {
    for (std::size_t t = 0; t < tiles; ++t) tile(t);
  }
  return steps;
}

Contender our_atlas(const std::shared_ptr<const GridCells>& cells, const char* name, int threads) {
  const auto outcomes = std::make_shared<std::vector<std::uint8_t>>(cells->grid().cells());
  Contender result;
  result.name = name;
  result.flops = kFlops * static_cast<double>(run_atlas(*cells, *outcomes, 1));
  result.call = [=] { run_atlas(*cells, *outcomes, threads); };
  return result;
}

/// side x side cells. What numpy gets are the starts and rates as arrays, which takes none of its time.
Case atlas_case(const std::string& name, std::size_t side, int threads, const Options& options) {
  const auto cells = std::make_shared<const GridCells>(atlas_grid(side));
  Case result{name, threads, {}};
  result.contenders.push_back(fma_peak(threads, options));
  result.contenders.push_back(our_atlas(cells, "equipoise", threads));
  if (threads > 1) result.contenders.push_back(our_atlas(cells, "one thread", 1));
  if (PythonPeers* peers = python_peers(); peers != nullptr && threads == 1) {
    std::vector<std::vector<double>> room;
    const std::size_t count = cells->grid().cells();
    hand_over_scaled(peers->folder(), cells->columns(0, count, room).value());
    std::vector<std::uint8_t> outcomes(count);
    run_atlas(*cells, outcomes, 1);
    hand_over(peers->folder() / "outcomes", outcomes.data(), outcomes.size());
    const std::string order = "atlas " + std::to_string(outcomes.size()) + " " + std::to_string(kMostSteps);
    // Outcomes must be equal, but for cells within rounding of a boundary: one in ten thousand.
    for (const std::string& peer : names_in(peers->ask(order)))
      result.contenders.push_back(python_peer(peer, threads, 0, 1e-4));
  }
  return result;
}

}  // namespace

std::vector<Plan> tiny_plans(const Options& options) {
  std::vector<Plan> plans;
  for (const int threads : {1, 2}) {
    const std::string end = "/threads" + std::to_string(threads);
    const auto add = [&](const std::string& name, const auto& make) {
      plans.push_back({name + end, [=] { return make(name + end); }});
    };
    add("ensemble/float64/raw", [=](const std::string& name) { return raw_case(name, 2, threads, options); });
    if (!options.quick)
      add("ensemble/float64/raw-isotropic",
          [=](const std::string& name) { return raw_case(name, 4, threads, options); });
    add("ensemble/float64/steps1200",
        [=](const std::string& name) { return ensemble_case(name, 0.008, 0.01, threads, options); });
    add("ensemble/float64/steps140",
        [=](const std::string& name) { return ensemble_case(name, 0.06, 0.08, threads, options); });
    if (!options.quick) {
      add("ensemble/float64/steps55",
          [=](const std::string& name) { return ensemble_case(name, 0.12, 0.18, threads, options); });
    }
    const std::size_t side = options.smoke ? 16 : 512;
    add("sweep/scalar/" + std::to_string(side) + "x" + std::to_string(side),
        [=](const std::string& name) { return atlas_case(name, side, threads, options); });
  }
  return plans;
}

}  // namespace equipoise::bench
