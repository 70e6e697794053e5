// The excess and its error bound against exact numbers: integer matrices whose singular values are integers.
#include "equipoise/exact/excess.hpp"

#include <gtest/gtest.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/exact/best_loss.hpp"

namespace equipoise::excess_test {
namespace {

Exact square(const Exact& a) { return a * a; }
Exact exact_square(const Eigen::Ref<const Matrix>& M) {
  Exact sum(0);
  for (const double entry : M.reshaped()) sum = sum + square(Exact(entry));
  return sum;
}

/// |A - X Y^T|^2, that is 2 f.
Exact residual_squared(const Matrix& A, ConstFactors at) {
  Exact sum(0);
  for (Index i = 0; i < A.rows(); ++i) {
    for (Index j = 0; j < A.cols(); ++j) {
      Exact entry(A(i, j));
      for (Index k = 0; k < at.shape().rank; ++k) entry = entry - Exact(at.X()(i, k)) * Exact(at.Y()(j, k));
      sum = sum + square(entry);
    }
  }
  return sum;
}

/// |value - truth| <= error without rounding.
void expect_holds(const Approximate& got, const Exact& twice_truth) {
  ASSERT_TRUE(std::isfinite(got.value) && std::isfinite(got.error));
  EXPECT_GE(got.value, 0);
  const Exact off = Exact(2) * Exact(got.value) - twice_truth;
  const Exact distance = off.sign() < 0 ? Exact(0) - off : off;
  EXPECT_LE((distance - Exact(2) * Exact(got.error)).sign(), 0)
      << got.value << " +- " << got.error << ", and the truth is " << (twice_truth * Exact(0.5)).nearest()
      << ", off by " << (distance * Exact(0.5)).nearest();
}

/// |v|^2 I - 2 v v^T, an orthogonal matrix times |v|^2.
Matrix reflection(const Vector& v) {
  return v.squaredNorm() * Matrix::Identity(v.size(), v.size()) - 2 * v * v.transpose();
}

Vector small_integers(Index size, std::mt19937_64& random) {
  Vector v(size);
  for (double& entry : v) entry = static_cast<double>(random() % 5) - 2;
  if (v.isZero(0)) v[0] = 1;
  return v;
}

/// A = U diag(s) V^T / (|u|^2 |v|^2) for reflections U, V: integers, and its singular values are unit * s exactly.
struct Known {
  Matrix A;
  Matrix U, V;  ///< orthonormal up to rounding
  Vector singular;
};

Known known(Index rows, Index cols, const Vector& s, std::mt19937_64& random) {
  const Matrix U = reflection(small_integers(rows, random));
  const Matrix V = reflection(small_integers(cols, random));
  const double u = U.col(0).norm();
  const double v = V.col(0).norm();
  const double size = std::round(u) * std::round(v);
  Matrix S = Matrix::Zero(rows, cols);
  for (Index i = 0; i < s.size(); ++i) S(i, i) = s[i];
  Known result{U * S * V.transpose(), U / std::round(u), V / std::round(v), size * s};
  EXPECT_LT(result.A.size() > 0 ? result.A.cwiseAbs().maxCoeff() : 0, 0x1p52);
  return result;
}

/// The best factors up to rounding and a random change of the relative size `noise`.
Factors near_best(const Known& known, Index rank, double noise, std::mt19937_64& random) {
  Matrix X = Matrix::Zero(known.A.rows(), rank);
  Matrix Y = Matrix::Zero(known.A.cols(), rank);
  for (Index k = 0; k < std::min(rank, known.singular.size()); ++k) {
    X.col(k) = known.U.col(k) * std::sqrt(known.singular[k]) * 3;
    Y.col(k) = known.V.col(k) * std::sqrt(known.singular[k]) / 3;
  }
  const double size = noise * std::sqrt(known.A.norm());
  std::normal_distribution<double> normal;
  for (double& entry : X.reshaped()) entry += size * normal(random);
  for (double& entry : Y.reshaped()) entry += size * normal(random);
  return Factors(X, Y);
}

Exact tail(const Vector& singular, Index rank) {
  Exact sum(0);
  for (Index i = rank; i < singular.size(); ++i) sum = sum + square(Exact(singular[i]));
  return sum;
}

/// Checks the excess at factors near the best ones, at |A| as given, 1e150 and 1e-150; the bound is at most 1e-25
/// |A|^2.
void check(const Known& given, Index rank, std::mt19937_64& random) {
  const int size = std::ilogb(given.A.norm());
  for (const double noise : {0.0, 1e-13, 1e-10, 0.1}) {
    for (const int e : {0, (498 - size) / 2, (-498 - size) / 2}) {
      SCOPED_TRACE(::testing::Message() << given.A.rows() << " x " << given.A.cols() << ", rank " << rank << ", noise "
                                        << noise << ", 4^" << e);
      Factors at = near_best(given, rank, noise, random);
      for (double& entry : at.flat()) entry = std::ldexp(entry, e);
      const Matrix A = given.A.unaryExpr([&](double entry) { return std::ldexp(entry, 2 * e); });
      const Approximate got = excess(A, at);
      const Exact best = tail(given.singular.unaryExpr([&](double s) { return std::ldexp(s, 2 * e); }), rank);
      expect_holds(got, residual_squared(A, at) - best);
      // At 1e-150 the last term, the end of double's range, is all there is.
      EXPECT_LE(got.error, 1e-25 * A.squaredNorm() + 0x1p-52 * got.value + 1e-322);
      if (::testing::Test::HasFatalFailure() || ::testing::Test::HasFailure()) return;
    }
  }
}

Vector values(std::initializer_list<double> list) {
  Vector v(static_cast<Index>(list.size()));
  std::copy(list.begin(), list.end(), v.begin());
  return v;
}

TEST(Excess, HoldsForKnownSingularValues) {
  std::mt19937_64 random(21);
  for (const Vector& s : {values({5, 3, 2, 1}), values({7, 7, 7, 7}), values({9, 4, 4, 4}), values({9, 4, 4, 0}),
                          values({3, 0, 0, 0}), values({1e9, 1e9 - 1, 1e9 - 2, 1}), values({1e10, 1, 1, 0})}) {
    for (const auto& [rows, cols] : {std::pair<Index, Index>{4, 4}, {9, 4}, {4, 13}, {5, 6}}) {
      for (const Index rank : {0, 1, 2, 3, 4, 6}) {
        SCOPED_TRACE(::testing::Message() << "singular values " << s.transpose());
        check(known(rows, cols, s, random), rank, random);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST(Excess, SizesUpToAHundredWithAndWithoutAGap) {
  std::mt19937_64 random(22);
  for (const auto& [rows, cols, rank] : {std::tuple<Index, Index, Index>{100, 100, 2}, {60, 100, 30}, {40, 23, 22}}) {
    const Index least = std::min(rows, cols);
    Vector distinct(least), tied(least), few = Vector::Zero(least);
    for (Index i = 0; i < least; ++i) {
      distinct[i] = static_cast<double>(least - i);
      tied[i] = static_cast<double>(2 + (least - i) / 35);
    }
    few.head(std::min<Index>(rank + 1, least)).setConstant(3);
    for (const Vector& s : {distinct, tied, few}) {
      const Known given = known(rows, cols, s, random);
      const Factors at = near_best(given, rank, 1e-12, random);
      const Approximate got = excess(given.A, at);
      expect_holds(got, residual_squared(given.A, at) - tail(given.singular, rank));
      EXPECT_LE(got.error, 1e-25 * given.A.squaredNorm() + 0x1p-52 * got.value) << rows << ' ' << cols << ' ' << rank;
    }
  }
}

TEST(Excess, KeepsItsDigitsInAnExactFit) {
  std::mt19937_64 random(23);
  std::normal_distribution<double> normal;
  for (const double unit : {1.0, 1e150, 1e-135, 1e-150, 3.7}) {
    for (const auto& [rows, cols, rank] :
         {std::tuple<Index, Index, Index>{1, 1, 1}, {1, 1, 3}, {4, 3, 3}, {3, 7, 5}, {40, 20, 20}}) {
      SCOPED_TRACE(::testing::Message() << rows << " x " << cols << ", rank " << rank << ", unit " << unit);
      Matrix A(rows, cols);
      Factors at(Shape{rows, cols, rank});
      for (double& entry : A.reshaped()) entry = unit * normal(random);
      // X Y^T = A up to a relative 1e-10, through a well-conditioned Y (or X) that is mostly the identity.
      const bool tall = rows >= cols;
      Eigen::MatrixXd right = Eigen::MatrixXd::Zero(tall ? cols : rows, rank);
      right.setIdentity();
      for (double& entry : right.reshaped()) entry += 0.2 / std::sqrt(static_cast<double>(rank)) * normal(random);
      const Eigen::MatrixXd target = tall ? Eigen::MatrixXd(A) : Eigen::MatrixXd(A.transpose());
      Eigen::MatrixXd left = target * (right * right.transpose()).ldlt().solve(right).eval();
      for (double& entry : left.reshaped()) entry *= 1 + 1e-10 * normal(random);
      at.X() = tall ? left : right;
      at.Y() = tall ? right : left;
      const Approximate got = excess(A, at);
      expect_holds(got, residual_squared(A, at));
      if (unit == 1e-150) continue;  // the excess is below the range of double
      EXPECT_LT(got.value, 1e-17 * A.squaredNorm());
      EXPECT_GT(got.value, 1e-23 * A.squaredNorm());
      EXPECT_LT(got.error, 1e-9 * got.value);
      EXPECT_LT(got.error, 1e-15 * got.value);
    }
  }
}

TEST(Excess, EdgesOfSizeAndScale) {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const auto zero = [](Index rows, Index cols, Index rank) { return Factors(Shape{rows, cols, rank}); };
  for (const Index rank : {0, 1, 4}) {
    for (const auto& [rows, cols] : {std::pair<Index, Index>{0, 0}, {0, 3}, {3, 0}, {3, 2}, {1, 1}}) {
      const Approximate got = excess(Matrix::Zero(rows, cols), zero(rows, cols, rank));
      EXPECT_EQ(got.value, 0);
      EXPECT_LT(got.error, 1e-250);
    }
  }
  // Factors of another scale than A, and of one another.
  for (const double x : {1e-200, 1.0, 1e200}) {
    for (const double a : {0.0, 1e-300, 3.0}) {
      Factors at = zero(2, 1, 1);
      at.flat() << x, -2 * x, 5 / x;
      const Matrix A = Matrix::Constant(2, 1, a);
      expect_holds(excess(A, at), residual_squared(A, at));
    }
  }
  // Losses that double cannot hold: no number, or one whose error says that nothing is left of it.
  Factors large = zero(1, 1, 1);
  large.flat() << 1e200, 1;
  EXPECT_TRUE(std::isnan(excess(Matrix::Zero(1, 1), large).value));
  Factors small = zero(1, 1, 1);
  small.flat() << 1e-200, 1;
  expect_holds(excess(Matrix::Zero(1, 1), small), Exact(1e-200) * Exact(1e-200));

  Matrix A = Matrix::Identity(2, 2);
  EXPECT_THROW(excess(A, zero(2, 3, 1)), Error);
  EXPECT_TRUE(std::isnan(excess(A, zero(2, 2, 1), not_a_number).error));
  A(0, 1) = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(std::isnan(excess(A, zero(2, 2, 1)).error));
  Factors broken = zero(2, 2, 1);
  broken.flat()[1] = not_a_number;
  EXPECT_TRUE(std::isnan(excess(Matrix::Identity(2, 2), broken).value));
}

TEST(Excess, Ridge) {
  std::mt19937_64 random(24);
  for (const Vector& s : {values({5, 3, 2, 1}), values({4, 4, 4, 4}), values({6, 2, 2, 0})}) {
    const Known given = known(5, 4, s, random);
    for (const Index rank : {0, 1, 2, 4, 7}) {
      // Among others a ridge that is a singular value, one beyond them all, and one that is nearly nothing.
      for (const double ridge : {given.singular[1], given.singular[0] / 2, 1.0, 1e-200, 3 * given.singular[0], 1e300}) {
        for (const double noise : {0.0, 1e-9, 0.1}) {
          SCOPED_TRACE(::testing::Message() << "singular values " << given.singular.transpose() << ", rank " << rank
                                            << ", ridge " << ridge << ", noise " << noise);
          Factors at = near_best(given, rank, noise, random);
          for (Index k = 0; k < std::min<Index>(rank, 4); ++k) {
            const double kept = given.singular[k] > ridge ? std::sqrt(1 - ridge / given.singular[k]) : 0;
            at.X().col(k) *= kept / 3;
            at.Y().col(k) *= kept * 3;
          }
          Exact best = exact_square(given.A);
          for (Index i = 0; i < std::min<Index>(rank, 4); ++i) {
            if (given.singular[i] > ridge) best = best - square(Exact(given.singular[i]) - Exact(ridge));
          }
          const Exact norms = exact_square(at.X()) + exact_square(at.Y());
          const Exact truth = residual_squared(given.A, at) + Exact(ridge) * norms - best;
          const Approximate got = excess(given.A, at, ridge);
          if (std::isfinite(truth.nearest())) {
            expect_holds(got, truth);
            EXPECT_LE(got.error, 1e-25 * given.A.squaredNorm() + 0x1p-52 * got.value);
          }
          if (::testing::Test::HasFailure()) return;
        }
      }
    }
  }
}

/// The eigenvalues of A^T A to 100 digits by plain Jacobi rotations, descending.
using Long = boost::multiprecision::cpp_bin_float_100;
std::vector<Long> long_eigenvalues(const Matrix& A) {
  const auto n = static_cast<std::size_t>(A.cols());
  std::vector<std::vector<Long>> H(n, std::vector<Long>(n));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (Index k = 0; k < A.rows(); ++k)
        H[i][j] += Long(A(k, static_cast<Index>(i))) * Long(A(k, static_cast<Index>(j)));
    }
  }
  for (int sweep = 0; sweep < 14; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        if (H[p][q] == 0) continue;
        const Long zeta = (H[q][q] - H[p][p]) / (2 * H[p][q]);
        const Long t = (zeta >= 0 ? 1 : -1) / (abs(zeta) + sqrt(1 + zeta * zeta));
        const Long c = 1 / sqrt(1 + t * t), s = c * t;
        for (std::size_t k = 0; k < n; ++k) {
          const Long x = H[k][p], y = H[k][q];
          H[k][p] = c * x - s * y;
          H[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const Long x = H[p][k], y = H[q][k];
          H[p][k] = c * x - s * y;
          H[q][k] = s * x + c * y;
        }
      }
    }
  }
  std::vector<Long> eigenvalues;
  for (std::size_t i = 0; i < n; ++i) eigenvalues.push_back(H[i][i]);
  std::sort(eigenvalues.begin(), eigenvalues.end(), [](const Long& a, const Long& b) { return a > b; });
  return eigenvalues;
}

TEST(BestLoss, HoldsForGenericNearlyTiedAndNearlySingularMatrices) {
  std::mt19937_64 random(25);
  std::normal_distribution<double> normal;
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    const Index cols = 2 + static_cast<Index>(random() % 6);
    const Index rows = cols + static_cast<Index>(random() % 3);
    Eigen::MatrixXd A(rows, cols);
    for (double& entry : A.reshaped()) entry = normal(random) / 4;
    if (round % 4 == 1) A = A.leftCols(1 + cols / 2) * Eigen::MatrixXd(A.topRows(1 + cols / 2));  // low rank, rounded
    if (round % 4 == 2) A = thin_qr(A).orthonormal;
    if (round % 4 == 3) {
      for (Index j = 0; j < cols; ++j) A.col(j) *= std::pow(10.0, -3.0 * static_cast<double>(j));
    }
    const std::vector<Long> eigenvalues = long_eigenvalues(A);
    for (Index rank = 0; rank <= cols; ++rank) {
      for (const double lambda : {0.0, 0.3}) {
        const Enclosed got = best_loss(A, rank, lambda);
        Long truth = 0;
        for (std::size_t i = 0; i < eigenvalues.size(); ++i) {
          const Long s = sqrt(eigenvalues[i] > 0 ? eigenvalues[i] : Long(0));
          const Long kept = static_cast<Index>(i) < rank ? (s < lambda ? s : Long(lambda)) : s;
          truth += kept * s - kept * kept / 2;
        }
        const Long off = abs(Long(got.value.high) + Long(got.value.low) - truth);
        EXPECT_LE(off, Long(got.error) + Long(1e-80))
            << "rank " << rank << ", lambda " << lambda << ", value " << got.value.high << ", error " << got.error;
        EXPECT_LE(got.error, 1e-27 * A.squaredNorm());
        // Far below eps |A|^2 the best loss of a nearly singular matrix keeps digits.
        if (lambda == 0 && rank < cols && round % 4 == 3) {
          EXPECT_LE(got.error, 1e-8 * got.value.high);
        }
      }
    }
  }
}

// What the rotations leave undone is part of the bound: without any, it is the SVD in double that is enclosed.
TEST(BestLoss, HoldsWhereverTheRotationsStop) {
  std::mt19937_64 random(27);
  int in_need = 0;
  for (const Vector& s : {values({7, 7, 7, 7, 7, 7}), values({9, 4, 4, 4, 4, 1}), values({6, 5, 4, 3, 2, 1}),
                          values({1e9, 1e9 - 1, 1e9 - 2, 5, 5, 5}),
                          values({2e12, 2e12 - 1, 2e12 - 2, 2e12 - 3, 2e12 - 4, 5}), values({3, 3, 0, 0, 0, 0})}) {
    for (Index rank = 1; rank < 6; ++rank) {
      const Known given = known(8, 6, s, random);
      const int unit = std::ilogb(given.A.norm());
      const Eigen::MatrixXd A = given.A.unaryExpr([&](double entry) { return std::ldexp(entry, -unit); });
      for (const double work : {0.0, 0.5, 1.0, 2.0, 4.0, 24.0}) {
        for (const bool ridge : {false, true}) {
          SCOPED_TRACE(::testing::Message()
                       << s.transpose() << ", rank " << rank << ", work " << work << ", ridge " << ridge);
          const double lambda = ridge ? std::ldexp(given.singular[2] / 2, -unit) : 0;
          Long truth = 0;
          for (Index i = 0; i < 6; ++i) {
            const Long value = ldexp(Long(given.singular[i]), -unit);
            const Long above = i < rank && value > lambda ? value - lambda : Long(0);
            truth += (value * value - above * above) / 2;
          }
          const Enclosed got = best_loss(A, rank, lambda, work);
          const Long off = abs(Long(got.value.high) + Long(got.value.low) - truth);
          EXPECT_LE(off, Long(got.error)) << got.error;
          EXPECT_LE(got.error, work < 24 ? 1e-13 : 1e-27);
          if (off > 1e-24) ++in_need;
        }
      }
    }
  }
  EXPECT_GT(in_need, 3);  // without the rotations some are off by far more than the drift
}

TEST(Excess, BeyondItsWorkItIsWiderOrUnknownButNeverWrong) {
  std::mt19937_64 random(26);
  EXPECT_TRUE(excess_is_affordable({1000, 1000, 20}, 0, true));
  EXPECT_FALSE(excess_is_affordable({1000, 1000, 20}, 0, false));
  EXPECT_TRUE(excess_is_affordable({200, 200, 20}, 0, false));
  EXPECT_TRUE(excess_is_affordable({1'000'000, 2, 2}, 0, false));
  EXPECT_FALSE(excess_is_affordable({100'000'000, 2, 2}, 0, true));
  EXPECT_FALSE(excess_is_affordable({1'000'000'000, 1'000'000'000, 1'000'000'000}, 0, true));

  const Index n = 300;
  ASSERT_GT(static_cast<double>(n * n * n), most_best_loss_work);
  Vector s = Vector::Constant(n, 1);
  s.head(3) << 9, 5, 2;
  const Known given = known(n, n, s, random);
  const Factors at = near_best(given, 2, 1e-9, random);
  EXPECT_TRUE(std::isnan(excess(given.A, at).value));
  const Approximate wide = excess(given.A, at, 0, singular_values(given.A));
  Factors two(Shape{n, n, 2});
  expect_holds(excess(given.A, two, 0, singular_values(given.A)), exact_square(given.A) - tail(given.singular, 2));
  expect_holds(wide, residual_squared(given.A, at) - tail(given.singular, 2));
  EXPECT_LT(wide.error, 1e-10 * given.A.squaredNorm());
  EXPECT_GT(wide.error, 1e-20 * given.A.squaredNorm());
  // With a ridge, and from values that are exact, against the sharp answer of a small matrix.
  const Known small = known(6, 4, values({5, 3, 2, 1}), random);
  for (const double lambda : {0.0, 1.0, small.singular[1]}) {
    const double unit = 1 / small.A.norm();
    const Enclosed sharp = best_loss(small.A * unit, 2, lambda * unit);
    const Enclosed customary = best_loss(Vector(small.singular * unit), Shape{6, 4, 2}, lambda * unit);
    EXPECT_NEAR(sharp.value.high, customary.value.high, customary.error);
    EXPECT_LT(customary.error, 1e-11);
  }
}

}  // namespace
}  // namespace equipoise::excess_test
