// What a column of a sweep looks like: for every cell the number of a colour, and the legend that says what it means.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "equipoise/page/colours.hpp"
#include "equipoise/sweep/grid.hpp"

namespace equipoise {

/// Which cells make a picture and how it lies: x grows to the right, y upwards, the cell there is first + x across + y
/// up.
struct Plane {
  std::uint64_t first = 0, across = 1, up = 1;
  std::uint64_t width = 0, height = 0;

  std::uint64_t cell(std::uint64_t x, std::uint64_t y) const { return first + x * across + y * up; }
  std::uint64_t cells() const { return width * height; }
};
/// The first axis of a grid to the right and the second one upwards, as (h, x0) is read; further axes stand at the
/// middle one of their values (place count / 2). In NumPy's words imshow(a.T, origin="lower"). A grid of one axis has
/// height 1.
Plane plane_of(const Grid& grid);

/// Which cells are computed: one mark a tile of consecutive cells. No tiles: all are.
struct Computed {
  std::span<const std::uint8_t> tiles;
  std::uint64_t tile_size = 1;
  bool operator()(std::uint64_t cell) const { return tiles.empty() || tiles[cell / tile_size] != 0; }
};

/// The columns of a sweep that a painting looks at, in C order; an empty one is not kept. The memory must outlive the
/// painting.
struct Cells {
  Plane plane;
  Computed computed;
  std::span<const std::uint8_t> outcome;
  std::span<const std::uint64_t> steps;
  /// 0 where the sweep keeps no outcomes and the cell is computed: nothing is known then.
  std::uint8_t code(std::uint64_t cell) const {
    return outcome.empty() || !computed(cell) ? std::uint8_t{0} : outcome[cell];
  }
};

/// A colour for every cell: at most 256 of them, so that a picture costs one byte a pixel.
struct Painting {
  struct Entry {
    std::string name;
    Rgb from, to;             ///< the first and the last shade; equal where there is one
    std::uint64_t cells = 0;  ///< that have it
  };
  struct Tick {
    double at = 0;  ///< 0 to 1 along the bar
    std::string text;
  };

  std::string title;                      ///< what is seen, in words
  std::string rule;                       ///< how numbers became colours, one sentence
  std::vector<Rgb> palette;               ///< at most 256; number 0 is not computed
  std::vector<std::uint8_t> groups;       ///< ascending: where colours of another meaning begin
  std::vector<Entry> entries;             ///< of the legend; those without a cell are left out
  std::uint8_t bar_from = 0, bar_to = 0;  ///< colours of the colour bar, where there are ticks
  std::vector<Tick> bar;
  std::function<std::uint8_t(std::uint64_t cell)> index;
};

/// Hue by outcome, shade by steps: within each outcome shades are equalised, that is a cell's shade is the share of the
/// cells of its outcome that took fewer steps (and half of those that took as many). Equal steps have equal shades.
/// Without the column of steps there is one shade each. Steps up to 131071 are told apart, beyond that their first 17
/// bits. O(cells), and 8 bytes per distinct step.
Painting outcome_painting(const Cells& cells);
/// Periods of cycles: one hue for powers of two, for 3 2^k, for 5 2^k, for others; what is not periodic is pale, by its
/// outcome.
Painting period_painting(const Cells& cells, std::span<const std::uint32_t> period);
/// Steps alone, equalised in the same way over all outcomes.
Painting steps_painting(const Cells& cells);
/// What a converged run stands on.
Painting limit_painting(const Cells& cells, std::span<const std::uint8_t> limit);
/// A measure. Lyapunov exponents, multipliers and products get a diverging map around 0, ratios one around 1 in the
/// logarithm, the others a sequential map: loss, imbalance and norms in the logarithm where the middle 98 % span more
/// than a factor 50. Its range is that of the middle 98 % of the numbers; what lies beyond has the last colour. Cells
/// that diverged, or hold no number, are grey. O(cells), 8 MB.
Painting number_painting(const Cells& cells, Field field, std::span<const double> values);

/// Numbers of colours, row by row from the top.
struct Raster {
  std::uint64_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};
/// The rows from `top` on, counted from the highest y, into `out` (rows of plane.width). Cells are read along their
/// memory.
void paint_rows(const Painting& painting, const Plane& plane, std::uint64_t top, std::span<std::uint8_t> out);
/// Makes the picture with at most `longest` pixels a side out of its rows as they come: each pixel stands for a square
/// of cells (all equal, smaller at the right and the top edge) and has the colour group that is most frequent among
/// them (the first, where two are), and of that group the lower median. Memory: the rows of one row of squares.
class Reducer {
 public:
  Reducer(const Painting& painting, const Plane& plane, std::uint64_t longest);
  /// Whole rows, from the top of the picture downwards.
  void add(std::span<const std::uint8_t> rows);
  /// Once every row is in.
  const Raster& raster() const { return raster_; }

 private:
  void finish_blocks();

  std::uint64_t width_, height_, block_ = 1, next_ = 0;
  std::array<std::uint8_t, 256> group_of_{};
  std::vector<std::size_t> first_of_group_;
  std::vector<std::uint8_t> held_;
  Raster raster_;
};
Raster reduced(const Painting& painting, const Plane& plane, std::uint64_t longest);
/// Every pixel repeated until each side has at least `shortest`: a small picture that a browser enlarges would be
/// blurred.
Raster enlarged(const Raster& raster, std::uint64_t shortest);

}  // namespace equipoise
