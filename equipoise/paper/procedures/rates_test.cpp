// Rates: the proved bound of the imbalance by its formula, and proved forecasts against the runs.
#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/paper/procedures/test_procedure.hpp"

namespace equipoise::procedure_rates_test {
namespace {

using namespace test_procedure;
using Words = std::vector<std::string>;
using Numbers = std::vector<double>;

TEST(Rates, BoundsAndForecastsHold) {
  const Measured found = measured("rates", {{"seeds", Numbers{2, 4, 1}}, {"count", 6.0}, {"fine_count", 8.0}});
  const ResultTable& table = found.table();
  std::size_t foretold = 0, bounded = 0;
  for (const Row& row : table.rows) {
    const double h = number(table, row, "h");
    const std::string outcome = word(table, row, "outcome"), forecast = word(table, row, "forecast");
    if (number(table, row, "rank") == 1 && h < 1) {
      EXPECT_NEAR(number(table, row, "limit.balance"), std::sqrt(4 / (h * h) - 4), 1e-9 / h);
    }
    if (outcome == "converged") {
      ++bounded;
      EXPECT_LE(number(table, row, "imbalance"), number(table, row, "limit.balance") * (1 + 1e-3));
    }
    foretold += forecast == "converges" ? 1 : 0;
    if (forecast == "converges") {
      EXPECT_TRUE(outcome == "converged" || outcome == "exhausted") << outcome;
    } else if (forecast == "does not") {
      EXPECT_NE(outcome, "converged");
    }
  }
  EXPECT_GE(foretold, 10u);
  EXPECT_GE(bounded, 10u);
}

}  // namespace
}  // namespace equipoise::procedure_rates_test
