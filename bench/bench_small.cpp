// Sweeps of a small matrix, against the multiply-add ceiling and against numpy: steps alone, and an atlas of rates and
// norms in which every run goes to its verdict.
//
// A lane-step of r pairs of rows and k rows of both factors at rank d is 2 r d + k (d^2 + d (d + 1) / 2) fused
// multiply-adds. What is counted are the steps up to each verdict: looks, exact steps, new runs and rows are overhead.
#include <fmt/format.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "contenders.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/sweep/matrix_cells.hpp"
#include "peers.hpp"

namespace equipoise::bench {

namespace {

constexpr std::uint64_t kMatrixSteps = 5000;
constexpr std::size_t kMatrixTile = 1024;

/// rows x cols Gaussian at a rank; side x side cells: rates up to 1.4 / sigma_1 and |Y_0| from a tenth of |X_0| to
/// twice that. A third converges, two thirds diverge.
struct MatrixAtlas {
  SweptMatrix matrix;
  std::unique_ptr<GridCells> cells;
  Shape kept;
  std::size_t pairs = 0;

  MatrixAtlas(Index rows, Index cols, Index rank, std::size_t side) {
    const Factors drawn = gaussian_factors({rows, cols, std::min(rows, cols)}, 7);
    matrix = swept_matrix(drawn.X() * drawn.Y().transpose());
    const double sigma1 = matrix.sigma1(), root = std::sqrt(sigma1);
    Grid grid;
    grid.kind = GridKind::matrix;
    grid.matrix = "gaussian";
    grid.fixed = {{"rank", static_cast<double>(rank)}, {"seed", 3}, {"norm_x", 2 * root}, {"max_steps", kMatrixSteps}};
    grid.axes = {{"h", AxisScale::linear, 0.02 / sigma1, 1.4 / sigma1, side, {}},
                 {"norm_y", AxisScale::linear, 0.2 * root, 4 * root, side, {}}};
    grid.fields = {Field::outcome};
    cells = std::make_unique<GridCells>(resolved(grid));
    kept = most_kept(rows, cols, rank);
    pairs = static_cast<std::size_t>(matrix.basis.values.size());
  }

  double flops_of_a_step() const {
    const auto d = static_cast<double>(kept.rank);
    return 2 * (2 * static_cast<double>(pairs) * d +
                static_cast<double>(kept.rows + kept.cols) * (d * d + d * (d + 1) / 2));
  }
  std::size_t count() const { return cells->grid().cells(); }
};

/// 1 converged, 4 diverged, 0 anything else. Returns the steps.
std::uint64_t run_atlas(const MatrixAtlas& atlas, std::span<std::uint8_t> outcomes, int threads) {
  const std::size_t tiles = (outcomes.size() + kMatrixTile - 1) / kMatrixTile;
  std::atomic<std::uint64_t> steps{0};
  const auto tile = [&](std::size_t t) {
    MatrixCells own(*atlas.cells, atlas.matrix, {});
    const std::size_t first = t * kMatrixTile, count = std::min(kMatrixTile, outcomes.size() - first);
    std::vector<TinyEnd> ends(count);
    std::vector<double> rates(count);
    own.run(first, ends, rates);
    std::uint64_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const Outcome outcome = ends[i].outcome;
      outcomes[first + i] = outcome == Outcome::converged ? 1 : outcome == Outcome::diverged ? 4 : 0;
      taken += ends[i].steps;
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

Contender our_atlas(const std::shared_ptr<const MatrixAtlas>& atlas, const char* name, int threads) {
  const auto outcomes = std::make_shared<std::vector<std::uint8_t>>(atlas->count());
  Contender result;
  result.name = name;
  result.flops = atlas->flops_of_a_step() * static_cast<double>(run_atlas(*atlas, *outcomes, 1));
  result.call = [=] { run_atlas(*atlas, *outcomes, threads); };
  return result;
}

/// What the start and the matrix are in spectral coordinates, both factors of length 1.
SpectralCoordinates coordinates_of(const MatrixAtlas& atlas) {
  const Shape shape{atlas.matrix.basis.left.rows(), atlas.matrix.basis.right.rows(), atlas.kept.rank};
  return spectral_coordinates(atlas.matrix.basis, with_norms(gaussian_factors(shape, 3), 1, 1));
}

/// As many steps, of lanes that never end: no look, no new run, no row.
Contender steps_alone(const MatrixAtlas& atlas, double flops, int threads) {
  struct Data {
    SpectralCoordinates coordinates;
    SmallStart start;
    std::unique_ptr<SmallFamily> family;
    std::vector<SmallRun> runs;
  };
  const auto data = std::make_shared<Data>();
  data->coordinates = coordinates_of(atlas);
  const SpectralCoordinates& own = data->coordinates;
  data->start.factors = own.start;
  data->family = std::make_unique<SmallFamily>(*own.problem, own.start.shape(), own.values, own.squares_at_rest);
  const double root = std::sqrt(own.values[0]);
  data->runs.assign(64, {&data->start, root, root, 0.1 / own.values[0], 0});
  const auto steps = static_cast<std::uint64_t>(flops / atlas.flops_of_a_step() / 64 / threads);
  for (SmallRun& run : data->runs) run.max_steps = std::max<std::uint64_t>(steps, 1);
  return limit(flops, 0, [=] {
    tbb::parallel_for(0, threads, [&](int) {
      std::vector<double> last(64);
      record_small_orbits(*data->family, data->runs, 1, last);
    });
  });
}

void hand_over_atlas(const std::filesystem::path& folder, const MatrixAtlas& atlas,
                     std::span<const std::uint8_t> outcomes) {
  const SpectralCoordinates own = coordinates_of(atlas);
  std::vector<double> h, scale_x, scale_y;
  for (std::uint64_t cell = 0; cell < atlas.count(); ++cell) {
    h.push_back(atlas.cells->value("h", cell));
    scale_x.push_back(atlas.cells->value("norm_x", cell));
    scale_y.push_back(atlas.cells->value("norm_y", cell));
  }
  const auto give = [&](const char* name, const double* numbers, std::size_t count) {
    hand_over(folder / name, numbers, count * sizeof(double));
  };
  const Matrix X = own.start.X(), Y = own.start.Y();
  give("values", own.values.data(), static_cast<std::size_t>(own.values.size()));
  give("X", X.data(), static_cast<std::size_t>(X.size()));
  give("Y", Y.data(), static_cast<std::size_t>(Y.size()));
  give("h", h.data(), h.size());
  give("scale_x", scale_x.data(), scale_x.size());
  give("scale_y", scale_y.data(), scale_y.size());
  hand_over(folder / "outcomes", outcomes.data(), outcomes.size());
}

Case atlas_case(const std::string& name, Index rows, Index cols, Index rank, std::size_t side, int threads,
                const Options& options) {
  const auto atlas = std::make_shared<const MatrixAtlas>(rows, cols, rank, side);
  Case result{name, threads, {}};
  result.contenders.push_back(fma_peak(threads, options));
  result.contenders.push_back(our_atlas(atlas, "equipoise", threads));
  result.contenders.push_back(steps_alone(*atlas, result.contenders.back().flops, threads));
  if (threads > 1) result.contenders.push_back(our_atlas(atlas, "one thread", 1));
  if (PythonPeers* peers = python_peers(); peers != nullptr && threads == 1) {
    std::vector<std::uint8_t> outcomes(atlas->count());
    run_atlas(*atlas, outcomes, 1);
    hand_over_atlas(peers->folder(), *atlas, outcomes);
    const Shape kept = coordinates_of(*atlas).start.shape();
    const std::string order = "matrix_atlas " + std::to_string(kept.rows) + " " + std::to_string(kept.cols) + " " +
                              std::to_string(kept.rank) + " " + std::to_string(atlas->pairs) + " " +
                              std::to_string(outcomes.size()) + " " + std::to_string(kMatrixSteps);
    // Outcomes must be equal, but for cells within rounding of a boundary: one in a thousand.
    for (const std::string& peer : names_in(peers->ask(order)))
      result.contenders.push_back(python_peer(peer, threads, 0, 1e-3));
  }
  return result;
}

}  // namespace

std::vector<Plan> small_plans(const Options& options) {
  std::vector<Plan> plans;
  struct Size {
    Index rows, cols, rank;
    std::size_t side;  ///< of the atlas that numpy does, too: some seconds of its time
    bool quick;
  };
  for (const int threads : {1, 2}) {
    for (const Size& size : {Size{3, 3, 1, 128, false}, Size{20, 10, 2, 40, true}, Size{20, 10, 4, 32, false},
                             Size{40, 30, 8, 20, false}}) {
      if (options.quick && !size.quick) continue;
      // Two threads take enough tiles to share them.
      const std::size_t side = options.smoke ? 8 : threads > 1 ? 3 * size.side : size.side;
      const std::string name =
          fmt::format("sweep/matrix{}x{}/d{}/{}x{}/threads{}", size.rows, size.cols, size.rank, side, side, threads);
      plans.push_back(
          {name, [=] { return atlas_case(name, size.rows, size.cols, size.rank, side, threads, options); }});
    }
  }
  return plans;
}

}  // namespace equipoise::bench
