// The spectral norm of the residual against a dense SVD.
#include "equipoise/core/residual_norm.hpp"

#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <limits>

#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/observed.hpp"
#include "equipoise/problems/ridge.hpp"

namespace equipoise::residual_norm_test {
namespace {

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) { return gaussian_factors({rows, 0, cols}, seed).X(); }

double largest_singular_value(const Matrix& R) {
  return R.size() == 0 ? 0 : Eigen::JacobiSVD<Eigen::MatrixXd>(R).singularValues()[0];
}

TEST(ResidualSpectralNorm, AgreesWithADenseSvd) {
  for (const Shape shape : {Shape{1, 1, 1}, Shape{1, 6, 2}, Shape{9, 1, 1}, Shape{8, 5, 3}, Shape{40, 60, 2}}) {
    for (const double scale : {1.0, 1e-9, 1e9}) {
      SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " scale " << scale);
      const Matrix A = scale * gaussian(shape.rows, shape.cols, 81);
      Factors z = gaussian_factors(shape, 82);
      z.flat() *= std::sqrt(scale);
      const double wanted = largest_singular_value(A - z.X() * z.Y().transpose());
      const auto problem = dense_problem(A);
      const SpectralNorm found = residual_spectral_norm(*problem, z);
      EXPECT_NEAR(found.value, wanted, 1e-8 * wanted + found.residual);
      EXPECT_LE(found.residual, 1e-6 * wanted);
      // A ridge is no part of the residual.
      EXPECT_NEAR(residual_spectral_norm(*ridge_problem(dense_problem(A), 3 * scale), z).value, wanted,
                  1e-8 * wanted + found.residual);
    }
  }
}

// Entries that are not known are zero in the residual, whatever the factors say there.
TEST(ResidualSpectralNorm, OfObservedEntriesAlone) {
  const Matrix A = gaussian(9, 7, 83);
  const Factors z = gaussian_factors({9, 7, 2}, 84);
  Matrix R = A - z.X() * z.Y().transpose();
  SparseMatrix known(9, 7);
  for (Index i = 0; i < 9; ++i) {
    for (Index j = 0; j < 7; ++j) {
      if ((i + 2 * j) % 3 == 0) {
        known.insert(i, j) = A(i, j);
      } else {
        R(i, j) = 0;
      }
    }
  }
  const SpectralNorm found = residual_spectral_norm(*observed_problem(known), z);
  EXPECT_NEAR(found.value, largest_singular_value(R), 1e-8 * found.value);
}

TEST(ResidualSpectralNorm, OfAnExactFitAndOfNothing) {
  const Factors z = gaussian_factors({6, 5, 2}, 85);
  const Matrix A = z.X() * z.Y().transpose();
  EXPECT_LE(residual_spectral_norm(*dense_problem(A), z).value, 1e-14 * A.norm());
  EXPECT_EQ(residual_spectral_norm(*dense_problem(Matrix(0, 3)), Factors({0, 3, 1})).value, 0);
}

TEST(ResidualSpectralNorm, OfFactorsThatAreNotFiniteIsNoNumber) {
  Factors z = gaussian_factors({4, 3, 1}, 86);
  z.flat()[2] = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(residual_spectral_norm(*dense_problem(gaussian(4, 3, 87)), z).value));
}

}  // namespace
}  // namespace equipoise::residual_norm_test
