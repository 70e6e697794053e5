// A matrix of the experiment digits, here a small one: each singular direction of the limit by its definition.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_real_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(Real, DirectionsOfTheLimitHaveTheSingularValues) {
  const Measured found = measured("digits", {{"matrix", std::string("gaussian:12x8:seed=1")},
                                             {"rank", 3.0},
                                             {"norms", Words{"9,1"}},
                                             {"tolerance", 1e-8},
                                             {"max_steps", 20000.0}});
  const ResultTable &runs = found.table(), &directions = found.table("directions");
  EXPECT_EQ(directions.rows.size(), 3 * runs.rows.size());
  std::size_t converged = 0;
  for (const Row& run : runs.rows) {
    EXPECT_NEAR(number(runs, run, "2/h") * number(runs, run, "h"), 2, 1e-15);
    if (word(runs, run, "outcome") != "converged") continue;
    ++converged;
    double squares = 0, last = 1e300;
    for (const Row& row : directions.rows) {
      if (word(directions, row, "rate") != word(runs, run, "rate")) continue;
      const double x = number(directions, row, "x"), y = number(directions, row, "y");
      EXPECT_NEAR(number(directions, row, "ratio"), std::max(x / y, y / x), 1e-12);
      EXPECT_LT(number(directions, row, "product_error"), 1e-5);
      EXPECT_LE(number(directions, row, "singular_value"), last);
      last = number(directions, row, "singular_value");
      squares += x * x;
    }
    // At a minimiser X lies in the span of the top left singular vectors.
    EXPECT_NEAR(std::sqrt(squares), number(runs, run, "norm_x"), 1e-5 * number(runs, run, "norm_x"));
  }
  EXPECT_GE(converged, 2u);
}

}  // namespace
}  // namespace equipoise::procedure_real_test
