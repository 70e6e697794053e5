// The generator's doubles are fixed for ever, and starts have the norms and products that they promise.
#include "equipoise/core/start.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/balance.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::start_test {
namespace {

// splitmix64(0) begins with this word in the publication's test vectors; xoshiro's first output follows from four of
// them.
TEST(Generator, FollowsThePublishedAlgorithm) {
  std::uint64_t words[4];
  std::uint64_t seed = 0;
  for (std::uint64_t& word : words) {
    seed += 0x9e3779b97f4a7c15U;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    word = z ^ (z >> 31);
  }
  EXPECT_EQ(words[0], 0xe220a8397b1dcdafU);
  const std::uint64_t times_five = words[1] * 5;
  EXPECT_EQ(Generator(0).next(), ((times_five << 7) | (times_five >> 57)) * 9);
}

TEST(Generator, SameDoublesForEver) {
  Generator generator(7);
  EXPECT_EQ(generator.uniform(), Generator(7).uniform());
  Generator other(7);
  other.uniform();
  EXPECT_EQ(generator.normal(), other.normal());
  EXPECT_NE(Generator(8).normal(), Generator(7).normal());
}

TEST(Generator, NormalHasTheMomentsOfANormal) {
  Generator generator(1);
  constexpr int count = 200000;
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  int beyond_two = 0;
  for (int i = 0; i < count; ++i) {
    const double x = generator.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond_two += std::abs(x) > 2 ? 1 : 0;
  }
  EXPECT_NEAR(sum / count, 0, 5 / std::sqrt(count));
  EXPECT_NEAR(squares / count, 1, 5 * std::sqrt(2.0 / count));
  EXPECT_NEAR(fourth / count, 3, 5 * std::sqrt(96.0 / count));
  EXPECT_NEAR(static_cast<double>(beyond_two) / count, std::erfc(std::sqrt(2.0)), 0.003);
}

TEST(Start, GaussianHasTheScaleOfTheProblem) {
  Matrix A(2, 3);
  A << 3, 0, 0, 0, 4, 0;
  const Factors start = gaussian_start(*dense_problem(A), 2, 5);
  EXPECT_NEAR(start.X().norm(), 2, 1e-12);
  EXPECT_NEAR(start.Y().norm(), 2, 1e-12);
  const Factors zero = gaussian_start(*dense_problem(Matrix::Zero(2, 3)), 2, 5);
  EXPECT_NEAR(zero.X().norm(), 1, 1e-12);
}

TEST(Start, NormsAreScaledAndChecked) {
  const Factors raw = gaussian_factors({3, 2, 2}, 1);
  const Factors scaled = with_norms(raw, 9, 1);
  EXPECT_NEAR(scaled.X().norm(), 9, 1e-14 * 9);
  EXPECT_NEAR(scaled.Y().norm(), 1, 1e-14);
  EXPECT_EQ(with_norms(raw, 0, 1).X().norm(), 0);
  EXPECT_THROW(with_norms(raw, -1, 1), Error);
  EXPECT_THROW(with_norms(raw, std::nan(""), 1), Error);
  EXPECT_THROW(with_norms(raw, INFINITY, 1), Error);
  EXPECT_THROW(with_norms(Factors({3, 2, 2}), 1, 1), Error);
}

TEST(Start, SpectralIsTheBalancedMinimiser) {
  for (const auto& [rows, cols, rank] :
       {Shape{6, 4, 2}, Shape{4, 6, 4}, Shape{3, 3, 5}, Shape{1, 1, 1}, Shape{1, 5, 1}, Shape{40, 30, 3}}) {
    const Matrix A = gaussian_factors({rows, 0, cols}, 3).X();
    const Factors start = spectral_start(*dense_problem(A), rank);
    const Vector s = singular_values(A);
    const double left_over = s.tail(std::max<Index>(0, s.size() - rank)).norm();
    EXPECT_NEAR((A - start.X() * start.Y().transpose()).norm(), left_over, 1e-9 * s[0])
        << rows << " x " << cols << " rank " << rank;
    EXPECT_NEAR(balance(start).imbalance, 0, 1e-9 * s[0]);
  }
}

TEST(Start, RebalancingKeepsTheProduct) {
  for (const Shape shape :
       {Shape{6, 4, 2}, Shape{4, 6, 5}, Shape{2, 3, 7}, Shape{1, 1, 1}, Shape{1, 1, 3}, Shape{5, 1, 2}}) {
    const Factors start = with_norms(gaussian_factors(shape, 11), 300, 1);
    const Factors balanced = rebalanced(start);
    EXPECT_NEAR((start.X() * start.Y().transpose() - balanced.X() * balanced.Y().transpose()).norm(), 0, 1e-12 * 300);
    EXPECT_LT(balance(balanced).imbalance, 1e-12 * 300);
  }
  EXPECT_EQ(rebalanced(Factors({3, 2, 2})).flat().norm(), 0);
  EXPECT_EQ(rebalanced(Factors({3, 2, 0})).shape().rank, 0);
}

}  // namespace
}  // namespace equipoise::start_test
