// The runs of cells: in C order from anywhere, from starts as `factor` draws them, by entries and by angles.
#include "equipoise/sweep/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <random>

#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/test_refusal.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/sweep/test_grid.hpp"

namespace equipoise::cells_test {
namespace {

using test_grid::scalar_grid;
using test_refusal::refusal;

TEST(GridCells, AreInCOrderFromAnywhere) {
  Grid grid = scalar_grid();
  grid.fixed = {{"mu", 0.7}};
  grid.axes.insert(grid.axes.begin(), {"max_steps", AxisScale::list, 0, 0, 2, {10, 7}});
  grid.axes.push_back({"y0", AxisScale::list, 0, 0, 4, {1, 2, -3, 0.5}});
  const GridCells cells(resolved(grid));
  std::vector<TinyRun> all(2 * 5 * 3 * 4);
  cells.runs(0, all);
  std::size_t cell = 0;
  for (const double max_steps : {10, 7}) {
    for (std::uint64_t h = 0; h < 5; ++h) {
      for (std::uint64_t x = 0; x < 3; ++x) {
        for (const double y : {1.0, 2.0, -3.0, 0.5}) {
          EXPECT_EQ(all[cell].max_steps, max_steps);
          EXPECT_EQ(all[cell].h, cells.axis_values(1)[h]);
          EXPECT_EQ(all[cell].x[0], cells.axis_values(2)[x]);
          EXPECT_EQ(all[cell].y[0], y);
          EXPECT_EQ(all[cell].mu, 0.7);
          EXPECT_EQ(cells.value("y0", cell), y);
          EXPECT_EQ(cells.value("mu", cell), 0.7);
          ++cell;
        }
      }
    }
  }
  std::vector<TinyRun> some(17);
  cells.runs(95, some);
  for (std::size_t i = 0; i < some.size(); ++i) EXPECT_EQ(some[i].y[0] + some[i].h, all[95 + i].y[0] + all[95 + i].h);
  cells.runs(120, std::span<TinyRun>());
  EXPECT_NE(refusal([&] { cells.runs(104, some); }), "");
}

TEST(GridCells, ColumnsAreTheRuns) {
  std::mt19937_64 random(9);
  const char* const keys[] = {"h", "x0", "y0", "mu", "tolerance"};
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    Grid grid;
    std::vector<std::string> axes(std::begin(keys), std::end(keys));
    std::shuffle(axes.begin(), axes.end(), random);
    axes.resize(1 + random() % 4);
    for (const std::string& key : axes) {
      const double from = key == "tolerance" ? 1e-9 : 0.25;
      const std::uint64_t count = 1 + random() % 9;
      grid.axes.push_back({key, AxisScale::linear, from, count == 1 ? from : 0.75, count, {}});
    }
    for (const char* key : keys) {
      if (std::find(axes.begin(), axes.end(), key) == axes.end() && key != std::string("tolerance"))
        grid.fixed.push_back({key, 0.5});
    }
    const GridCells cells(resolved(grid));
    const std::uint64_t first = random() % cells.grid().cells(), count = random() % (cells.grid().cells() - first + 1);
    std::vector<TinyRun> runs(count);
    cells.runs(first, runs);
    std::vector<std::vector<double>> room;
    const std::optional<TinyColumns> columns = cells.columns(first, count, room);
    ASSERT_TRUE(columns.has_value());
    ASSERT_EQ(columns->count, count);
    for (std::uint64_t i = 0; i < count; ++i) {
      const TinyRun run = columns->run(i);
      ASSERT_TRUE(run.h == runs[i].h && run.mu == runs[i].mu && run.x[0] == runs[i].x[0] && run.y[0] == runs[i].y[0] &&
                  run.tolerance == runs[i].tolerance && run.max_steps == runs[i].max_steps && run.kind == runs[i].kind)
          << i;
    }
    EXPECT_NE(refusal([&] { cells.columns(first, cells.grid().cells() - first + 1, room); }), "");
  }
  // Where a number of the run follows from others there are none.
  Grid relative = scalar_grid();
  relative.axes[0].key = "times_L";
  std::vector<std::vector<double>> room;
  EXPECT_FALSE(GridCells(resolved(relative)).columns(0, 1, room).has_value());
  Grid budgets = scalar_grid();
  budgets.fixed = {{"mu", 1}, {"y0", 1}, {"h", 0.1}};
  budgets.axes[0] = {"max_steps", AxisScale::list, 0, 0, 2, {10, 20}};
  EXPECT_FALSE(GridCells(resolved(budgets)).columns(0, 1, room).has_value());
}

// The start of `factor scalar:mu --rank length --seed s --start-norms a,b`, and of isotropic:n:mu.
TEST(GridCells, SeedsDrawTheStartsOfFactor) {
  for (const bool vector : {true, false}) {
    for (const double size : {1.0, 2.0, 7.0, 100.0}) {
      if (!vector && size < 2) continue;
      Grid grid;
      grid.kind = vector ? GridKind::vector : GridKind::isotropic;
      grid.fixed = {{"mu", -0.8}, {vector ? "length" : "n", size}, {"norm_x", 3}, {"norm_y", 0.5}, {"times_L", 1.5}};
      grid.axes = {{"seed", AxisScale::linear, 0, 4, 5, {}}};
      std::vector<TinyRun> runs(5);
      GridCells(resolved(grid)).runs(0, runs);
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const auto length = static_cast<Index>(size);
        const Shape shape = vector ? Shape{1, 1, length} : Shape{length, length, 1};
        const Factors start = with_norms(gaussian_factors(shape, seed), 3, 0.5);
        const Vector x = start.flat().head(length), y = start.flat().tail(length);
        const TinyRun expected = vector ? tiny_vector(-0.8, x, y, 1) : tiny_isotropic(-0.8, x, y, 1);
        const double scale = 1e-14 * (1 + std::abs(expected.x[0]));
        const double turned = expected.x[0] < 0 ? -1 : 1;  // (x, y) and (-x, -y) are the same start
        EXPECT_NEAR(runs[seed].x[0], turned * expected.x[0], scale) << size << " seed " << seed;
        EXPECT_NEAR(runs[seed].y[0], turned * expected.y[0], scale) << size << " seed " << seed;
        EXPECT_NEAR(std::abs(runs[seed].y[1]), std::abs(expected.y[1]), 1e-7) << size << " seed " << seed;
        EXPECT_NEAR(runs[seed].shape, expected.shape, 1e-13);
        // 1.5 over the sharpness of the problem itself.
        const Matrix A = vector ? Matrix::Constant(1, 1, -0.8) : Matrix(-0.8 * Matrix::Identity(length, length));
        const double L = sharpness(*dense_problem(A), start).value;
        EXPECT_NEAR(runs[seed].h, 1.5 / L, 1e-6 / L);
      }
    }
  }
}

TEST(GridCells, StartsEntryByEntryAndByAngle) {
  Grid grid;
  grid.kind = GridKind::vector;
  grid.fixed = {{"mu", 1}};
  grid.start_x = {2, 0, 1};
  grid.start_y = {-1, 1, 0};
  grid.axes = {{"h", AxisScale::list, 0, 0, 2, {0.1, 1}}};
  std::vector<TinyRun> runs(2);
  GridCells(resolved(grid)).runs(0, runs);
  const TinyRun expected = tiny_vector(1, Eigen::Vector3d(2, 0, 1), Eigen::Vector3d(-1, 1, 0), 1);
  EXPECT_EQ(runs[1].x[0], expected.x[0]);
  EXPECT_EQ(runs[1].y[0], expected.y[0]);
  EXPECT_EQ(runs[0].h, 0.1);
  EXPECT_EQ(resolved(grid).fixed_value("length"), 3);

  Grid angle;
  angle.kind = GridKind::vector;
  angle.fixed = {{"mu", 1}, {"norm_x", 2}, {"norm_y", 3}, {"h", 0.1}};
  angle.axes = {{"cosine", AxisScale::list, 0, 0, 4, {-1, 0, 0.28, 1}}};
  std::vector<TinyRun> turned(4);
  GridCells(resolved(angle)).runs(0, turned);
  for (const TinyRun& run : turned) {
    const double c = angle.axes[0].list[static_cast<std::size_t>(&run - turned.data())];
    const TinyRun other = tiny_vector(1, Eigen::Vector2d(2, 0), Eigen::Vector2d(3 * c, 3 * std::sqrt(1 - c * c)), 0.1);
    EXPECT_NEAR(run.x[0], other.x[0], 1e-15 * 5);
    EXPECT_NEAR(run.y[0], other.y[0], 1e-15 * 5);
    EXPECT_NEAR(run.shape, other.shape, 1e-14);
  }
}

TEST(GridCells, AZeroProblemHasARateAnyway) {
  Grid grid = scalar_grid();
  grid.fixed = {{"mu", 0}, {"x0", 0}, {"times_L", 3}};
  grid.axes = {{"y0", AxisScale::list, 0, 0, 2, {0, 2}}};
  std::vector<TinyRun> runs(2);
  GridCells(resolved(grid)).runs(0, runs);
  EXPECT_EQ(runs[0].h, 1);
  EXPECT_EQ(runs[1].h, 0.75);  // L = 4
}

}  // namespace
}  // namespace equipoise::cells_test
