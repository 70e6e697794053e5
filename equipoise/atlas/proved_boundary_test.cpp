// Points of the curves against the closed form of the critical rate, and a sign on each side of them.
#include "equipoise/atlas/proved_boundary.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "equipoise/theory/delta.hpp"

namespace equipoise::proved_boundary_test {
namespace {

Axis axis(std::string key, double from, double to, AxisScale scale = AxisScale::linear, std::uint64_t count = 64) {
  return {std::move(key), scale, from, to, count, {}};
}

Grid scalar_grid(Axis first, Axis second, double mu = 1) {
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.fixed = {{"mu", mu}, {"y0", 1}};
  grid.axes = {std::move(first), std::move(second)};
  return resolved(grid);
}

const ProvedCurve& named(const std::vector<ProvedCurve>& curves, std::string_view name) {
  return *std::ranges::find_if(curves, [&](const ProvedCurve& each) { return each.name == name; });
}

// 8 / (S + sqrt(S^2 - 16 mu (x y - mu))), where delta = 2.
double critical(double mu, double x, double y) {
  const double S = x * x + y * y;
  return 8 / (S + std::sqrt(S * S - 16 * mu * (x * y - mu)));
}

TEST(ProvedBoundary, IsTheClosedFormOnLinearAndLogAxes) {
  for (const AxisScale scale : {AxisScale::linear, AxisScale::log}) {
    for (const double mu : {1.0, -0.4}) {
      const std::vector<ProvedCurve> curves =
          proved_curves(scalar_grid(axis("h", 0.01, 1.2, scale), axis("x0", -4, 4), mu));
      ASSERT_FALSE(curves.empty());
      const ProvedCurve& curve = named(curves, "δ = 2");
      std::size_t points = 0;
      double leftmost = 4, rightmost = -4;
      for (const ProvedCurve::Line& line : curve.lines) {
        ASSERT_EQ(line.x.size(), line.y.size());
        for (std::size_t i = 0; i < line.x.size(); ++i) {
          const double h = line.x[i], x0 = line.y[i];
          EXPECT_NEAR(h, critical(mu, x0, 1), 1e-9 * h) << x0;
          if (i > 0) {
            EXPECT_LT(std::abs(x0 - line.y[i - 1]), 0.07) << "a hole";
          }
          leftmost = std::min(leftmost, x0);
          rightmost = std::max(rightmost, x0);
          ++points;
        }
      }
      EXPECT_GT(points, 150u);
      EXPECT_EQ(leftmost, -4);
      EXPECT_EQ(rightmost, 4);
      if (mu == 1) {
        for (const ProvedCurve::Line& line : named(curves, "h|μ| = 1").lines) {
          for (const double h : line.x) EXPECT_NEAR(h, 1, 1e-12);
        }
      }
    }
  }
}

TEST(ProvedBoundary, AnyPairOfAxes) {
  // Over (x0, y0) at fixed h the curve delta = 2 is the ellipse x^2 + y^2 - m x y + m^2 = 4 (times h): closed,
  // symmetric.
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.fixed = {{"mu", 1}, {"h", 0.5}};
  grid.axes = {axis("x0", -4, 4), axis("y0", -4, 4)};
  const std::vector<ProvedCurve> curves = proved_curves(resolved(grid));
  ASSERT_EQ(curves.size(), 1u) << "h mu = 1 is nowhere in it";
  ASSERT_EQ(curves[0].lines.size(), 1u);
  const ProvedCurve::Line& line = curves[0].lines[0];
  EXPECT_GT(line.x.size(), 80u);
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    const double x = std::sqrt(0.5) * line.x[i], y = std::sqrt(0.5) * line.y[i], m = 0.5;
    EXPECT_NEAR(x * x + y * y - m * x * y + m * m, 4, 1e-9);
  }
  EXPECT_NEAR(line.x.front(), line.x.back(), 0.05) << "closed";
  EXPECT_NEAR(line.y.front(), line.y.back(), 0.05);
}

TEST(ProvedBoundary, Isotropic) {
  Grid grid;
  grid.kind = GridKind::isotropic;
  grid.fixed = {{"mu", 1}, {"n", 10}, {"norm_y", 1}, {"cosine", 0.3}};
  grid.axes = {axis("h", 0.01, 1.4, AxisScale::log), axis("norm_x", 0.1, 5)};
  const std::vector<ProvedCurve> curves = proved_curves(resolved(grid));
  ASSERT_EQ(curves.size(), 3u);
  for (const ProvedCurve& curve : curves) {
    for (const ProvedCurve::Line& line : curve.lines) {
      for (std::size_t i = 0; i < line.x.size(); ++i) {
        const double h = line.x[i], norm = line.y[i];
        const double S = norm * norm + 1, w = 0.3 * norm;
        const double delta = h * (S + std::sqrt(S * S - 16 * (w - 1))) / 4;
        const double wanted = curve.name == "δ = 2" ? 2 : 1 + std::sqrt(std::max(0.0, 1 - h * h));
        EXPECT_TRUE(std::abs(h - 1) < 1e-9 || std::abs(delta - wanted) < 1e-6) << curve.name << ' ' << h << ' ' << norm;
      }
    }
  }
}

TEST(ProvedBoundary, NothingWhereTheoryIsSilent) {
  Grid list = scalar_grid(axis("h", 0.1, 1), axis("x0", -4, 4));
  list.axes[1] = Axis{"x0", AxisScale::list, -1, 2, 3, {-1, 0, 2}};
  EXPECT_TRUE(proved_curves(list).empty());
  EXPECT_TRUE(proved_curves(scalar_grid(axis("h", 0.1, 0.1, AxisScale::linear, 1), axis("x0", -4, 4))).empty());
  EXPECT_TRUE(proved_curves(scalar_grid(axis("h", 0.001, 0.002), axis("x0", -4, 4))).empty()) << "all converge";
}

TEST(ProvedBoundary, MarksOnOneAxis) {
  Grid grid;
  grid.kind = GridKind::scalar;
  grid.fixed = {{"mu", 1}, {"x0", 1.1}, {"y0", 1}};
  grid.axes = {axis("h", 0.01, 3)};
  const std::vector<ProvedMark> marks = proved_marks(resolved(grid));
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_NEAR(marks[0].at, critical(1, 1.1, 1), 1e-9);
  EXPECT_NEAR(marks[1].at, 1, 1e-12);
}

// Where h is an axis that reaches over 1 / sigma_1, first or second; nothing else is proved of a matrix.
TEST(ProvedBoundary, OfAMatrix) {
  Grid grid;
  grid.kind = GridKind::matrix;
  grid.matrix = "A";
  grid.fixed = {{"rank", 2}};
  grid.axes = {axis("h", 0.1, 1), axis("norm_x", 1, 5, AxisScale::log)};
  grid.fixed.push_back({"norm_y", 1});
  EXPECT_TRUE(proved_curves(resolved(grid)).empty()) << "the largest singular value is not known";
  std::vector<ProvedCurve> curves = proved_curves(resolved(grid), 4);
  ASSERT_EQ(curves.size(), 1u);
  EXPECT_EQ(curves[0].statement, "any.necessary-rate");
  ASSERT_EQ(curves[0].lines.size(), 1u);
  EXPECT_EQ(curves[0].lines[0].x, (std::vector<double>{0.25, 0.25}));
  EXPECT_EQ(curves[0].lines[0].y, (std::vector<double>{1, 5}));
  EXPECT_TRUE(proved_curves(resolved(grid), 0.5).empty());
  EXPECT_TRUE(proved_curves(resolved(grid), 20).empty());
  EXPECT_TRUE(proved_curves(resolved(grid), 0).empty());
  std::swap(grid.axes[0], grid.axes[1]);
  curves = proved_curves(resolved(grid), 4);
  ASSERT_EQ(curves.size(), 1u);
  EXPECT_EQ(curves[0].lines[0].x, (std::vector<double>{1, 5}));
  EXPECT_EQ(curves[0].lines[0].y, (std::vector<double>{0.25, 0.25}));

  grid.axes = {axis("h", 0.1, 1)};
  grid.fixed.push_back({"norm_x", 1});
  const std::vector<ProvedMark> marks = proved_marks(resolved(grid), 2);
  ASSERT_EQ(marks.size(), 1u);
  EXPECT_EQ(marks[0].at, 0.5);
  EXPECT_TRUE(proved_marks(resolved(grid)).empty());
  grid.axes = {axis("times_L", 0.1, 1)};
  EXPECT_TRUE(proved_marks(resolved(grid), 2).empty());
}

TEST(ProvedBoundary, Places) {
  const Axis log = axis("h", 0.01, 100, AxisScale::log);
  EXPECT_EQ(value_at(log, 0), 0.01);
  EXPECT_EQ(value_at(log, 1), 100);
  EXPECT_NEAR(value_at(log, 0.5), 1, 1e-14);
  EXPECT_EQ(value_at(axis("x0", -1, 3), 0.25), 0);
}

}  // namespace
}  // namespace equipoise::proved_boundary_test
