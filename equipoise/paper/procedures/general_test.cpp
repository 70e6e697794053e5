// General matrices: what holds at every minimiser of ½‖A − XYᵀ‖², whatever the matrix and its rank.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_general_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(General, LimitsObeyTheIdentitiesOfMinimisers) {
  const Measured found = measured("general", {{"sizes", Numbers{5, 20}}, {"seeds", Numbers{2, 1}}});
  const ResultTable& table = found.table();
  std::size_t minimisers = 0;
  for (const Row& row : table.rows) {
    EXPECT_EQ(number(table, row, "2/h"), 2 / number(table, row, "h"));
    EXPECT_EQ(number(table, row, "bounded"), word(table, row, "outcome") == "diverged" ? 0 : 1);
    if (word(table, row, "outcome") != "converged" || word(table, row, "limit") != "minimiser") continue;
    ++minimisers;
    EXPECT_LT(number(table, row, "sharpness_error"), 1e-2);
    EXPECT_LE(number(table, row, "sharpness"), number(table, row, "2/h") * (1 + 1e-3));
    EXPECT_LE(number(table, row, "imbalance"), number(table, row, "limit.balance") * (1 + 1e-3));
    EXPECT_GE(number(table, row, "ratio"), 1);
  }
  EXPECT_GE(minimisers, 40u);
}

}  // namespace
}  // namespace equipoise::procedure_general_test
