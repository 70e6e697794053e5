// The sweep against plain runs, whatever the threads, tiles, shards and targets; outcomes against the exact theorem.
#include "equipoise/sweep/sweep.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <thread>

#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/sweep/cells.hpp"
#include "equipoise/theory/scalar.hpp"

namespace equipoise::sweep_test {
namespace {

using Bytes = std::vector<std::byte>;

struct Swept {
  std::vector<Bytes> columns;
  std::vector<int> times;  // how often each tile came
  SweepTotals totals;
};

// Puts finished tiles where a folder would.
Swept swept(const Grid& grid, const Matrix* A, std::uint64_t tile_size, Shard shard = {}, SweepSettings settings = {},
            std::vector<std::uint8_t> done = {}) {
  const Tiling tiling{grid.cells(), tile_size};
  const std::vector<Column> kinds = columns(grid);
  Swept result;
  for (const Column& column : kinds)
    result.columns.emplace_back(grid.cells() * column.per_cell * bytes_of(column.type));
  result.times.assign(tiling.count(), 0);
  done.resize(tiling.count(), 0);
  std::mutex mutex;
  std::optional<SweptMatrix> matrix;
  if (A != nullptr) matrix = swept_matrix(*A);
  result.totals =
      sweep(grid, matrix ? &*matrix : nullptr, tiling, shard, done, settings, [&](const FinishedTile& tile) {
        const std::lock_guard hold(mutex);
        ++result.times[tile.tile];
        for (std::size_t i = 0; i < kinds.size(); ++i) {
          const std::uint64_t size = kinds[i].per_cell * bytes_of(kinds[i].type);
          EXPECT_EQ(tile.columns[i].size(), tiling.length(tile.tile) * size);
          std::memcpy(result.columns[i].data() + tiling.first(tile.tile) * size, tile.columns[i].data(),
                      tile.columns[i].size());
        }
      });
  return result;
}

template <class T>
T number(const Bytes& bytes, std::uint64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}
bool same(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

Grid atlas(std::uint64_t h_count, std::uint64_t x_count) {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"y0", 1}, {"max_steps", 3000}};
  grid.axes = {{"h", AxisScale::linear, 0.01, 1.2, h_count, {}}, {"x0", AxisScale::linear, -4, 4, x_count, {}}};
  for (const FieldInfo& each : field_list()) grid.fields.push_back(each.field);
  return resolved(grid);
}

TEST(Sweep, EveryCellIsItsPlainRun) {
  const Grid grid = atlas(37, 41);
  const Swept result = swept(grid, nullptr, 100);
  EXPECT_EQ(result.totals.cells, 37U * 41);
  EXPECT_EQ(result.totals.tiles, 16U);
  EXPECT_FALSE(result.totals.stopped);
  std::vector<TinyRun> runs(grid.cells());
  std::vector<TinyEnd> ends(grid.cells());
  GridCells(grid).runs(0, runs);
  run_batch(runs, ends, {"scalar", true});
  std::uint64_t steps = 0;
  std::map<Outcome, int> seen;
  for (std::uint64_t i = 0; i < grid.cells(); ++i) {
    const TinyEnd& end = ends[i];
    ++seen[end.outcome];
    steps += end.steps;
    ASSERT_EQ(number<std::uint8_t>(result.columns[0], i), outcome_code(end.outcome)) << i;
    ASSERT_EQ(number<std::uint32_t>(result.columns[1], i), end.period);
    ASSERT_EQ(number<std::uint64_t>(result.columns[2], i), end.steps);
    const double expected[] = {end.loss, end.sharpness, end.ratio, end.imbalance, end.lyapunov};
    for (std::size_t k = 0; k < 5; ++k)
      ASSERT_TRUE(same(number<double>(result.columns[3 + k], i), expected[k])) << i << " " << k;
    ASSERT_EQ(number<std::uint8_t>(result.columns[8], i), static_cast<int>(end.limit));
    const double more[] = {end.product, end.norm_x, end.norm_y, end.multiplier, end.lyapunov_error, runs[i].h};
    for (std::size_t k = 0; k < 6; ++k)
      ASSERT_TRUE(same(number<double>(result.columns[9 + k], i), more[k])) << i << " " << k;
  }
  EXPECT_EQ(result.totals.steps, steps);
  EXPECT_GT(seen[Outcome::converged], 100);
  EXPECT_GT(seen[Outcome::periodic], 10);
  EXPECT_GT(seen[Outcome::diverged], 100);
}

TEST(Sweep, BitsDependOnNothingButTheGrid) {
  const Grid grid = atlas(33, 29);
  const std::vector<Bytes> expected = swept(grid, nullptr, grid.cells(), {}, {"scalar", 1}).columns;
  for (const std::string& target : batch_targets()) {
    for (const int threads : {1, 2, 5}) {
      for (const std::uint64_t size : {std::uint64_t{7}, std::uint64_t{256}, std::uint64_t{100000}}) {
        const Swept result = swept(grid, nullptr, size, {}, {target, threads});
        ASSERT_EQ(result.columns, expected) << target << " " << threads << " " << size;
        for (const int times : result.times) ASSERT_EQ(times, 1);
      }
    }
  }
  // Fewer fields: the numbers that are kept stay the same, also where the measures are left out.
  Grid few = grid;
  few.fields = {Field::outcome, Field::steps};
  const Swept result = swept(few, nullptr, 64);
  EXPECT_EQ(result.columns[0], expected[0]);
  EXPECT_EQ(result.columns[1], expected[2]);
}

TEST(Sweep, ShardsAndDoneTilesAddUp) {
  const Grid grid = atlas(20, 23);
  const Swept whole = swept(grid, nullptr, 31);
  std::vector<Bytes> sum = whole.columns;
  for (Bytes& bytes : sum) std::fill(bytes.begin(), bytes.end(), std::byte{0});
  std::vector<int> times(whole.times.size(), 0);
  const auto add = [&](const Swept& part) {
    for (std::size_t tile = 0; tile < times.size(); ++tile) times[tile] += part.times[tile];
    for (std::size_t i = 0; i < sum.size(); ++i) {
      for (std::size_t k = 0; k < sum[i].size(); ++k) sum[i][k] |= part.columns[i][k];
    }
  };
  add(swept(grid, nullptr, 31, {1, 3}));
  add(swept(grid, nullptr, 31, {2, 3}));
  std::vector<std::uint8_t> done(times.size(), 1);
  done[2] = done[8] = 0;
  const Swept two = swept(grid, nullptr, 31, {3, 3}, {}, done);
  EXPECT_EQ(two.totals.tiles, 2U);
  add(two);
  for (std::uint8_t& each : done) each = each == 0 ? 1 : 0;
  add(swept(grid, nullptr, 31, {3, 3}, {}, done));
  EXPECT_EQ(sum, whole.columns);
  for (const int each : times) EXPECT_EQ(each, 1);
  EXPECT_EQ(swept(grid, nullptr, 31, {16, 400}).totals.tiles, 0U);  // more shards than tiles
}

// Theorem 2 decides with exact signs; a cell counts unless delta = 2 or m = 1 is within 1e-9, where rounding may
// decide.
TEST(Sweep, OutcomesAgreeWithTheExactStatement) {
  std::random_device device;
  const unsigned seed = device();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (int round = 0; round < 3; ++round) {
    Grid grid;
    // Not near zero, where nearly all of these starts are outside.
    const double mu = round == 0 ? 1 : (0.5 + 1.5 * uniform(random)) * (uniform(random) < 0.5 ? -1 : 1);
    grid.fixed = {{"mu", mu}, {"y0", 3 * uniform(random)}, {"max_steps", 20000}};
    grid.axes = {{"h", AxisScale::linear, 0.01 + 0.02 * uniform(random), 0.98 / std::abs(mu), 40, {}},
                 {"x0", AxisScale::linear, -4 + 0.1 * uniform(random), 4, 40, {}}};
    grid.fields = {Field::outcome};
    grid = resolved(grid);
    const Swept result = swept(grid, nullptr, 1000);
    const GridCells cells(grid);
    int converged = 0, diverged = 0, late = 0;
    for (std::uint64_t i = 0; i < grid.cells(); ++i) {
      const double h = cells.value("h", i), x = cells.value("x0", i), y = cells.value("y0", i);
      const Delta state = Delta::of_vectors(mu, Vector::Constant(1, x), Vector::Constant(1, y));
      if (std::abs(state.delta(h) - 2) < 1e-9) continue;
      const std::uint8_t expected = region(state, h) == Region::converges ? 1 : 4;
      const std::uint8_t outcome = number<std::uint8_t>(result.columns[0], i);
      ++(expected == 1 ? converged : diverged);
      // About one limit in a million is so close to the edge of stability that 20000 steps are not enough.
      if (expected == 1 && outcome == 5 && ++late < 3) continue;
      ASSERT_EQ(outcome, expected) << "mu " << mu << " h " << h << " x " << x << " y " << y;
    }
    EXPECT_GT(converged, 50);
    EXPECT_GT(diverged, 20);
  }
}

TEST(Sweep, OrbitsShowTheDoublingOfPeriods) {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"x0", 0.8}, {"y0", 0.8}, {"max_steps", 4000}};
  grid.axes = {{"h", AxisScale::list, 0, 0, 7, {0.9, 0.99, 1.01, 1.22, 1.25, 1.5, 1.9}}};
  grid.output = OutputKind::orbit;
  grid.last = 64;
  grid = resolved(grid);
  const Swept result = swept(grid, nullptr, 2);
  std::vector<int> distinct;
  std::vector<double> exponents;
  for (std::uint64_t i = 0; i < 7; ++i) {
    std::vector<double> values;
    for (std::uint64_t k = 0; k < 64; ++k) values.push_back(number<double>(result.columns[0], i * 64 + k));
    std::sort(values.begin(), values.end());
    distinct.push_back(1);
    for (std::size_t k = 1; k < 64; ++k) distinct.back() += values[k] - values[k - 1] > 1e-6 ? 1 : 0;
    exponents.push_back(number<double>(result.columns[1], i));
  }
  EXPECT_EQ(std::vector<int>(distinct.begin(), distinct.begin() + 5), (std::vector<int>{1, 1, 2, 2, 4}));
  EXPECT_GT(distinct[5], 32);
  EXPECT_GT(distinct[6], 32);
  const TwoCycle cycle = two_cycle(1.01);
  EXPECT_NEAR(number<double>(result.columns[0], 2 * 64) * 1.01,
              number<double>(result.columns[0], 2 * 64) * 1.01 > 1 ? cycle.upper : cycle.lower, 1e-9);
  // A neutral direction at a minimiser; on the cycle half the logarithm of the larger multiplier of a turn
  // (docs/theory.md 8); chaos.
  EXPECT_NEAR(exponents[0], 0, 1e-12);
  const double along = std::abs(cycle.multiplier), across = 3 - 2 * 1.01;
  EXPECT_NEAR(exponents[2], std::log(std::max(along, across)) / 2, 2e-3);
  EXPECT_GT(exponents[5], 0.2);
  EXPECT_NEAR(exponents[6], 0.9, 0.2);
  const std::vector<Bytes> scalar = swept(grid, nullptr, 7, {}, {"scalar", 1}).columns;
  EXPECT_EQ(scalar, result.columns);
}

// A 1 x 1 matrix is the scalar problem: other code, the same rows.
TEST(Sweep, AMatrixOfOneEntryIsTheScalarProblem) {
  Grid matrix;
  matrix.kind = GridKind::matrix;
  matrix.matrix = "scalar:1";
  matrix.fixed = {{"rank", 1}, {"seed", 3}, {"max_steps", 50000}};
  matrix.axes = {{"norm_x", AxisScale::linear, 0.5, 3, 6, {}},
                 {"norm_y", AxisScale::linear, 0.3, 1.1, 3, {}},
                 {"h", AxisScale::list, 0, 0, 5, {0.11, 0.3, 0.93, 1.1, 1.5}}};
  for (const FieldInfo& each : field_list()) matrix.fields.push_back(each.field);
  matrix = resolved(matrix);
  const Factors signs = gaussian_factors({1, 1, 1}, 3);
  const double sign = signs.X()(0, 0) * signs.Y()(0, 0) > 0 ? 1 : -1;
  const Matrix A = Matrix::Constant(1, 1, 1);
  const Swept result = swept(matrix, &A, 4);
  const GridCells cells(matrix);
  std::map<int, int> seen;
  for (std::uint64_t i = 0; i < matrix.cells(); ++i) {
    TinyRun run = tiny_scalar(1, cells.value("norm_x", i), sign * cells.value("norm_y", i), cells.value("h", i));
    run.max_steps = 50000;
    TinyEnd end;
    run_batch(std::span(&run, 1), std::span(&end, 1));
    const int code = number<std::uint8_t>(result.columns[0], i);
    ++seen[code];
    ASSERT_EQ(code, outcome_code(end.outcome)) << i;
    ASSERT_EQ(number<std::uint32_t>(result.columns[1], i), end.period) << i;
    ASSERT_EQ(number<double>(result.columns[14], i), run.h);
    if (end.outcome == Outcome::converged) {
      ASSERT_NEAR(static_cast<double>(number<std::uint64_t>(result.columns[2], i)), static_cast<double>(end.steps),
                  3 + 0.02 * static_cast<double>(end.steps))
          << i;
      ASSERT_NEAR(number<double>(result.columns[4], i), end.sharpness, 1e-6 * end.sharpness) << i;
      ASSERT_NEAR(number<double>(result.columns[5], i), end.ratio, 1e-6) << i;
      ASSERT_NEAR(number<double>(result.columns[6], i), end.imbalance, 1e-6) << i;
      ASSERT_NEAR(number<double>(result.columns[9], i), end.product, 1e-9) << i;
      ASSERT_EQ(number<std::uint8_t>(result.columns[8], i), static_cast<int>(end.limit)) << i;
    }
    if (end.outcome == Outcome::periodic) {
      ASSERT_NEAR(number<double>(result.columns[12], i), end.multiplier, 1e-5) << i;
    }
    if (end.outcome == Outcome::diverged) {
      ASSERT_TRUE(std::isnan(number<double>(result.columns[4], i)));
    }
  }
  EXPECT_GT(seen[1], 10);
  EXPECT_GT(seen[2], 3);
  EXPECT_GT(seen[4], 3);
}

// Against run() in the coordinates of the matrix itself, from the start that `factor` has.
TEST(Sweep, MatrixCellsAreRunsOfFactor) {
  const Factors entries = gaussian_factors({7, 5, 1}, 11);
  Matrix A(7, 5);
  for (Index i = 0; i < 7; ++i) {
    for (Index j = 0; j < 5; ++j)
      A(i, j) = entries.X()(i, 0) * entries.Y()(j, 0) + (i == j ? 0.7 : 0.0) + 0.1 * static_cast<double>(i - 2 * j);
  }
  Grid grid;
  grid.kind = GridKind::matrix;
  grid.matrix = "A";
  grid.fixed = {{"rank", 2}, {"max_steps", 5000}, {"tolerance", 1e-9}};
  grid.axes = {{"seed", AxisScale::linear, 0, 2, 3, {}}, {"times_L", AxisScale::list, 0, 0, 3, {0.5, 1.5, 6}}};
  grid = resolved(grid);
  const Swept one = swept(grid, &A, 2, {}, {"", 1});
  EXPECT_EQ(swept(grid, &A, 9, {}, {"", 2}).columns, one.columns);
  const std::unique_ptr<Problem> problem = dense_problem(A);
  for (std::uint64_t i = 0; i < 9; ++i) {
    const Factors start = gaussian_start(*problem, 2, i / 3);
    const StartMeasures known = measure_start(*problem, start);
    RunSettings settings;
    settings.max_steps = 5000;
    settings.tolerance = 1e-9;
    const Record record =
        run(*problem, start, std::vector<double>{0.5, 1.5, 6}[i % 3] / known.sharpness.value, settings);
    ASSERT_EQ(number<std::uint8_t>(one.columns[0], i), outcome_code(record.verdict.outcome)) << i;
    if (record.verdict.outcome != Outcome::converged) continue;
    EXPECT_NEAR(number<double>(one.columns[3], i), record.loss_end, 1e-9 * record.loss_end) << i;
    EXPECT_NEAR(number<double>(one.columns[4], i), record.sharpness_end.value, 1e-5 * record.sharpness_end.value) << i;
    EXPECT_NEAR(number<double>(one.columns[6], i), record.balance_end.imbalance, 1e-6) << i;
  }
  // Units: the same descent with entries of 1e150.
  Grid scaled = grid;
  const Matrix large = A * std::ldexp(1.0, 500);
  const Swept far = swept(scaled, &large, 9);
  EXPECT_EQ(far.columns[0], one.columns[0]);
  EXPECT_EQ(far.columns[2], one.columns[2]);
  EXPECT_EQ(number<double>(far.columns[4], 0), std::ldexp(number<double>(one.columns[4], 0), 500));
}

// Every axis that a matrix may have; ranks in lanes, and beyond what lanes hold.
TEST(Sweep, MatrixBitsDependOnNothingButTheGrid) {
  const Factors drawn = gaussian_factors({9, 7, 7}, 2);
  const Matrix A = drawn.X() * drawn.Y().transpose();
  Grid grid;
  grid.kind = GridKind::matrix;
  grid.matrix = "A";
  grid.fixed = {{"norm_x", 4}, {"norm_y", 3}, {"max_steps", 700}};
  grid.axes = {{"rank", AxisScale::list, 0, 0, 4, {1, 2, 6, 40}},
               {"seed", AxisScale::linear, 0, 2, 3, {}},
               {"tolerance", AxisScale::list, 0, 0, 2, {1e-6, 1e-12}},
               {"h", AxisScale::linear, 0.005, 0.12, 5, {}}};
  for (const FieldInfo& each : field_list()) grid.fields.push_back(each.field);
  grid = resolved(grid);
  const std::vector<Bytes> expected = swept(grid, &A, grid.cells(), {}, {"scalar", 1}).columns;
  for (const std::string& target : batch_targets()) {
    for (const int threads : {1, 2}) {
      for (const std::uint64_t size : {std::uint64_t{7}, std::uint64_t{64}})
        ASSERT_EQ(swept(grid, &A, size, {}, {target, threads}).columns, expected)
            << target << " " << threads << " " << size;
    }
  }
  // What is not kept is not computed, and changes nothing.
  Grid few = grid;
  few.fields = {Field::outcome, Field::loss};
  const Swept result = swept(few, &A, 50);
  EXPECT_EQ(result.columns[0], expected[0]);
  EXPECT_EQ(result.columns[1], expected[3]);
}

// A rank in lanes and one beyond, both held against run() in the coordinates of A.
TEST(Sweep, MatrixCellsOfALargeRankAreRunsToo) {
  const Matrix A = Matrix::Identity(20, 20) + Matrix::Constant(20, 20, 0.01);
  Grid grid;
  grid.kind = GridKind::matrix;
  grid.matrix = "A";
  grid.fixed = {{"seed", 1}, {"max_steps", 3000}, {"h", 0.1}};
  grid.axes = {{"rank", AxisScale::list, 0, 0, 2, {32, 36}}};
  grid.fields = {Field::outcome, Field::loss, Field::sharpness, Field::imbalance, Field::product};
  grid = resolved(grid);
  const Swept result = swept(grid, &A, 1);
  const std::unique_ptr<Problem> problem = dense_problem(A);
  for (std::uint64_t i = 0; i < 2; ++i) {
    RunSettings settings;
    settings.max_steps = 3000;
    const Record record = run(*problem, gaussian_start(*problem, i == 0 ? 32 : 36, 1), 0.1, settings);
    EXPECT_EQ(number<std::uint8_t>(result.columns[0], i), outcome_code(record.verdict.outcome)) << i;
    EXPECT_NEAR(number<double>(result.columns[1], i), record.loss_end, 1e-12) << i;
    EXPECT_NEAR(number<double>(result.columns[2], i), record.sharpness_end.value, 1e-8) << i;
    EXPECT_NEAR(number<double>(result.columns[3], i), record.balance_end.imbalance, 1e-8) << i;
    EXPECT_NEAR(number<double>(result.columns[4], i), record.last.X().cwiseProduct(record.last.Y()).sum(), 1e-8) << i;
  }
}

// One entry: u_1^T X Y^T v_1 is x y, and past the edge both are the same orbit.
TEST(Sweep, OrbitsOfAMatrixOfOneEntryAreThoseOfNumbers) {
  Grid matrix;
  matrix.kind = GridKind::matrix;
  matrix.matrix = "scalar:1";
  matrix.fixed = {{"rank", 1}, {"seed", 3}, {"norm_x", 0.8}, {"norm_y", 0.7}, {"max_steps", 3000}};
  matrix.axes = {{"h", AxisScale::list, 0, 0, 5, {0.9, 1.1, 1.22, 1.25, 1.8}}};
  matrix.output = OutputKind::orbit;
  matrix.last = 16;
  matrix = resolved(matrix);
  const Matrix A = Matrix::Constant(1, 1, 1);
  const Swept result = swept(matrix, &A, 2);
  EXPECT_EQ(result.totals.steps, 5U * 3000);
  const Factors signs = gaussian_factors({1, 1, 1}, 3);
  const double sign = signs.X()(0, 0) * signs.Y()(0, 0) > 0 ? 1 : -1;
  for (std::uint64_t i = 0; i < 5; ++i) {
    TinyRun run = tiny_scalar(1, 0.8, sign * 0.7, matrix.axes[0].list[i]);
    run.max_steps = 3000;
    std::vector<double> orbit(16);
    record_orbits({&run, 1}, 16, orbit);
    double exponent = 0;
    lyapunov_exponents({&run, 1}, {&exponent, 1});
    EXPECT_NEAR(number<double>(result.columns[1], i), exponent, i == 4 ? 0.1 : 2e-3) << i;
    if (i == 4) continue;  // chaos takes the two apart
    std::vector<double> own;
    for (std::uint64_t k = 0; k < 16; ++k) own.push_back(number<double>(result.columns[0], i * 16 + k));
    std::sort(own.begin(), own.end());
    std::sort(orbit.begin(), orbit.end());
    for (std::size_t k = 0; k < 16; ++k) EXPECT_NEAR(own[k], orbit[k], 1e-9) << i << " " << k;
  }
  // Units: the same orbit of entries of 1e150.
  const Matrix large = std::ldexp(1.0, 500) * A;
  Grid far = matrix;
  for (double& h : far.axes[0].list) h = std::ldexp(h, -500);
  far.fixed = {{"rank", 1},
               {"seed", 3},
               {"norm_x", std::ldexp(0.8, 250)},
               {"norm_y", std::ldexp(0.7, 250)},
               {"max_steps", 3000}};
  const Swept scaled = swept(resolved(far), &large, 2);
  EXPECT_EQ(scaled.columns[1], result.columns[1]);
  EXPECT_EQ(number<double>(scaled.columns[0], 5), std::ldexp(number<double>(result.columns[0], 5), 500));
}

TEST(Sweep, StopsAndLetsErrorsThrough) {
  const Grid grid = atlas(40, 40);
  std::atomic<bool> stop = false;
  int finished = 0;
  const std::vector<std::uint8_t> done(16, 0);
  const SweepTotals totals = sweep(
      grid, nullptr, {1600, 100}, {}, done, {"", 1}, [&](const FinishedTile&) { stop = ++finished == 3; }, &stop);
  EXPECT_TRUE(totals.stopped);
  EXPECT_EQ(finished, 3);
  EXPECT_EQ(totals.tiles, 3U);
  EXPECT_THROW(sweep(grid, nullptr, {1600, 100}, {}, done, {}, [](const FinishedTile&) { throw Error("no room"); }),
               Error);
  EXPECT_THROW(sweep(grid, nullptr, {1600, 100}, {}, done, {"AVX9", 1}, [](const FinishedTile&) {}), Error);
  EXPECT_THROW(sweep(grid, nullptr, {1601, 100}, {}, done, {}, [](const FinishedTile&) {}), Error);
  EXPECT_THROW(sweep(grid, nullptr, {1600, 100}, {3, 2}, done, {}, [](const FinishedTile&) {}), Error);
  EXPECT_THROW(sweep(grid, nullptr, {1600, 100}, {}, std::vector<std::uint8_t>(3, 0), {}, [](const FinishedTile&) {}),
               Error);
  Grid matrix;
  matrix.kind = GridKind::matrix;
  matrix.matrix = "A";
  matrix.fixed = {{"rank", 2}};
  matrix.axes = {{"h", AxisScale::linear, 1, 2, 2, {}}};
  EXPECT_THROW(
      sweep(resolved(matrix), nullptr, {2, 1}, {}, std::vector<std::uint8_t>(2, 0), {}, [](const FinishedTile&) {}),
      Error);
  // In the middle of cells that never end.
  const SweptMatrix A = swept_matrix(Matrix::Identity(30, 30));
  matrix.fixed = {{"rank", 3}, {"tolerance", 0}, {"max_steps", 9e15}};
  matrix.axes = {{"h", AxisScale::linear, 0.01, 0.02, 2, {}}};
  Grid scalar = grid;
  scalar.fixed = {{"mu", 1}, {"y0", 1}, {"max_steps", 9e15}, {"tolerance", 0}};
  for (const auto& [endless, matrix_of] :
       {std::pair{resolved(matrix), &A}, std::pair{resolved(scalar), static_cast<const SweptMatrix*>(nullptr)}}) {
    for (const std::string& target : batch_targets()) {
      stop = false;
      std::thread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        stop = true;
      });
      const Tiling tiling = usual_tiling(endless);
      const SweepTotals none = sweep(
          endless, matrix_of, tiling, {}, std::vector<std::uint8_t>(tiling.count(), 0), {target, 2},
          [](const FinishedTile&) {}, &stop);
      later.join();
      EXPECT_TRUE(none.stopped) << target;
      EXPECT_EQ(none.tiles, 0U);
    }
  }
}

TEST(Sweep, TilesAreSmallWhereCellsAreSlow) {
  Grid grid = atlas(4096, 4096);
  EXPECT_EQ(usual_tiling(grid).size, 65536U);
  EXPECT_EQ(usual_tiling(grid).count(), 256U);
  grid.fixed[2].value = 9e15;
  EXPECT_EQ(usual_tiling(grid).size, 256U);
  EXPECT_EQ(usual_tiling(atlas(3, 3)).count(), 1U);
  Grid matrix;
  matrix.kind = GridKind::matrix;
  matrix.matrix = "A";
  matrix.fixed = {{"rank", 2}, {"max_steps", 1000}};
  matrix.axes = {{"h", AxisScale::linear, 0.1, 1, 1000, {}}, {"seed", AxisScale::linear, 0, 999, 1000, {}}};
  matrix = resolved(matrix);
  EXPECT_EQ(usual_tiling(matrix, 20, 10).size, 4096U);
  EXPECT_EQ(usual_tiling(matrix, 2000, 1000).size, 64U);
  matrix.fixed[1].value = 9e15;
  EXPECT_EQ(usual_tiling(matrix, 20, 10).size, 64U);
}

}  // namespace
}  // namespace equipoise::sweep_test
