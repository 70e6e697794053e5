// How the runs of a sweep end, in shares and against what is proved, and the dimension of the boundary between
// outcomes.
//
// Tested in equipoise/atlas/page_test.cpp
#include <fmt/format.h>

#include <cmath>

#include "equipoise/atlas/page_parts.hpp"
#include "equipoise/page/markup.hpp"

namespace equipoise::page_of_sweep {

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

}  // namespace equipoise::page_of_sweep
