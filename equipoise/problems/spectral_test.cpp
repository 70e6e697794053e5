// Spectral problems: the loss where it is small, rectangular padding, and what is refused.
#include "equipoise/problems/spectral.hpp"
#include "equipoise/problems/parallel/threads.hpp"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <limits>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/test_only_target.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::spectral_test {
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
  EXPECT_THROW(in.restore(Factors(Shape{2, 2, 2})), Error);
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

// Equal singular values: the run needs 2d + 1 pairs of them, and loses nothing by it.
TEST(Spectral, PairsWithEqualValuesRest) {
  std::mt19937_64 random(44);
  const auto orthogonal = [&](Index n) { return Matrix(thin_qr(random_matrix(n, n, random)).orthonormal); };
  for (const Index rank : {1, 2, 5}) {
    for (const bool rectangular : {false, true}) {
      SCOPED_TRACE(::testing::Message() << "rank " << rank << (rectangular ? " rectangular" : " square"));
      const Index m = 30, n = rectangular ? 40 : 30;
      Matrix S = Matrix::Zero(m, n);
      for (Index i = 0; i < m; ++i)
        S(i, i) = i < 3 ? 5.0 - static_cast<double>(i) : i < 20 ? 2 : 0.5;  // 17 of 2 and 10 of 1/2
      const Matrix A = orthogonal(m) * S * orthogonal(n).transpose();
      const Factors start(0.3 * random_matrix(m, rank, random), 0.3 * random_matrix(n, rank, random));
      const SpectralCoordinates in = spectral_coordinates(A, start);
      const Index kept = 3 + std::min<Index>(17, 2 * rank + 1) + std::min<Index>(10, 2 * rank + 1);
      EXPECT_EQ(in.pairs_at_rest, 30 - kept);
      EXPECT_EQ(in.left.cols(), std::min<Index>(kept, 30));
      EXPECT_EQ(in.right.cols(), rectangular ? kept + rank : kept);
      EXPECT_LE((in.left.transpose() * in.left - Matrix::Identity(in.left.cols(), in.left.cols())).norm(), 1e-13);

      const auto plain = plain_dense_problem(A);
      Factors here(start), there(in.start);
      std::vector<StepTrace> here_trace(200), there_trace(200);
      plain->advance(here, 0.005, here_trace);
      in.problem->advance(there, 0.005, there_trace);
      EXPECT_LE((in.restore(there).flat() - here.flat()).norm(), 1e-11 * here.flat().norm());
      for (std::size_t k = 0; k < 200; k += 20)
        EXPECT_NEAR(there_trace[k].loss, here_trace[k].loss, 1e-12 * A.squaredNorm());
      // Both ends of the Hessian's spectrum are kept; only copies of eigenvalues are gone.
      const Vector all = hessian_spectrum(*plain, here), fewer = hessian_spectrum(*in.problem, there);
      const double scale = all.cwiseAbs().maxCoeff();
      EXPECT_NEAR(fewer[0], all[0], 1e-10 * scale);
      EXPECT_NEAR(fewer[fewer.size() - 1], all[all.size() - 1], 1e-10 * scale);
      for (Index i = 0; i < all.size(); ++i) EXPECT_LE((fewer.array() - all[i]).abs().minCoeff(), 1e-10 * scale) << i;
    }
  }
  // mu times the identity at rank 1, from a start that is aligned with it: three pairs.
  const SpectralCoordinates in = spectral_coordinates(
      3 * Matrix::Identity(50, 50), Factors(Matrix::Constant(50, 1, 0.1), Matrix::Constant(50, 1, 0.2)));
  EXPECT_EQ(in.left.cols(), 3);
  EXPECT_EQ(in.pairs_at_rest, 47);
}

// Calls of advance() share memory, one after another and from several threads: neither a diverged call nor another rank
// may show.
TEST(Spectral, MemoryOfEarlierCallsLeavesNoTrace) {
  std::mt19937_64 random(47);
  const Vector s = Vector::LinSpaced(11, 3, 1);
  const auto used = spectral_problem(s, 13, 19);
  Factors wild = random_factors({13, 19, 3}, random), other = random_factors({13, 19, 6}, random);
  wild.flat() *= 1e3;
  std::vector<StepTrace> trace(40), want(40);
  used->advance(wild, 1.0, trace);
  ASSERT_FALSE(std::isfinite(trace.back().loss));
  used->advance(other, 1e-3, trace);
  const Factors start = random_factors({13, 19, 3}, random);
  Factors here(start), there(start);
  spectral_problem(s, 13, 19)->advance(here, 1e-3, want);
  used->advance(wild, 1.0, trace);
  used->advance(there, 1e-3, trace);
  EXPECT_TRUE(same_bits(here, there));
  EXPECT_TRUE(same_bits(trace.back().loss, want.back().loss));
  std::vector<Factors> ends(8, start);
  in_parallel(static_cast<Index>(ends.size()), [&](Index end) {
    const auto i = static_cast<std::size_t>(end);
    std::vector<StepTrace> own(40);
    used->advance(ends[i], 1e-3, own);
  });
  for (const Factors& end : ends) EXPECT_TRUE(same_bits(end, here));
}

// Many steps of one call, so that helpers take part in some of them and not in others.
TEST(Spectral, HelpersChangeNoBit) {
  std::mt19937_64 random(48);
  const Shape shape{900, 700, 24};
  const auto problem = spectral_problem(Vector::LinSpaced(700, 2, 0.1), shape.rows, shape.cols);
  const Factors at = random_factors(shape, random);
  const double h = 0.1 / (1 + at.flat().squaredNorm());
  std::vector<Factors> ends;
  std::vector<double> losses;
  for (const int threads : {1, 2, 4, 2, 3}) {
    const ThreadLimit limit(threads);
    std::vector<StepTrace> trace(400);
    ends.push_back(at);
    problem->advance(ends.back(), h, trace);
    losses.push_back(trace.back().loss);
    EXPECT_TRUE(same_bits(ends.back(), ends.front())) << threads;
    EXPECT_TRUE(same_bits(losses.back(), losses.front())) << threads;
  }
}

// The kernel's steps against those of the gradient, on every target: thin, prime and empty shapes, ranks around the
// tiles, values for some of the pairs, several chunks.
TEST(Spectral, EveryTargetStepsAsTheGradientDoes) {
  std::vector<Shape> shapes = {{1, 1, 1},      {1, 9, 2},    {9, 1, 3},   {2, 3, 8},   {1, 1, 5},
                               {7, 7, 0},      {13, 17, 4},  {31, 29, 9}, {3, 40, 12}, {1100, 1031, 3},
                               {700, 531, 24}, {900, 40, 2}, {70, 60, 33}};
  std::mt19937_64 sizes(45);
  for (int i = 0; i < 12; ++i) {
    shapes.push_back({static_cast<Index>(1 + sizes() % 60), static_cast<Index>(1 + sizes() % 60),
                      static_cast<Index>(1 + sizes() % 20)});
  }
  const std::int64_t best = hwy::SupportedAndGeneratedTargets().front();
  std::vector<Factors> first;  // of the first target: all give the same bits
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const OnlyTarget only(target);
    for (std::size_t which = 0; which < shapes.size(); ++which) {
      const Shape& shape = shapes[which];
      SCOPED_TRACE(std::string(hwy::TargetName(target)) + " " + text(shape));
      std::mt19937_64 random(46);
      const Index least = std::min(shape.rows, shape.cols);
      Vector s = random_matrix(least - least / 3, 1, random).cwiseAbs();
      std::sort(s.begin(), s.end(), std::greater<>());
      const auto problem = spectral_problem(s, shape.rows, shape.cols, 0.25);
      const Factors at = random_factors(shape, random), u = random_factors(shape, random);
      const double h = 0.1 / (1 + at.flat().squaredNorm() + s.norm());
      check_advance(*problem, at, h, 64);
      Factors end(at);
      std::vector<StepTrace> trace(9);
      problem->advance(end, h, trace);
      Factors seen(Shape{3, 9, 1});
      for (Index k = 0; k < 9; ++k) {
        seen.Y()(k, 0) = trace[static_cast<std::size_t>(k)].gradient_squared;
        if (k < 3) seen.X()(k, 0) = trace[static_cast<std::size_t>(3 * k)].loss;
      }
      if (first.size() == 2 * which) {
        first.push_back(end);
        first.push_back(seen);
      }
      EXPECT_TRUE(same_bits(end, first[2 * which]));
      EXPECT_TRUE(same_bits(seen, first[2 * which + 1]));
      // Of these the second is large enough for several threads.
      if (shape.cols > 500 && target == best) check_threads(*problem, at, u, h);
    }
  }
}

// One factor alone overflows first; what the trace says of it is not a number that could be taken for a small one.
TEST(Spectral, StepsThatOverflowSaySo) {
  const Shape shape{20, 23, 3};
  std::mt19937_64 random(47);
  Factors z(0.5e150 * random_matrix(20, 3, random), 0.5e150 * random_matrix(23, 3, random));
  std::vector<StepTrace> trace(8);
  spectral_problem(Vector::Ones(20), shape.rows, shape.cols)->advance(z, 1, trace);
  EXPECT_FALSE(std::isfinite(trace.back().norm_squared));
  EXPECT_FALSE(std::isfinite(trace.back().gradient_squared));
}

// The reduced run is the plain one: iterates, losses, and a part of the Hessian's spectrum with both of its ends.
void expect_same_run(const Matrix& A, const Factors& start, const SpectralCoordinates& in, double h) {
  EXPECT_LE((in.restore(in.start).flat() - start.flat()).norm(), 1e-14 * start.flat().norm());
  const auto plain = plain_dense_problem(A);
  Factors here(start), there(in.start);
  std::vector<StepTrace> here_trace(150), there_trace(150);
  plain->advance(here, h, here_trace);
  in.problem->advance(there, h, there_trace);
  EXPECT_LE((in.restore(there).flat() - here.flat()).norm(), 1e-11 * here.flat().norm());
  for (std::size_t k = 0; k < 150; k += 10) {
    EXPECT_NEAR(there_trace[k].loss, here_trace[k].loss, 1e-12 * (A.squaredNorm() + here_trace[k].loss)) << k;
    EXPECT_NEAR(there_trace[k].gradient_squared, here_trace[k].gradient_squared,
                1e-11 * (A.squaredNorm() + here_trace[k].gradient_squared))
        << k;
    EXPECT_NEAR(there_trace[k].norm_squared, here_trace[k].norm_squared, 1e-12 * here_trace[k].norm_squared) << k;
  }
  const Vector all = hessian_spectrum(*plain, start), fewer = hessian_spectrum(*in.problem, in.start);
  const double scale = all.cwiseAbs().maxCoeff();
  EXPECT_NEAR(fewer[0], all[0], 1e-12 * scale);
  EXPECT_NEAR(fewer[fewer.size() - 1], all[all.size() - 1], 1e-12 * scale);
  for (Index i = 0; i < fewer.size(); ++i) EXPECT_LE((all.array() - fewer[i]).abs().minCoeff(), 1e-12 * scale) << i;
}

TEST(Spectral, ReducesAMultipleOfTheIdentityWithoutAnSvd) {
  std::mt19937_64 random(48);
  for (const double mu : {1.0, -2.5, 3e-3}) {
    for (const Index rank : {1, 3}) {
      SCOPED_TRACE(::testing::Message() << "mu " << mu << " rank " << rank);
      const Index n = 17;
      const Matrix A = mu * Matrix::Identity(n, n);
      const Factors generic(random_matrix(n, rank, random), 0.2 * random_matrix(n, rank, random));
      Factors opposite(generic);
      opposite.Y() = -generic.X();
      for (const Factors& start : {generic, opposite, Factors(Shape{n, n, rank}),
                                   Factors(Matrix::Constant(n, rank, 0.1), Matrix::Zero(n, rank))}) {
        const SpectralCoordinates in = spectral_coordinates(A, start);
        EXPECT_EQ(in.left.cols(), 2 * rank + 1);
        EXPECT_EQ(in.right.cols(), 2 * rank + 1);
        EXPECT_EQ(in.pairs_at_rest, n - 2 * rank - 1);
        EXPECT_NE(in.reduction().find("of 17 rows"), std::string::npos) << in.reduction();
        if (start.flat().norm() > 0) expect_same_run(A, start, in, 0.1 / (std::abs(mu) + start.flat().squaredNorm()));
      }
    }
  }
  Matrix A = Matrix::Identity(5, 5);
  EXPECT_EQ(multiple_of_identity(A), 1.0);
  A(3, 4) = 1e-300;
  EXPECT_FALSE(multiple_of_identity(A));
  EXPECT_FALSE(multiple_of_identity(Matrix::Identity(5, 6)));
  EXPECT_FALSE(multiple_of_identity(Matrix::Zero(5, 5)));
  EXPECT_FALSE(multiple_of_identity(Matrix(0, 0)));
}

TEST(Spectral, ReducesColumnsBeyondTheRows) {
  std::mt19937_64 random(49);
  for (const Shape shape : {Shape{1, 1, 9}, Shape{2, 1, 12}, Shape{3, 3, 8}}) {
    SCOPED_TRACE(text(shape));
    const Matrix A = random_matrix(shape.rows, shape.cols, random);
    const Factors start = random_factors(shape, random);
    const SpectralCoordinates in = spectral_coordinates(A, start);
    EXPECT_EQ(in.start.shape(), (Shape{shape.rows, shape.cols, shape.rows + shape.cols + 1}));
    EXPECT_NE(in.reduction().find("columns are in use"), std::string::npos) << in.reduction();
    expect_same_run(A, start, in, 0.1 / (A.norm() + start.flat().squaredNorm()));
  }
  const Shape fits{1, 1, 3};
  EXPECT_EQ(spectral_coordinates(Matrix::Ones(1, 1), random_factors(fits, random)).columns.size(), 0);
}

// A of rank one at rank one: two rows of each factor carry the run.
TEST(Spectral, ReducesAMatrixOfRankOne) {
  std::mt19937_64 random(50);
  const Matrix A = random_matrix(40, 1, random) * random_matrix(30, 1, random).transpose();
  const Factors start(random_matrix(40, 1, random), random_matrix(30, 1, random));
  const SpectralCoordinates in = spectral_coordinates(A, start);
  EXPECT_EQ(in.start.shape(), (Shape{2, 2, 1}));
  EXPECT_EQ(in.reduction(), "2 of 40 rows carry X and 2 of 30 carry Y, exactly");
  expect_same_run(A, start, in, 0.1 / (A.norm() + start.flat().squaredNorm()));
}

}  // namespace
}  // namespace equipoise::spectral_test
