// Decompositions against the matrix that they are of, above all where singular values are equal.
#include "equipoise/core/decompositions.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/start.hpp"

namespace equipoise::decompositions_test {
namespace {

Eigen::MatrixXd gaussian(Index rows, Index cols, std::uint64_t seed) {
  return gaussian_factors({rows, 0, cols}, seed).X();
}
Eigen::MatrixXd orthonormal(Index rows, Index cols, std::uint64_t seed) {
  return thin_qr(gaussian(rows, cols, seed)).orthonormal;
}

void expect_svd_of(const Eigen::MatrixXd& A, const Vector& values) {
  const Svd svd = thin_svd(A);
  const Index k = std::min(A.rows(), A.cols());
  const double scale = std::max(A.stableNorm(), 1e-300);
  ASSERT_EQ(svd.values.size(), k);
  EXPECT_LE((svd.left * svd.values.asDiagonal() * svd.right.transpose() - A).stableNorm(), 1e-13 * scale);
  EXPECT_LE((svd.left.transpose() * svd.left - Eigen::MatrixXd::Identity(k, k)).norm(), 1e-12);
  EXPECT_LE((svd.right.transpose() * svd.right - Eigen::MatrixXd::Identity(k, k)).norm(), 1e-12);
  EXPECT_LE((svd.values - values).cwiseAbs().maxCoeff(), 1e-13 * scale);
  EXPECT_LE((singular_values(A) - values).cwiseAbs().maxCoeff(), 1e-13 * scale);
}

// Eigen's divide and conquer alone misses some of these by 1e-4.
TEST(Decompositions, EqualSingularValues) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    const Index m = 30, n = seed % 2 == 0 ? 30 : 40;
    Vector values(m);
    values << 5, 4, 3, Vector::Constant(17, 2), Vector::Constant(10, 0.5);
    const Eigen::MatrixXd A =
        orthonormal(m, m, 3 * seed) * values.asDiagonal() * orthonormal(n, m, 3 * seed + 1).transpose();
    expect_svd_of(A, values);
    expect_svd_of(A.transpose(), values);
  }
}

TEST(Decompositions, SizesAndScales) {
  EXPECT_EQ(thin_svd(Eigen::MatrixXd(0, 3)).values.size(), 0);
  EXPECT_EQ(thin_svd(Eigen::MatrixXd(0, 3)).right.rows(), 3);
  EXPECT_EQ(singular_values(Eigen::MatrixXd(0, 0)).size(), 0);
  EXPECT_EQ(symmetric_eigenvalues(Eigen::MatrixXd(0, 0)).size(), 0);
  EXPECT_EQ(thin_qr(Eigen::MatrixXd(4, 0)).orthonormal.rows(), 4);
  expect_svd_of(Eigen::MatrixXd::Zero(3, 2), Vector::Zero(2));
  expect_svd_of(Eigen::MatrixXd::Constant(1, 1, -3), Vector::Constant(1, 3));
  for (const int exponent : {-900, -300, 0, 300, 900}) {
    Vector values(4);
    values << 4, 2, 1, 0;
    values *= std::ldexp(1.0, exponent);
    expect_svd_of(orthonormal(6, 4, 1) * values.asDiagonal() * orthonormal(4, 4, 2).transpose(), values);
  }
}

TEST(Decompositions, SymmetricEigenvaluesAndQr) {
  for (const Index size : {1, 2, 7, 40}) {
    const Eigen::MatrixXd G = gaussian(size, size, 5);
    const Eigen::MatrixXd S = G + G.transpose();
    const SymmetricEigen eigen = symmetric_eigen(S);
    EXPECT_LE((eigen.vectors * eigen.values.asDiagonal() * eigen.vectors.transpose() - S).norm(), 1e-13 * S.norm());
    EXPECT_LE((symmetric_eigenvalues(S) - eigen.values).cwiseAbs().maxCoeff(), 1e-13 * S.norm());
    for (const Index cols : {Index{1}, size, 2 * size}) {
      const Eigen::MatrixXd A = gaussian(size, cols, 6);
      const Qr qr = thin_qr(A);
      const Index k = std::min(size, cols);
      EXPECT_LE((qr.orthonormal * qr.triangle - A).norm(), 1e-13 * A.norm());
      EXPECT_LE((qr.orthonormal.transpose() * qr.orthonormal - Eigen::MatrixXd::Identity(k, k)).norm(), 1e-13);
      for (Index i = 1; i < k; ++i) EXPECT_EQ(qr.triangle.row(i).head(std::min(i, cols)).cwiseAbs().sum(), 0);
    }
  }
}

}  // namespace
}  // namespace equipoise::decompositions_test
