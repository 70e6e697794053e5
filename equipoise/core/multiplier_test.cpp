// Multipliers of matrices whose eigenvalues are known: signs, complex pairs, near-equal magnitudes, neutral directions,
// small and large.
#include "equipoise/core/multiplier.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise::multiplier_test {
namespace {

using Complex = std::complex<double>;

// A matrix with these eigenvalues (of a complex pair one), in a basis that is not orthogonal.
Eigen::MatrixXd with_eigenvalues(const std::vector<Complex>& values, std::uint64_t seed) {
  Index size = 0;
  for (const Complex each : values) size += each.imag() != 0 ? 2 : 1;
  Eigen::MatrixXd blocks = Eigen::MatrixXd::Zero(size, size);
  Index at = 0;
  for (const Complex each : values) {
    if (each.imag() != 0) {
      blocks.block(at, at, 2, 2) << each.real(), -each.imag(), each.imag(), each.real();
      at += 2;
    } else {
      blocks(at, at) = each.real();
      ++at;
    }
  }
  const auto orthogonal = [&](std::uint64_t own) {
    return thin_qr(gaussian_factors({size, 0, size}, own).X()).orthonormal;
  };
  const Eigen::MatrixXd left = orthogonal(seed), right = orthogonal(seed + 1);
  Vector stretch(size);
  for (Index i = 0; i < size; ++i) stretch[i] = 1 + 2 * static_cast<double>(i % 7) / 7;
  const Eigen::MatrixXd inside =
      stretch.asDiagonal() * right * blocks * right.transpose() * stretch.cwiseInverse().asDiagonal();
  return left * inside * left.transpose();
}

TurnMultiplier largest_of(const Eigen::MatrixXd& J, double room = 1e-6) {
  return largest_multiplier(
      J.rows(),
      [&](State w) {
        w = (J * w).eval();
        return true;
      },
      room, local_space());
}

struct Case {
  std::vector<Complex> values;
  double want;
};
const Case cases[] = {
    {{0.5}, 0.5},
    {{-0.5}, -0.5},
    {{1.0, -0.7, 0.3}, -0.7},
    {{1.0, 1.0, 1.0}, 1},
    {{0.62, -0.6199}, 0.62},
    {{0.6199, -0.62}, -0.62},
    {{0.62, -0.62}, 0.62},
    {{Complex(-0.3, 0.4), 0.45}, 0.5},
    {{Complex(0.0, 0.9), 1.0, -0.2}, 0.9},
    {{Complex(0.3, 0.4), -0.51, 1.0}, -0.51},
    {{1.0, 0.9995}, 0.9995},
    {{1.7, -0.4, 1.0}, 1.7},
    {{0.0, 0.0}, 0},
};

TEST(Multiplier, OfAFewUnknowns) {
  for (const Case& each : cases) {
    const TurnMultiplier found = largest_of(with_eigenvalues(each.values, 5));
    EXPECT_NEAR(found.largest, each.want, 1e-9) << each.values.size();
    EXPECT_EQ(found.residual, 0);
  }
}

// The same with many smaller ones beside them, and many neutral ones.
TEST(Multiplier, OfManyUnknownsByIteration) {
  for (const Case& each : cases) {
    if (each.want == 0) continue;
    for (const Index neutral : {0, 30}) {
      std::vector<Complex> values = each.values;
      for (Index i = 0; i < neutral; ++i) values.emplace_back(1.0);
      const bool all_neutral = each.want == 1;
      for (int i = 0; i < 90; ++i) values.emplace_back(all_neutral ? 1.0 : 0.4 * std::cos(i));
      const TurnMultiplier found = largest_of(with_eigenvalues(values, 6));
      EXPECT_NEAR(found.largest, each.want, 1e-6) << each.want << " with " << neutral;
    }
  }
}

TEST(Multiplier, OfATurnOfThePlaneIsAClosedForm) {
  Eigen::Matrix2d J;
  J << 0.3, 0.1, 0, -0.8;
  EXPECT_NEAR(largest_multiplier(J), -0.8, 1e-15);
  J << 0, 0.81, 1, 0;
  EXPECT_NEAR(largest_multiplier(J), 0.9, 1e-15);  // +-0.9
  J << 0.3, -0.4, 0.4, 0.3;
  EXPECT_NEAR(largest_multiplier(J), 0.5, 1e-15);
  J << -0.5, 1, 0, -0.5;
  EXPECT_NEAR(largest_multiplier(J), -0.5, 1e-15);
  J << 1, 0, 0, 0.2;
  EXPECT_NEAR(largest_multiplier(J), 1, 1e-15);  // no direction is neutral here
}

TEST(Multiplier, WhatIsNotFiniteIsNotKnown) {
  for (const Index size : {3, 100}) {
    const TurnMultiplier found = largest_multiplier(
        size, [](State) { return false; }, 0, local_space());
    EXPECT_TRUE(found.given_up);
    EXPECT_TRUE(std::isnan(found.largest));
  }
  EXPECT_TRUE(std::isnan(largest_of(Eigen::MatrixXd::Constant(3, 3, std::nan(""))).largest));
  EXPECT_TRUE(std::isnan(largest_of(Eigen::MatrixXd::Constant(80, 80, std::nan(""))).largest));
  EXPECT_TRUE(std::isnan(largest_of(Eigen::MatrixXd(0, 0)).largest));
}

}  // namespace
}  // namespace equipoise::multiplier_test
