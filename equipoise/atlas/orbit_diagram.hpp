// The orbit (bifurcation) diagram: how often each value is visited, above the Lyapunov exponent.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "equipoise/atlas/picture.hpp"
#include "equipoise/sweep/grid.hpp"

namespace equipoise {

/// Along the first axis of an orbit grid; further axes stand at the middle one of their values.
struct OrbitDiagram {
  std::vector<Rgb> palette;
  /// Values upwards from `low` to `high`, axis values to the right (several pixels each where there are few, several
  /// axis values in one pixel beyond 2400). A pixel is the darker the more often its values are visited, in the
  /// logarithm of the count.
  Raster density;
  /// The same above a strip of the Lyapunov exponents, from lyapunov_low to lyapunov_high: bars from zero, orange where
  /// positive (chaos) and blue where negative.
  Raster with_lyapunov;
  double low = 0, high = 1;
  double lyapunov_low = -1, lyapunov_high = 1;
  std::vector<double> exponents;  ///< one an axis value; NaN where not known
  std::uint64_t unbounded = 0;  ///< axis values with an orbit that left the range of double, or goes a million times as
                                ///< far as half of them: an empty column
};
/// `orbit` and `lyapunov` are the columns of the grid, `last` values a cell and one a cell. O(values). Throws Error
/// where their lengths are not those of the grid.
OrbitDiagram orbit_diagram(const Grid& grid, const Computed& computed, std::span<const double> orbit,
                           std::span<const double> lyapunov);

/// Where the balanced map of a scalar or vector problem, or of a matrix whose largest singular value is `sigma1`,
/// changes along the first axis of a grid, in the axis' units: h |mu| = 1 (a 2-cycle is born), sqrt(5) - 1 (a 4-cycle),
/// 2 (nothing is bounded beyond). Empty where that axis is neither h nor mu, or the other one is no fixed number. For a
/// matrix of which `sigma1` is known the first along h, and the others at rank 1; there they are numerical experience.
struct OrbitMark {
  std::string name;
  double at = 0;
};
std::vector<OrbitMark> orbit_marks(const Grid& grid, std::optional<double> sigma1 = std::nullopt);

}  // namespace equipoise
