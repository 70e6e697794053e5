// Where theory changes its verdict within a grid, as curves in the grid's own axes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "equipoise/atlas/picture.hpp"
#include "equipoise/sweep/grid.hpp"

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

/// Scalar and vector: delta = 2, the exact critical rate of theorem 2 (docs/theory.md), and h |mu| = 1. Isotropic:
/// theorem 3's delta = 1 + sqrt(1 - m^2) and delta = 2 below h |mu| = 1, and h |mu| = 1. Further axes stand where
/// plane_of() has them. A point is found on an edge of a lattice of 128 x 128 by halving the edge until it is two
/// neighbouring doubles (on a log axis, of the logarithm); on which side a point lies is an exact sign (theory/delta),
/// except that a start given by norms and angle is rounded first, as it is for the cells. Between the points lines are
/// straight. Curves without a point are left out.
///
/// For a matrix of which `sigma1` is the largest singular value: h sigma_1 = 1, where one of the first two axes is h.
/// No more is proved before a run.
///
/// Empty for fewer than two axes, and where one of the two is a list, a seed or has a single value (for a matrix: where
/// h is).
std::vector<ProvedCurve> proved_curves(const Grid& grid, std::optional<double> sigma1 = std::nullopt);

/// The same along the only axis of a grid: where each of these statements changes.
struct ProvedMark {
  std::string name, statement, says;
  double at = 0;
};
std::vector<ProvedMark> proved_marks(const Grid& grid, std::optional<double> sigma1 = std::nullopt);

/// The outcomes of cells held against what is proved of their starts.
struct Confrontation {
  std::uint64_t looked_at = 0;
  std::uint64_t near =
      0;  ///< so close to a curve (1e-9 in delta or h |mu|) that rounding may decide: not counted below
  std::uint64_t inside = 0;  ///< proved to converge, for almost every start
  std::uint64_t inside_converged = 0, inside_exhausted = 0,
                inside_refuted = 0;  ///< refuted: diverged, periodic or chaotic
  std::uint64_t outside = 0;         ///< proved to diverge, for almost every start
  std::uint64_t outside_diverged = 0, outside_exhausted = 0;
  std::uint64_t outside_converged =
      0;                              ///< exceptional starts: they land on a minimiser exactly, as theorem 2 (c) allows
  std::uint64_t outside_refuted = 0;  ///< periodic or chaotic
  std::uint64_t unstable = 0;         ///< matrix: h sigma_1 > 1, where no minimiser is stable
  std::uint64_t unstable_converged = 0;
};
/// Looks at about `most` cells of the whole grid, evenly through it; what is not computed is passed over. A few
/// microseconds a cell. Nothing where the grid keeps no outcomes, and for a matrix without `sigma1` or given rates.
std::optional<Confrontation> confronted(const Grid& grid, const Cells& cells, std::uint64_t most = 65536,
                                        std::optional<double> sigma1 = std::nullopt);

/// Places along an axis that need not be values of it: 0 is its first value, 1 its last, even on its scale. Not for
/// lists.
double value_at(const Axis& axis, double place);

}  // namespace equipoise
