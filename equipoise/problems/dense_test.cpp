// The vector kernel: every target of this processor, every remainder, single precision, memory that is not aligned.
#include "equipoise/problems/dense.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense_kernel.hpp"
#include "equipoise/problems/test_only_target.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::dense_test {
namespace {

using namespace equipoise::testing;

TEST(Dense, EveryTargetAgreesWithTheDefinition) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      std::mt19937_64 random(seed);
      const auto pick = [&](Index least, Index most) {
        return std::uniform_int_distribution<Index>(least, most)(random);
      };
      const Shape shape{pick(1, 70), pick(1, 200), pick(0, 20)};
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text(shape) + " seed " + std::to_string(seed));
      const MatrixF rounded = random_matrix(shape.rows, shape.cols, random).cast<float>();
      const Matrix A = rounded.cast<double>();
      const Matrix known = Matrix::Ones(shape.rows, shape.cols);
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      check_against_definition(*dense_problem(A), A, known, at, u);
      check_against_definition(*single_precision_dense_problem(rounded), A, known, at, u);
      check_advance(*dense_problem(A), at, 1e-3);
    }
  }
}

// One row, one column, primes, more columns of the factors than of A, and rows that are far apart or on odd addresses.
TEST(Dense, ThinShapesAndAnyStrideOnEveryTarget) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (const Shape shape :
         {Shape{1, 1, 1}, Shape{1, 1, 9}, Shape{1, 97, 3}, Shape{97, 1, 3}, Shape{1, 300, 7}, Shape{300, 1, 8},
          Shape{7, 11, 13}, Shape{3, 5, 70}, Shape{127, 131, 5}, Shape{37, 41, 17}, Shape{14, 513, 2}}) {
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text(shape));
      std::mt19937_64 random(12);
      const Matrix A = random_matrix(shape.rows, shape.cols, random);
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      const auto plain = plain_dense_problem(A);
      for (const Index stride : {shape.cols, shape.cols + 1, Index{512}, Index{1024}}) {
        if (stride < shape.cols) continue;
        const auto memory =
            std::make_shared<std::vector<double>>(static_cast<std::size_t>(shape.rows * stride + 1), 1e300);
        for (Index i = 0; i < shape.rows; ++i) {
          for (Index j = 0; j < shape.cols; ++j) (*memory)[static_cast<std::size_t>(1 + i * stride + j)] = A(i, j);
        }
        const auto fast = dense_problem(DenseView<double>{memory->data() + 1, shape.rows, shape.cols, stride, memory});
        Factors got(shape), want(shape);
        const double loss = plain->gradient(at, want);
        EXPECT_NEAR(fast->gradient(at, got), loss, 1e-13 * loss);
        EXPECT_LE((got.flat() - want.flat()).norm(), 1e-13 * want.flat().norm());
        fast->hessian_product(at, u, got);
        plain->hessian_product(at, u, want);
        EXPECT_LE((got.flat() - want.flat()).norm(),
                  1e-13 * (want.flat().norm() + at.flat().squaredNorm() * u.flat().norm()));
      }
    }
  }
}

// Neither what lies around the outputs nor what lies beyond A may be touched or matter.
TEST(Dense, KernelStaysInsideItsArrays) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (std::ptrdiff_t cols = 1; cols <= 40; ++cols) {
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " cols " + std::to_string(cols));
      const std::ptrdiff_t rows = 8, rank = 3, stride = (cols + kLaneLimit - 1) / kLaneLimit * kLaneLimit;
      std::mt19937_64 random(static_cast<std::uint64_t>(cols));
      const double nan = std::numeric_limits<double>::quiet_NaN();
      Matrix padded = Matrix::Constant(rows, cols + 3, nan);
      padded.leftCols(cols) = random_matrix(rows, cols, random);
      const Matrix X = random_matrix(rows, rank, random);
      Matrix YT = Matrix::Zero(rank, stride);
      YT.leftCols(cols) = random_matrix(rank, cols, random);
      std::vector<double> out_x(static_cast<std::size_t>(rows * rank + 2), 7.0);
      std::vector<double> out_y(static_cast<std::size_t>(rank * stride + 2), 7.0);
      // Sums start at 7; one double after the start, so that nothing is aligned to a vector.
      const double squares =
          residual_pass(ResidualPass<double>{rows, cols, rank, padded.data(), cols + 3, X.data(), YT.data(), X.data(),
                                             YT.data(), stride, out_x.data() + 1, out_y.data() + 1});
      const Matrix R = padded.leftCols(cols) - X * YT.leftCols(cols);
      EXPECT_NEAR(squares, R.squaredNorm(), 1e-13 * squares);
      const Eigen::Map<Matrix> got_x(out_x.data() + 1, rows, rank), got_y(out_y.data() + 1, rank, stride);
      EXPECT_LE((got_x - (Matrix::Constant(rows, rank, 7) - R * YT.leftCols(cols).transpose())).norm(), 1e-12);
      EXPECT_LE((got_y.leftCols(cols) - (Matrix::Constant(rank, cols, 7) - X.transpose() * R)).norm(), 1e-12);
      // The same from nothing: what out_yt held must not matter.
      std::fill(out_y.begin() + 1, out_y.end() - 1, nan);
      residual_pass(ResidualPass<double>{rows, cols, rank, padded.data(), cols + 3, X.data(), YT.data(), X.data(),
                                         YT.data(), stride, out_x.data() + 1, out_y.data() + 1, true});
      EXPECT_LE((got_y.leftCols(cols) + X.transpose() * R).norm(), 1e-12);
      EXPECT_EQ(out_x.front(), 7.0);
      EXPECT_EQ(out_x.back(), 7.0);
      EXPECT_EQ(out_y.front(), 7.0);
      EXPECT_EQ(out_y.back(), 7.0);
    }
  }
}

// An infinite factor leaves every sum what it is: padding must not make a NaN of it.
TEST(Dense, InfiniteFactorsGiveInfiniteSums) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (const Index cols : {21, 33, 70}) {
      const Shape shape{7, cols, 2};
      Factors at(shape), gradient(shape);
      at.X().setZero();
      at.X()(3, 0) = std::numeric_limits<double>::infinity();
      at.Y().setOnes();
      const double infinity = std::numeric_limits<double>::infinity();
      EXPECT_EQ(dense_problem(Matrix(Matrix::Ones(shape.rows, shape.cols)))->gradient(at, gradient), infinity);
      EXPECT_EQ(gradient.X()(3, 0), infinity);
    }
  }
}

TEST(Dense, FactorsNeedNoAlignment) {
  for (const Shape shape : {Shape{3, 5, 3}, Shape{29, 31, 3}}) {
    std::mt19937_64 random(4);
    const auto problem = dense_problem(random_matrix(shape.rows, shape.cols, random));
    const Factors at = random_factors(shape, random);
    Factors gradient(shape);
    const double loss = problem->gradient(at, gradient);
    std::vector<double> moved(static_cast<std::size_t>(shape.size() + 1)), out(moved.size());
    std::copy_n(at.data(), shape.size(), moved.data() + 1);
    EXPECT_TRUE(same_bits(problem->gradient({shape, moved.data() + 1}, {shape, out.data() + 1}), loss));
    EXPECT_TRUE(same_bits(ConstFactors(shape, out.data() + 1), gradient));
  }
}

// Columns whose stride would be a multiple of 4096 bytes, and a rank so large that memory limits the chunks.
TEST(Dense, LongRowsAndLargeRanks) {
  for (const Shape shape : {Shape{40, 1024, 2}, Shape{90, 2048, 70}, Shape{1, 5000, 9}, Shape{600, 40, 300},
                            Shape{31, 5003, 4}, Shape{53, 4099, 6}, Shape{25, 769, 33}}) {
    SCOPED_TRACE(text(shape));
    std::mt19937_64 random(6);
    const Matrix A = random_matrix(shape.rows, shape.cols, random);
    const Factors at = random_factors(shape, random), u = random_factors(shape, random);
    const auto fast = dense_problem(A), plain = plain_dense_problem(A);
    Factors got(shape), want(shape);
    EXPECT_NEAR(fast->gradient(at, got), plain->gradient(at, want), 1e-12 * plain->gradient(at, want));
    EXPECT_LE((got.flat() - want.flat()).norm(), 1e-13 * want.flat().norm());
    fast->hessian_product(at, u, got);
    plain->hessian_product(at, u, want);
    EXPECT_LE((got.flat() - want.flat()).norm(), 1e-13 * want.flat().norm());
    check_threads(*fast, at, u, 1e-6);
  }
}

TEST(Dense, LossIsAccurateNearAnExactFit) {
  const Shape shape{30, 20, 4};
  std::mt19937_64 random(9);
  Factors at(shape);
  // Products of short integers: X Y^T is exact, and so is A = X Y^T + 2^-30 E.
  for (Index k = 0; k < shape.size(); ++k) at.data()[k] = static_cast<double>(random() % 16);
  Matrix E(shape.rows, shape.cols);
  for (Index k = 0; k < E.size(); ++k) E.data()[k] = static_cast<double>(random() % 64);
  const Matrix A = at.X() * at.Y().transpose() + std::ldexp(1.0, -30) * E;
  Factors gradient(shape);
  EXPECT_EQ(dense_problem(A)->gradient(at, gradient), std::ldexp(E.squaredNorm(), -61));
}

TEST(Dense, RefusesNumbersThatAreNotFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Matrix A = Matrix::Zero(3, 4);
    A(2, 1) = bad;
    try {
      dense_problem(A);
      ADD_FAILURE() << "accepted " << bad;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("row 2, column 1"), std::string::npos) << error.what();
    }
    EXPECT_THROW(single_precision_dense_problem(MatrixF(A.cast<float>())), Error);
  }
}

}  // namespace
}  // namespace equipoise::dense_test
