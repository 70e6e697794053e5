// Rows of boundary marks, merged two by two into rows of boxes as they come.
#include "equipoise/lab/box_counting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

namespace equipoise {
namespace {

/// The row of boxes of one size that is being filled, and how many full ones were counted.
struct Level {
  std::vector<std::uint8_t> row;
  bool half = false;  ///< one of its two rows of smaller boxes is in
  std::uint64_t boxes = 0;
};

/// Takes a finished row of boxes of level `at` and hands pairs of rows upwards.
void finish_row(std::vector<Level>& levels, std::size_t at) {
  Level& level = levels[at];
  level.boxes += static_cast<std::uint64_t>(std::ranges::count(level.row, std::uint8_t{1}));
  if (at + 1 < levels.size()) {
    Level& above = levels[at + 1];
    for (std::size_t i = 0; i < above.row.size(); ++i)
      above.row[i] |= static_cast<std::uint8_t>(level.row[2 * i] | level.row[2 * i + 1]);
    above.half = !above.half;
    if (!above.half) finish_row(levels, at + 1);
  }
  std::ranges::fill(level.row, std::uint8_t{0});
}

void fit(BoxCounting& result) {
  double n = 0, sum_x = 0, sum_y = 0;
  for (const auto& size : result.sizes) {
    if (!size.in_window) continue;
    n += 1;
    sum_x += std::log(static_cast<double>(size.side));
    sum_y += std::log(static_cast<double>(size.boxes));
  }
  const double mean_x = sum_x / n, mean_y = sum_y / n;
  double xx = 0, xy = 0, yy = 0;
  const BoxCounting::Size* before = nullptr;
  result.lowest = std::numeric_limits<double>::infinity();
  result.highest = -result.lowest;
  for (const auto& size : result.sizes) {
    if (!size.in_window) continue;
    const double x = std::log(static_cast<double>(size.side)) - mean_x;
    const double y = std::log(static_cast<double>(size.boxes)) - mean_y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
    if (before != nullptr) {
      const double slope = std::log2(static_cast<double>(before->boxes) / static_cast<double>(size.boxes));
      result.lowest = std::min(result.lowest, slope);
      result.highest = std::max(result.highest, slope);
    }
    before = &size;
  }
  const double slope = xy / xx;
  const double residual = std::max(0.0, yy - slope * xy);
  result.dimension = -slope;
  result.intercept = mean_y - slope * mean_x;
  result.error = std::sqrt(residual / (n - 2) / xx);
  result.r_squared = yy > 0 ? 1 - residual / yy : 1;
}

}  // namespace

BoxCounting box_counting(const Plane& plane, const std::function<std::uint8_t(std::uint64_t)>& label) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  BoxCounting result;
  result.dimension = result.error = result.lowest = result.highest = result.r_squared = result.intercept = nan;

  // Rows of this function lie along the memory; the dimension does not know up from across.
  const bool turned = plane.up <= plane.across;
  const std::uint64_t width = turned ? plane.height : plane.width;
  const std::uint64_t height = turned ? plane.width : plane.height;
  const auto cell = [&](std::uint64_t i, std::uint64_t j) { return turned ? plane.cell(j, i) : plane.cell(i, j); };
  const std::uint64_t shorter = std::min(width, height);
  const std::uint64_t largest = std::bit_floor(std::max<std::uint64_t>(1, shorter / 16));
  const std::uint64_t part_width = width / largest * largest;
  const std::uint64_t part_height = height / largest * largest;

  std::vector<Level> levels;
  for (std::uint64_t side = 1; side <= largest; side *= 2)
    levels.push_back({std::vector<std::uint8_t>(part_width / side, 0), false, 0});
  const auto read = [&](std::uint64_t j, std::vector<std::uint8_t>& row) {
    for (std::uint64_t i = 0; i < row.size(); ++i) row[i] = label(cell(i, j));
  };
  std::vector<std::uint8_t> here(width), above(width);
  if (part_height > 0) read(0, here);
  for (std::uint64_t j = 0; j < part_height; ++j) {
    const bool last = j + 1 >= height;
    if (!last) read(j + 1, above);
    const std::vector<std::uint8_t>& upper = last ? here : above;
    for (std::uint64_t i = 0; i < part_width; ++i) {
      const std::uint64_t right = std::min(i + 1, width - 1);
      std::uint8_t seen = 0;
      bool mixed = false;
      for (const std::uint8_t each : {here[i], here[right], upper[i], upper[right]}) {
        if (each == 0) continue;  // not computed
        mixed = mixed || (seen != 0 && each != seen);
        seen = each;
      }
      levels[0].row[i] = mixed ? 1 : 0;
    }
    finish_row(levels, 0);
    std::swap(here, above);
  }

  std::uint64_t in_window = 0;
  for (std::size_t k = 0; k < levels.size(); ++k) {
    const std::uint64_t side = std::uint64_t{1} << k;
    result.sizes.push_back({side, levels[k].boxes, side >= smallest_box});
    if (side >= smallest_box) ++in_window;
  }
  result.boundary_cells = levels[0].boxes;
  if (shorter == 0) {
    result.sizes.clear();
    result.why_not = "the picture has no cells";
  } else if (in_window < fewest_sizes) {
    result.why_not = fmt::format("the picture is too small: {} x {} cells, where the shorter side should have 256",
                                 plane.width, plane.height);
  } else if (result.boundary_cells == 0) {
    result.why_not = "there is no boundary: every cell has the same outcome";
  } else {
    fit(result);
  }
  return result;
}

BoxCounting box_counting(const Cells& cells) {
  return box_counting(cells.plane, [&cells](std::uint64_t cell) { return cells.code(cell); });
}

}  // namespace equipoise
