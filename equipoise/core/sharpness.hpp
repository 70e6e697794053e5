// The largest eigenvalues of the Hessian, with the residuals that say how far they can be trusted.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "equipoise/core/problem.hpp"

namespace equipoise {

enum class SpectrumEnd { largest, smallest };

struct SharpnessSettings {
  double tolerance = 1e-11;  ///< wanted residual, relative to the largest |eigenvalue| seen
  int max_products = 20000;  ///< budget of Hessian products; what is reached then is returned with its residual
  Index dense_below = 48;    ///< up to this many unknowns the operator is formed and decomposed whole
  /// Asked between products; false ends the work early, with what was reached and its residual. Empty: never.
  std::function<bool()> keep_going = {};
};

struct Eigenpairs {
  std::vector<double> values;     ///< in descending order at the largest end, ascending at the smallest
  std::vector<double> residuals;  ///< |H v - value v| with |v| = 1: an eigenvalue lies within this distance of value
  Matrix vectors;                 ///< one unit eigenvector a row, laid out as factors
  bool converged = true;          ///< every residual is at the tolerance
  int products = 0;               ///< Hessian products spent
};

/// The `count` (capped at the number of unknowns) eigenvalues at one end of the Hessian's spectrum, by Lanczos
/// (Spectra) or a dense decomposition for few unknowns. Cost: `products` Hessian products, typically 20 to 100 for one
/// eigenvalue. A residual bounds the distance to *some* eigenvalue; that none lies beyond the first is Lanczos's, not
/// proved. With no unknowns at all: empty. Where a Hessian product is not finite, every value is NaN and converged is
/// false.
Eigenpairs extreme_eigenpairs(const Problem& problem, ConstFactors at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings = {});

/// The largest Hessian eigenvalue (0 with no unknowns, NaN where the Hessian is not finite) and its residual.
struct Sharpness {
  double value = 0;
  double residual = 0;
};
Sharpness sharpness(const Problem& problem, ConstFactors at, const SharpnessSettings& settings = {});

/// Every eigenvalue in ascending order, by forming the Hessian: O(size^3) time and O(size^2) memory.
/// Throws Error above `largest_size` unknowns.
Vector hessian_spectrum(const Problem& problem, ConstFactors at, Index largest_size = 4000);

/// The `count` largest singular values of A (of the observed operator where entries are unknown) with their vectors.
/// They are the largest Hessian eigenvalues at X = 0, Y = 0 with rank 1, where H (u, v) = -(A v, A^T u).
/// left: rows x count, right: cols x count. count is capped at min(rows, cols).
struct SingularTriplets {
  Vector values;
  Matrix left, right;
  double residual = 0;  ///< the largest residual of the triplets returned
};
SingularTriplets top_singular_triplets(const Problem& problem, Index count, const SharpnessSettings& settings = {});

}  // namespace equipoise
