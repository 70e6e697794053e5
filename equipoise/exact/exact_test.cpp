// Exact numbers against integers that fit, and the filter's promise never to claim a wrong sign.
#include "equipoise/exact/exact.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise::exact_test {
namespace {

TEST(Exact, AgreesWithIntegersThatFit) {
  Generator random(1);
  for (int i = 0; i < 2000; ++i) {
    SCOPED_TRACE(i);
    const auto a = static_cast<std::int64_t>(random.next() % 2000000) - 1000000;
    const auto b = static_cast<std::int64_t>(random.next() % 2000000) - 1000000;
    const Exact x(static_cast<double>(a));
    const Exact y(static_cast<double>(b));
    EXPECT_EQ((x + y).nearest(), static_cast<double>(a + b));
    EXPECT_EQ((x - y).nearest(), static_cast<double>(a - b));
    EXPECT_EQ((x * y).nearest(), static_cast<double>(a * b));
    EXPECT_EQ((x - y).sign(), a < b ? -1 : a > b ? 1 : 0);
    if (a * b >= 0) {
      EXPECT_NEAR((x * y).root(), std::sqrt(static_cast<double>(a * b)), 1e-15 * std::abs(1e6));
    }
  }
}

TEST(Exact, HoldsEveryDoubleAndItsPowers) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  const double huge = std::numeric_limits<double>::max();
  for (const double value : {0.0, -0.0, 1.0, -1.0, 0.1, tiny, -tiny, huge, -huge, 3e-310}) {
    SCOPED_TRACE(value);
    const Exact x(value);
    EXPECT_EQ(x.nearest(), value);
    EXPECT_EQ(x.sign(), value > 0 ? 1 : value < 0 ? -1 : 0);
    EXPECT_EQ((x * x).root(), std::abs(value));
    EXPECT_EQ((x * x * x * x - x * x * (x * x)).sign(), 0);
  }
  // One part in 2^4200: far outside what any floating-point number can hold.
  const Exact one(1);
  const Exact crumb = Exact(tiny) * Exact(tiny) * Exact(tiny) * Exact(tiny);
  EXPECT_EQ((one + crumb - one - crumb).sign(), 0);
  EXPECT_EQ((one + crumb - one).sign(), 1);
  EXPECT_EQ((one - crumb - one).sign(), -1);
  EXPECT_EQ(crumb.nearest(), 0.0);
  EXPECT_TRUE(std::isinf((Exact(huge) * Exact(huge)).nearest()));
  EXPECT_NEAR((Exact(huge) * Exact(huge) * Exact(0.25)).root() / huge, 0.5, 1e-15);
  EXPECT_TRUE(std::isnan(Exact(-1.0).root()));
}

TEST(Exact, CopiesAndMoves) {
  Exact a(3);
  const Exact b = a;
  a = Exact(4);
  EXPECT_EQ(b.nearest(), 3);
  EXPECT_EQ(a.nearest(), 4);
  a = b;
  Exact c = std::move(a);
  EXPECT_EQ(c.nearest(), 3);
}

TEST(Exact, RefusesWhatIsNotFinite) {
  EXPECT_THROW(Exact{std::numeric_limits<double>::quiet_NaN()}, Error);
  EXPECT_THROW(Exact{std::numeric_limits<double>::infinity()}, Error);
}

// Random polynomials with cancellation at every scale: where the filter answers it must be right.
TEST(Approximate, NeverClaimsAWrongSign) {
  Generator random(7);
  int answered = 0;
  int cancelled = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    SCOPED_TRACE(trial);
    const int scale = static_cast<int>(random.next() % 600) - 300;
    std::array<double, 4> x;
    for (double& value : x) value = std::ldexp(random.normal(), scale + static_cast<int>(random.next() % 60) - 30);
    if (trial % 3 == 0) x[3] = x[0] * x[1] / x[2];  // x0 x1 - x2 x3 is then rounding error alone
    if (!std::isfinite(x[3])) x[3] = 1;
    const auto polynomial = [&x]<class Number>(Number) {
      return Number(x[0]) * Number(x[1]) - Number(x[2]) * Number(x[3]) + Number(x[0]) * Number(x[0]) * Number(0.0);
    };
    const std::optional<int> quick = sign(polynomial(Approximate()));
    const int truth = polynomial(Exact()).sign();
    if (quick) {
      EXPECT_EQ(*quick, truth);
      ++answered;
    } else {
      ++cancelled;
    }
  }
  EXPECT_GT(answered, 8000);
  EXPECT_GT(cancelled, 100);
}

TEST(SignWithRoot, DecidesWhereSquaresAreEqual) {
  // 3 - 2 sqrt(9/4) = 0, and a crumb on either side.
  const Exact crumb(std::ldexp(1.0, -300));
  EXPECT_EQ(*sign_with_root(Exact(3), Exact(-2), Exact(2.25)), 0);
  EXPECT_EQ(*sign_with_root(Exact(3) + crumb, Exact(-2), Exact(2.25)), 1);
  EXPECT_EQ(*sign_with_root(Exact(3) - crumb, Exact(-2), Exact(2.25)), -1);
  EXPECT_EQ(*sign_with_root(Exact(-3), Exact(2), Exact(2.25) + crumb), 1);
  EXPECT_EQ(*sign_with_root(Exact(-3), Exact(-2), Exact(2.25)), -1);
  EXPECT_EQ(*sign_with_root(Exact(0), Exact(-2), Exact(2.25)), -1);
  EXPECT_EQ(*sign_with_root(Exact(0), Exact(-2), Exact(0)), 0);
  EXPECT_EQ(*sign_with_root(Exact(5), Exact(-7), Exact(0)), 1);
  EXPECT_FALSE(sign_with_root(Approximate(3), Approximate(-2), Approximate(2.25)).has_value());
}

}  // namespace
}  // namespace equipoise::exact_test
