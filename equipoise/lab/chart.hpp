// A chart over the steps of a run, as an HTML figure: the one door through which a report draws.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "equipoise/lab/chart_axis.hpp"

namespace equipoise {

/// Points drawn per curve and step axis, at most about.
inline constexpr std::size_t points_per_curve = 2000;

/// One curve. steps ascend; a value that is not finite interrupts the line, <= 0 on a log scale is drawn on a shelf for zero.
struct Curve {
  std::string name;
  int style = 1;            ///< 1 to 6: colour and dash, so that no two differ by colour alone
  std::vector<double> steps;
  std::vector<double> values;
  bool markers = false;     ///< a dot at every point: values measured now and then
};

/// A dotted horizontal line; not drawn where the value is not finite.
struct Level {
  std::string name;
  double value;
};

struct Chart {
  std::string id;           ///< letters and hyphens, unique on the page
  std::string title;
  Scale scale = Scale::linear;
  std::vector<Curve> curves;
  std::vector<Level> levels;
};

/// Both step axes of a page; a run that starts at step 0 and has one sample has first == last.
struct StepAxes {
  StepAxes(double first, double last)
      : linear(Scale::linear, first, last), log(Scale::log, first, last) {}
  StepAxis linear, log;
};

/// <figure> with the chart twice, in the classes on-linear and on-log of which the page shows one, and a legend that can
/// hide curves without a script. Width follows the page; text does not scale with it. Cost O(points), output at most
/// about 30 bytes per drawn point.
std::string chart_html(const Chart& chart, const StepAxes& axes);

}  // namespace equipoise
