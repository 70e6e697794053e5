// Rows of boundary marks, merged two by two into coarser rows as they come; boxes are windows of four of those rows and
// columns.
#include "equipoise/atlas/box_counting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <span>

#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t least_window_end = 16;  // three sizes from smallest_box on

/// All boxes of one side that begin at multiples of `shift` cells, a quarter of it: windows of `count_` rows and
/// columns of marks that stand for shift x shift cells each.
class Windows {
 public:
  Windows(std::uint64_t side, std::uint64_t width, std::uint64_t height)
      : side_(side), shift_(std::max<std::uint64_t>(1, side / 4)), height_(height), count_(side / shift_) {
    const std::uint64_t marks = (width + shift_ - 1) / shift_;
    rows_.assign(count_, std::vector<std::uint8_t>(marks + 2 * (count_ - 1), 0));
    merged_.resize(rows_.front().size());
    for (std::uint64_t place = 0; place < marks + count_ - 1; ++place) part_.push_back(inside(place, width));
  }

  std::uint64_t side() const { return side_; }
  std::uint64_t shift() const { return shift_; }

  /// The next row of marks; count_ - 1 empty ones end the picture.
  void add(std::span<const std::uint8_t> marks) {
    // As many empty marks on either side: boxes may begin before the picture and end behind it.
    std::vector<std::uint8_t>& row = rows_[seen_ % count_];
    std::ranges::fill(row, std::uint8_t{0});
    std::ranges::copy(marks, row.begin() + static_cast<std::ptrdiff_t>(count_ - 1));
    std::ranges::fill(merged_, std::uint8_t{0});
    for (const std::vector<std::uint8_t>& each : rows_) {
      for (std::size_t i = 0; i < merged_.size(); ++i) merged_[i] |= each[i];
    }
    // Sums of dyadic numbers: exact in any order.
    double boxes = 0;
    for (std::size_t place = 0; place < part_.size(); ++place) {
      std::uint8_t holds = 0;
      for (std::size_t k = 0; k < count_; ++k) holds |= merged_[place + k];
      boxes += holds != 0 ? part_[place] : 0.0;
    }
    sum_ += boxes * inside(seen_, height_);
    ++seen_;
  }
  void finish() {
    for (std::size_t k = 1; k < count_; ++k) add({});
  }
  /// Over all grids; the mean of them is N.
  double boxes() const { return sum_ / static_cast<double>(count_ * count_); }

 private:
  // How much of a box's side lies within `length` cells, for the box that ends with mark `place`.
  double inside(std::uint64_t place, std::uint64_t length) const {
    const std::uint64_t end = std::min((place + 1) * shift_, length);
    const std::uint64_t begin = place + 1 > count_ ? (place + 1 - count_) * shift_ : 0;
    return begin < end ? static_cast<double>(end - begin) / static_cast<double>(side_) : 0.0;
  }

  std::uint64_t side_, shift_, height_;
  std::size_t count_;
  std::vector<std::vector<std::uint8_t>> rows_;  // the last count_ of them
  std::vector<std::uint8_t> merged_;
  std::vector<double> part_;
  std::uint64_t seen_ = 0;
  double sum_ = 0;
};

/// A row of marks that stand for squares of cells, being filled.
struct Level {
  std::vector<std::uint8_t> row;
  bool half = false;  ///< one of its two rows of smaller squares is in
};

/// Rows of marks of all sizes that the boxes need, from those of single cells.
class Pyramid {
 public:
  Pyramid(std::uint64_t largest, std::uint64_t width, std::uint64_t height) {
    for (std::uint64_t side = 1; side <= largest; side *= 2) windows_.emplace_back(side, width, height);
    for (std::uint64_t square = 1; square <= windows_.back().shift(); square *= 2)
      levels_.push_back({std::vector<std::uint8_t>((width + square - 1) / square, 0)});
  }

  std::vector<std::uint8_t>& row() { return levels_.front().row; }
  void finish_row() { finish_row(0); }
  void finish() {
    for (std::size_t at = 1; at < levels_.size(); ++at) {
      if (levels_[at].half) finish_row(at);  // cut off by the edge
    }
    for (Windows& each : windows_) each.finish();
  }
  const std::vector<Windows>& windows() const { return windows_; }

 private:
  void finish_row(std::size_t at) {
    Level& level = levels_[at];
    level.half = false;
    for (Windows& each : windows_) {
      if (each.shift() == std::uint64_t{1} << at) each.add(level.row);
    }
    if (at + 1 < levels_.size()) {
      Level& above = levels_[at + 1];
      for (std::size_t i = 0; i < level.row.size(); ++i) above.row[i / 2] |= level.row[i];
      const bool full = above.half;
      above.half = true;
      if (full) finish_row(at + 1);
    }
    std::ranges::fill(level.row, std::uint8_t{0});
  }

  std::vector<Level> levels_;
  std::vector<Windows> windows_;
};

void fit(BoxCounting& result) {
  double n = 0, sum_x = 0, sum_y = 0;
  for (const auto& size : result.sizes) {
    if (!size.in_window) continue;
    n += 1;
    sum_x += std::log(static_cast<double>(size.side));
    sum_y += std::log(size.boxes);
  }
  const double mean_x = sum_x / n, mean_y = sum_y / n;
  double xx = 0, xy = 0, yy = 0;
  const BoxCounting::Size* before = nullptr;
  result.lowest = std::numeric_limits<double>::infinity();
  result.highest = -result.lowest;
  for (const auto& size : result.sizes) {
    if (!size.in_window) continue;
    const double x = std::log(static_cast<double>(size.side)) - mean_x;
    const double y = std::log(size.boxes) - mean_y;
    xx += x * x;
    xy += x * y;
    yy += y * y;
    if (before != nullptr) {
      const double slope = std::log2(before->boxes / size.boxes);
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
  BoxCounting result;
  result.dimension = result.error = result.lowest = result.highest = result.r_squared = result.intercept = nan;

  // Rows of this function lie along the memory; the dimension does not know up from across.
  const bool turned = plane.up <= plane.across;
  const std::uint64_t width = turned ? plane.height : plane.width;
  const std::uint64_t height = turned ? plane.width : plane.height;
  const auto cell = [&](std::uint64_t i, std::uint64_t j) { return turned ? plane.cell(j, i) : plane.cell(i, j); };
  const std::uint64_t shorter = std::min(width, height);
  const std::uint64_t largest = std::bit_floor(std::max<std::uint64_t>(1, shorter / 16));
  const std::uint64_t window_end =
      std::max<std::uint64_t>(least_window_end, std::bit_floor(std::max<std::uint64_t>(1, shorter / 32)));

  Pyramid pyramid(largest, width, height);
  const auto read = [&](std::uint64_t j, std::vector<std::uint8_t>& row) {
    for (std::uint64_t i = 0; i < row.size(); ++i) row[i] = label(cell(i, j));
  };
  std::vector<std::uint8_t> here(width), above(width);
  if (shorter > 0) read(0, here);
  for (std::uint64_t j = 0; j < height && width > 0; ++j) {
    const bool last = j + 1 == height;
    if (!last) read(j + 1, above);
    const std::vector<std::uint8_t>& upper = last ? here : above;
    std::vector<std::uint8_t>& row = pyramid.row();
    for (std::uint64_t i = 0; i < width; ++i) {
      const std::uint64_t right = std::min(i + 1, width - 1);
      std::uint8_t seen = 0;
      bool mixed = false;
      for (const std::uint8_t each : {here[i], here[right], upper[i], upper[right]}) {
        if (each == 0) continue;  // not computed
        mixed = mixed || (seen != 0 && each != seen);
        seen = each;
      }
      row[i] = mixed ? 1 : 0;
    }
    pyramid.finish_row();
    std::swap(here, above);
  }
  pyramid.finish();

  std::uint64_t in_window = 0;
  for (const Windows& each : pyramid.windows()) {
    const bool inside = each.side() >= smallest_box && each.side() <= window_end;
    result.sizes.push_back({each.side(), each.boxes(), inside});
    if (inside) ++in_window;
  }
  result.boundary_cells = static_cast<std::uint64_t>(result.sizes.front().boxes);
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
