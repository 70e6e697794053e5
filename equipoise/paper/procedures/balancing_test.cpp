// Limits of balancing: at a minimiser the sharpness is |x|^2 + |y|^2, and theory bounds how unbalanced it is.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_balancing_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(Balancing, LimitsObeyTheIdentitiesOfMinimisers) {
  const Measured found = measured("balancing", {{"seeds", 6.0}, {"norms", Words{"9,1", "19,1"}}});
  const ResultTable& table = found.table();
  std::size_t converged = 0;
  for (const Row& row : table.rows) {
    const double h = number(table, row, "h");
    EXPECT_NEAR(number(table, row, "limit.balance"), 2 / h - 2, 1e-12 / h);
    if (word(table, row, "outcome") != "converged" || word(table, row, "limit") != "minimiser") continue;
    ++converged;
    const double squared = number(table, row, "difference_squared");
    // x.y = mu = 1 there, so that |x|^2 + |y|^2 = |x - y|^2 + 2.
    EXPECT_NEAR(number(table, row, "sharpness"), squared + 2, 1e-6 * (squared + 2));
    EXPECT_NEAR(squared, std::pow(number(table, row, "difference"), 2), 1e-9 * squared);
    EXPECT_LE(squared, (2 / h - 2) * (1 + 1e-9));
    EXPECT_LE(number(table, row, "sharpness"), 2 / h * (1 + 1e-9));
  }
  EXPECT_GE(converged, 20u);
}

}  // namespace
}  // namespace equipoise::procedure_balancing_test
