// Where theory changes its verdict within a grid, as curves in the grid's own axes.
#pragma once

#include <string>
#include <vector>

#include "equipoise/lab/grid.hpp"

namespace equipoise {

/// A curve on which a proved statement changes: lines of points in the units of the first two axes.
struct ProvedCurve {
  struct Line {
    std::vector<double> x, y;
  };
  std::string name;       ///< "delta = 2"
  std::string statement;  ///< its id in docs/theory.md
  std::string says;       ///< what lies on either side, in the statement's own wording
  std::vector<Line> lines;
};

/// Scalar and vector: delta = 2, the exact critical rate of theorem 2 (docs/theory.md), and h |mu| = 1. Isotropic: theorem 3's
/// delta = 1 + sqrt(1 - m^2) and delta = 2 below h |mu| = 1, and h |mu| = 1. Further axes stand where plane_of() has them. A point is
/// found on an edge of a lattice of 192 x 192 by halving the edge until it is two neighbouring doubles (on a log axis, of the
/// logarithm); on which side a point lies is an exact sign (lab/delta), except that a start given by norms and angle is
/// rounded first, as it is for the cells. Between the points lines are straight. Curves without a point are left out.
///
/// Empty for a matrix, for fewer than two axes, and where one of the two is a list, a seed or has a single value.
std::vector<ProvedCurve> proved_curves(const Grid& grid);

/// The same along the only axis of a grid: where each of these statements changes.
struct ProvedMark {
  std::string name, statement, says;
  double at = 0;
};
std::vector<ProvedMark> proved_marks(const Grid& grid);

/// Places along an axis that need not be values of it: 0 is its first value, 1 its last, even on its scale. Not for lists.
double value_at(const Axis& axis, double place);

}  // namespace equipoise
