// Lemma E against its own statement: where it fires, the product grows for ever, at least fivefold a step.
#include "equipoise/core/divergence.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/descent.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::divergence_test {
namespace {

double norm2(const Matrix& M) { return singular_values(M)[0]; }

TEST(LemmaE, BoundsAreOnTheSafeSide) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Shape shape{1 + static_cast<Index>(seed % 7), 1 + static_cast<Index>(seed % 5),
                      1 + static_cast<Index>(seed % 4)};
    Factors z = gaussian_factors(shape, seed);
    z.flat() *= std::exp(0.03 * static_cast<double>(seed));
    const double h = 0.3;
    const LemmaE evidence = lemma_e(z, h, 2.0);
    EXPECT_LE(evidence.nu_lower, h * norm2(z.X() * z.Y().transpose()));
    EXPECT_GE(evidence.S_upper, h * z.flat().squaredNorm());
    EXPECT_GE(evidence.s_upper, h * 2.0);
    EXPECT_GE(evidence.needed, 4 * (1 + h * 2.0));
    EXPECT_GE(evidence.needed * evidence.needed, 4 * h * z.flat().squaredNorm());
  }
}

TEST(LemmaE, WhereItFiresTheProductGrowsFivefold) {
  int fired = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    const Shape shape{1 + static_cast<Index>(seed % 4), 1 + static_cast<Index>(seed % 3),
                      1 + static_cast<Index>(seed % 3)};
    const Matrix A = gaussian_factors({shape.rows, 0, shape.cols}, seed + 500).X();
    const auto problem = dense_problem(A);
    Factors start = gaussian_factors(shape, seed);
    start.flat() *= 2.5;
    Descent descent(*problem, start, 0.4);
    for (int step = 0; step < 40; ++step) {
      if (lemma_e(descent.at(), 0.4, A.norm()).holds) {
        ++fired;
        double nu = norm2(descent.at().X() * descent.at().Y().transpose());
        for (int k = 0; k < 3; ++k) {
          descent.step();
          const double next = norm2(descent.at().X() * descent.at().Y().transpose());
          EXPECT_GE(next, 5 * nu * (1 - 1e-9));
          nu = next;
        }
        break;
      }
      descent.step();
    }
  }
  EXPECT_GT(fired, 50);
}

TEST(LemmaE, SilentWhereNothingIsSure) {
  EXPECT_FALSE(lemma_e(Factors({2, 2, 1}), 1, 1).holds);
  Factors one_sided({1, 1, 1});
  one_sided.X()(0, 0) = 1e100;  // a minimiser of A = 0, however large
  EXPECT_FALSE(lemma_e(one_sided, 1, 0).holds);
  one_sided.Y()(0, 0) = NAN;
  EXPECT_FALSE(lemma_e(one_sided, 1, 0).holds);
  Factors huge({1, 1, 1});
  huge.flat().setConstant(1e200);
  EXPECT_FALSE(lemma_e(huge, 1, 1).holds);  // overflow proves nothing
}

}  // namespace
}  // namespace equipoise::divergence_test
