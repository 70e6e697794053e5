// The report of a sweep: its pictures with axes, legend and the proved boundary, shares of outcomes, and the dimension
// of the boundary.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "equipoise/atlas/box_counting.hpp"
#include "equipoise/atlas/fractions.hpp"
#include "equipoise/atlas/orbit_diagram.hpp"
#include "equipoise/atlas/picture.hpp"
#include "equipoise/atlas/proved_boundary.hpp"
#include "equipoise/page/figure.hpp"
#include "equipoise/page/page.hpp"
#include "equipoise/sweep/grid.hpp"

namespace equipoise {

/// One column of a sweep, ready for the page.
struct SweepPicture {
  std::string field;  ///< "outcome"
  Painting painting;
  std::string png;  ///< bytes of the picture as the page shows it; its palette is painting's
  std::uint64_t shown_width = 0, shown_height = 0;  ///< its pixels, before small pictures are enlarged
  std::string file;                                 ///< the full picture beside the page, "outcome.png"; empty: none
  std::function<std::string(std::uint64_t cell)> words;  ///< what is known of a cell, for the pointer
};

/// One column of a sweep over a single axis.
struct SweepCurve {
  std::string field;
  std::vector<double> values;  ///< as long as the axis; NaN where there is none
};

struct SweepReport {
  Grid grid;
  std::string grid_text;  ///< grid.toml
  std::string version;
  std::uint64_t computed = 0;  ///< cells
  Plane plane;                 ///< of the pictures
  std::vector<SweepPicture> pictures;
  std::vector<SweepCurve> curves;  ///< of a grid with one axis
  std::optional<Fractions> fractions;
  std::optional<BoxCounting> boundary;
  std::vector<ProvedCurve> proved;
  std::vector<ProvedMark> marks;
  std::optional<Confrontation> confronted;
  std::optional<double> sigma1;  ///< of a matrix grid: the largest singular value, where it is known
  std::optional<OrbitDiagram> orbit;
  std::string orbit_png;  ///< its density, as the page shows it
};

Page sweep_page(const SweepReport& report);

/// The values of an axis as a figure places them: themselves, or for a list their numbers 0, 1, ... with the values as
/// ticks.
Figure::Axis figure_axis(const Axis& axis);
/// The outer edges of the first and the last cell, half a spacing (on its scale) beyond their values.
std::pair<double, double> outer_edges(const Axis& axis);

}  // namespace equipoise
