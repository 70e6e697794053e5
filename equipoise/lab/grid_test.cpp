// Grids: values of axes against other arithmetic, cells in C order, starts as `factor` draws them, and what is refused.
#include "equipoise/lab/grid.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::grid_test {
namespace {

Grid scalar_grid() {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"y0", 1}, {"max_steps", 20000}};
  grid.axes = {{"h", AxisScale::linear, 0.01, 1.2, 5, {}}, {"x0", AxisScale::linear, -4, 4, 3, {}}};
  return grid;
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_refused(Grid grid, const std::string& part) {
  const std::string message = refusal([&] { resolved(grid); });
  EXPECT_NE(message.find(part), std::string::npos) << "expected '" << part << "' in '" << message << "'";
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Grid, LinearValuesAreThoseOfNumpy) {
  const Axis axis{"h", AxisScale::linear, 0.01, 1.2, 4096, {}};
  const std::vector<double> values = axis.values();
  const double step = (1.2 - 0.01) / 4095;
  for (std::uint64_t i = 0; i < 4095; ++i) {
    volatile double product = static_cast<double>(i) * step;  // two roundings, not one
    ASSERT_EQ(values[i], product + 0.01) << i;
    ASSERT_EQ(values[i], axis.value(i)) << i;
  }
  EXPECT_EQ(values.back(), 1.2);
  EXPECT_EQ((Axis{"x0", AxisScale::linear, 2, 2, 1, {}}.values()), std::vector<double>{2});
  EXPECT_EQ((Axis{"seed", AxisScale::linear, 0, 3, 4, {}}.values()), (std::vector<double>{0, 1, 2, 3}));
}

TEST(Grid, LogarithmicValuesAreTheNearestDoubles) {
  const std::pair<double, double> ranges[] = {{0.01, 1.2},   {1e-9, 1e9}, {-7, -0.3}, {1, std::nextafter(1, 2) + 1e-12},
                                              {1e-90, 1e90}, {3, 3.5}};
  for (const auto& [from, to] : ranges) {
    const Axis axis{"x0", AxisScale::log, from, to, 1001, {}};
    const std::vector<double> values = axis.values();
    EXPECT_EQ(values.front(), from);
    EXPECT_EQ(values.back(), to);
    const long double quotient = std::log(static_cast<long double>(to) / static_cast<long double>(from));
    for (std::size_t i = 1; i < 1000; ++i) {
      const long double exact =
          static_cast<long double>(from) * std::exp(quotient * static_cast<long double>(i) / 1000);
      const long double ulp = std::abs(std::nextafter(values[i], 2 * values[i]) - values[i]);
      // The long double itself errs by some of its units, 2^-11 of ours, and by as much as its logarithm is large.
      const long double slack = 0.5L + 0x1p-9L * (1 + std::abs(quotient));
      ASSERT_LE(std::abs(static_cast<long double>(values[i]) - exact), slack * ulp) << from << " " << to << " " << i;
      ASSERT_LT(values[i - 1], values[i]);
      ASSERT_EQ(axis.value(i), values[i]);
    }
  }
}

TEST(Grid, ResolvingPutsInWhatWasLeftOut) {
  Grid grid = scalar_grid();
  grid.fixed = {{"y0", 1}, {"mu", 1}};
  const Grid done = resolved(grid);
  EXPECT_EQ(done.fixed_value("max_steps"), 100000);
  EXPECT_EQ(done.fixed_value("tolerance"), 1e-12);
  EXPECT_EQ(done.fixed.front().key, "mu");
  EXPECT_EQ(done.fields.size(), 8U);
  EXPECT_EQ(resolved(done), done);
  EXPECT_EQ(done.cells(), 15U);
  EXPECT_EQ(done.shape(), (std::vector<std::uint64_t>{5, 3}));
  EXPECT_EQ(done.place(7), (std::vector<std::uint64_t>{2, 1}));
  grid.fields = {Field::steps, Field::loss, Field::steps};
  EXPECT_EQ(resolved(grid).fields, (std::vector<Field>{Field::outcome, Field::steps, Field::loss}));
}

TEST(Grid, CellsAreInCOrderFromAnywhere) {
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

// The start of `factor scalar:mu --rank length --seed s --start-norms a,b`, and of isotropic:n:mu.
TEST(Grid, SeedsDrawTheStartsOfFactor) {
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

TEST(Grid, StartsEntryByEntryAndByAngle) {
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

TEST(Grid, AZeroProblemHasARateAnyway) {
  Grid grid = scalar_grid();
  grid.fixed = {{"mu", 0}, {"x0", 0}, {"times_L", 3}};
  grid.axes = {{"y0", AxisScale::list, 0, 0, 2, {0, 2}}};
  std::vector<TinyRun> runs(2);
  GridCells(resolved(grid)).runs(0, runs);
  EXPECT_EQ(runs[0].h, 1);
  EXPECT_EQ(runs[1].h, 0.75);  // L = 4
}

TEST(Grid, RefusesWhatMakesNoSense) {
  const auto with = [](const std::function<void(Grid&)>& change) {
    Grid grid = scalar_grid();
    change(grid);
    return grid;
  };
  const double inf = std::numeric_limits<double>::infinity();
  expect_refused(with([](Grid& g) { g.axes.clear(); }), "one to four axes");
  expect_refused(with([](Grid& g) {
                   g.fixed = {};
                   for (const char* key : {"mu", "y0", "max_steps"})
                     g.axes.push_back({key, AxisScale::linear, 1, 3, 3, {}});
                 }),
                 "has 5 (h, x0, mu, y0, max_steps)");
  expect_refused(with([](Grid& g) { g.axes[0].count = 0; }), "count of 0");
  expect_refused(with([](Grid& g) { g.axes[0].from = 2; }), "runs from 2 down to 1.2");
  expect_refused(with([](Grid& g) { g.axes[0].from = 1.2; }), "all be the same");
  expect_refused(with([](Grid& g) { g.axes[0].count = 1; }), "one value but two ends");
  expect_refused(with([&](Grid& g) { g.axes[1].to = inf; }), "finite");
  expect_refused(with([&](Grid& g) { g.axes[1].from = std::nan(""); }), "finite");
  expect_refused(with([](Grid& g) { g.axes[0].from = 0; }), "h is 0; it must be positive");
  expect_refused(with([](Grid& g) { g.axes[1].scale = AxisScale::log; }), "logarithmic");
  expect_refused(with([](Grid& g) { g.axes[0].key = "x0"; }), "twice");
  expect_refused(with([](Grid& g) { g.axes[1].key = "mu"; }), "as well");
  expect_refused(with([](Grid& g) { g.axes[1].key = "norm_x"; }), "cannot be an axis of kind scalar");
  expect_refused(with([](Grid& g) { g.axes[0] = {"h", AxisScale::list, 0, 0, 3, {1, 2, 1}}; }), "lists 1 twice");
  expect_refused(with([](Grid& g) { g.axes[0] = {"h", AxisScale::list, 0, 0, 0, {}}; }), "count of 0");
  expect_refused(with([](Grid& g) { g.axes[0].count = std::uint64_t{1} << 47; }), "2^48");
  expect_refused(with([](Grid& g) { g.axes[0].count = std::numeric_limits<std::uint64_t>::max(); }), "2^48");
  expect_refused(with([](Grid& g) { g.fixed.push_back({"h", 0.1}); }), "as well");
  expect_refused(with([](Grid& g) { g.fixed.push_back({"times_L", 0.1}); }), "times_L gives the learning rate");
  expect_refused(with([](Grid& g) {
                   g.fixed.pop_back();
                   g.fixed.push_back({"max_steps", 1.5});
                 }),
                 "whole number");
  expect_refused(with([](Grid& g) { g.fixed.push_back({"tolerance", -1}); }), "between 0 and 1");
  expect_refused(with([](Grid& g) { g.fixed.erase(g.fixed.begin()); }), "mu is missing");
  expect_refused(with([](Grid& g) { g.axes.erase(g.axes.begin()); }), "learning rate is missing");
  expect_refused(with([](Grid& g) { g.start_x = {1}; }), "lists");
  expect_refused(with([](Grid& g) { g.matrix = "A.mtx"; }), "takes no matrix");
  expect_refused(with([](Grid& g) { g.last = 3; }), "orbit");
  expect_refused(with([](Grid& g) { g.output = OutputKind::orbit; }), "needs last");
  expect_refused(with([](Grid& g) {
                   g.output = OutputKind::orbit;
                   g.last = 20002;
                 }),
                 "20001 iterates");
  expect_refused(with([](Grid& g) {
                   g.fixed.pop_back();
                   g.axes.push_back({"max_steps", AxisScale::linear, 1, 4, 3, {}});
                 }),
                 "1.5 apart");

  Grid isotropic;
  isotropic.kind = GridKind::isotropic;
  isotropic.fixed = {{"mu", 1}, {"n", 4}, {"norm_x", 1}, {"norm_y", 1}, {"h", 1}, {"cosine", 0}};
  isotropic.axes = {{"seed", AxisScale::linear, 0, 1, 2, {}}};
  expect_refused(isotropic, "seed has no meaning here");
  isotropic.fixed = {{"mu", 1}, {"n", 1}, {"norm_x", 1}, {"norm_y", 1}, {"h", 1}};
  expect_refused(isotropic, "n is 1");
  isotropic.fixed = {{"mu", 1}, {"h", 1}};
  isotropic.axes = {{"norm_x", AxisScale::linear, 1, 2, 2, {}}};
  isotropic.start_x = {1, 2};
  expect_refused(isotropic, "y0 is missing");
  isotropic.start_y = {1, 2, 3};
  expect_refused(isotropic, "x0 has 2 entries and y0 has 3");
  isotropic.start_y = {1, 2};
  isotropic.start_x = {0, 0};
  expect_refused(isotropic, "all zero");

  Grid matrix;
  matrix.kind = GridKind::matrix;
  matrix.fixed = {{"rank", 2}};
  matrix.axes = {{"h", AxisScale::linear, 1, 2, 2, {}}};
  expect_refused(matrix, "matrix is missing");
  matrix.matrix = "scalar:1";
  matrix.fixed.push_back({"norm_x", 1});
  expect_refused(matrix, "together");
  matrix.fixed = {{"rank", 1}};
  matrix.output = OutputKind::orbit;
  matrix.last = 3;
  expect_refused(matrix, "no single number");
}

TEST(Grid, WindowsStayInTheirAxes) {
  Grid grid = scalar_grid();
  grid.axes.push_back({"tolerance", AxisScale::list, 0, 0, 3, {1e-6, 1e-9, 1e-12}});
  grid = resolved(grid);
  const std::vector<Window> windows = {{"h", 0.1, 0.2, 0}, {"x0", -4, 1, 7}, {"tolerance", 1e-10, 1e-5, 0}};
  const Grid part = zoomed(grid, windows);
  EXPECT_EQ(part.axes[0].from, 0.1);
  EXPECT_EQ(part.axes[0].count, 5U);
  EXPECT_EQ(part.axes[1].count, 7U);
  EXPECT_EQ(part.axes[2].list, (std::vector<double>{1e-6, 1e-9}));
  EXPECT_EQ(part.fixed, grid.fixed);
  const auto refused = [&](Window window) { return refusal([&] { zoomed(grid, std::span(&window, 1)); }); };
  EXPECT_NE(refused({"mu", 0, 1, 0}).find("its axes are h, x0, tolerance"), std::string::npos);
  EXPECT_NE(refused({"h", 0.2, 0.1, 0}).find("lower end first"), std::string::npos);
  EXPECT_NE(refused({"h", 0.001, 0.1, 0}).find("reaches beyond"), std::string::npos);
  EXPECT_NE(refused({"tolerance", 0.1, 0.2, 0}).find("no value"), std::string::npos);
}

TEST(Grid, SaysWhatDiffers) {
  const Grid grid = resolved(scalar_grid());
  EXPECT_EQ(difference(grid, grid), "");
  Grid other = scalar_grid();
  other.axes[0].to = 1.3;
  EXPECT_NE(difference(grid, resolved(other)).find("from 0.01 to 1.2 in 5 linear values in one and from 0.01 to 1.3"),
            std::string::npos);
  other = scalar_grid();
  other.fixed[2].value = 100;
  EXPECT_EQ(difference(grid, resolved(other)), "max_steps is 20000 in one and 100 in the other");
  other = scalar_grid();
  other.fields = {Field::loss};
  EXPECT_NE(difference(grid, resolved(other)), "");
}

}  // namespace
}  // namespace equipoise::grid_test
