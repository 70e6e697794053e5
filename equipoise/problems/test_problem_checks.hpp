// What every kind of Problem must pass, for tests only: a reference in long double and checks that need no reference.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "equipoise/core/problem.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise::testing {

using LongMatrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::string text(const Shape& shape);

/// Empty, single, thin, odd, more columns in the factors than in A, several row blocks, tiles and chunks.
std::vector<Shape> shapes();

Matrix random_matrix(Index rows, Index cols, std::mt19937_64& random);

Factors random_factors(Shape shape, std::mt19937_64& random);

/// Entries of A where `known` is 1, also those that are zero.
SparseMatrix sparse_from(const Matrix& A, const Matrix& known);

struct Expected {
  long double loss;
  LongMatrix X, Y;        ///< gradient
  LongMatrix HX, HY;      ///< Hessian product
  double residual_scale;  ///< |A| + |X||Y|: rounding errors of R are eps times this
};

/// The definitions in long double; entries where `known` is 0 do not count.
Expected expected(const Matrix& A, const Matrix& known, ConstFactors at, ConstFactors direction);

bool same_bits(ConstFactors a, ConstFactors b);

bool same_bits(double a, double b);

/// Loss, gradient and Hessian product against the definitions. `loss_scale`: multiple of eps residual_scale^2 that the
/// loss may be off; 0 where it has to be relatively accurate.
void check_against_definition(const Problem& problem, const Matrix& A, const Matrix& known, ConstFactors at,
                              ConstFactors direction, double loss_scale = 0);

/// <gradient, w> against differences of the loss, the Hessian product against differences of the gradient, and
/// symmetry.
void check_derivatives(const Problem& problem, ConstFactors at, ConstFactors u, ConstFactors v);

/// advance() takes the steps that its description says, and cutting a run does not change a bit.
void check_advance(const Problem& problem, ConstFactors start, double h, double rounding = 0);

/// Runs down to the fit of A and away from it, whole and step by step, where a loss comes from products or from a
/// residual, as it is large or small: which, may depend on the iterate alone, so that a run that was cut or replayed
/// has the same bits. Every loss has 12 digits; a small one may be off by `rounding` eps |A|^2 besides.
void check_passage(const Problem& problem, const Matrix& A, const Factors& fit, double rounding);

/// The exact change of X^T X - Y^T Y in one step, (docs/theory.md, imbalance), along a few steps.
void check_imbalance_identity(const Problem& problem, ConstFactors start, double h);

/// Loss, gradient, Hessian product and steps with one, two and three threads.
void check_threads(const Problem& problem, ConstFactors at, ConstFactors direction, double h);

}  // namespace equipoise::testing
