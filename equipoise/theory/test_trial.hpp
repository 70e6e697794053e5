// A problem, a start and a rate, and the finding of one statement about them, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise::test_trial {

inline const Finding& find(const std::vector<Finding>& findings, std::string_view id) {
  const auto found =
      std::find_if(findings.begin(), findings.end(), [&](const Finding& f) { return f.statement == id; });
  EXPECT_NE(found, findings.end()) << id;
  return *found;
}

struct Trial {
  std::unique_ptr<Problem> problem;
  Factors start;
  double h;
  Vector singular;
  Matrix A;

  Situation situation() const {
    return {*problem,     start, h, sharpness(*problem, start).value, singular.size() > 0 ? singular[0] : 0,
            std::nullopt, &A};
  }
};
inline Trial trial_of(const Matrix& A, const Matrix& X, const Matrix& Y, double h) {
  return {dense_problem(A), Factors(X, Y), h, singular_values(A), A};
}

// Random sizes, ranks, scales and kinds; the rates lie where runs usually converge, some above.
inline Trial random_trial(std::uint64_t seed) {
  Generator random(seed);
  const auto rows = static_cast<Index>(1 + random.next() % 5);
  const auto cols = static_cast<Index>(1 + random.next() % 5);
  const auto rank = static_cast<Index>(1 + random.next() % 4);
  Matrix A(rows, cols);
  for (double& x : A.reshaped()) x = random.normal();
  if (seed % 6 == 1 && rows == cols) A = (A * A.transpose()).eval();
  if (seed % 6 == 2) A = Matrix::Identity(rows, cols) * random.normal();
  if (seed % 6 == 3) A = A.col(0) * A.row(0);
  const double scale = std::pow(10, 8 * random.uniform() - 4);
  A *= scale;
  Factors start = gaussian_factors(Shape{rows, cols, rank}, seed + 5000);
  start.X() *= std::sqrt(scale) * std::pow(10, 1.5 * random.uniform() - 1);
  start.Y() *= std::sqrt(scale) * std::pow(10, 1.5 * random.uniform() - 1);
  Trial trial{dense_problem(A), start, 0, singular_values(A), A};
  trial.h = (0.3 + 0.9 * random.uniform()) * 4 / (start.flat().squaredNorm() + 4 * trial.singular[0]);
  return trial;
}

}  // namespace equipoise::test_trial
