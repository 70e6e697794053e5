// Sharpness along runs: at the end it is |X|₂² + |Y|₂² and below 2/h; on the way never below what it starts with.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_sharpness_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(SharpnessAlongRuns, EndsBelowTwoOverH) {
  const Measured found = measured("sharpness", {{"matrices", Words{"isotropic:100:1.0", "gaussian:8x6:seed=1"}},
                                                {"ranks", Numbers{1, 2}},
                                                {"norms", Words{"9,1", "9,1"}},
                                                {"seeds", Numbers{2, 2}},
                                                {"max_steps", Numbers{2000, 2000}},
                                                {"sharpness_every", Numbers{1, 1}}});
  const ResultTable& table = found.table();
  std::size_t converged = 0;
  for (const Row& row : table.rows) {
    const double limit = number(table, row, "2/h");
    EXPECT_NEAR(number(table, row, "start_over_limit"), number(table, row, "h L") / 2, 1e-9);
    EXPECT_GE(number(table, row, "highest"), number(table, row, "sharpness_start") * (1 - 1e-6));
    if (word(table, row, "outcome") != "converged") continue;
    ++converged;
    EXPECT_LE(number(table, row, "sharpness"), limit * (1 + 1e-6));
    EXPECT_NEAR(number(table, row, "end_over_limit"), number(table, row, "sharpness") / limit, 1e-12);
    EXPECT_LT(number(table, row, "sharpness_error"), 1e-3);
    EXPECT_LT(number(table, row, "last_above"), number(table, row, "steps"));
  }
  EXPECT_GE(converged, 8u);
}

}  // namespace
}  // namespace equipoise::procedure_sharpness_test
