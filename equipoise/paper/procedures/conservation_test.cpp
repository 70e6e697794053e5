// Conservation: the first step changes the imbalance by h^2 times something that does not depend on h.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_conservation_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(Conservation, TheFirstStepIsQuadraticInTheRate) {
  const Measured found = measured("conservation", {{"seeds", 1.0}, {"max_steps", 20000.0}, {"tolerance", 1e-2}});
  const ResultTable& table = found.table();
  for (const std::string matrix : {"isotropic:100:1.0", "gaussian:20x20:seed=1"}) {
    double quotient = 0;
    std::size_t rows = 0;
    for (const Row& row : table.rows) {
      // Gradient flow is a row, too, with no h.
      if (word(table, row, "matrix") != matrix || !(number(table, row, "h") > 0)) continue;
      const double now = number(table, row, "first_step") / std::pow(number(table, row, "h"), 2);
      if (rows > 0) {
        EXPECT_NEAR(now, quotient, 1e-6 * quotient) << matrix;
      }
      quotient = now;
      ++rows;
      EXPECT_LT(number(table, row, "identity_error"), 1e-10);
    }
    EXPECT_GE(rows, 3u);
  }
}

}  // namespace
}  // namespace equipoise::procedure_conservation_test
