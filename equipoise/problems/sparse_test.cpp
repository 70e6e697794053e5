// Sparse problems: empty rows and columns, stored zeros, and how accurate the loss is.
#include "equipoise/problems/sparse.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/observed.hpp"
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

SparseMatrix every_third(Index rows, Index cols) {
  SparseMatrix A(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    A.startVec(i);
    for (Index j = i % 3; j < cols; j += 3) A.insertBack(i, j) = std::sin(static_cast<double>(i * cols + j));
  }
  A.finalize();
  return A;
}

// The arrays of scipy, with indices of 32 or of 64 bits, and columns in any order.
TEST(Sparse, ViewsOfForeignArraysGiveTheSameBits) {
  const SparseMatrix A = every_third(11, 13);
  std::mt19937_64 random(3);
  const Factors at = random_factors({11, 13, 3}, random);
  Factors want(at.shape()), got(at.shape());
  const double loss = sparse_problem(A)->gradient(at, want);
  const std::vector<std::int32_t> outer(A.outerIndexPtr(), A.outerIndexPtr() + 12);
  std::vector<std::int32_t> inner(A.innerIndexPtr(), A.innerIndexPtr() + A.nonZeros());
  std::vector<double> values(A.valuePtr(), A.valuePtr() + A.nonZeros());
  SparseView view{11, 13, SparsePlaces<std::int32_t>{outer.data(), inner.data()}, values.data()};
  EXPECT_EQ(view.stored(), A.nonZeros());
  EXPECT_EQ(sparse_problem(view)->gradient(at, got), loss);
  EXPECT_TRUE(same_bits(want, got));
  EXPECT_EQ(sparse_problem(borrowed(A))->gradient(at, got), loss);
  EXPECT_TRUE(same_bits(want, got));
  std::swap(inner[0], inner[1]);
  std::swap(values[0], values[1]);
  EXPECT_NEAR(sparse_problem(view)->gradient(at, got), loss, 1e-13 * loss);
  inner[2] = 13;
  EXPECT_THROW(sparse_problem(view), Error);
  inner[2] = -1;
  EXPECT_THROW(sparse_problem(view), Error);
  EXPECT_THROW(sparse_problem(SparseView{-1, 2, {}, nullptr}), Error);
  const std::vector<std::int32_t> falling = {0, 2, 1};
  EXPECT_THROW(
      sparse_problem(SparseView{2, 13, SparsePlaces<std::int32_t>{falling.data(), inner.data()}, values.data()}),
      Error);
  EXPECT_EQ(sparse_problem(SparseView{0, 5, {}, nullptr})->entries(), 0);
}

TEST(Sparse, TheOwnerIsLetGoOnceTheEntriesAreRead) {
  SparseMatrix A = every_third(20, 20);
  SparseView view = taken(A);
  EXPECT_EQ(A.nonZeros(), 0);
  const std::weak_ptr<const void> owner = view.owner;
  const auto problem = sparse_problem(std::move(view));
  EXPECT_TRUE(owner.expired());
  SparseMatrix uncompressed(2, 2);
  uncompressed.insert(1, 0) = 1;
  EXPECT_THROW(borrowed(uncompressed), Error);
}

// Megabytes of this process: a line of /proc/self/status, or 0.
double megabytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0;
    if (word == key && status >> kilobytes) return kilobytes / 1024;
  }
  return 0;
}

#if defined(__has_feature)  // clang; g++ has macros
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

// Two copies of 12 bytes an entry, the first made beside A, the second in its place.
TEST(Sparse, TakesTheMemoryOfTwoBlockedCopiesAtMost) {
  if (sanitized) GTEST_SKIP() << "sanitizers keep what was freed";
  std::ofstream reset("/proc/self/clear_refs");
  if (!(reset << "5" << std::flush)) GTEST_SKIP() << "no /proc/self/clear_refs to begin anew with";
  for (const bool observed : {false, true}) {
    SparseMatrix A = every_third(3000, 3000);  // 3 million entries
    const double million = static_cast<double>(A.nonZeros()) / 1e6, before = megabytes("VmRSS:");
    ASSERT_GT(before, 0);
    std::ofstream("/proc/self/clear_refs") << "5";
    const auto problem = observed ? observed_problem(std::move(A)) : sparse_problem(std::move(A));
    EXPECT_LE(megabytes("VmHWM:") - before, 20 * million) << before;
    EXPECT_LE(megabytes("VmRSS:") - before, 12 * million) << before;  // 24 kept, 16 given back
  }
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
