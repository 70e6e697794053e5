// Lanczos against a dense eigensolver and closed forms.
#include "equipoise/core/sharpness.hpp"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <limits>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/curvature.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/residual_norm.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/ridge.hpp"

namespace equipoise::sharpness_test {
namespace {

// The Hessian of 1/2 |A - X Y^T|^2 written out entry by entry from its second derivatives, independent of any product.
Eigen::MatrixXd written_out_hessian(const Matrix& A, ConstFactors z) {
  const auto [m, n, d] = z.shape();
  const Matrix R = A - z.X() * z.Y().transpose();
  const Matrix XtX = z.X().transpose() * z.X();
  const Matrix YtY = z.Y().transpose() * z.Y();
  Eigen::MatrixXd H = Eigen::MatrixXd::Zero(z.shape().size(), z.shape().size());
  const auto x = [&, rank = d](Index i, Index k) { return i * rank + k; };
  const auto y = [&, rows = m, rank = d](Index j, Index k) { return (rows + j) * rank + k; };
  for (Index k = 0; k < d; ++k) {
    for (Index l = 0; l < d; ++l) {
      for (Index i = 0; i < m; ++i) H(x(i, k), x(i, l)) = YtY(k, l);
      for (Index j = 0; j < n; ++j) H(y(j, k), y(j, l)) = XtX(k, l);
      for (Index i = 0; i < m; ++i) {
        for (Index j = 0; j < n; ++j) {
          const double mixed = z.X()(i, l) * z.Y()(j, k) - (k == l ? R(i, j) : 0);
          H(x(i, k), y(j, l)) = mixed;
          H(y(j, l), x(i, k)) = mixed;
        }
      }
    }
  }
  return H;
}

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) { return gaussian_factors({rows, 0, cols}, seed).X(); }

const std::vector<Shape> shapes = {{1, 1, 1}, {1, 1, 4},   {1, 5, 1},   {5, 1, 2},  {3, 4, 2},
                                   {4, 3, 6}, {17, 11, 3}, {23, 30, 2}, {40, 1, 1}, {31, 37, 5}};

TEST(Sharpness, AgreesWithADenseEigensolver) {
  std::uint64_t seed = 100;
  for (const Shape shape : shapes) {
    for (const double scale : {1.0, 1e-6, 1e6}) {
      SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " rank " << shape.rank << " scale "
                                        << scale << " seed " << ++seed);
      const Matrix A = scale * gaussian(shape.rows, shape.cols, seed);
      Factors z = gaussian_factors(shape, seed + 1000);
      z.flat() *= 1.5 * std::sqrt(scale);
      const auto problem = dense_problem(A);
      const Vector expected = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(written_out_hessian(A, z)).eigenvalues();
      const double norm = expected.cwiseAbs().maxCoeff();
      const Index count = std::min<Index>(3, shape.size());
      const Eigenpairs top = extreme_eigenpairs(*problem, z, count, SpectrumEnd::largest);
      const Eigenpairs bottom = extreme_eigenpairs(*problem, z, count, SpectrumEnd::smallest);
      ASSERT_TRUE(top.converged);
      for (Index i = 0; i < count; ++i) {
        EXPECT_NEAR(top.values[static_cast<std::size_t>(i)], expected[expected.size() - 1 - i], 1e-10 * norm);
        EXPECT_NEAR(bottom.values[static_cast<std::size_t>(i)], expected[i], 1e-10 * norm);
        EXPECT_LE(top.residuals[static_cast<std::size_t>(i)], 1e-9 * norm);
      }
      EXPECT_NEAR(sharpness(*problem, z).value, expected[expected.size() - 1], 1e-10 * norm);
      EXPECT_NEAR((hessian_spectrum(*problem, z) - expected).cwiseAbs().maxCoeff(), 0, 1e-10 * norm);
    }
  }
}

TEST(Sharpness, EveryScaleOfDouble) {
  const Matrix A = gaussian(40, 30, 1);
  const Factors z = gaussian_factors({40, 30, 2}, 2);
  const double plain = sharpness(*dense_problem(A), z).value;
  for (const int exponent : {-480, -200, 200, 480}) {
    Factors scaled = z;
    scaled.flat() *= std::ldexp(1.0, exponent / 2);
    const double value = sharpness(*dense_problem(A * std::ldexp(1.0, exponent)), scaled).value;
    EXPECT_NEAR(std::ldexp(value, -exponent), plain, 1e-11 * plain) << exponent;
  }
}

TEST(Sharpness, DegenerateOperators) {
  EXPECT_EQ(sharpness(*dense_problem(Matrix::Zero(60, 50)), Factors({60, 50, 1})).value, 0);
  EXPECT_EQ(sharpness(*dense_problem(Matrix::Zero(2, 2)), Factors({2, 2, 0})).value, 0);
  Factors z({60, 50, 1});
  z.X().setConstant(NAN);
  const Sharpness broken = sharpness(*dense_problem(Matrix::Ones(60, 50)), z);
  EXPECT_TRUE(std::isnan(broken.value));
  EXPECT_TRUE(std::isnan(broken.residual));
  EXPECT_THROW(hessian_spectrum(*dense_problem(Matrix::Ones(60, 50)), Factors({60, 50, 1}), 100), Error);
}

// At a global minimiser the sharpness is |X|_2^2 + |Y|_2^2 and the whole spectrum is known (docs/theory.md).
TEST(Sharpness, ClosedFormsAtMinimisers) {
  std::uint64_t seed = 7;
  for (const Shape shape :
       {Shape{6, 4, 2}, Shape{4, 6, 4}, Shape{5, 5, 1}, Shape{1, 1, 1}, Shape{9, 2, 2}, Shape{30, 20, 3}}) {
    SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " rank " << shape.rank << " seed "
                                      << ++seed);
    const Matrix A = gaussian(shape.rows, shape.cols, seed);
    const auto problem = dense_problem(A);
    Factors z = spectral_start(*problem, shape.rank);
    const Matrix mix = gaussian(shape.rank, shape.rank, seed + 50) + 3 * Matrix::Identity(shape.rank, shape.rank);
    z.X() = (z.X() * mix).eval();  // unbalanced: X M, Y M^-T
    z.Y() = (z.Y() * mix.inverse().transpose()).eval();
    const auto square = [](const auto& M) { return std::pow(singular_values(M)[0], 2); };
    const double expected = square(Matrix(z.X())) + square(Matrix(z.Y()));
    EXPECT_NEAR(sharpness(*problem, z).value, expected, 1e-9 * expected);
    const Vector closed = minimiser_spectrum(singular_values(A), z);
    EXPECT_LT((closed - hessian_spectrum(*problem, z)).cwiseAbs().maxCoeff(), 1e-8 * expected);
    EXPECT_LT(minimiser_spectrum_error(*problem, singular_values(A), z), 1e-6 * expected);
    EXPECT_EQ(curvature_at_critical_point(*problem, z).limit, Limit::minimiser);
  }
}

// The bound of the closed form must hold where the point is off the minimiser, and must be worth something near it.
TEST(Sharpness, TheClosedSpectrumIsOffByNoMoreThanItsBound) {
  std::uint64_t seed = 70;
  int bounded = 0;
  for (const Shape shape :
       {Shape{6, 4, 2}, Shape{4, 6, 4}, Shape{5, 5, 1}, Shape{1, 1, 1}, Shape{12, 7, 3}, Shape{3, 9, 2}}) {
    const Matrix A = gaussian(shape.rows, shape.cols, ++seed);
    const Vector s = singular_values(A);
    const auto problem = dense_problem(A);
    const Factors minimiser = spectral_start(*problem, shape.rank);
    for (const double distance : {0.0, 1e-12, 1e-8, 1e-4, 1e-3, 1e-2, 0.1, 1.0}) {
      SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " rank " << shape.rank << " distance "
                                        << distance << " seed " << seed);
      Factors z = minimiser;
      z.flat() += distance * gaussian_factors(shape, seed + 1000).flat();
      const double error = minimiser_spectrum_error(*problem, s, z);
      const double observed = (minimiser_spectrum(s, z) - hessian_spectrum(*problem, z)).cwiseAbs().maxCoeff();
      EXPECT_LE(observed, error);
      const Matrix R = A - z.X() * z.Y().transpose();
      const double by_definition = 2 * ((z.X().transpose() * R).norm() / singular_values(z.X())[shape.rank - 1] +
                                        (R * z.Y()).norm() / singular_values(z.Y())[shape.rank - 1]);
      if (std::isfinite(error)) {
        EXPECT_NEAR(error, by_definition, 1e-6 * by_definition + 1e-11 * z.flat().squaredNorm());
      }
      if (!std::isfinite(error)) continue;
      ++bounded;
      EXPECT_LE(error, 50 * distance * z.flat().squaredNorm() + 1e-11 * z.flat().squaredNorm());
    }
  }
  EXPECT_GE(bounded, 25);
  Matrix A = Matrix::Zero(3, 4);
  A.diagonal() << 3, 2, 1;
  Factors wrong_pair({3, 4, 1});  // a saddle: the closed form of minimisers does not speak of it
  wrong_pair.X()(1, 0) = wrong_pair.Y()(1, 0) = std::sqrt(2.0);
  EXPECT_EQ(minimiser_spectrum_error(*dense_problem(A), singular_values(A), wrong_pair), INFINITY);
  EXPECT_EQ(minimiser_spectrum_error(*dense_problem(A), singular_values(A), Factors({3, 4, 2})), INFINITY);
}

TEST(Sharpness, AtRankOneTheClosedFormIsTheLargestEigenvalueAnywhere) {
  std::uint64_t seed = 90;
  for (const Shape shape : {Shape{1, 1, 1}, Shape{1, 5, 1}, Shape{7, 1, 1}, Shape{6, 9, 1}, Shape{40, 30, 1}}) {
    for (const double size : {0.0, 1e-3, 1.0, 30.0}) {
      SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " size " << size << " seed " << ++seed);
      const auto problem = dense_problem(gaussian(shape.rows, shape.cols, seed));
      Factors z = gaussian_factors(shape, seed + 500);
      z.flat() *= size;
      const Vector all = hessian_spectrum(*problem, z);
      const Sharpness closed = rank1_sharpness(*problem, z);
      EXPECT_NEAR(closed.value, all[all.size() - 1], 1e-9 * all.cwiseAbs().maxCoeff());
    }
  }
  EXPECT_THROW(rank1_sharpness(*dense_problem(Matrix::Ones(3, 3)), Factors({3, 3, 2})), Error);
}

TEST(Curvature, SaddlesAreSeenWithTheirSmallestEigenvalue) {
  Matrix A = Matrix::Zero(3, 4);
  A.diagonal() << 3, 2, 1;
  const auto problem = dense_problem(A);
  Factors wrong_pair({3, 4, 1});
  wrong_pair.X()(1, 0) = std::sqrt(2.0);  // stands on the second singular pair; the first pulls away
  wrong_pair.Y()(1, 0) = std::sqrt(2.0);
  const Curvature at_wrong = curvature_at_critical_point(*problem, wrong_pair);
  EXPECT_EQ(at_wrong.limit, Limit::saddle);
  EXPECT_NEAR(at_wrong.smallest, hessian_spectrum(*problem, wrong_pair)[0], 1e-12);
  EXPECT_NEAR(at_wrong.smallest, -1, 1e-12);
  A.diagonal() << 1, 0.999, 0;  // the first pair pulls away by a thousandth of the largest eigenvalue: still a saddle
  wrong_pair.flat() *= std::sqrt(0.999 / 2);
  const Curvature weakly = curvature_at_critical_point(*dense_problem(A), wrong_pair);
  EXPECT_EQ(weakly.limit, Limit::saddle);
  EXPECT_NEAR(weakly.smallest, -0.001, 1e-9);
  const Curvature at_zero = curvature_at_critical_point(*problem, Factors({3, 4, 2}));
  EXPECT_EQ(at_zero.limit, Limit::saddle);
  EXPECT_NEAR(at_zero.smallest, -3, 1e-12);
  EXPECT_EQ(curvature_at_critical_point(*dense_problem(Matrix::Zero(3, 4)), Factors({3, 4, 2})).limit,
            Limit::minimiser);
}

TEST(SingularTriplets, AgreeWithAnSvdAlsoUnderARidge) {
  for (const Shape shape : {Shape{1, 1, 1}, Shape{1, 7, 1}, Shape{6, 4, 4}, Shape{70, 50, 5}}) {
    const Matrix A = gaussian(shape.rows, shape.cols, 9);
    const Vector values = singular_values(A);
    for (const double ridge : {0.0, 0.7}) {
      const auto problem = ridge_problem(dense_problem(A), ridge);
      const SingularTriplets top = top_singular_triplets(*problem, shape.rank);
      ASSERT_EQ(top.values.size(), shape.rank);
      for (Index i = 0; i < shape.rank; ++i) {
        EXPECT_NEAR(top.values[i], values[i], 1e-10 * values[0]);
        EXPECT_NEAR((A * top.right.col(i) - top.values[i] * top.left.col(i)).norm(), 0, 1e-8 * values[0]);
      }
    }
  }
  EXPECT_EQ(top_singular_triplets(*dense_problem(Matrix::Zero(4, 3)), 9).values.norm(), 0);
}

TEST(Curvature, ResidualNorm) {
  const Matrix A = gaussian(12, 9, 3);
  const Factors z = gaussian_factors({12, 9, 2}, 4);
  const Matrix R = A - z.X() * z.Y().transpose();
  EXPECT_NEAR(residual_spectral_norm(*dense_problem(A), z).value, singular_values(R)[0], 1e-7);
}

// A dense matrix that offers products with A^T A, as an operator of sparse rows does.
class WithGram final : public Problem {
 public:
  explicit WithGram(const Matrix& A) : A_(A), base_(dense_problem(A)) {}
  Index rows() const override { return A_.rows(); }
  Index cols() const override { return A_.cols(); }
  Index entries() const override { return A_.size(); }
  LossForm form() const override { return base_->form(); }
  double gradient(ConstFactors at, MutableFactors out) const override { return base_->gradient(at, out); }
  void hessian_product(ConstFactors at, ConstFactors direction, MutableFactors out) const override {
    base_->hessian_product(at, direction, out);
  }
  bool has_gram_product() const override { return true; }
  void gram_product(ConstState v, State out) const override {
    ++grams;
    out = A_.transpose() * (A_ * v);
  }
  mutable int grams = 0;

 private:
  Matrix A_;
  std::unique_ptr<Problem> base_;
};

TEST(SingularTriplets, ByProductsWithTheGramAgreeWithAnSvd) {
  SharpnessSettings settings;
  settings.value_tolerance = 1e-9;
  for (const Shape shape : {Shape{1, 1, 1}, Shape{4, 9, 2}, Shape{9, 4, 4}, Shape{200, 90, 3}, Shape{70, 160, 3}}) {
    for (const double scale : {1.0, 1e-120, 1e120}) {
      SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " scale " << scale);
      const Matrix A = scale * gaussian(shape.rows, shape.cols, 91);
      const WithGram problem(A);
      const SingularTriplets top = top_singular_triplets(problem, shape.rank, settings);
      const Vector all = singular_values(A);
      EXPECT_GT(problem.grams, 0);
      EXPECT_TRUE(top.converged);
      for (Index i = 0; i < shape.rank; ++i) {
        EXPECT_NEAR(top.values[i], all[i], 1e-8 * all[0]);
        EXPECT_LE((A * top.right.col(i) - top.values[i] * top.left.col(i)).norm(), 1e-8 * all[0]);
        EXPECT_NEAR(top.left.col(i).norm(), 1, 1e-12);
      }
    }
  }
  EXPECT_EQ(top_singular_triplets(WithGram(Matrix::Zero(4, 3)), 2, settings).values.norm(), 0);
  Vector v = gaussian(7, 1, 92), out(7);
  const Matrix A = gaussian(5, 7, 93);
  dense_problem(A)->gram_product(v, out);
  EXPECT_LE((out - A.transpose() * (A * v)).norm(), 1e-13 * out.norm());
}

// Cheap products have no budget; dear ones end at digits or at a number of products that falls with their cost.
TEST(SharpnessSettings, BudgetsByCost) {
  const SharpnessSettings usual;
  for (const auto preset :
       {SharpnessSettings::for_a_scale, SharpnessSettings::for_a_rate, SharpnessSettings::for_the_record}) {
    for (const double cheap : {0.0, 1.0, 5e7, std::numeric_limits<double>::quiet_NaN()}) {
      EXPECT_EQ(preset(cheap).max_products, usual.max_products) << cheap;
      EXPECT_EQ(preset(cheap).value_tolerance, 0) << cheap;
    }
    int before = usual.max_products;
    for (const double dear : {6e7, 1e8, 1e9, 1e10, 1e300, std::numeric_limits<double>::infinity()}) {
      const SharpnessSettings found = preset(dear);
      EXPECT_GT(found.value_tolerance, 0) << dear;
      EXPECT_LE(found.max_products, before) << dear;
      before = found.max_products;
    }
  }
  // A first step after less than 60 products, however dear.
  EXPECT_EQ(SharpnessSettings::for_a_scale(1e12).max_products + SharpnessSettings::for_a_rate(1e12).max_products, 58);
  EXPECT_EQ(SharpnessSettings::for_the_record(1e12).max_products, 60);
  EXPECT_EQ(SharpnessSettings::for_a_rate(1e8).max_products, 100);
}

TEST(GuessAlong, IsTheDirectionOfSharpnessAtZeroFactorsAndCloseToItAtSmallOnes) {
  for (const Shape shape : {Shape{1, 1, 1}, Shape{7, 4, 2}, Shape{12, 20, 5}}) {
    const auto problem = dense_problem(gaussian(shape.rows, shape.cols, 71));
    const SingularTriplets top = top_singular_triplets(*problem, 1);
    for (const double size : {0.0, 1e-3}) {
      SCOPED_TRACE(::testing::Message() << shape.rows << " x " << shape.cols << " size " << size);
      Factors z = gaussian_factors(shape, 72);
      z.flat() *= size;
      const Vector guess = guess_along(*problem, top, z);
      ASSERT_EQ(guess.size(), shape.size());
      Factors along(shape), image(shape);
      along.flat() = guess;
      problem->hessian_product(z, along, image);
      const double length = guess.squaredNorm();
      EXPECT_NEAR(length, 1, 1e-12);
      // A Rayleigh quotient is below the largest eigenvalue, and as close as the square of what z moves.
      const double quotient = guess.dot(image.flat()) / length, L = sharpness(*problem, z).value;
      EXPECT_NEAR(quotient, L, 1e-12 * L + 20 * size * size * L);
    }
  }
}

TEST(GuessAlong, IsEmptyWithoutASingularPairOrAnyUnknowns) {
  const auto problem = dense_problem(gaussian(3, 2, 73));
  const Factors z = gaussian_factors({3, 2, 1}, 74);
  EXPECT_EQ(guess_along(*problem, SingularTriplets{}, z).size(), 0);
  const SingularTriplets top = top_singular_triplets(*problem, 1);
  EXPECT_EQ(guess_along(*problem, top, Factors({3, 2, 0})).size(), 0);
  Factors infinite = z;
  infinite.flat()[0] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(guess_along(*problem, top, infinite).size(), 0);
}

}  // namespace
}  // namespace equipoise::sharpness_test
