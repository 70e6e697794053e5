// Spectral problems: the loss where it is small, rectangular padding, and what is refused.
#include "equipoise/problems/spectral.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise {
namespace {

using namespace equipoise::testing;

Matrix diagonal(const Vector& s, Index rows, Index cols) {
  Matrix A = Matrix::Zero(rows, cols);
  for (Index i = 0; i < s.size(); ++i) A(i, i) = s[i];
  return A;
}

TEST(Spectral, FewerValuesThanRowsAndColumns) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{6, 9, 2}, Shape{9, 6, 4}, Shape{5, 5, 8}, Shape{2, 9, 3},
                             Shape{9, 2, 3}, Shape{7, 7, 0}}) {
    for (Index count = 0; count <= std::min(shape.rows, shape.cols); ++count) {
      SCOPED_TRACE(text(shape) + " values " + std::to_string(count));
      std::mt19937_64 random(41);
      Vector s = random_matrix(count, 1, random).cwiseAbs();
      std::sort(s.begin(), s.end(), std::greater<>());
      const auto problem = spectral_problem(s, shape.rows, shape.cols);
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      check_against_definition(*problem, diagonal(s, shape.rows, shape.cols), Matrix::Ones(shape.rows, shape.cols), at,
                               u, 2);
    }
  }
}

// Where A can be fitted exactly the loss keeps digits down to (eps |A|)^2: the error is a multiple of eps |A| sqrt(f).
TEST(Spectral, LossIsAccurateNearAnExactFit) {
  std::mt19937_64 random(42);
  const Shape shape{12, 15, 4};
  Vector s(3);
  s << 5, 2, 0.25;
  Factors fit(shape);
  for (Index i = 0; i < 3; ++i) fit.X()(i, i) = fit.Y()(i, i) = std::sqrt(s[i]);
  const auto problem = spectral_problem(s, shape.rows, shape.cols);
  const Matrix A = diagonal(s, shape.rows, shape.cols), known = Matrix::Ones(shape.rows, shape.cols);
  Factors gradient(shape);
  for (const double distance : {1e-2, 1e-5, 1e-8, 1e-11}) {
    SCOPED_TRACE(distance);
    Factors at(fit);
    at.flat() += distance * random_factors(shape, random).flat();
    const double want = static_cast<double>(expected(A, known, at, at).loss);
    const double eps = std::numeric_limits<double>::epsilon();
    EXPECT_NEAR(problem->gradient(at, gradient), want, 8 * eps * (want + A.norm() * std::sqrt(want)));
  }
}

// The last terms are 1/2 |S2 - X2 Y2^T|^2; at the best rank-one fit they are f*.
TEST(Spectral, LossAtTheBestFitOfTooSmallARank) {
  Vector s(3);
  s << 4, 2, 1;
  Factors at(Shape{3, 3, 1}), gradient(Shape{3, 3, 1});
  at.X()(0, 0) = at.Y()(0, 0) = 2;
  EXPECT_EQ(spectral_problem(s, 3, 3)->gradient(at, gradient), 2.5);
  EXPECT_EQ(gradient.flat().norm(), 0);
}

TEST(Spectral, RefusesWhatIsNoSpectrum) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(spectral_problem(Vector::Ones(4), 3, 9), Error);
  EXPECT_THROW(spectral_problem(Vector::Ones(4), 9, 3), Error);
  EXPECT_THROW(spectral_problem(Vector::Constant(1, -1e-300), 3, 3), Error);
  EXPECT_THROW(spectral_problem(Vector::Constant(1, nan), 3, 3), Error);
  EXPECT_THROW(spectral_problem(Vector(0), -1, 3), Error);
  Matrix A = Matrix::Ones(3, 4);
  EXPECT_THROW(spectral_coordinates(A, Factors(Shape{4, 3, 1})), Error);
  const SpectralCoordinates in = spectral_coordinates(A, Factors(Shape{3, 4, 1}));
  EXPECT_THROW(in.restore(Factors(Shape{3, 4, 1})), Error);
  A(1, 1) = nan;
  EXPECT_THROW(spectral_coordinates(A, Factors(Shape{3, 4, 1})), Error);
}

// A start inside the singular subspaces, one with X = 0, and one with equal columns leave nothing or little beyond
// them.
TEST(Spectral, StartsWithNothingBeyondTheSingularVectors) {
  std::mt19937_64 random(43);
  const Matrix P = random_matrix(10, 2, random), Q = random_matrix(8, 2, random);
  const Matrix A = P * Q.transpose();
  const Matrix equal = random_matrix(10, 1, random) * Matrix::Ones(1, 3);
  const Matrix Y = random_matrix(8, 3, random);
  const Matrix inside = P * random_matrix(2, 3, random);
  Matrix nearly = inside;
  nearly(3, 1) += 1e-170;
  Matrix hidden = Matrix::Zero(10, 3);
  hidden.col(0).setConstant(1e-170);
  for (const Matrix& X : {inside, Matrix(Matrix::Zero(10, 3)), equal, nearly, hidden}) {
    const Factors start(X, Y);
    const SpectralCoordinates in = spectral_coordinates(A, start);
    EXPECT_EQ(in.left.cols(), 5);
    EXPECT_LE((in.left.transpose() * in.left - Matrix::Identity(5, 5)).norm(), 1e-13);
    EXPECT_LE((in.restore(in.start).X() - X).cwiseAbs().maxCoeff(), 1e-14 * X.cwiseAbs().maxCoeff());
    Factors here(start), there(in.start);
    std::vector<StepTrace> trace(50);
    dense_problem(A)->advance(here, 0.01, trace);
    in.problem->advance(there, 0.01, trace);
    EXPECT_LE((in.restore(there).flat() - here.flat()).norm(), 1e-12 * here.flat().norm());
  }
}

}  // namespace
}  // namespace equipoise
