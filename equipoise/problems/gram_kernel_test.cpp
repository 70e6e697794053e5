// Grams and products with small matrices: every remainder, the same bits on every target, and nothing touched that lies
// beside.
#include "equipoise/problems/gram_kernel.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "equipoise/problems/test_only_target.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::gram_kernel_test {
namespace {

using namespace equipoise::testing;

TEST(GramKernel, EveryTargetGivesTheBitsOfTheDefinition) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (const Index p : {0, 1, 2, 3, 5, 6, 7, 8, 9, 13, 16, 31, 33}) {
      for (const Index q : {1, 2, 4, 7, 8, 11, 24, 25, 32, 37}) {
        for (const Index rows : {0, 1, 5, 7, 29}) {
          SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text({rows, p, q}));
          std::mt19937_64 random(static_cast<std::uint64_t>(p * 100 + q));
          const Matrix P = random_matrix(rows, p, random), Q = random_matrix(rows, q, random),
                       G = random_matrix(p, q, random);
          Matrix gram = Matrix::Zero(p, q), product = Matrix::Ones(rows, q);
          for (Index k = 0; k < p; ++k) {
            for (Index l = 0; l < q; ++l) {
              for (Index i = 0; i < rows; ++i) gram(k, l) += P(i, k) * Q(i, l);
            }
          }
          for (Index i = 0; i < rows; ++i) {
            for (Index l = 0; l < q; ++l) {
              for (Index k = 0; k < p; ++k) product(i, l) += P(i, k) * G(k, l);
            }
          }
          // One double after the start, so that nothing is aligned to a vector; sevens around the results.
          std::vector<double> got_gram(static_cast<std::size_t>(p * q + 2), 7.0),
              got_product(static_cast<std::size_t>(rows * q + 2), 1.0);
          got_product.front() = got_product.back() = 7;
          gram_rows({P.data(), rows, p}, {Q.data(), rows, q}, got_gram.data() + 1);
          add_product_rows({P.data(), rows, p}, G.data(), q, got_product.data() + 1);
          const std::vector<double> want_gram(gram.data(), gram.data() + p * q),
              want_product(product.data(), product.data() + rows * q);
          EXPECT_EQ(std::vector<double>(got_gram.begin() + 1, got_gram.end() - 1), want_gram);
          EXPECT_EQ(std::vector<double>(got_product.begin() + 1, got_product.end() - 1), want_product);
          for (const auto* around : {&got_gram, &got_product}) {
            EXPECT_EQ(around->front(), 7.0);
            EXPECT_EQ(around->back(), 7.0);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace equipoise::gram_kernel_test
