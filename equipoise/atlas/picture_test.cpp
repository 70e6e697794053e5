// Shades against ranks computed the slow way, the direction of a picture, legends, and every size down to one cell.
#include "equipoise/atlas/picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise::picture_test {
namespace {

// Three values of the first axis (slow), two of the second: memory (0,0) (0,1) (1,0) (1,1) (2,0) (2,1).
Grid small_grid() {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"y0", 1}};
  grid.axes = {Axis{"h", AxisScale::linear, 0.1, 0.3, 3, {}}, Axis{"x0", AxisScale::linear, -1, 1, 2, {}}};
  return grid;
}

TEST(Picture, TheFirstAxisGoesRightAndTheSecondUp) {
  const Plane plane = plane_of(small_grid());
  EXPECT_EQ(plane.width, 3u);
  EXPECT_EQ(plane.height, 2u);
  const std::vector<std::uint8_t> outcome = {1, 2, 3, 4, 5, 0};
  Cells cells;
  cells.plane = plane;
  cells.outcome = outcome;
  const Painting painting = outcome_painting(cells);
  std::vector<std::uint8_t> rows(6);
  paint_rows(painting, plane, 0, rows);
  // The upper row of the picture is the second value of x0.
  EXPECT_EQ(rows, (std::vector<std::uint8_t>{2, 4, 0, 1, 3, 5}));
  std::vector<std::uint8_t> last(3);
  paint_rows(painting, plane, 1, last);
  EXPECT_EQ(last, (std::vector<std::uint8_t>{1, 3, 5}));
  EXPECT_THROW(paint_rows(painting, plane, 2, last), Error);
}

TEST(Picture, FurtherAxesStandInTheMiddle) {
  Grid grid = small_grid();
  grid.axes.push_back(Axis{"mu", AxisScale::list, 1, 3, 3, {1, 2, 3}});
  grid.axes.push_back(Axis{"tolerance", AxisScale::list, 0, 0.5, 2, {0, 0.5}});
  const Plane plane = plane_of(grid);
  EXPECT_EQ(plane.first, 1u * 2 + 1);
  EXPECT_EQ(plane.across, 12u);
  EXPECT_EQ(plane.up, 6u);
  grid.axes.resize(1);
  EXPECT_EQ(plane_of(grid).height, 1u);
  EXPECT_EQ(plane_of(grid).width, 3u);
  grid.axes.clear();
  EXPECT_THROW(plane_of(grid), Error);
}

TEST(Picture, ShadesAreRanks) {
  constexpr unsigned seed = 11;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  constexpr std::uint64_t count = 3000;
  std::vector<std::uint8_t> outcome(count);
  std::vector<std::uint64_t> steps(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    outcome[i] = static_cast<std::uint8_t>(random() % 6);
    steps[i] = random() % 5 == 0
                   ? 7
                   : static_cast<std::uint64_t>(std::exp(static_cast<double>(random() % 1000) / 90));  // to about 66000
  }
  Cells cells;
  cells.plane = {0, 1, 1, count, 1};
  cells.outcome = outcome;
  cells.steps = steps;
  const Painting painting = outcome_painting(cells);
  ASSERT_EQ(painting.palette.size(), 251u);
  for (std::uint64_t i = 0; i < count; i += 7) {
    if (outcome[i] == 0) {
      EXPECT_EQ(painting.index(i), 0);
      continue;
    }
    double fewer = 0, equal = 0, all = 0;
    for (std::uint64_t k = 0; k < count; ++k) {
      if (outcome[k] != outcome[i]) continue;
      all += 1;
      fewer += steps[k] < steps[i] ? 1 : 0;
      equal += steps[k] == steps[i] ? 1 : 0;
    }
    const int shade = std::min(49, static_cast<int>((fewer + equal / 2) / all * 50));
    EXPECT_EQ(painting.index(i), 1 + 50 * (outcome[i] - 1) + shade) << i;
  }
  std::uint64_t in_legend = 0;
  for (const Painting::Entry& entry : painting.entries) in_legend += entry.cells;
  EXPECT_EQ(in_legend, count);
  EXPECT_EQ(painting.entries.size(), 6u);
}

TEST(Picture, ManyStepsKeepTheirOrder) {
  std::vector<std::uint64_t> steps;
  for (int bit = 0; bit < 53; ++bit) {
    for (const std::uint64_t less : {1, 0}) steps.push_back((std::uint64_t{1} << bit) - (bit > 1 ? less : 0));
  }
  std::ranges::sort(steps);
  Cells cells;
  cells.plane = {0, 1, 1, steps.size(), 1};
  cells.steps = steps;
  const Painting painting = steps_painting(cells);
  for (std::uint64_t i = 1; i < steps.size(); ++i) EXPECT_GE(painting.index(i), painting.index(i - 1)) << steps[i];
  EXPECT_LT(painting.index(0), 5);
  EXPECT_EQ(painting.index(steps.size() - 1), 254);
  ASSERT_EQ(painting.bar.size(), 5u);
  EXPECT_EQ(painting.bar[0].text, "1");
}

TEST(Picture, WhatIsNotComputedIsWhite) {
  const std::vector<std::uint8_t> outcome = {1, 1, 0, 4};
  const std::vector<std::uint8_t> tiles = {1, 0};
  const std::vector<double> loss = {1, 2, 0, 0};
  Cells cells;
  cells.plane = {0, 2, 1, 2, 2};
  cells.outcome = outcome;
  cells.computed = {tiles, 2};
  for (const Painting& painting : {outcome_painting(cells), number_painting(cells, Field::loss, loss)}) {
    EXPECT_NE(painting.index(0), 0);
    EXPECT_EQ(painting.index(2), 0);
    EXPECT_EQ(painting.index(3), 0) << "its tile is not done";
    EXPECT_EQ(painting.palette[0], not_computed_colour);
  }
  const std::vector<std::uint8_t> broken = {1, 9, 0, 4};
  cells.outcome = broken;
  EXPECT_THROW(outcome_painting(cells), Error);
}

TEST(Picture, Periods) {
  const std::vector<std::uint32_t> period = {0, 2, 4, 64, 3, 48, 5, 40, 7, 49, 0, 0};
  const std::vector<std::uint8_t> outcome = {1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4};
  Cells cells;
  cells.plane = {0, 1, 1, period.size(), 1};
  cells.outcome = outcome;
  const Painting painting = period_painting(cells, period);
  std::vector<std::uint8_t> seen;
  for (std::uint64_t i = 0; i < period.size(); ++i) seen.push_back(painting.index(i));
  EXPECT_EQ(seen[8], seen[9]) << "7 and 49 are 'other periods'";
  std::ranges::sort(seen);
  EXPECT_EQ(seen.end() - std::unique(seen.begin(), seen.end()), 1) << "everything else has a colour of its own";
  std::vector<std::string> names;
  for (const Painting::Entry& entry : painting.entries) names.push_back(entry.name);
  for (const char* name : {"converged", "period 2", "period 48", "period 40", "other periods", "chaotic"}) {
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
  cells.outcome = {};
  EXPECT_NO_THROW(period_painting(cells, period));
}

TEST(Picture, NumbersOnTheirScales) {
  std::vector<double> values;
  std::vector<std::uint8_t> outcome;
  for (int i = 0; i <= 1000; ++i) {
    values.push_back(std::pow(10, -10 + i / 100.0));
    outcome.push_back(1);
  }
  for (const double odd : {0.0, nan, infinity, 1e300}) {
    values.push_back(odd);
    outcome.push_back(1);
  }
  values.push_back(1e-3);
  outcome.push_back(4);  // diverged: grey, and not in the range
  Cells cells;
  cells.plane = {0, 1, 1, values.size(), 1};
  cells.outcome = outcome;
  const Painting loss = number_painting(cells, Field::loss, values);
  for (std::uint64_t i = 1; i <= 1000; ++i) EXPECT_GE(loss.index(i), loss.index(i - 1)) << i;
  EXPECT_NEAR(loss.index(500), (loss.bar_from + loss.bar_to) / 2.0, 3) << "even in the logarithm";
  EXPECT_EQ(loss.index(1001), loss.bar_from) << "zero";
  EXPECT_EQ(loss.index(1002), 1) << "NaN";
  EXPECT_EQ(loss.index(1003), loss.bar_to);
  EXPECT_EQ(loss.index(1004), loss.bar_to);
  EXPECT_EQ(loss.index(1005), 1) << "diverged";
  EXPECT_EQ(loss.bar.size(), 5u);

  // Lyapunov exponents: 0 is the neutral colour whatever the range, and signs are on their sides.
  const std::vector<double> exponents = {-0.5, -0.1, 0, 0.1, 0.2, nan};
  cells.plane = {0, 1, 1, exponents.size(), 1};
  cells.outcome = {};
  const Painting lyapunov = number_painting(cells, Field::lyapunov, exponents);
  EXPECT_EQ(lyapunov.index(2), (lyapunov.bar_from + lyapunov.bar_to) / 2);
  EXPECT_LT(lyapunov.index(1), lyapunov.index(2));
  EXPECT_GT(lyapunov.index(3), lyapunov.index(2));
  EXPECT_EQ(lyapunov.index(0), lyapunov.bar_from);
  EXPECT_EQ(lyapunov.index(5), 1);
  // Ratios: 1 is neutral, and r and 1/r are mirror images.
  const std::vector<double> ratios = {0.25, 0.5, 1, 2, 4};
  cells.plane = {0, 1, 1, ratios.size(), 1};
  const Painting ratio = number_painting(cells, Field::ratio, ratios);
  const int middle = (ratio.bar_from + ratio.bar_to) / 2;
  EXPECT_EQ(ratio.index(2), middle);
  EXPECT_NEAR(ratio.index(1) + ratio.index(3), 2 * middle, 1);
}

TEST(Picture, OneValueNoneAndOneCell) {
  Cells cells;
  cells.plane = {0, 1, 1, 1, 1};
  for (const double value : {0.0, 1.0, -3.0, nan, infinity, 5e-324, 1e308, -largest_double, largest_double}) {
    const std::vector<double> values = {value};
    for (const Field field : {Field::loss, Field::sharpness, Field::ratio, Field::lyapunov}) {
      const Painting painting = number_painting(cells, field, values);
      EXPECT_LT(painting.index(0), painting.palette.size()) << value;
      EXPECT_LE(painting.palette.size(), 256u);
      for (const auto& [at, label] : painting.bar) {
        EXPECT_EQ(label.find('n'), std::string::npos) << at << " of the bar says " << label << " for " << value;
      }
    }
  }
  cells.plane = {0, 1, 1, 0, 0};
  EXPECT_NO_THROW(outcome_painting(cells));
  EXPECT_NO_THROW(steps_painting(cells));
  EXPECT_TRUE(reduced(outcome_painting(cells), cells.plane, 100).pixels.empty());
}

TEST(Picture, ReducedPicturesShowTheMostFrequentGroup) {
  // 5 x 3 cells in blocks of 2: the last column and the top row of blocks are smaller.
  const std::vector<std::uint8_t> outcome = {1, 1, 4,  //
                                             4, 1, 4,  //
                                             4, 4, 1,  //
                                             1, 1, 1,  //
                                             2, 3, 5};
  Cells cells;
  cells.plane = {0, 3, 1, 5, 3};
  cells.outcome = outcome;
  const Painting painting = outcome_painting(cells);
  const Raster raster = reduced(painting, cells.plane, 3);
  EXPECT_EQ(raster.width, 3u);
  EXPECT_EQ(raster.height, 2u);
  EXPECT_EQ(raster.pixels, (std::vector<std::uint8_t>{4, 1, 5, 1, 1, 2})) << "of two equally frequent ones the first";
  const Raster whole = reduced(painting, cells.plane, 5);
  std::vector<std::uint8_t> rows(15);
  paint_rows(painting, cells.plane, 0, rows);
  EXPECT_EQ(whole.pixels, rows);
}

TEST(Picture, SmallPicturesAreEnlargedByWholePixels) {
  const Raster small{2, 1, {7, 9}};
  const Raster large = enlarged(small, 3);
  EXPECT_EQ(large.width, 4u);
  EXPECT_EQ(large.height, 3u);
  EXPECT_EQ(large.pixels, (std::vector<std::uint8_t>{7, 7, 9, 9, 7, 7, 9, 9, 7, 7, 9, 9}));
  EXPECT_EQ(enlarged(small, 1).pixels, small.pixels);
  EXPECT_TRUE(enlarged({}, 5).pixels.empty());
}

}  // namespace
}  // namespace equipoise::picture_test
