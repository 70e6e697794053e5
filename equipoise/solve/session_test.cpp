// Units, coordinates, start and rate of a session, each measured once and only if it is asked for.
#include "equipoise/solve/session.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/test_refusal.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/ridge.hpp"
#include "equipoise/solve/answers.hpp"

namespace equipoise::session_test {
namespace {

using test_refusal::refusal;

Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
  Generator random(seed);
  Matrix A(rows, cols);
  for (double& entry : A.reshaped()) entry = random.normal();
  return A;
}

Request request_of(const Matrix& A, Index rank) {
  Request request;
  request.matrix.values = A;
  request.rank = rank;
  return request;
}

SparseMatrix sparse(const Matrix& A) {
  SparseMatrix result = A.sparseView();
  result.makeCompressed();
  return result;
}

TEST(Session, MeasuresWhatIsAskedAndEachThingOnce) {
  const Matrix A = gaussian(9, 7, 1);
  Request request = request_of(A, 2);
  request.rate = {Rate::Kind::over_L, 1};
  std::vector<std::string> begun;
  Session session = prepare(std::move(request), {[&](std::string_view what) { begun.emplace_back(what); }, {}});
  EXPECT_TRUE(begun.empty());
  EXPECT_NEAR(session.norm(), A.norm(), 1e-12);
  EXPECT_TRUE(begun.empty());
  EXPECT_NEAR(session.sigma1(), singular_values(A)[0], 1e-12);
  EXPECT_EQ(begun, std::vector<std::string>{"the largest singular value"});
  session.get_ready();
  const auto once = begun;
  session.get_ready();
  session.rate();
  session.sharpness();
  session.matrix();
  session.start();
  session.situation();
  predict(session);
  session.excess(session.start());
  EXPECT_EQ(begun, once);
  EXPECT_EQ(session.counts().decompositions, 1);
  EXPECT_EQ(session.counts().largest_singular, 1);
  EXPECT_GT(session.seconds(), 0);
}

// Spectral coordinates, theory and the excess share one SVD.
TEST(Session, OneDecompositionServesCoordinatesAndTheory) {
  const Matrix A = gaussian(12, 9, 3);
  Request request = request_of(A, 2);
  request.coordinates = Coordinates::spectral;
  Session session = prepare(std::move(request));
  session.get_ready();
  session.excess(session.start());
  predict(session);
  EXPECT_EQ(session.counts().decompositions, 1);
  ASSERT_TRUE(session.singular_values().has_value());
  EXPECT_EQ(*session.singular_values(), singular_values(A));
  // A multiple of the identity needs none.
  Request identity = request_of(-3 * Matrix::Identity(9, 9), 2);
  identity.coordinates = Coordinates::spectral;
  Session known = prepare(std::move(identity));
  known.get_ready();
  EXPECT_EQ(known.counts().decompositions, 0);
  EXPECT_EQ(*known.singular_values(), Vector(Vector::Constant(9, 3)));
}

TEST(Session, AsksTheMatrixAloneWithoutRankStartOrRate) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Matrix A = gaussian(8, 5, seed);
    const Vector expected = singular_values(A);
    for (const bool is_sparse : {false, true}) {
      Request request;
      if (is_sparse) {
        request.matrix.values = sparse(A);
      } else {
        request.matrix.values = A;
      }
      Session session = prepare(std::move(request));
      const SingularAnswer found = largest_singular_values(session, 3);
      ASSERT_EQ(found.values.size(), 3u);
      for (Index i = 0; i < 3; ++i) EXPECT_NEAR(found.values[static_cast<std::size_t>(i)], expected[i], 1e-9);
      EXPECT_NEAR(session.norm(), A.norm(), 1e-12);
      EXPECT_EQ(session.entries(), 40);
      EXPECT_EQ(session.counts().decompositions, 0);
      EXPECT_EQ(refusal([&] { session.rate(); }),
                "rank is missing; write how many columns the factors have, such as rank = 8");
    }
  }
}

// Sharpness at given factors needs no rate, and a rate that makes no sense there is nobody's mistake.
TEST(Session, SharpnessNeedsNoRate) {
  const Matrix A = gaussian(6, 5, 4);
  Request request = request_of(A, 2);
  request.start = GivenStart{Factors(Shape{6, 5, 2})};
  request.rate = {Rate::Kind::over_L, 1};
  Session session = prepare(std::move(request));
  EXPECT_NEAR(session.sharpness().value, singular_values(A)[0], 1e-9);
  const HessianAnswer found = hessian_at_start(session, 2, true);
  EXPECT_NEAR(found.largest.front(), singular_values(A)[0], 1e-9);
  EXPECT_NEAR(found.smallest, -singular_values(A)[0], 1e-4);
  ASSERT_TRUE(found.spectrum.has_value());
  EXPECT_EQ(found.spectrum->values.size(), 22u);
}

// The descent is the same in every unit: start, sharpness and rate scale as their dimensions say.
TEST(Session, UnitsOfAnySize) {
  const Matrix A = gaussian(5, 4, 7);
  Request plain = request_of(A, 2);
  Session here = prepare(std::move(plain));
  const double L = here.sharpness().value, h = here.rate().value;
  for (const int e : {-250, -60, 60, 250}) {
    SCOPED_TRACE(e);
    Session there = prepare(request_of(std::ldexp(1.0, 2 * e) * A, 2));
    EXPECT_EQ(there.sharpness().value, std::ldexp(L, 2 * e));
    EXPECT_EQ(there.rate().value, std::ldexp(h, -2 * e));
    EXPECT_EQ(there.sigma1(), std::ldexp(here.sigma1(), 2 * e));
    EXPECT_EQ(there.start().X()(0, 0), std::ldexp(here.start().X()(0, 0), e));
  }
}

// sigma_1 is that of A to full precision, however large the ridge is beside it.
TEST(Session, Sigma1UnderALargeRidge) {
  const Matrix A = 1e-12 * gaussian(4, 3, 11);
  const double sigma1 = singular_values(A)[0];
  for (const double ridge : {0.0, 1.0, 1000.0, 1e100}) {
    SCOPED_TRACE(ridge);
    Request request = request_of(A, 2);
    request.ridge = ridge;
    Session session = prepare(std::move(request));
    session.get_ready();
    EXPECT_NEAR(session.sigma1() / sigma1, 1, 1e-13);
    EXPECT_NEAR(session.norm() / A.norm(), 1, 1e-13);
    EXPECT_NEAR(session.start().X().norm() / std::sqrt(sigma1), 1, 1e-13);
  }
  // The same below the session: a problem with a ridge knows its A.
  const auto problem = ridge_problem(dense_problem(A), 1000);
  EXPECT_NEAR(top_singular_triplets(*problem, 1).values[0] / sigma1, 1, 1e-13);
}

TEST(Session, EntriesOfTheSmallestSizeWithAFiniteRidge) {
  Request request = request_of(Matrix::Constant(3, 2, 5e-324), 1);
  request.ridge = 100;
  Session session = prepare(std::move(request));
  session.get_ready();
  EXPECT_NEAR(session.rate().value, 0.9 / 100, 1e-12);
  EXPECT_GT(session.norm(), 0);
  EXPECT_NEAR(session.sigma1() / 5e-324, std::sqrt(6), 1);
}

TEST(Session, AStartThatIsOutOfRangeIsSaidOnce) {
  Request request = request_of(Matrix::Constant(3, 2, 1e-150), 1);
  request.start_norms = FactorNorms{1e120, 1e120};
  Session far = prepare(std::move(request));
  EXPECT_NE(refusal([&] { far.rate(); }).find("start_norms is too large beside the matrix"), std::string::npos);
  // Norms of 1 are far from such a matrix, and yet in range.
  Request near = request_of(Matrix::Constant(3, 2, 1e-150), 1);
  near.start_norms = FactorNorms{1, 1};
  Session session = prepare(std::move(near));
  EXPECT_NEAR(session.rate().value, 1.8, 1e-12);
  EXPECT_NEAR(session.sigma1() / (std::sqrt(6) * 1e-150), 1, 1e-12);
}

TEST(Session, RefusesWhatDoesNotFit) {
  const Matrix A = gaussian(6, 5, 2);
  const auto refused = [&](const auto& change) {
    Request request = request_of(A, 2);
    change(request);
    return refusal([&] { prepare(std::move(request)).get_ready(); });
  };
  EXPECT_EQ(refused([](Request& r) { r.rank = 0; }),
            "rank 0 is out of range; write a whole number from 1 to 1000000000");
  EXPECT_NE(refused([](Request& r) {
              r.start = GivenStart{Factors(Shape{6, 5, 3})};
            }).find("does not fit"),
            std::string::npos);
  EXPECT_NE(refused([](Request& r) {
              r.start = GivenStart{Factors(Shape{5, 6, 2})};
            }).find("needs a row"),
            std::string::npos);
  EXPECT_NE(refused([](Request& r) { r.memory = 1000; }).find("GB of memory"), std::string::npos);
  EXPECT_NE(refused([&](Request& r) {
              r.matrix.values = sparse(A);
              r.matrix.has_unknown = true;
              r.coordinates = Coordinates::spectral;
            }).find("unknown entries"),
            std::string::npos);
  EXPECT_EQ(refused([&](Request& r) {
              r.matrix.values = sparse(A);
              r.precision = Precision::float32;
            }),
            "precision = float32 is for complete dense matrices; leave it out for sparse or observed ones");
  EXPECT_EQ(refused([&](Request& r) {
              r.matrix.values = Matrix(1e40 * A);
              r.precision = Precision::float32;
            }),
            "precision = float32 cannot hold this matrix: an entry is beyond 3.4e38; use float64");
  EXPECT_NE(refused([](Request& r) {
              r.start = GivenStart{Factors(Shape{6, 5, 2})};
              r.matrix.values = Matrix(Matrix::Zero(6, 5));
              r.rate = {Rate::Kind::over_L, 3};
            }).find("needs a positive sharpness"),
            std::string::npos);
}

TEST(Session, TheListenerCanCallItOff) {
  Session session = prepare(request_of(gaussian(6, 5, 2), 2), {{}, [] { return false; }});
  EXPECT_THROW(session.get_ready(), Cancelled);
}

}  // namespace
}  // namespace equipoise::session_test
