// How much of a sweep ends in which way, and how far such shares are to be trusted.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "equipoise/atlas/picture.hpp"

namespace equipoise {

/// A share of independent trials with its 95 % interval.
struct Share {
  double value = 0, low = 0, high = 0;  ///< NaN for no trials
};
/// E. B. Wilson's score interval (1927), z = 1.959964: it stays within 0 to 1, also for 0 of n. No continuity
/// correction. Throws Error for hits > trials.
Share wilson_interval(std::uint64_t hits, std::uint64_t trials);

/// Of the computed cells of a picture or a whole sweep.
///
/// What the interval means: it is the one for `computed` cells drawn independently and evenly along the axes (in the
/// logarithm on a log axis). The cells of a grid are no such draws. Where an outcome's region is a few blobs a grid
/// errs much less than that; where it is finer than the cells the grid errs about as much as draws do. `spread`
/// measures it: the largest difference between the shares in the sub-grids of every second cell along each axis (four
/// of them in the plane), each a grid of twice the spacing.
struct Fractions {
  struct Row {
    std::uint64_t cells = 0;
    Share share;
    double spread = 0;  ///< NaN with fewer than two cells along each axis
  };
  std::uint64_t cells = 0;
  std::uint64_t computed = 0;
  std::array<Row, 6> outcomes;  ///< by code; 0 is not computed, its share is of all cells and has no interval
};
/// O(cells) time. Throws Error for a code above 5.
Fractions fractions(const Cells& cells);

}  // namespace equipoise
