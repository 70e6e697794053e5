// A grid that tests start from.
#pragma once

#include "equipoise/sweep/grid.hpp"

namespace equipoise::test_grid {

/// 5 x 3 scalar cells, not resolved.
inline Grid scalar_grid() {
  Grid grid;
  grid.fixed = {{"mu", 1}, {"y0", 1}, {"max_steps", 20000}};
  grid.axes = {{"h", AxisScale::linear, 0.01, 1.2, 5, {}}, {"x0", AxisScale::linear, -4, 4, 3, {}}};
  return grid;
}

}  // namespace equipoise::test_grid
