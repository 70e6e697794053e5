// Small problems in tests: a matrix, its coordinates, starts and runs.
#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/ensemble/tiny/test_tiny_ends.hpp"
#include "equipoise/problems/spectral.hpp"

namespace equipoise::test_small {

/// A and starts of both factors with length 1, in the matrix' coordinates and in spectral ones.
struct Small {
  Matrix A;
  std::vector<Factors> given;
  std::vector<SpectralCoordinates> coordinates;
  std::vector<SmallStart> starts;
  std::unique_ptr<SmallFamily> family;

  Small(Matrix matrix, Index rank, std::size_t count, std::uint64_t seed) : A(std::move(matrix)) {
    const SpectralBasis basis = spectral_basis(A);
    for (std::size_t i = 0; i < count; ++i) {
      given.push_back(with_norms(gaussian_factors({A.rows(), A.cols(), rank}, seed + i), 1, 1));
      coordinates.push_back(spectral_coordinates(basis, given.back()));
      const SpectralCoordinates& own = coordinates.back();
      const bool square = A.rows() == A.cols();
      starts.push_back({own.start, square ? Matrix(own.left.transpose() * own.right) : Matrix()});
    }
    const SpectralCoordinates& first = coordinates.front();
    family = std::make_unique<SmallFamily>(*first.problem, first.start.shape(), first.values, first.squares_at_rest);
  }

  double sigma1() const { return coordinates.front().values.size() > 0 ? coordinates.front().values[0] : 1; }
  SmallRun run(std::size_t start, double scale_x, double scale_y, double h, std::uint64_t max_steps) const {
    return {&starts[start], scale_x, scale_y, h, max_steps};
  }
  /// The same start in the matrix' own coordinates.
  Factors natural(const SmallRun& run) const {
    Factors result = given[static_cast<std::size_t>(run.start - starts.data())];
    result.X() *= run.scale_x;
    result.Y() *= run.scale_y;
    return result;
  }
  test_tiny_ends::Ends ends(const std::vector<SmallRun>& runs, const std::string& target = "scalar") const {
    test_tiny_ends::Ends result(runs.size());
    run_small(*family, runs, result, {target});
    return result;
  }
};

inline Matrix gaussian_matrix(Index rows, Index cols, Index rank, std::uint64_t seed) {
  const Factors factors = gaussian_factors({rows, cols, rank}, seed);
  return factors.X() * factors.Y().transpose();
}

/// Any shape, any rank, with what is special now and then: multiples of the identity, zero, a lower rank.
inline Small random_small(std::mt19937_64& random, std::size_t starts) {
  const Index rows = 1 + static_cast<Index>(random() % 12), cols = 1 + static_cast<Index>(random() % 12);
  const Index rank = 1 + static_cast<Index>(random() % (random() % 3 == 0 ? 9 : 4));
  Matrix A = gaussian_matrix(rows, cols, random() % 2 == 0 ? 1 : std::min(rows, cols), random());
  if (random() % 6 == 0) A = 0.7 * Matrix::Identity(rows, cols);
  if (random() % 12 == 0) A.setZero();
  return Small(A, rank, starts, random());
}

}  // namespace equipoise::test_small
