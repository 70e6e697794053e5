// From the numbers of a sweep to a page: which picture is shown, its axes and legend, and what each table says.
#include "equipoise/atlas/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "equipoise/atlas/page_parts.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"

namespace equipoise {
namespace {

using namespace page_of_sweep;

std::string_view description(GridKind kind) {
  switch (kind) {
    case GridKind::scalar:
      return "f = ½(μ − xy)², x and y numbers";
    case GridKind::vector:
      return "f = ½(μ − x·y)², x and y vectors";
    case GridKind::isotropic:
      return "f = ½‖μI − xyᵀ‖²_F, x and y vectors of the size of I";
    case GridKind::matrix:
      return "f = ½‖A − XYᵀ‖²_F";
  }
  return "";
}

std::string shape_in_words(const Grid& grid) {
  std::string text;
  for (const Axis& axis : grid.axes) text += fmt::format("{}{} {}", text.empty() ? "" : " × ", axis.count, axis.key);
  return text;
}

Page::Section curves_section(const SweepReport& report) {
  const Axis& axis = report.grid.axes[0];
  Figure figure;
  figure.id = "curves";
  figure.title = fmt::format("Along {}", axis_title(axis));
  figure.caption =
      fmt::format("{} runs; {}. Measures of runs that diverged are left out.", axis.count, fixed_in_words(report.grid));
  figure.wide = true;
  figure.x = figure_axis(axis);
  std::vector<double> x;
  for (std::uint64_t i = 0; i < axis.count; ++i) x.push_back(position(axis, i));
  for (const SweepCurve& curve : report.curves) {
    if (curve.field == "period" && std::ranges::all_of(curve.values, [](double value) { return !(value > 0); }))
      continue;
    Figure::Panel panel;
    panel.y.title = curve.field;
    const bool positive = std::ranges::all_of(curve.values, [](double value) { return !(value < 0); });
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const double value : curve.values) {
      if (value > 0 && std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    const bool codes = curve.field == "outcome" || curve.field == "limit";
    if (positive && !codes && high > 1000 * low) panel.y.scale = Figure::Scale::log;
    if (curve.field == "outcome") {
      panel.y.low = -0.5;
      panel.y.high = 5.5;
      for (std::size_t code = 0; code < std::size(outcome_codes); ++code)
        panel.y.ticks.emplace_back(code, std::string(outcome_codes[code]));
    }
    const bool whole = codes || curve.field == "period";
    panel.curves.push_back(
        {"", x, curve.values, whole || axis.count < 40 ? Figure::Marks::points : Figure::Marks::lines, 1});
    if (curve.field == "sharpness" && axis.key == "h") {
      Figure::Curve bound{"2/h", x, {}, Figure::Marks::lines, 2};
      for (const double h : x) bound.y.push_back(2 / h);
      panel.curves.push_back(std::move(bound));
    }
    for (const ProvedMark& mark : report.marks) {
      const bool first = figure.panels.empty();  // the names once, not in every panel
      panel.levels.push_back(
          {first ? fmt::format("{}, {}", mark.name, axis.key) : "", mark.at, Figure::Direction::vertical});
    }
    figure.panels.push_back(std::move(panel));
  }
  Page::Prose prose;
  for (const ProvedMark& mark : report.marks)
    prose.paragraphs.push_back(
        fmt::format("{} at {:.6g} — {} ({} in docs/theory.md)", mark.name, mark.at, mark.says, mark.statement));
  Page::Section section{"along", "Along the axis", {}};
  if (!prose.paragraphs.empty()) section.blocks.emplace_back(std::move(prose));
  section.blocks.emplace_back(Page::Figures{{std::move(figure)}});
  return section;
}

std::string orbit_values(const Grid& grid) { return grid.kind == GridKind::matrix ? "u₁ᵀXYᵀv₁" : "x·y"; }

Page::Section orbit_section(const SweepReport& report) {
  const OrbitDiagram& orbit = *report.orbit;
  const Axis& axis = report.grid.axes[0];
  Figure figure;
  figure.id = "orbit";
  figure.title = "Orbit diagram, and the Lyapunov exponent under it";
  figure.caption = fmt::format("The last {} values of {} of each of {} runs; {}.", report.grid.last,
                               orbit_values(report.grid), axis.count, fixed_in_words(report.grid));
  if (orbit.unbounded > 0)
    figure.caption += fmt::format(" {} runs left the range of numbers and have an empty column.", orbit.unbounded);
  figure.wide = true;
  figure.x = figure_axis(axis);
  const auto [low, high] = outer_edges(axis);
  figure.x.low = low;
  figure.x.high = high;
  Figure::Panel upper;
  upper.y.title = orbit_values(report.grid);
  upper.height = 440;
  upper.picture = {report.orbit_png, low,        high,
                   orbit.low,        orbit.high, "The values that a run visits at its end, the darker the more often"};
  const std::vector<OrbitMark> marks = orbit_marks(report.grid, report.sigma1);
  for (const OrbitMark& mark : marks) upper.levels.push_back({mark.name, mark.at, Figure::Direction::vertical});
  Figure::Panel lower;
  lower.y.title = "Lyapunov exponent per step";
  lower.y.low = orbit.lyapunov_low;
  lower.y.high = orbit.lyapunov_high;
  lower.height = 200;
  Figure::Curve curve;
  for (std::uint64_t i = 0; i < axis.count; ++i) curve.x.push_back(position(axis, i));
  curve.y = orbit.exponents;
  curve.style = 1;
  lower.curves.push_back(std::move(curve));
  lower.levels.push_back({"neutral", 0, Figure::Direction::horizontal});
  figure.panels = {std::move(upper), std::move(lower)};
  Page::Section section{"orbits", "What descent settles on", {}};
  std::vector<std::string> text = {
      "A column shows the values that a run still visits at its end: one for a minimiser, p for a cycle of period p, a "
      "band for chaos. Above zero the Lyapunov exponent says that "
      "neighbouring runs separate; it is measured along the second half of each run."};
  if (report.grid.kind == GridKind::matrix) {
    text.push_back(
        "u₁ and v₁ belong to the largest singular value σ₁ of A: u₁ᵀXYᵀv₁ is σ₁ at every minimiser of any rank, and "
        "x·y "
        "where A is a number.");
  }
  if (!marks.empty() && report.grid.kind == GridKind::matrix) {
    text.push_back(
        "The dotted lines are those of the balanced map for μ = σ₁ (docs/theory.md, sections 4 and 8): where hσ₁ > 1 "
        "no "
        "minimiser is stable. That the largest singular pair then moves as a number does, as long as no other pair "
        "follows it, is numerical evidence and no theorem.");
  } else if (!marks.empty()) {
    text.push_back(
        "The dotted lines are those of the balanced map (docs/theory.md, sections 4 and 8): the 2-cycle is born at "
        "h|μ| = "
        "1 and loses its stability at √5 − 1; almost no "
        "start stays bounded beyond 2.");
  }
  section.blocks.emplace_back(Page::Prose{std::move(text)});
  section.blocks.emplace_back(Page::Figures{{std::move(figure)}});
  section.blocks.emplace_back(Page::Markup{"<p>Full size: <a href=\"orbit.png\">orbit.png</a></p>"});
  return section;
}

Page::Section settings_section(const SweepReport& report) {
  Page::Section section{"settings", "Settings", {}};
  std::string read = "import numpy as np; ";
  if (report.grid.output == OutputKind::orbit) {
    read += "orbit = np.load(\"orbit.npy\", mmap_mode=\"r\")";
  } else if (!report.grid.fields.empty()) {
    const std::string_view field = info(report.grid.fields.front()).name;
    read += fmt::format("{0} = np.load(\"{0}.npy\", mmap_mode=\"r\")", field);
  }
  section.blocks.emplace_back(Page::Prose{
      {"The grid as it was resolved, grid.toml in this folder; the same file gives the same bits on every machine:"}});
  section.blocks.emplace_back(Page::Command{report.grid_text});
  section.blocks.emplace_back(Page::Prose{{"The command that computes it anew:"}});
  section.blocks.emplace_back(Page::Command{"equipoise sweep grid.toml --out again"});
  section.blocks.emplace_back(Page::Prose{{"The numbers, from Python:"}});
  section.blocks.emplace_back(Page::Command{read});
  return section;
}

}  // namespace

namespace page_of_sweep {

std::string percent(double share) { return std::isfinite(share) ? fmt::format("{:.4g} %", 100 * share) : "—"; }

std::string axis_title(const Axis& axis) {
  if (axis.key == "h") return "learning rate h";
  if (axis.key == "times_L") return "learning rate in units of 1/L";
  if (axis.key == "mu") return "μ";
  if (axis.key == "x0") return "x₀";
  if (axis.key == "y0") return "y₀";
  if (axis.key == "norm_x") return "‖X₀‖";
  if (axis.key == "norm_y") return "‖Y₀‖";
  return axis.key;
}

/// Where a value of the axis stands in a figure.
double position(const Axis& axis, std::uint64_t i) {
  return axis.scale == AxisScale::list ? static_cast<double>(i) : axis.value(i);
}

std::string fixed_in_words(const Grid& grid) {
  std::string text;
  for (const Grid::Fixed& each : grid.fixed)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", each.key, each.value);
  if (!grid.matrix.empty()) text = fmt::format("A = {}{}{}", grid.matrix, text.empty() ? "" : ", ", text);
  for (std::size_t axis = 2; axis < grid.axes.size(); ++axis) {
    text += fmt::format(", {} = {} (the middle one of {} values)", grid.axes[axis].key,
                        grid.axes[axis].value(grid.axes[axis].count / 2), grid.axes[axis].count);
  }
  return text;
}

}  // namespace page_of_sweep

Figure::Axis figure_axis(const Axis& axis) {
  Figure::Axis result;
  result.title = axis_title(axis);
  if (axis.scale == AxisScale::log) result.scale = Figure::Scale::log;
  if (axis.scale == AxisScale::list) {
    const std::uint64_t stride = (axis.count - 1) / 12 + 1;
    for (std::uint64_t i = 0; i < axis.count; i += stride)
      result.ticks.emplace_back(static_cast<double>(i), fmt::format("{:.4g}", axis.value(i)));
  }
  return result;
}

std::pair<double, double> outer_edges(const Axis& axis) {
  const auto n = static_cast<double>(axis.count);
  if (axis.scale == AxisScale::list) return {-0.5, n - 0.5};
  if (axis.count < 2 || !(axis.from < axis.to)) {
    const double reach = axis.from != 0 ? std::abs(axis.from) / 2 : 0.5;
    return axis.scale == AxisScale::log ? std::pair{axis.from / 2, axis.from * 2}
                                        : std::pair{axis.from - reach, axis.from + reach};
  }
  if (axis.scale == AxisScale::log) {
    const double half = std::pow(axis.to / axis.from, 0.5 / (n - 1));
    return {axis.from / half, axis.to * half};
  }
  const double half = (axis.to - axis.from) / (2 * (n - 1));
  return {axis.from - half, axis.to + half};
}

Page sweep_page(const SweepReport& report) {
  Page page;
  const Grid& grid = report.grid;
  page.title = fmt::format("A sweep of {} runs", readable(grid.cells()));
  page.about = "equipoise sweep";
  page.version = report.version;
  page.contents = true;
  page.lead = fmt::format("Gradient descent on {}, {}: {}.", description(grid.kind), shape_in_words(grid),
                          fixed_in_words(grid));
  if (report.computed < grid.cells())
    page.lead +=
        fmt::format(" So far {} of {} cells are computed; the others are white.", report.computed, grid.cells());
  page.style = style_of(report.pictures);
  if (report.orbit) page.sections.push_back(orbit_section(report));
  if (!report.pictures.empty()) page.sections.push_back(pictures_section(report));
  if (!report.curves.empty()) page.sections.push_back(curves_section(report));
  if (report.fractions) page.sections.push_back(fractions_section(report));
  if (report.boundary) page.sections.push_back(dimension_section(*report.boundary));
  page.sections.push_back(settings_section(report));
  return page;
}

}  // namespace equipoise
