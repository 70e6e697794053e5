// The smallest problem of all, f = (mu - x y)^2 / 2, for tests.
#pragma once

#include <memory>

#include "equipoise/problems/dense.hpp"

namespace equipoise::test_scalar {

inline std::unique_ptr<Problem> scalar(double mu) { return dense_problem(Matrix::Constant(1, 1, mu)); }

inline Factors pair(double x, double y) {
  Factors z({1, 1, 1});
  z.X()(0, 0) = x;
  z.Y()(0, 0) = y;
  return z;
}

}  // namespace equipoise::test_scalar
