// Cells of a matrix against factor's runs and against cells of numbers.
#include "equipoise/sweep/matrix_cells.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/sweep/cells.hpp"
#include "equipoise/sweep/test_swept.hpp"
#include "equipoise/theory/scalar.hpp"

namespace equipoise::matrix_cells_test {
namespace {

using namespace test_swept;

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

}  // namespace
}  // namespace equipoise::matrix_cells_test
