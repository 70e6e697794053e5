// From the numbers of a sweep to a page: which picture is shown, its axes and legend, and what each table says.
#include "equipoise/atlas/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t hover_side = 60;  ///< cells of the net under the pointer, along each axis

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

std::string percent(double share) { return std::isfinite(share) ? fmt::format("{:.4g} %", 100 * share) : "—"; }

std::string shape_in_words(const Grid& grid) {
  std::string text;
  for (const Axis& axis : grid.axes) text += fmt::format("{}{} {}", text.empty() ? "" : " × ", axis.count, axis.key);
  return text;
}

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

std::string swatch(const Painting::Entry& entry, std::uint64_t all) {
  const std::string fill = entry.from == entry.to
                               ? hex(entry.from)
                               : fmt::format("linear-gradient(90deg,{},{})", hex(entry.from), hex(entry.to));
  return fmt::format("<li><span class=\"shade\" style=\"background:{}\"></span>{} <span class=\"muted\">{}</span></li>",
                     fill, escaped(entry.name), percent(static_cast<double>(entry.cells) / static_cast<double>(all)));
}

std::string colour_bar(const Painting& painting) {
  if (painting.bar.empty()) return "";
  std::string stops;
  constexpr int pieces = 24;
  for (int i = 0; i <= pieces; ++i) {
    const int at = painting.bar_from + (painting.bar_to - painting.bar_from) * i / pieces;
    stops += (stops.empty() ? "" : ",") + hex(painting.palette[static_cast<std::size_t>(at)]);
  }
  std::string ticks;
  for (const Painting::Tick& tick : painting.bar) ticks += fmt::format("<span>{}</span>", escaped(tick.text));
  return fmt::format("<div class=\"bar\"><div style=\"background:linear-gradient(90deg,{})\"></div><p>{}</p></div>",
                     stops, ticks);
}

std::string legend(const SweepPicture& picture, std::uint64_t cells) {
  std::string entries;
  for (const Painting::Entry& entry : picture.painting.entries) entries += swatch(entry, cells);
  return fmt::format("<div class=\"key\" id=\"key-{}\">{}{}<p class=\"muted\">{}</p></div>", picture.field,
                     colour_bar(picture.painting), entries.empty() ? "" : "<ul>" + entries + "</ul>",
                     escaped(picture.painting.rule));
}

std::string switch_of_fields(const std::vector<SweepPicture>& pictures) {
  std::string out = "<fieldset class=\"choice fields\"><legend>Show</legend>";
  for (const SweepPicture& each : pictures) {
    out += fmt::format("<label><input type=\"radio\" name=\"field\" id=\"pick-{0}\"{1}/> {0}</label>", each.field,
                       &each == &pictures.front() ? " checked=\"checked\"" : "");
  }
  return out + "</fieldset>";
}

/// Figures that are not chosen keep their width, so that they are drawn at their size; a reader's program that does not
/// know :has sees all of them.
std::string style_of(const std::vector<SweepPicture>& pictures) {
  std::string out =
      ".key ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .6rem 0 0; padding: 0; "
      "font-size: .9rem; }\n"
      ".key .shade { display: inline-block; width: 2.4rem; height: .9rem; vertical-align: -.1rem; margin-right: "
      ".45rem; border: 1px solid var(--line); }\n"
      ".key .bar { max-width: 34rem; margin-top: .6rem; } .key .bar div { height: .9rem; border: 1px solid "
      "var(--line); }\n"
      ".key .bar p { display: flex; justify-content: space-between; font-size: .85rem; margin: .1rem 0 0; }\n"
      ".key p { font-size: .88rem; }\n"
      "#shares td:first-child, #shares thead th { overflow-wrap: normal; }\n"
      "@media print { .fields { display: none; } .shade, .bar div { print-color-adjust: exact; "
      "-webkit-print-color-adjust: exact; } }\n";
  for (const SweepPicture& each : pictures) {
    out += fmt::format(
        "@media screen {{ main:not(:has(#pick-{0}:checked)):has(.fields) :is(#field-{0}, #key-{0}, "
        ".figures:has(#field-{0})) {{ visibility: hidden; height: 0; "
        "min-height: 0; overflow: hidden; margin: 0; padding: 0; }} }}\n",
        each.field);
  }
  return out;
}

Figure::HeatMap hover_net(const SweepReport& report, const SweepPicture& picture) {
  Figure::HeatMap net;
  const Plane& plane = report.plane;
  if (!picture.words || plane.cells() == 0) return net;
  net.title = picture.field;
  net.hover_only = true;
  const auto chosen = [](std::uint64_t count) {
    std::vector<std::uint64_t> list;
    const std::uint64_t wanted = std::min(count, hover_side);
    for (std::uint64_t k = 0; k < wanted; ++k) list.push_back((2 * k + 1) * count / (2 * wanted));
    return list;
  };
  const std::vector<std::uint64_t> columns = chosen(plane.width), rows = chosen(plane.height);
  for (const std::uint64_t x : columns) net.x.push_back(position(report.grid.axes[0], x));
  for (const std::uint64_t y : rows) net.y.push_back(position(report.grid.axes[1], y));
  for (const std::uint64_t y : rows) {
    for (const std::uint64_t x : columns) {
      net.values.push_back(0);
      net.words.push_back(picture.words(plane.cell(x, y)));
    }
  }
  return net;
}

Figure::Curve proved_line(const ProvedCurve& curve) {
  Figure::Curve line;
  line.name = curve.name;
  line.on_picture = true;
  for (const ProvedCurve::Line& each : curve.lines) {
    if (!line.x.empty()) {
      line.x.push_back(nan);
      line.y.push_back(nan);
    }
    line.x.insert(line.x.end(), each.x.begin(), each.x.end());
    line.y.insert(line.y.end(), each.y.begin(), each.y.end());
  }
  return line;
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

Figure picture_figure(const SweepReport& report, const SweepPicture& picture) {
  const Axis& across = report.grid.axes[0];
  const Axis& up = report.grid.axes[1];
  Figure figure;
  figure.id = "field-" + picture.field;
  figure.title = picture.painting.title;
  figure.wide = true;
  figure.x = figure_axis(across);
  const auto [x_low, x_high] = outer_edges(across);
  const auto [y_low, y_high] = outer_edges(up);
  figure.x.low = x_low;
  figure.x.high = x_high;
  Figure::Panel panel;
  panel.y = figure_axis(up);
  panel.y.low = y_low;
  panel.y.high = y_high;
  panel.height = 620;
  panel.picture = {picture.png,
                   x_low,
                   x_high,
                   y_low,
                   y_high,
                   fmt::format("{} over {} (to the right) and {} (upwards)", picture.painting.title, axis_title(across),
                               axis_title(up))};
  panel.heat_map = hover_net(report, picture);
  for (const ProvedCurve& curve : report.proved) panel.curves.push_back(proved_line(curve));
  figure.panels.push_back(std::move(panel));
  const std::uint64_t block = picture.shown_width > 0 ? (report.plane.width - 1) / picture.shown_width + 1 : 1;
  figure.caption =
      fmt::format("{} × {} cells; {}.", report.plane.width, report.plane.height, fixed_in_words(report.grid));
  if (block > 1) {
    figure.caption += fmt::format(
        " A pixel here stands for {0} × {0} cells and shows the colour that is most frequent among them", block);
    figure.caption += picture.file.empty() ? "." : fmt::format("; {} has them all.", picture.file);
  }
  return figure;
}

Page::Section pictures_section(const SweepReport& report) {
  Page::Section section{"pictures", "Pictures", {}};
  Page::Prose prose;
  prose.paragraphs.push_back(
      fmt::format("To the right: {}. Upwards: {}. They are the first and the second axis of the grid; in NumPy's words "
                  "a picture is "
                  "imshow(a.T, origin=\"lower\").",
                  axis_title(report.grid.axes[0]), axis_title(report.grid.axes[1])));
  if (report.grid.axes.size() > 2) {
    prose.paragraphs.push_back(
        fmt::format("The grid has {} axes. Shown is the slice in which the further ones have the middle one of their "
                    "values; the .npy files "
                    "have all of them.",
                    report.grid.axes.size()));
  }
  for (const ProvedCurve& curve : report.proved)
    prose.paragraphs.push_back(fmt::format("{} — {} ({} in docs/theory.md)", curve.name, curve.says, curve.statement));
  section.blocks.emplace_back(std::move(prose));
  if (report.pictures.size() > 1) section.blocks.emplace_back(Page::Markup{switch_of_fields(report.pictures)});
  for (const SweepPicture& picture : report.pictures) {
    section.blocks.emplace_back(Page::Figures{{picture_figure(report, picture)}});
    std::string key = legend(picture, report.plane.cells());
    if (!picture.file.empty()) {
      const std::string link =
          fmt::format("<p>Full size, {} × {} pixels: <a href=\"{}\">{}</a></p></div>", report.plane.width,
                      report.plane.height, escaped(picture.file), escaped(picture.file));
      key.replace(key.size() - std::string_view("</div>").size(), std::string_view("</div>").size(), link);
    }
    section.blocks.emplace_back(Page::Markup{std::move(key)});
  }
  return section;
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

Page::Section fractions_section(const SweepReport& report) {
  const Fractions& all = *report.fractions;
  Page::Section section{"shares", "How the runs end", {}};
  Page::Table table;
  table.columns = {"outcome", "cells", "share", "95 % from", "to", "sub-grids differ by"};
  for (std::size_t code = 1; code < all.outcomes.size(); ++code) {
    const Fractions::Row& row = all.outcomes[code];
    if (row.cells == 0) continue;
    table.rows.push_back({std::string(outcome_codes[code]), fmt::format("{}", row.cells), percent(row.share.value),
                          percent(row.share.low), percent(row.share.high), percent(row.spread)});
  }
  table.caption = fmt::format("Shares of the {} computed cells", readable(all.computed));
  section.blocks.emplace_back(std::move(table));
  section.blocks.emplace_back(Page::Prose{{
      std::string("The interval is Wilson's, for as many starts and rates as there are cells, drawn independently and "
                  "evenly along the axes (in the logarithm on a log axis). The cells of a "
                  "grid are not drawn at all: where a region is a few blobs the grid errs much less than the interval "
                  "says, where it is finer than the cells it errs about as much. The last "
                  "column measures that: the largest difference between the shares ") +
          std::string(report.grid.axes.size() == 2
                          ? "in the four grids of every second cell along each axis."
                          : "of the even and the odd cells, counted in the order of the files."),
  }});
  if (report.confronted && report.confronted->looked_at > 0) {
    const Confrontation& c = *report.confronted;
    const bool of_a_matrix = report.grid.kind == GridKind::matrix;
    Page::Claims claims;
    const auto verdict = [](std::uint64_t looked, std::uint64_t refuted) {
      return looked == 0 ? Page::Verdict::undecided : refuted == 0 ? Page::Verdict::holds : Page::Verdict::fails;
    };
    if (of_a_matrix) {
      claims.claims.push_back({"Where hσ₁ > 1, so that almost no start converges, no run does", "0 of them",
                               fmt::format("{} of {}", c.unstable_converged, c.unstable),
                               verdict(c.unstable, c.unstable_converged), "", ""});
    } else {
      claims.claims.push_back({"Where convergence is proved for almost every start, no run diverges, cycles or wanders",
                               "0 of them",
                               fmt::format("{} of {} ({} converged, {} out of budget)", c.inside_refuted, c.inside,
                                           c.inside_converged, c.inside_exhausted),
                               verdict(c.inside, c.inside_refuted), "", ""});
      claims.claims.push_back(
          {"Where divergence is proved for almost every start, no run cycles or wanders", "0 of them",
           fmt::format("{} of {} ({} diverged, {} out of budget, {} landed on a minimiser)", c.outside_refuted,
                       c.outside, c.outside_diverged, c.outside_exhausted, c.outside_converged),
           verdict(c.outside, c.outside_refuted), "", ""});
    }
    section.blocks.emplace_back(std::move(claims));
    section.blocks.emplace_back(Page::Prose{{fmt::format(
        "{} cells, evenly through the grid, were held against {}; {} of them "
        "lie within 1e-9 of a curve and do "
        "not count.",
        readable(c.looked_at), of_a_matrix ? "any.necessary-rate (docs/theory.md)" : "the exact statement", c.near)}});
  }
  return section;
}

Page::Section dimension_section(const BoxCounting& boundary) {
  Page::Section section{"dimension", "The boundary between outcomes", {}};
  std::vector<std::string> text;
  if (!boundary.why_not.empty()) {
    text.push_back(fmt::format("No box-counting dimension: {}.", boundary.why_not));
    section.blocks.emplace_back(Page::Prose{std::move(text)});
    return section;
  }
  std::uint64_t first = 0, last = 0;
  for (const BoxCounting::Size& size : boundary.sizes) {
    if (!size.in_window) continue;
    if (first == 0) first = size.side;
    last = size.side;
  }
  text.push_back(
      fmt::format("Box-counting dimension {:.4g} ± {:.2g} (standard error of the slope; R² = {:.6g}). Between "
                  "neighbouring sizes the slope runs from {:.4g} to {:.4g}: that, "
                  "and not the standard error, says how far the limit of small boxes may be.",
                  boundary.dimension, boundary.error, boundary.r_squared, boundary.lowest, boundary.highest));
  text.push_back(fmt::format(
      "The rule: a cell is on the boundary where it, its right and upper neighbours and the one between "
      "them do not all have the same outcome "
      "({} such cells). Boxes have sides s of 1, 2, 4, … cells; N(s) is the number of them that hold a boundary "
      "cell, averaged over 16 grids, each moved by a quarter of a box from another across and up (four "
      "grids for s = 2, one for s = 1); a box that reaches beyond the picture counts by the part of it "
      "inside. The line is fitted by least squares to log N over log s for s from {} to {} cells: below, "
      "the squares of the picture show; the window ends at the largest power of two within a "
      "thirty-second of the shorter side, or at 16. On curves and fractals of known dimension, drawn on "
      "512 × 512 cells or more, this was off by up to 0.016 and 0.04.",
      boundary.boundary_cells, first, last));
  section.blocks.emplace_back(Page::Prose{std::move(text)});

  Figure figure;
  figure.id = "boxes";
  figure.title = "Boxes that hold a piece of the boundary";
  figure.x.title = "side of the boxes s, cells";
  figure.x.scale = Figure::Scale::log;
  Figure::Panel panel;
  panel.y.title = "N(s)";
  panel.y.scale = Figure::Scale::log;
  panel.height = 300;
  Figure::Curve inside{"in the window of the fit", {}, {}, Figure::Marks::points, 1};
  Figure::Curve outside{"outside it", {}, {}, Figure::Marks::points, 6};
  Figure::Curve line{fmt::format("N = {:.4g} s^−{:.4g}", std::exp(boundary.intercept), boundary.dimension),
                     {},
                     {},
                     Figure::Marks::lines,
                     2};
  for (const BoxCounting::Size& size : boundary.sizes) {
    Figure::Curve& to = size.in_window ? inside : outside;
    to.x.push_back(static_cast<double>(size.side));
    to.y.push_back(size.boxes);
    line.x.push_back(static_cast<double>(size.side));
    line.y.push_back(std::exp(boundary.intercept - boundary.dimension * std::log(static_cast<double>(size.side))));
  }
  panel.curves = {std::move(inside), std::move(outside), std::move(line)};
  figure.panels.push_back(std::move(panel));
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
