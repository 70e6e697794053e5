// Which matrices are multiples of orthogonal ones: exactly, nearly, or not.
#include "equipoise/theory/isotropic.hpp"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <cmath>
#include <limits>

#include "equipoise/core/start.hpp"

namespace equipoise::isotropic_test {
namespace {

TEST(Isotropy, SignedPermutationsAreExact) {
  Matrix A = Matrix::Zero(4, 4);
  A(0, 2) = 0.1;
  A(1, 0) = -0.1;
  A(2, 3) = 0.1;
  A(3, 1) = -0.1;
  EXPECT_EQ(isotropy(A), Isotropy::exactly);
  EXPECT_EQ(isotropy(std::ldexp(1.0, -600) * A), Isotropy::exactly);
  A(3, 1) = std::nextafter(-0.1, 0);
  EXPECT_EQ(isotropy(A), Isotropy::nearly);
  A(3, 1) = -0.2;
  EXPECT_EQ(isotropy(A), Isotropy::no);
}

TEST(Isotropy, ColumnsOfEqualLengthMustBeAtRightAnglesToo) {
  const double e = std::ldexp(1.0, -53);
  EXPECT_EQ(isotropy(Matrix{{1, e}, {e, 1}}), Isotropy::nearly);
  EXPECT_EQ(isotropy(Matrix{{1, e}, {-e, 1}}), Isotropy::exactly);
}

TEST(Isotropy, HadamardIsExactAndItsIrrationalScaleDoesNotMatter) {
  const Matrix A{{1, 1}, {1, -1}};
  EXPECT_EQ(isotropy(A), Isotropy::exactly);
  EXPECT_EQ(isotropy(std::ldexp(1.0, 500) * A), Isotropy::exactly);
  EXPECT_EQ(isotropy(std::ldexp(1.0, -900) * A), Isotropy::exactly);
  const Matrix pythagorean{{3, 4}, {-4, 3}};
  EXPECT_EQ(isotropy(pythagorean), Isotropy::exactly);
  Matrix rounded = 0.2 * pythagorean;
  EXPECT_EQ(isotropy(rounded), Isotropy::exactly);  // of this form whatever the entries
  rounded(1, 1) = 0.6;
  EXPECT_EQ(isotropy(rounded), Isotropy::nearly);
}

TEST(Isotropy, RoundedOrthogonalMatricesAreNearly) {
  const Index n = 12;
  Generator random(2);
  Eigen::MatrixXd G(n, n);
  for (double& x : G.reshaped()) x = random.normal();
  const Matrix Q = Eigen::HouseholderQR<Eigen::MatrixXd>(G).householderQ() * Eigen::MatrixXd::Identity(n, n);
  EXPECT_EQ(isotropy(Q), Isotropy::nearly);
  EXPECT_EQ(isotropy(Matrix(G)), Isotropy::no);
}

TEST(Isotropy, SmallAndOddShapes) {
  EXPECT_EQ(isotropy(Matrix(0, 0)), Isotropy::no);
  EXPECT_EQ(isotropy(Matrix::Constant(1, 1, 3)), Isotropy::exactly);
  EXPECT_EQ(isotropy(Matrix::Zero(3, 3)), Isotropy::exactly);
  EXPECT_EQ(isotropy(Matrix::Identity(2, 3)), Isotropy::no);
  EXPECT_EQ(isotropy(Matrix::Constant(2, 2, std::numeric_limits<double>::quiet_NaN())), Isotropy::no);
  EXPECT_EQ(isotropy(Matrix::Identity(100, 100)), Isotropy::exactly);
}

}  // namespace
}  // namespace equipoise::isotropic_test
