// Sparse problems: empty rows and columns, stored zeros, and how accurate the loss is.
#include "equipoise/problems/sparse.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::sparse_test {
namespace {

using namespace equipoise::testing;

TEST(Sparse, EmptyRowsAndColumnsAndStoredZeros) {
  Matrix A = Matrix::Zero(6, 7), stored = Matrix::Zero(6, 7);
  A(1, 2) = 3, A(1, 6) = -1, A(4, 2) = 0.5;
  stored = A;
  stored(5, 0) = 1;  // a stored zero is a zero like the others
  std::mt19937_64 random(1);
  const Factors at = random_factors({6, 7, 2}, random), u = random_factors({6, 7, 2}, random);
  const auto problem = sparse_problem(sparse_from(A, stored));
  EXPECT_EQ(problem->entries(), 42);
  EXPECT_TRUE(problem->complete());
  check_against_definition(*problem, A, Matrix::Ones(6, 7), at, u, 4);
}

TEST(Sparse, UncompressedInputIsAccepted) {
  SparseMatrix A(3, 4);
  A.insert(2, 1) = 5;
  A.insert(0, 3) = -2;
  A.insert(2, 0) = 1;
  ASSERT_FALSE(A.isCompressed());
  std::mt19937_64 random(1);
  const Factors at = random_factors({3, 4, 2}, random), u = random_factors({3, 4, 2}, random);
  check_against_definition(*sparse_problem(A), Matrix(A), Matrix::Ones(3, 4), at, u, 4);
}

// Near a fit the loss is never negative, and off by no more than promised.
TEST(Sparse, LossNearAnExactFit) {
  std::mt19937_64 random(2);
  Factors at = random_factors({40, 50, 3}, random);
  at.X().bottomRows(25).setZero();
  at.Y().topRows(20).setZero();
  const Matrix A = at.X() * at.Y().transpose();
  const auto problem = sparse_problem(sparse_from(A, A));
  Factors gradient(at.shape());
  for (int trial = 0; trial < 50; ++trial) {
    Factors near(at);
    near.flat() += 1e-9 * random_factors(at.shape(), random).flat();
    const double loss = problem->gradient(near, gradient);
    EXPECT_GE(loss, 0);
    EXPECT_NEAR(loss, (A - near.X() * near.Y().transpose()).squaredNorm() / 2, 8 * 2.2e-16 * A.squaredNorm());
  }
}

TEST(Sparse, PassingFromALargeLossToASmallOneKeepsEveryBit) {
  std::mt19937_64 random(7);
  for (const bool full : {false, true}) {
    Factors fit = random_factors({60, 50, 3}, random);
    if (!full) fit.X().bottomRows(35).setZero(), fit.Y().topRows(20).setZero();
    const Matrix A = fit.X() * fit.Y().transpose();
    // Where every entry is stored, a small loss has all its digits.
    check_passage(*sparse_problem(sparse_from(A, full ? Matrix::Ones(60, 50).eval() : A)), A, fit, full ? 0 : 8);
  }
}

// What is measured where the loss is small, by entries, and what comes from products where it is large are the same
// loss: between the two there is no step of more than rounding.
TEST(Sparse, LossIsContinuousWhereItsFormChanges) {
  std::mt19937_64 random(8);
  Factors fit = random_factors({60, 50, 3}, random), gradient(fit.shape());
  fit.X().bottomRows(35).setZero();
  const Matrix A = fit.X() * fit.Y().transpose();
  const auto problem = sparse_problem(sparse_from(A, A));
  for (double size = 1.0; size < 1.4; size += 0.003) {
    Factors z(fit);
    z.flat() *= size;
    const double want = std::pow(size * size - 1, 2) * A.squaredNorm() / 2;
    EXPECT_NEAR(problem->gradient(z, gradient), want, 1e-13 * want + 8 * 2.2e-16 * A.squaredNorm());
  }
}

TEST(Sparse, RefusesNumbersThatAreNotFinite) {
  SparseMatrix A(3, 4);
  A.insert(1, 2) = std::numeric_limits<double>::quiet_NaN();
  try {
    sparse_problem(A);
    ADD_FAILURE() << "accepted nan";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("row 1, column 2"), std::string::npos) << error.what();
  }
}

TEST(Sparse, ManyRowsAreCutIntoRunsThatAddUp) {
  std::mt19937_64 random(3);
  const Shape shape{20000, 300, 2};
  std::vector<Eigen::Triplet<double, Index>> entries;
  // One heavy row, many empty ones.
  for (Index j = 0; j < 300; ++j) entries.emplace_back(700, j, 1.0 + static_cast<double>(j));
  for (Index i = 1000; i < 20000; i += 3) entries.emplace_back(i, static_cast<Index>(random() % 300), 2.0);
  SparseMatrix A(shape.rows, shape.cols);
  A.setFromTriplets(entries.begin(), entries.end());
  const Factors at = random_factors(shape, random), u = random_factors(shape, random);
  const auto problem = sparse_problem(A);
  Factors gradient(shape);
  problem->gradient(at, gradient);
  const Matrix want_x = at.X() * (at.Y().transpose() * at.Y()) - A * at.Y();
  const Matrix want_y = at.Y() * (at.X().transpose() * at.X()) - A.transpose() * at.X();
  EXPECT_LE((gradient.X() - want_x).norm(), 1e-12 * want_x.norm());
  EXPECT_LE((gradient.Y() - want_y).norm(), 1e-12 * want_y.norm());
  check_threads(*problem, at, u, 1e-6);
}

}  // namespace
}  // namespace equipoise::sparse_test
