// Norms and imbalance, at every scale.
#include "equipoise/core/balance.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/start.hpp"

namespace equipoise::balance_test {
namespace {

TEST(Balance, AgreesWithItsDefinition) {
  const Factors z = gaussian_factors({5, 3, 2}, 4);
  const Balance b = balance(z);
  EXPECT_NEAR(b.norm_x, z.X().norm(), 1e-14);
  EXPECT_NEAR(b.norm_y, z.Y().norm(), 1e-14);
  EXPECT_NEAR(b.imbalance, (z.X().transpose() * z.X() - z.Y().transpose() * z.Y()).norm(), 1e-13);
  EXPECT_NEAR(b.ratio, std::max(b.norm_x / b.norm_y, b.norm_y / b.norm_x), 1e-14);
}

TEST(Balance, ScalesExactlyFromTinyToHuge) {
  const Factors z = gaussian_factors({5, 3, 2}, 4);
  const Balance b = balance(z);
  for (const int exponent : {-500, -250, 250, 500}) {
    Factors scaled = z;
    scaled.flat() *= std::ldexp(1.0, exponent);
    const Balance c = balance(scaled);
    EXPECT_EQ(c.norm_x, std::ldexp(b.norm_x, exponent));
    EXPECT_EQ(c.imbalance, std::ldexp(b.imbalance, 2 * exponent));
    EXPECT_EQ(c.ratio, b.ratio);
  }
}

TEST(Balance, DegenerateFactors) {
  EXPECT_EQ(balance(Factors({0, 0, 0})).ratio, 1);
  EXPECT_EQ(balance(Factors({2, 3, 1})).imbalance, 0);
  EXPECT_EQ(balance(Factors({2, 3, 1})).ratio, 1);
  Factors one_sided({1, 1, 1});
  one_sided.X()(0, 0) = 3;
  EXPECT_EQ(balance(one_sided).imbalance, 9);
  EXPECT_TRUE(std::isinf(balance(one_sided).ratio));
  one_sided.Y()(0, 0) = NAN;
  EXPECT_TRUE(std::isnan(balance(one_sided).norm_x));
}

}  // namespace
}  // namespace equipoise::balance_test
