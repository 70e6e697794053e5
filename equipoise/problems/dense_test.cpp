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

std::size_t panel_place(Index col, Index k, Index rank) {
  const Index panel = col / kPanelColumns * kPanelColumns;
  return static_cast<std::size_t>(panel * rank + k * kPanelColumns + col - panel);
}

// Neither what lies around the outputs nor what lies beyond A may be touched or matter.
TEST(Dense, KernelStaysInsideItsArrays) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (std::ptrdiff_t cols = 1; cols <= 140; ++cols) {
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " cols " + std::to_string(cols));
      // Some ranks are more than the kernel takes at once.
      const std::ptrdiff_t rows = 8, rank = cols % 7 == 0 ? 70 : 3, panels = (cols + kPanelColumns - 1) / kPanelColumns;
      const std::ptrdiff_t panel_doubles = panels * kPanelColumns * rank;
      std::mt19937_64 random(static_cast<std::uint64_t>(cols));
      const double nan = std::numeric_limits<double>::quiet_NaN();
      Matrix padded = Matrix::Constant(rows, cols + 3, nan);
      padded.leftCols(cols) = random_matrix(rows, cols, random);
      const Matrix A = padded.leftCols(cols);
      const Matrix X = random_matrix(rows, rank, random), U = random_matrix(rows, rank, random);
      const Matrix Y = random_matrix(cols, rank, random), V = random_matrix(cols, rank, random);
      const auto in_panels = [&](const Matrix& M) {
        std::vector<double> result(static_cast<std::size_t>(panel_doubles));
        for (Index j = 0; j < cols; ++j) {
          for (Index k = 0; k < rank; ++k) result[panel_place(j, k, rank)] = M(j, k);
        }
        return result;
      };
      const std::vector<double> yt = in_panels(Y), vt = in_panels(V);
      std::vector<double> out_x(static_cast<std::size_t>(rows * rank + 2)), out_y(yt.size() + 2);
      // One double after the start, so that nothing is aligned to a vector.
      DensePass<double> pass{
          rows, cols, rank, padded.data(), cols + 3, U.data(), vt.data(), out_x.data() + 1, out_y.data() + 1};
      const auto check = [&](const Matrix& times, double old) {
        const Eigen::Map<Matrix> got_x(out_x.data() + 1, rows, rank);
        EXPECT_LE((got_x - (Matrix::Constant(rows, rank, 7) - times * V)).norm(), 1e-14 * times.norm() * V.norm());
        Matrix got_y(cols, rank);
        for (Index j = 0; j < cols; ++j) {
          for (Index k = 0; k < rank; ++k) got_y(j, k) = out_y[1 + panel_place(j, k, rank)];
        }
        EXPECT_LE((got_y - (Matrix::Constant(cols, rank, old) - times.transpose() * U)).norm(),
                  1e-14 * times.norm() * U.norm());
      };
      const Matrix R = A - X * Y.transpose();
      for (const bool sets :
           {false, true}) {  // where the sums for Y start from nothing, what was there must not matter
        pass.sets_out_yt = sets;
        for (const bool residual : {false, true}) {
          std::fill(out_x.begin(), out_x.end(), 7.0);
          std::fill(out_y.begin(), out_y.end(), sets ? nan : 7.0);
          out_y.front() = out_y.back() = 7.0;
          if (residual) {
            EXPECT_NEAR(residual_pass(pass, X.data(), yt.data()), R.squaredNorm(), 1e-13 * R.squaredNorm());
          } else {
            product_pass(pass);
          }
          check(residual ? R : A, sets ? 0 : 7);
          EXPECT_EQ(out_x.front(), 7.0);
          EXPECT_EQ(out_x.back(), 7.0);
          EXPECT_EQ(out_y.front(), 7.0);
          EXPECT_EQ(out_y.back(), 7.0);
        }
      }
    }
  }
}

// An infinite factor leaves every sum what it is: padding must not make a NaN of it.
TEST(Dense, InfiniteFactorsGiveInfiniteSums) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (const auto& [rows, cols] : {std::pair<Index, Index>{7, 21}, {7, 33}, {7, 70}, {300, 310}}) {
      const Shape shape{rows, cols, 2};
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
                            Shape{31, 5003, 4}, Shape{53, 4099, 6}, Shape{25, 769, 33}, Shape{1000, 1003, 41}}) {
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
  for (const Shape shape : {Shape{30, 20, 4}, Shape{310, 300, 4}}) {
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
}

// Large enough that a step comes from products. Far from a fit, close to one (1/1024 of the squares and less), and on
// the way from the one to the other.
constexpr Shape kLarge[] = {{300, 310, 4}, {1200, 131, 1}, {131, 1200, 3}, {421, 433, 9}};

/// Factors near which A = X Y^T + `off` times a matrix of the same norm, and that A, all in single precision.
struct NearFit {
  Factors at;
  MatrixF A;
  NearFit(Shape shape, double off, std::mt19937_64& random) : at(random_factors(shape, random)) {
    const Matrix product = at.X() * at.Y().transpose(), noise = random_matrix(shape.rows, shape.cols, random);
    A = (product + off * product.norm() / noise.norm() * noise).cast<float>();
  }
};

TEST(Dense, ProductsAndResidualAgreeWithTheDefinitionOnEveryTarget) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (const Shape shape : kLarge) {
      for (const double off : {0.5, 1e-4}) {
        SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text(shape) + " off " + std::to_string(off));
        std::mt19937_64 random(3);
        const NearFit near(shape, off, random);
        const Matrix A = near.A.cast<double>(), known = Matrix::Ones(shape.rows, shape.cols);
        const Factors u = random_factors(shape, random);
        // Of a loss that products give, a difference of squares, 13 digits are asked for; of one from a residual, whose
        // rounding errors are its own, as many as the residual has.
        const double scale = off > 0.05 ? 4 : 64 * off;
        check_against_definition(*dense_problem(A), A, known, near.at, u, scale);
        check_against_definition(*single_precision_dense_problem(near.A), A, known, near.at, u, scale);
      }
    }
  }
}

TEST(Dense, ProductsGiveTheSameBitsForAnyThreads) {
  for (const Shape shape : kLarge) {
    SCOPED_TRACE(text(shape));
    std::mt19937_64 random(8);
    const NearFit near(shape, 0.5, random);
    check_threads(*single_precision_dense_problem(near.A), near.at, random_factors(shape, random), 1e-6);
  }
}

TEST(Dense, PassingFromProductsToTheResidualKeepsEveryBit) {
  std::mt19937_64 random(5);
  const NearFit fit({330, 300, 3}, 1e-5, random);
  const Matrix A = fit.A.cast<double>();
  check_passage(*dense_problem(A), A, fit.at, 0);
}

// Columns that all but cancel: X Y^T is no larger than A, but what its square is added up from is 10^10 times as large,
// and products would leave six digits.
TEST(Dense, ColumnsThatCancelTakeTheResidual) {
  const Shape shape{300, 310, 2};
  std::mt19937_64 random(4);
  const Matrix A = random_matrix(shape.rows, shape.cols, random);
  Factors at = random_factors(shape, random), gradient(shape);
  const Vector shift = at.X().col(1);
  at.X().col(0) *= 1e5;
  at.X().col(1) = shift - at.X().col(0);
  at.Y().col(1) = at.Y().col(0);
  const double want = static_cast<double>(
      (A.cast<long double>() - at.X().cast<long double>() * at.Y().cast<long double>().transpose()).squaredNorm() / 2);
  EXPECT_NEAR(dense_problem(A)->gradient(at, gradient), want, 1e-10 * want);
}

TEST(Dense, LargeLossesThatOverflowAreInfinite) {
  const Shape shape{300, 310, 2};
  const auto problem = dense_problem(Matrix(Matrix::Ones(shape.rows, shape.cols)));
  Factors at(shape), gradient(shape);
  for (const double size : {1e60, 1e155, 1e300}) {
    at.flat().setConstant(size);
    const double loss = problem->gradient(at, gradient), entry = 1 - 2 * size * size;
    if (size < 1e77) EXPECT_NEAR(loss, 46500 * entry * entry, 1e-12 * loss);
    else EXPECT_EQ(loss, std::numeric_limits<double>::infinity());
  }
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
