// Double-double operations against exact numbers, on every vector width of this processor.
#include "equipoise/exact/double_double.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <random>

#include "equipoise/exact/exact.hpp"

namespace equipoise::double_double_test {
namespace {

Exact exact(const DoubleDouble& a) { return Exact(a.high) + Exact(a.low); }
Exact magnitude(const Exact& a) { return a.sign() < 0 ? Exact(0) - a : a; }

void expect_close(const DoubleDouble& got, const Exact& truth, const Exact& error, const char* what) {
  EXPECT_LE((magnitude(exact(got) - truth) - error).sign(), 0) << what << ": " << got.high << " + " << got.low;
}

/// Of any size, with low parts that are also zero, tiny, or as large as they can be.
DoubleDouble random_number(std::mt19937_64& random) {
  std::uniform_real_distribution<double> digits(-1, 1);
  std::uniform_int_distribution<int> exponent(-30, 30);
  const double high = std::ldexp(digits(random), exponent(random));
  const double low = high * digits(random) * std::ldexp(1.0, -53 - 20 * static_cast<int>(random() % 3));
  return double_double::fast_two_sum(high, random() % 4 == 0 ? 0.0 : low);
}

/// Calls body() with every target that Highway has compiled and this processor runs.
template <class Body>
void on_every_target(const Body& body) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    body();
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
}

TEST(DoubleDouble, SumsAndProductsStayWithinTheirUnit) {
  std::mt19937_64 random(11);
  const Exact unit(double_double_unit);
  for (int round = 0; round < 20000; ++round) {
    const DoubleDouble a = random_number(random);
    DoubleDouble b = random_number(random);
    // Cancellation down to the last bits.
    if (round % 3 == 0)
      b = double_double::fast_two_sum(-a.high, -a.low * (1 + static_cast<double>(random() % 8) * 0x1p-50));
    const Exact sum = exact(a) + exact(b);
    const Exact product = exact(a) * exact(b);
    expect_close(a + b, sum, unit * magnitude(sum), "sum");
    expect_close(a - (-b), sum, unit * magnitude(sum), "difference");
    expect_close(a * b, product, unit * magnitude(product), "product");
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(DoubleDouble, QuotientsAndRootsMultiplyBack) {
  std::mt19937_64 random(12);
  for (int round = 0; round < 2000; ++round) {
    const DoubleDouble a = random_number(random);
    const DoubleDouble b = random_number(random);
    const Exact back = exact(quotient(a, b)) * exact(b);
    EXPECT_LE((magnitude(back - exact(a)) - Exact(0x1p-98) * magnitude(exact(a))).sign(), 0);
    const DoubleDouble square = a * a;
    const DoubleDouble r = root(square);
    EXPECT_LE((magnitude(exact(r) * exact(r) - exact(square)) - Exact(0x1p-98) * exact(square)).sign(), 0);
  }
  EXPECT_EQ(root(0.0).high, 0);
}

TEST(DoubleDouble, ColumnsDoTheSame) {
  on_every_target([] {
    std::mt19937_64 random(13);
    const Exact unit(double_double_unit);
    for (const std::ptrdiff_t length : {1, 2, 7, 8, 9, 31}) {
      // Columns with low parts come from columns without, by a sum of multiples.
      std::vector<std::vector<DoubleDouble>> plain(4, std::vector<DoubleDouble>(static_cast<std::size_t>(length)));
      Columns columns(length, 4);
      for (std::ptrdiff_t j = 0; j < 4; ++j) {
        for (std::ptrdiff_t i = 0; i < length; ++i) {
          const double value = random_number(random).high;
          columns.set(i, j, value);
          plain[static_cast<std::size_t>(j)][static_cast<std::size_t>(i)] = value;
        }
      }
      const DoubleDouble factor = random_number(random);
      const DoubleDouble c = random_number(random);
      const DoubleDouble s = random_number(random);
      columns.add_multiple(1, factor, columns, 0);
      columns.add_exact_multiple(2, factor.high, columns, 0);
      columns.rotate(2, 3, c, s);
      for (std::size_t i = 0; i < plain[0].size(); ++i) {
        plain[1][i] = plain[1][i] + factor * plain[0][i];
        plain[2][i] = plain[2][i] + double_double::two_product(factor.high, plain[0][i].high);
        const DoubleDouble x = plain[2][i];
        const DoubleDouble y = plain[3][i];
        plain[2][i] = c * x + s * y;
        plain[3][i] = c * y + -s * x;
      }
      for (std::ptrdiff_t a = 0; a < 4; ++a) {
        for (std::ptrdiff_t b = 0; b < 4; ++b) {
          Exact sum(0);
          Exact size(0);
          for (std::size_t i = 0; i < plain[0].size(); ++i) {
            const Exact term =
                exact(plain[static_cast<std::size_t>(a)][i]) * exact(plain[static_cast<std::size_t>(b)][i]);
            sum = sum + term;
            size = size + magnitude(term);
          }
          expect_close(columns.dot(a, b), sum, unit * size * Exact(static_cast<double>(length + 9)), "dot");
        }
      }
    }
  });
}

}  // namespace
}  // namespace equipoise::double_double_test
