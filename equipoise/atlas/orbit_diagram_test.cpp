// Pixels against the values that they stand for, and marks at the thresholds of the balanced map.
#include "equipoise/atlas/orbit_diagram.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise::orbit_diagram_test {
namespace {

Grid orbit_grid(std::uint64_t count, std::uint64_t last) {
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.fixed = {{"mu", 1}, {"x0", 1.1}, {"y0", 0.9}};
  grid.axes = {Axis{"h", AxisScale::linear, 0.8, 2.0, count, {}}};
  grid.output = OutputKind::orbit;
  grid.last = last;
  return grid;
}

// The values in a column of the density, from the middle of their pixels.
std::vector<double> column(const OrbitDiagram& diagram, std::uint64_t x) {
  std::vector<double> values;
  for (std::uint64_t row = diagram.density.height; row-- > 0;) {
    if (diagram.density.pixels[row * diagram.density.width + x] == 0) continue;
    const double up =
        (static_cast<double>(diagram.density.height - 1 - row) + 0.5) / static_cast<double>(diagram.density.height);
    values.push_back(diagram.low + up * (diagram.high - diagram.low));
  }
  return values;
}

TEST(OrbitDiagram, EveryValueIsOnePixelAndNothingElse) {
  const Grid grid = orbit_grid(3, 4);
  const std::vector<double> orbit = {1, 1, 1, 1, 0.5, 2, 0.5, 2, nan, nan, nan, nan};
  const std::vector<double> lyapunov = {0, -0.3, nan};
  const OrbitDiagram diagram = orbit_diagram(grid, {}, orbit, lyapunov);
  const double pixel = (diagram.high - diagram.low) / static_cast<double>(diagram.density.height);
  const std::uint64_t wide = diagram.density.width / 3;
  EXPECT_EQ(diagram.density.width % 3, 0u);
  EXPECT_GE(diagram.density.width, 1200u);
  for (std::uint64_t k = 0; k < wide; k += wide - 1) {
    const std::vector<double> first = column(diagram, k), second = column(diagram, wide + k);
    ASSERT_EQ(first.size(), 1u);
    EXPECT_NEAR(first[0], 1, pixel);
    ASSERT_EQ(second.size(), 2u);
    EXPECT_NEAR(second[0], 0.5, pixel);
    EXPECT_NEAR(second[1], 2, pixel);
    EXPECT_TRUE(column(diagram, 2 * wide + k).empty()) << "an orbit that left the range";
  }
  EXPECT_EQ(diagram.unbounded, 1u);
  EXPECT_TRUE(std::isnan(diagram.exponents[2]));
  EXPECT_LT(diagram.lyapunov_low, -0.3);
  EXPECT_GT(diagram.lyapunov_high, 0);
  // The upper part of the whole picture is the density.
  EXPECT_TRUE(
      std::equal(diagram.density.pixels.begin(), diagram.density.pixels.end(), diagram.with_lyapunov.pixels.begin()));
  for (const std::uint8_t index : diagram.with_lyapunov.pixels) ASSERT_LT(index, diagram.palette.size());
}

TEST(OrbitDiagram, MoreVisitsAreDarker) {
  const Grid grid = orbit_grid(1, 8);
  const std::vector<double> orbit = {1, 1, 1, 1, 1, 1, 1, 2};
  const OrbitDiagram diagram = orbit_diagram(grid, {}, orbit, std::vector<double>{0});
  std::vector<int> inks;
  for (std::uint64_t row = 0; row < diagram.density.height; ++row) {
    const Rgb colour = diagram.palette[diagram.density.pixels[row * diagram.density.width]];
    if (colour != Rgb{255, 255, 255}) inks.push_back(colour.red + colour.green + colour.blue);
  }
  ASSERT_EQ(inks.size(), 2u);
  EXPECT_GT(inks[0], inks[1]) << "2 is above, visited once, and lighter";
}

TEST(OrbitDiagram, ManyAxisValuesShareAPixelAndNoneIsLost) {
  const std::uint64_t count = 5001;
  const Grid grid = orbit_grid(count, 2);
  std::vector<double> orbit(2 * count, 1), lyapunov(count, -0.1);
  orbit[2 * 5000] = 3;
  const OrbitDiagram diagram = orbit_diagram(grid, {}, orbit, lyapunov);
  EXPECT_LE(diagram.density.width, 2400u);
  EXPECT_EQ(column(diagram, diagram.density.width - 1).size(), 2u);
  EXPECT_EQ(column(diagram, 0).size(), 1u);
}

TEST(OrbitDiagram, NothingComputedOneCellAndMistakes) {
  const std::vector<std::uint8_t> tiles = {0};
  const OrbitDiagram empty =
      orbit_diagram(orbit_grid(1, 1), {tiles, 1}, std::vector<double>{5}, std::vector<double>{0.2});
  EXPECT_TRUE(column(empty, 0).empty());
  EXPECT_LT(empty.low, empty.high);
  EXPECT_EQ(column(orbit_diagram(orbit_grid(1, 1), {}, std::vector<double>{5}, std::vector<double>{0.2}), 0).size(),
            1u);
  EXPECT_THROW(orbit_diagram(orbit_grid(2, 1), {}, std::vector<double>{5}, std::vector<double>{0.2}), Error);
  Grid fields = orbit_grid(1, 1);
  fields.output = OutputKind::fields;
  EXPECT_THROW(orbit_diagram(fields, {}, std::vector<double>{5}, std::vector<double>{0.2}), Error);
}

TEST(OrbitDiagram, Marks) {
  Grid grid = orbit_grid(10, 1);
  std::vector<OrbitMark> marks = orbit_marks(grid);
  ASSERT_EQ(marks.size(), 3u);
  EXPECT_EQ(marks[0].at, 1);
  EXPECT_NEAR(marks[1].at, std::sqrt(5) - 1, 1e-15);
  grid.fixed[0].value = -0.5;
  marks = orbit_marks(grid);
  ASSERT_EQ(marks.size(), 1u) << "h from 0.8 to 2 is h|mu| from 0.4 to 1";
  EXPECT_EQ(marks[0].at, 2);
  grid.kind = GridKind::isotropic;
  EXPECT_TRUE(orbit_marks(grid).empty());
  grid.kind = GridKind::matrix;
  grid.fixed = {{"rank", 1}};
  EXPECT_TRUE(orbit_marks(grid).empty()) << "its largest singular value is not known";
  marks = orbit_marks(grid, 0.8);
  ASSERT_EQ(marks.size(), 2u) << "h from 0.8 to 2 is h sigma_1 from 0.64 to 1.6";
  EXPECT_EQ(marks[0].at, 1.25);
  grid.fixed = {{"rank", 2}};
  EXPECT_EQ(orbit_marks(grid, 0.8).size(), 1u) << "another pair may follow first";
}

}  // namespace
}  // namespace equipoise::orbit_diagram_test
