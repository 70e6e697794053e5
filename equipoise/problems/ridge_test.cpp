// The ridge: no weight changes nothing, a wrong weight is refused, a known minimum is found.
#include "equipoise/problems/ridge.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::ridge_test {
namespace {

TEST(Ridge, NoWeightIsTheBaseItself) {
  auto base = dense_problem(Matrix(Matrix::Ones(2, 3)));
  const Problem* address = base.get();
  const auto ridged = ridge_problem(std::move(base), 0);
  EXPECT_EQ(ridged.get(), address);
  EXPECT_TRUE(ridged->complete());
}

TEST(Ridge, RefusesAWrongWeightOrNoBase) {
  for (const double bad :
       {-1e-300, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(ridge_problem(dense_problem(Matrix(Matrix::Ones(2, 3))), bad), Error) << bad;
  }
  EXPECT_THROW(ridge_problem(nullptr, 1.0), Error);
}

// f = 1/2 (mu - xy)^2 + lambda/2 (x^2 + y^2) has its minimum at x = y = sqrt(mu - lambda), with f = lambda (mu -
// lambda/2).
TEST(Ridge, ScalarDescentEndsAtTheShrunkValue) {
  const double mu = 2, lambda = 0.5;
  const auto problem = ridge_problem(dense_problem(Matrix::Constant(1, 1, mu).eval()), lambda);
  Factors z(Matrix::Constant(1, 1, 3.0), Matrix::Constant(1, 1, 0.1));
  std::vector<StepTrace> trace(3000);
  problem->advance(z, 0.05, trace);
  EXPECT_NEAR(z.data()[0], std::sqrt(mu - lambda), 1e-12);
  EXPECT_NEAR(z.data()[1], std::sqrt(mu - lambda), 1e-12);
  EXPECT_NEAR(trace.back().loss, lambda * (mu - lambda / 2), 1e-12);
}

}  // namespace
}  // namespace equipoise::ridge_test
