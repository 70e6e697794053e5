// Grids: what is put in, what is refused, windows and differences.
#include "equipoise/sweep/grid.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "equipoise/core/test_refusal.hpp"
#include "equipoise/sweep/test_grid.hpp"

namespace equipoise::grid_test {
namespace {

using test_grid::scalar_grid;
using test_refusal::refusal;

void expect_refused(Grid grid, const std::string& part) {
  const std::string message = refusal([&] { resolved(grid); });
  EXPECT_NE(message.find(part), std::string::npos) << "expected '" << part << "' in '" << message << "'";
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

TEST(Grid, ResolvingPutsInWhatWasLeftOut) {
  Grid grid = scalar_grid();
  grid.fixed = {{"y0", 1}, {"mu", 1}};
  const Grid done = resolved(grid);
  EXPECT_EQ(done.fixed_value("max_steps"), 100000);
  EXPECT_EQ(done.fixed_value("tolerance"), 1e-12);
  EXPECT_EQ(done.fixed.front().key, "mu");
  EXPECT_EQ(done.fields.size(), 8U);
  EXPECT_EQ(resolved(done), done);
  EXPECT_EQ(done.cells(), 15U);
  EXPECT_EQ(done.shape(), (std::vector<std::uint64_t>{5, 3}));
  EXPECT_EQ(done.place(7), (std::vector<std::uint64_t>{2, 1}));
  grid.fields = {Field::steps, Field::loss, Field::steps};
  EXPECT_EQ(resolved(grid).fields, (std::vector<Field>{Field::outcome, Field::steps, Field::loss}));
}

TEST(Grid, RefusesWhatMakesNoSense) {
  const auto with = [](const std::function<void(Grid&)>& change) {
    Grid grid = scalar_grid();
    change(grid);
    return grid;
  };
  const double inf = std::numeric_limits<double>::infinity();
  expect_refused(with([](Grid& g) { g.axes.clear(); }), "one to four axes");
  expect_refused(with([](Grid& g) {
                   g.fixed = {};
                   for (const char* key : {"mu", "y0", "max_steps"})
                     g.axes.push_back({key, AxisScale::linear, 1, 3, 3, {}});
                 }),
                 "has 5 (h, x0, mu, y0, max_steps)");
  expect_refused(with([](Grid& g) { g.axes[0].count = 0; }), "count of 0");
  expect_refused(with([](Grid& g) { g.axes[0].from = 2; }), "runs from 2 down to 1.2");
  expect_refused(with([](Grid& g) { g.axes[0].from = 1.2; }), "all be the same");
  expect_refused(with([](Grid& g) { g.axes[0].count = 1; }), "one value but two ends");
  expect_refused(with([&](Grid& g) { g.axes[1].to = inf; }), "finite");
  expect_refused(with([&](Grid& g) { g.axes[1].from = std::nan(""); }), "finite");
  expect_refused(with([](Grid& g) { g.axes[0].from = 0; }), "h is 0; it must be positive");
  expect_refused(with([](Grid& g) { g.axes[1].scale = AxisScale::log; }), "logarithmic");
  expect_refused(with([](Grid& g) { g.axes[0].key = "x0"; }), "twice");
  expect_refused(with([](Grid& g) { g.axes[1].key = "mu"; }), "as well");
  expect_refused(with([](Grid& g) { g.axes[1].key = "norm_x"; }), "cannot be an axis of kind scalar");
  expect_refused(with([](Grid& g) { g.axes[0] = {"h", AxisScale::list, 0, 0, 3, {1, 2, 1}}; }), "lists 1 twice");
  expect_refused(with([](Grid& g) { g.axes[0] = {"h", AxisScale::list, 0, 0, 0, {}}; }), "count of 0");
  expect_refused(with([](Grid& g) { g.axes[0].count = std::uint64_t{1} << 47; }), "2^48");
  expect_refused(with([](Grid& g) { g.axes[0].count = std::numeric_limits<std::uint64_t>::max(); }), "2^48");
  expect_refused(with([](Grid& g) { g.fixed.push_back({"h", 0.1}); }), "as well");
  expect_refused(with([](Grid& g) { g.fixed.push_back({"times_L", 0.1}); }), "times_L gives the learning rate");
  expect_refused(with([](Grid& g) {
                   g.fixed.pop_back();
                   g.fixed.push_back({"max_steps", 1.5});
                 }),
                 "whole number");
  expect_refused(with([](Grid& g) { g.fixed.push_back({"tolerance", -1}); }), "between 0 and 1");
  expect_refused(with([](Grid& g) { g.fixed.erase(g.fixed.begin()); }), "mu is missing");
  expect_refused(with([](Grid& g) { g.axes.erase(g.axes.begin()); }), "learning rate is missing");
  expect_refused(with([](Grid& g) { g.start_x = {1}; }), "lists");
  expect_refused(with([](Grid& g) { g.matrix = "A.mtx"; }), "takes no matrix");
  expect_refused(with([](Grid& g) { g.last = 3; }), "orbit");
  expect_refused(with([](Grid& g) { g.output = OutputKind::orbit; }), "needs last");
  expect_refused(with([](Grid& g) {
                   g.output = OutputKind::orbit;
                   g.last = 20002;
                 }),
                 "20001 iterates");
  expect_refused(with([](Grid& g) {
                   g.fixed.pop_back();
                   g.axes.push_back({"max_steps", AxisScale::linear, 1, 4, 3, {}});
                 }),
                 "1.5 apart");

  Grid isotropic;
  isotropic.kind = GridKind::isotropic;
  isotropic.fixed = {{"mu", 1}, {"n", 4}, {"norm_x", 1}, {"norm_y", 1}, {"h", 1}, {"cosine", 0}};
  isotropic.axes = {{"seed", AxisScale::linear, 0, 1, 2, {}}};
  expect_refused(isotropic, "seed has no meaning here");
  isotropic.fixed = {{"mu", 1}, {"n", 1}, {"norm_x", 1}, {"norm_y", 1}, {"h", 1}};
  expect_refused(isotropic, "n is 1");
  isotropic.fixed = {{"mu", 1}, {"h", 1}};
  isotropic.axes = {{"norm_x", AxisScale::linear, 1, 2, 2, {}}};
  isotropic.start_x = {1, 2};
  expect_refused(isotropic, "y0 is missing");
  isotropic.start_y = {1, 2, 3};
  expect_refused(isotropic, "x0 has 2 entries and y0 has 3");
  isotropic.start_y = {1, 2};
  isotropic.start_x = {0, 0};
  expect_refused(isotropic, "all zero");

  Grid matrix;
  matrix.kind = GridKind::matrix;
  matrix.fixed = {{"rank", 2}};
  matrix.axes = {{"h", AxisScale::linear, 1, 2, 2, {}}};
  expect_refused(matrix, "matrix is missing");
  matrix.matrix = "scalar:1";
  matrix.fixed.push_back({"norm_x", 1});
  expect_refused(matrix, "together");
  matrix.fixed = {{"rank", 1}};
}

TEST(Grid, WindowsStayInTheirAxes) {
  Grid grid = scalar_grid();
  grid.axes.push_back({"tolerance", AxisScale::list, 0, 0, 3, {1e-6, 1e-9, 1e-12}});
  grid = resolved(grid);
  const std::vector<Window> windows = {{"h", 0.1, 0.2, 0}, {"x0", -4, 1, 7}, {"tolerance", 1e-10, 1e-5, 0}};
  const Grid part = zoomed(grid, windows);
  EXPECT_EQ(part.axes[0].from, 0.1);
  EXPECT_EQ(part.axes[0].count, 5U);
  EXPECT_EQ(part.axes[1].count, 7U);
  EXPECT_EQ(part.axes[2].list, (std::vector<double>{1e-6, 1e-9}));
  EXPECT_EQ(part.fixed, grid.fixed);
  const auto refused = [&](Window window) { return refusal([&] { zoomed(grid, std::span(&window, 1)); }); };
  EXPECT_NE(refused({"mu", 0, 1, 0}).find("its axes are h, x0, tolerance"), std::string::npos);
  EXPECT_NE(refused({"h", 0.2, 0.1, 0}).find("lower end first"), std::string::npos);
  EXPECT_NE(refused({"h", 0.001, 0.1, 0}).find("reaches beyond"), std::string::npos);
  EXPECT_NE(refused({"tolerance", 0.1, 0.2, 0}).find("no value"), std::string::npos);
}

TEST(Grid, SaysWhatDiffers) {
  const Grid grid = resolved(scalar_grid());
  EXPECT_EQ(difference(grid, grid), "");
  Grid other = scalar_grid();
  other.axes[0].to = 1.3;
  EXPECT_NE(difference(grid, resolved(other)).find("from 0.01 to 1.2 in 5 linear values in one and from 0.01 to 1.3"),
            std::string::npos);
  other = scalar_grid();
  other.fixed[2].value = 100;
  EXPECT_EQ(difference(grid, resolved(other)), "max_steps is 20000 in one and 100 in the other");
  other = scalar_grid();
  other.fields = {Field::loss};
  EXPECT_NE(difference(grid, resolved(other)), "");
}

}  // namespace
}  // namespace equipoise::grid_test
