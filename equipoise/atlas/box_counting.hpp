// The box-counting dimension of the boundary between outcomes, with the rule, the window and the error of the fit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/atlas/picture.hpp"

namespace equipoise {

/// The rule, for a picture of width x height cells:
/// - Cell (i, j) is on the boundary where the square of cells (i, j), (i+1, j), (i, j+1), (i+1, j+1), cut off at the
///   edge of the picture, holds two outcomes or more. So a straight boundary is one cell thick. Cells that are not
///   computed make no boundary: they count as whatever is beside them.
/// - Boxes have sides s of 1, 2, 4, ... cells up to the largest power of two that is at most a sixteenth of the shorter
///   side.
/// - N(s) is the number of boxes that hold a boundary cell, averaged over 16 grids of them, each moved by a quarter of
///   a box from another across and up (four grids for s = 2, one for s = 1). A box that reaches beyond the picture
///   counts by the part of it inside. One grid alone finds a boundary in more or fewer boxes by where it happens to
///   lie, by more the larger they are.
/// - The window of the fit is 4 cells to the largest power of two that is at most a thirty-second of the shorter side,
///   but at least to 16: below it the picture's own squares show, above it a few boxes cover everything. The shorter
///   side must have 256 cells.
/// - dimension = -slope of log N against log s by least squares; `error` is the standard error of that slope. It says
///   how straight the points lie, not how far the limit of small boxes is: for that there are `lowest` and `highest`,
///   the slopes between neighbours in the window. On sets of known dimension, drawn on 512 x 512 to 2048 x 2048 cells,
///   the dimension was off by up to 0.009 for lines and circles, 0.016 for a parabola and 0.04 for fractals
///   (box_counting_test.cpp); with one grid by up to 0.03 and 0.1.
struct BoxCounting {
  struct Size {
    std::uint64_t side = 1;
    double boxes = 0;  ///< N(s)
    bool in_window = false;
  };
  std::vector<Size> sizes;
  std::uint64_t boundary_cells = 0;  ///< N(1)
  double dimension = 0, error = 0;   ///< NaN where there is none
  double lowest = 0, highest = 0;    ///< NaN likewise
  double r_squared = 0;              ///< NaN likewise; 1 is a straight line
  double intercept = 0;              ///< log N at s = 1 on the fitted line
  std::string why_not;               ///< why there is no dimension; empty where there is one
};
inline constexpr std::uint64_t smallest_box = 4;
inline constexpr std::uint64_t fewest_sizes = 3;

/// Labels of cells: equal labels, same region; 0: not computed. O(cells) time; memory: some 20 bytes per cell of one
/// row.
BoxCounting box_counting(const Plane& plane, const std::function<std::uint8_t(std::uint64_t cell)>& label);
/// Of the boundary between outcomes.
BoxCounting box_counting(const Cells& cells);

}  // namespace equipoise
