// Minimisers and saddles that are known by construction, at every distance that a tolerance up to 1e-2 leaves.
#include "equipoise/core/curvature.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise::curvature_test {
namespace {

constexpr double distances[] = {0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-2};

struct Bases {
  Matrix A;
  Eigen::MatrixXd left, right;
  Vector values;
};
Bases matrix_of(Index rows, Index cols, const Vector& values, std::uint64_t seed) {
  Bases result;
  result.left = thin_qr(gaussian_factors({rows, 0, values.size()}, seed).X()).orthonormal;
  result.right = thin_qr(gaussian_factors({cols, 0, values.size()}, seed + 1).X()).orthonormal;
  result.values = values;
  result.A = result.left * values.asDiagonal() * result.right.transpose();
  return result;
}

// The critical point that fits these pairs, the k-th with the ratio |x| / |y| = ratios[k], turned by an orthogonal O.
Factors fitting(const Bases& of, const std::vector<Index>& pairs, Index rank, double ratio, std::uint64_t seed) {
  Factors z({of.A.rows(), of.A.cols(), rank});
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const double root = std::sqrt(of.values[pairs[k]]), uneven = std::sqrt(ratio);
    z.X().col(static_cast<Index>(k)) = root * uneven * of.left.col(pairs[k]);
    z.Y().col(static_cast<Index>(k)) = root / uneven * of.right.col(pairs[k]);
  }
  const Matrix turn = thin_qr(gaussian_factors({rank, 0, rank}, seed).X()).orthonormal;
  return Factors(Matrix(z.X() * turn), Matrix(z.Y() * turn));
}

// Moved in a random direction until the gradient is `distance` of its natural scale.
Factors moved(const Problem& problem, const Factors& at, double norm, double distance, std::uint64_t seed) {
  const Factors direction = gaussian_factors(at.shape(), seed);
  const double scale = norm * std::max(at.flat().norm(), std::sqrt(norm));
  double length = distance;
  Factors gradient(at.shape()), z = at;
  for (int i = 0; i < 60 && distance > 0; ++i) {
    z.flat() = at.flat() + length * direction.flat();
    problem.gradient(z, gradient);
    length *= std::sqrt(distance * scale / gradient.flat().norm());
  }
  return z;
}

Limit limit_near(const Bases& of, const Factors& at, double distance, std::uint64_t seed) {
  const std::unique_ptr<Problem> problem = dense_problem(of.A);
  return curvature_at_critical_point(*problem, moved(*problem, at, of.A.norm(), distance, seed)).limit;
}

TEST(Curvature, AMinimiserIsOneAtEveryDistance) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (const double distance : distances) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << " distance " << distance);
      const double ratio = 0.5 + 0.05 * static_cast<double>(seed);
      const Bases number = matrix_of(1, 1, Vector{{1.3}}, seed);
      EXPECT_EQ(limit_near(number, fitting(number, {0}, 1, ratio, seed), distance, seed), Limit::minimiser);
      // More columns than A has: at a distance the Hessian does have a negative eigenvalue of its size.
      EXPECT_EQ(limit_near(number, fitting(number, {0}, 4, ratio, seed), distance, seed), Limit::minimiser);
      const Bases gap = matrix_of(6, 4, Vector{{1.0, 0.7, 0.4, 0.1}}, seed);
      EXPECT_EQ(limit_near(gap, fitting(gap, {0}, 1, ratio, seed), distance, seed), Limit::minimiser);
      EXPECT_EQ(limit_near(gap, fitting(gap, {0, 1}, 2, ratio, seed), distance, seed), Limit::minimiser);
      const Bases low = matrix_of(5, 6, Vector{{1.0, 0.5}}, seed);
      EXPECT_EQ(limit_near(low, fitting(low, {0, 1}, 3, ratio, seed), distance, seed), Limit::minimiser);
      const Bases equal = matrix_of(4, 4, Vector{{1.0, 1.0, 1.0, 1.0}}, seed);
      EXPECT_EQ(limit_near(equal, fitting(equal, {0}, 1, ratio, seed), distance, seed), Limit::minimiser);
    }
  }
}

TEST(Curvature, ASaddleIsOneAtEveryDistance) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (const double distance : distances) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << " distance " << distance);
      const double ratio = 0.5 + 0.05 * static_cast<double>(seed);
      const Bases gap = matrix_of(6, 4, Vector{{1.0, 0.8, 0.5, 0.3}}, seed);
      EXPECT_EQ(limit_near(gap, fitting(gap, {1}, 1, ratio, seed), distance, seed), Limit::saddle);
      EXPECT_EQ(limit_near(gap, fitting(gap, {0, 2}, 2, ratio, seed), distance, seed), Limit::saddle);
      EXPECT_EQ(limit_near(gap, fitting(gap, {0}, 2, ratio, seed), distance, seed), Limit::saddle);
      EXPECT_EQ(limit_near(gap, fitting(gap, {}, 2, ratio, seed), distance, seed), Limit::saddle);
    }
  }
}

// A gap below what the gradient explains, which the fitted singular values tell all the same.
TEST(Curvature, ASmallGapIsSeen) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    const Bases near = matrix_of(5, 5, Vector{{1.0, 0.98, 0.5}}, seed);
    EXPECT_EQ(limit_near(near, fitting(near, {1}, 1, 1, seed), 4e-3, seed), Limit::saddle);
    EXPECT_EQ(limit_near(near, fitting(near, {0}, 1, 1, seed), 4e-3, seed), Limit::minimiser);
  }
}

// What a stay's multiplier is made of, against the whole spectrum.
TEST(Curvature, EndsAtAMinimiserAreThoseOfTheSpectrum) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const auto& [rows, cols, rank] : {Shape{1, 1, 1}, Shape{1, 1, 3}, Shape{5, 4, 2}, Shape{4, 5, 4},
                                           Shape{4, 4, 4}, Shape{6, 4, 4}, Shape{3, 3, 1}, Shape{5, 5, 3}}) {
      SCOPED_TRACE(::testing::Message() << "seed " << seed << ": " << rows << " x " << cols << " rank " << rank);
      Vector values(std::min(rows, cols));
      for (Index i = 0; i < values.size(); ++i) values[i] = 1 / (1.0 + 0.4 * static_cast<double>(i));
      const Bases of = matrix_of(rows, cols, values, seed);
      std::vector<Index> pairs;
      for (Index i = 0; i < std::min(rank, values.size()); ++i) pairs.push_back(i);
      const Factors z = fitting(of, pairs, rank, 0.6 + 0.1 * static_cast<double>(seed), seed);
      const std::unique_ptr<Problem> problem = dense_problem(of.A);
      const Curvature found = curvature_at_critical_point(*problem, z);
      const Vector spectrum = hessian_spectrum(*problem, z);
      double smallest = spectrum.maxCoeff();
      for (const double each : spectrum) smallest = each > 1e-9 ? std::min(smallest, each) : smallest;
      ASSERT_EQ(found.limit, Limit::minimiser);
      EXPECT_NEAR(found.largest_at_limit, spectrum.maxCoeff(), 1e-9);
      EXPECT_NEAR(found.slowest_at_limit, smallest, 1e-9);
      for (const double h : {0.3, 1.1}) {
        const double multiplier = multiplier_of_stay(found, h);
        EXPECT_NEAR(std::abs(multiplier), std::max(std::abs(1 - h * smallest), std::abs(1 - h * spectrum.maxCoeff())),
                    1e-9);
      }
    }
  }
}

TEST(Curvature, WithoutUnknownsThereIsNothingToLeaveAlong) {
  const std::unique_ptr<Problem> problem = dense_problem(Matrix::Identity(3, 2));
  EXPECT_EQ(curvature_at_critical_point(*problem, Factors({3, 2, 0})).limit, Limit::minimiser);
}

}  // namespace
}  // namespace equipoise::curvature_test
