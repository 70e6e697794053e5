// Matrices and requests that several tests of solve/ begin with.
#pragma once

#include "equipoise/core/start.hpp"
#include "equipoise/solve/request.hpp"

namespace equipoise::test_request {

inline Matrix gaussian(Index rows, Index cols, std::uint64_t seed) {
  Generator random(seed);
  Matrix A(rows, cols);
  for (double& entry : A.reshaped()) entry = random.normal();
  return A;
}

inline Request request_of(const Matrix& A, Index rank, Rate rate = {}) {
  Request request;
  request.matrix.values = A;
  request.rank = rank;
  request.rate = rate;
  return request;
}

}  // namespace equipoise::test_request
