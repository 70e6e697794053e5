// What the page of a sweep says, for one to four axes, and where the edges of a picture lie.
#include "equipoise/atlas/page.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/page/test_page_check.hpp"
#include "equipoise/sweep/cells.hpp"

namespace equipoise::sweep_page_test {
namespace {

Axis axis(std::string key, double from, double to, std::uint64_t count, AxisScale scale = AxisScale::linear) {
  return {std::move(key), scale, from, to, count, {}};
}

SweepReport report_of(std::vector<Axis> axes) {
  SweepReport report;
  report.grid.kind = GridKind::scalar;
  report.grid.fixed = {{"mu", 1}, {"y0", 1}};
  report.grid.axes = std::move(axes);
  report.grid.fields = {Field::outcome};
  report.grid_text = "[problem]\nkind = \"scalar\"\n";
  report.version = "0.1.0";
  report.computed = report.grid.cells();
  report.plane = plane_of(report.grid);
  return report;
}

void add_picture(SweepReport& report, const std::vector<std::uint8_t>& outcome, std::string field) {
  Cells cells;
  cells.plane = report.plane;
  cells.outcome = outcome;
  SweepPicture picture;
  picture.field = std::move(field);
  picture.painting = outcome_painting(cells);
  picture.png = "png";
  picture.shown_width = report.plane.width;
  picture.shown_height = report.plane.height;
  picture.file = picture.field + ".png";
  picture.words = [](std::uint64_t cell) { return "cell " + std::to_string(cell); };
  report.pictures.push_back(std::move(picture));
}

bool has(const std::string& page, std::string_view words) { return page.find(words) != std::string::npos; }

TEST(SweepReport, EdgesLieHalfASpacingOutside) {
  const auto [low, high] = outer_edges(axis("x0", -1, 1, 3));
  EXPECT_EQ(low, -1.5);
  EXPECT_EQ(high, 1.5);
  const auto [from, to] = outer_edges(axis("h", 0.01, 1, 3, AxisScale::log));
  EXPECT_NEAR(from, 0.01 / std::sqrt(10), 1e-15);
  EXPECT_NEAR(to, std::sqrt(10), 1e-13);
  EXPECT_EQ(outer_edges(Axis{"mu", AxisScale::list, 5, 1, 3, {5, 2, 1}}), (std::pair{-0.5, 2.5}));
  const auto [alone_low, alone_high] = outer_edges(axis("x0", 2, 2, 1));
  EXPECT_LT(alone_low, 2);
  EXPECT_GT(alone_high, 2);
  EXPECT_EQ(figure_axis(Axis{"mu", AxisScale::list, 5, 1, 3, {5, 2, 1}}).ticks.size(), 3u);
}

TEST(SweepReport, TwoAxes) {
  SweepReport report = report_of({axis("h", 0.1, 1.5, 3), axis("x0", -4, 4, 2)});
  const std::vector<std::uint8_t> outcome = {1, 1, 1, 4, 4, 0};
  add_picture(report, outcome, "outcome");
  add_picture(report, outcome, "limit");
  Cells cells;
  cells.plane = report.plane;
  cells.outcome = outcome;
  report.fractions = fractions(cells);
  report.boundary = box_counting(cells);
  report.proved = proved_curves(resolved(report.grid));
  report.confronted = confronted(resolved(report.grid), cells);
  const Page page = sweep_page(report);
  const std::string html = page_html(page);
  for (const char* words :
       {"3 h × 2 x0", "learning rate h", "x₀", "converged", "diverged", "δ = 2", "h|μ| = 1", "Wilson", "too small",
        "outcome.png", "limit.png", "pick-limit", "cell 3", "equipoise sweep grid.toml", "kind = ", "not computed"}) {
    EXPECT_TRUE(has(html, words)) << words;
  }
  EXPECT_EQ(faults_of_page(html), "");
  const ClaimCount claims = count_claims(page);
  EXPECT_EQ(claims.fails, 0);
}

TEST(SweepReport, OneAxisAndFour) {
  SweepReport line = report_of({axis("h", 0.1, 1.5, 4)});
  line.curves = {{"outcome", {1, 1, 4, 5}}, {"sharpness", {2, 2, std::nan(""), 3}}, {"loss", {1e-20, 0, 1e5, 1}}};
  line.marks = proved_marks(resolved([&] {
    Grid grid = line.grid;
    grid.fixed.push_back({"x0", 1.1});
    return grid;
  }()));
  const std::string html = page_html(sweep_page(line));
  EXPECT_EQ(faults_of_page(html), "");
  EXPECT_TRUE(has(html, "2/h"));
  EXPECT_TRUE(has(html, "h|μ| = 1"));

  SweepReport four = report_of({axis("h", 0.1, 1, 2), axis("x0", -1, 1, 2), axis("y0", -1, 1, 3), axis("mu", 1, 2, 2)});
  four.grid.fixed.clear();
  add_picture(four, std::vector<std::uint8_t>(24, 1), "outcome");
  const std::string slice = page_html(sweep_page(four));
  EXPECT_TRUE(has(slice, "The grid has 4 axes"));
  EXPECT_TRUE(has(slice, "y0 = 0 (the middle one of 3 values)"));
}

TEST(SweepReport, WhatIsMissingIsSaid) {
  SweepReport report = report_of({axis("h", 0.1, 1.5, 3), axis("x0", -4, 4, 2)});
  report.computed = 2;
  EXPECT_TRUE(has(page_html(sweep_page(report)), "So far 2 of 6 cells are computed"));
}

TEST(SweepReport, OutcomesAreHeldAgainstTheTheorem) {
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.fixed = {{"mu", 1}, {"y0", 1}};
  grid.axes = {axis("h", 0.05, 3, 40), axis("x0", -4, 4, 41)};
  grid = resolved(grid);
  const GridCells runs(grid);
  std::vector<TinyRun> run(grid.cells());
  runs.runs(0, run);
  std::vector<TinyEnd> end(grid.cells());
  run_batch(run, end);
  std::vector<std::uint8_t> outcome;
  for (const TinyEnd& each : end) outcome.push_back(outcome_code(each.outcome));
  Cells cells;
  cells.plane = plane_of(grid);
  cells.outcome = outcome;
  const Confrontation all = confronted(grid, cells, 1u << 20).value();
  EXPECT_EQ(all.looked_at, grid.cells());
  EXPECT_GT(all.inside, 200u);
  EXPECT_GT(all.outside, 400u);
  EXPECT_EQ(all.inside_refuted, 0u);
  EXPECT_EQ(all.outside_refuted, 0u);
  EXPECT_EQ(all.inside_converged + all.inside_exhausted, all.inside);
  // A wrong outcome is noticed.
  for (std::uint8_t& code : outcome) code = code == 1 ? 4 : code == 4 ? 2 : code;
  const Confrontation wrong = confronted(grid, cells, 1u << 20).value();
  EXPECT_EQ(wrong.inside_refuted, all.inside_converged);
  EXPECT_EQ(wrong.outside_refuted, all.outside_diverged);
  // Fewer looks still reach every part.
  EXPECT_NEAR(static_cast<double>(confronted(grid, cells, 200)->looked_at), 200, 60);
}

TEST(SweepReport, MatrixOutcomesAreHeldAgainstTheEdge) {
  Grid grid;
  grid.kind = GridKind::matrix;
  grid.matrix = "A";
  grid.fixed = {{"rank", 1}};
  grid.axes = {axis("h", 0.1, 1, 10), axis("seed", 0, 3, 4)};
  grid = resolved(grid);
  std::vector<std::uint8_t> outcome;
  for (std::uint64_t cell = 0; cell < 40; ++cell) outcome.push_back(cell / 4 < 5 ? 1 : 2);
  Cells cells;
  cells.plane = plane_of(grid);
  cells.outcome = outcome;
  EXPECT_FALSE(confronted(grid, cells));
  const Confrontation on_the_edge = confronted(grid, cells, 1000, 2).value();  // h = 0.5 is the edge itself
  EXPECT_EQ(on_the_edge.looked_at, 40u);
  EXPECT_EQ(on_the_edge.near, 4u);
  EXPECT_EQ(on_the_edge.unstable, 20u);
  EXPECT_EQ(on_the_edge.unstable_converged, 0u);
  const Confrontation lower = confronted(grid, cells, 1000, 2.8).value();  // beyond h = 0.357
  EXPECT_EQ(lower.unstable, 28u);
  EXPECT_EQ(lower.unstable_converged, 8u);
  Grid multiples = grid;
  multiples.axes[0].key = "times_L";
  EXPECT_FALSE(confronted(multiples, cells, 1000, 2)) << "the rates are not known";

  SweepReport report = report_of({axis("h", 0.1, 1, 10), axis("seed", 0, 3, 4)});
  report.grid = grid;
  add_picture(report, outcome, "outcome");
  Cells all = cells;
  report.fractions = fractions(all);
  report.confronted = lower;
  report.proved = proved_curves(grid, 2.8);
  const std::string page = page_html(sweep_page(report));
  EXPECT_TRUE(has(page, "8 of 28"));
  EXPECT_TRUE(has(page, "any.necessary-rate"));
  EXPECT_FALSE(has(page, "Where divergence is proved"));
}

}  // namespace
}  // namespace equipoise::sweep_page_test
