// Observed problems: what is unknown does not count, a stored zero does.
#include "equipoise/problems/observed.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::observed_test {
namespace {

using namespace equipoise::testing;

TEST(Observed, AgreesWithTheDefinitionOverTheKnownEntries) {
  for (const Shape& shape : shapes()) {
    for (const double density : {0.0, 0.15, 0.8}) {
      SCOPED_TRACE(text(shape) + " density " + std::to_string(density));
      std::mt19937_64 random(21);
      Matrix A = random_matrix(shape.rows, shape.cols, random), known = Matrix::Zero(shape.rows, shape.cols);
      std::uniform_real_distribution<double> uniform;
      for (Index i = 0; i < A.size(); ++i) {
        if (uniform(random) < density) known.data()[i] = 1;
        if (uniform(random) < 0.2) A.data()[i] = 0;  // some known entries are zero
      }
      const auto problem = observed_problem(sparse_from(A, known));
      EXPECT_EQ(problem->rows(), shape.rows);
      EXPECT_EQ(problem->cols(), shape.cols);
      EXPECT_EQ(problem->entries(), static_cast<Index>(known.sum()));
      EXPECT_EQ(problem->complete(), static_cast<Index>(known.sum()) == A.size());
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      check_against_definition(*problem, A, known, at, u);
      check_derivatives(*problem, at, u, random_factors(shape, random));
      const double h = 0.5 / (1 + at.flat().squaredNorm() + A.norm());
      check_advance(*problem, at, h);
      check_imbalance_identity(*problem, at, h);
    }
  }
}

TEST(Observed, SameBitsForAnyNumberOfThreads) {
  const Shape shape{700, 500, 5};
  std::mt19937_64 random(22);
  Matrix known = Matrix::Zero(shape.rows, shape.cols);
  for (Index i = 0; i < known.size(); ++i) known.data()[i] = random() % 3 == 0;
  const auto problem = observed_problem(sparse_from(random_matrix(shape.rows, shape.cols, random), known));
  const Factors at = random_factors(shape, random), u = random_factors(shape, random);
  check_threads(*problem, at, u, 1e-5);
}

TEST(Observed, HugeAndTinyEntriesScaleExactly) {
  const Shape shape{9, 11, 3};
  for (const int exponent : {490, -490}) {
    std::mt19937_64 random(23);
    Matrix known = Matrix::Zero(shape.rows, shape.cols);
    for (Index i = 0; i < known.size(); ++i) known.data()[i] = random() % 2 == 0;
    const Matrix A = random_matrix(shape.rows, shape.cols, random);
    const Factors at = random_factors(shape, random);
    Factors scaled(at), gradient(shape), scaled_gradient(shape), want(shape);
    scaled.flat() *= std::ldexp(1.0, exponent / 2);
    const double loss = observed_problem(sparse_from(A, known))->gradient(at, gradient);
    const double scaled_loss =
        observed_problem(sparse_from(Matrix(A * std::ldexp(1.0, exponent)), known))->gradient(scaled, scaled_gradient);
    EXPECT_NEAR(std::ldexp(scaled_loss, -2 * exponent), loss, 1e-12 * loss);
    want.flat() = gradient.flat() * std::ldexp(1.0, exponent / 2 * 3);
    EXPECT_TRUE(same_bits(scaled_gradient, want));
  }
}

TEST(Observed, RefusesNumbersThatAreNotFinite) {
  SparseMatrix A(3, 4);
  A.insert(1, 2) = -std::numeric_limits<double>::infinity();
  EXPECT_THROW(observed_problem(A), Error);
}

}  // namespace
}  // namespace equipoise::observed_test
