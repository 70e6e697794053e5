// Operators: a wrong one does not compile, one that lies about its size is told so.
#include "equipoise/problems/operator.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/problems/test_problem_checks.hpp"

namespace equipoise::operator_test {
namespace {

using namespace equipoise::testing;

/// A = u v^T without ever forming it.
struct RankOne {
  Vector u, v;
  Index rows() const { return u.size(); }
  Index cols() const { return v.size(); }
  double norm_squared() const { return u.squaredNorm() * v.squaredNorm(); }
  Matrix times(const Matrix& V) const { return u * (v.transpose() * V); }
  Matrix transpose_times(const Matrix& U) const { return v * (u.transpose() * U); }
};

struct WithoutTranspose {
  Index rows() const { return 1; }
  Index cols() const { return 1; }
  double norm_squared() const { return 1; }
  Matrix times(const Matrix& V) const { return V; }
};

struct NotConst {
  Index rows() { return 1; }
  Index cols() { return 1; }
  double norm_squared() { return 1; }
  Matrix times(const Matrix& V) { return V; }
  Matrix transpose_times(const Matrix& U) { return U; }
};

struct WrongResult : RankOne {
  std::string times(const Matrix&) const { return ""; }
};

static_assert(LinearOperator<RankOne>);
static_assert(!LinearOperator<WithoutTranspose>);
static_assert(!LinearOperator<NotConst>);
static_assert(!LinearOperator<WrongResult>);
static_assert(!LinearOperator<int>);

TEST(Operator, ARankOneOperatorIsItsMatrix) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{30, 20, 4}, Shape{3, 4, 0}, Shape{0, 3, 1}}) {
    SCOPED_TRACE(text(shape));
    std::mt19937_64 random(31);
    const RankOne A{Vector(random_matrix(shape.rows, 1, random)), Vector(random_matrix(shape.cols, 1, random))};
    const Factors at = random_factors(shape, random), u = random_factors(shape, random);
    check_against_definition(*operator_problem(A), Matrix(A.u * A.v.transpose()), Matrix::Ones(shape.rows, shape.cols),
                             at, u, 16);
  }
}

TEST(Operator, LossNearAnExactFitIsNotNegative) {
  std::mt19937_64 random(32);
  const Factors at = random_factors({30, 20, 1}, random);
  const auto problem = operator_problem(RankOne{Vector(at.X()), Vector(at.Y())});
  Factors gradient(at.shape());
  for (int trial = 0; trial < 50; ++trial) {
    Factors near(at);
    near.flat() += 1e-10 * random_factors(at.shape(), random).flat();
    EXPECT_GE(problem->gradient(near, gradient), 0);
  }
}

template <class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Operator, WhatItSaysOfItselfIsChecked) {
  const auto same = [](const Matrix& V) { return V; };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(message_of([&] {
              operator_problem(OperatorProducts{-1, 2, 1.0, same, same});
            }).find("-1 x 2"),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              operator_problem(OperatorProducts{2, 2, nan, same, same});
            }).find("nan"),
            std::string::npos);
  EXPECT_NE(message_of([&] {
              operator_problem(OperatorProducts{2, 2, -1.0, same, same});
            }).find("-1"),
            std::string::npos);
  Factors at(Shape{2, 3, 1}), out(Shape{2, 3, 1});
  const auto wrong = operator_problem(OperatorProducts{2, 3, 1.0, same, same});
  EXPECT_NE(message_of([&] { wrong->gradient(at, out); }).find("times() returned a 3 x 1 matrix; it must be 2 x 1"),
            std::string::npos);
}

}  // namespace
}  // namespace equipoise::operator_test
