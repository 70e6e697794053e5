// Phases: r+ = s r + h^2 (...) is an identity at every step, and delta never rises where the rate is the proved one.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_phases_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(Phases, IdentitiesHoldAtEveryStep) {
  const Measured found = measured("phases", {{"seeds", 3.0}, {"norms", Words{"9,1", "19,1"}}});
  const ResultTable& table = found.table();
  for (const Row& row : table.rows) {
    EXPECT_LT(number(table, row, "identity_error"), 1e-11);
    EXPECT_LE(number(table, row, "delta_rise"), 1e-10);
    EXPECT_LT(std::abs(number(table, row, "last_s")), 1);
    EXPECT_LE(number(table, row, "contraction_from"), number(table, row, "steps"));
    EXPECT_GE(number(table, row, "largest_growth"), 1);
  }
}

}  // namespace
}  // namespace equipoise::procedure_phases_test
