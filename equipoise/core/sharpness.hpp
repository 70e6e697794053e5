// The largest eigenvalues of the Hessian, with the residuals that say how far they can be trusted.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "equipoise/core/problem.hpp"
#include "equipoise/core/space.hpp"

namespace equipoise {

class Objective;

enum class SpectrumEnd { largest, smallest };

struct SharpnessSettings {
  double tolerance = 1e-11;  ///< wanted residual, relative to the largest |eigenvalue| seen
  int max_products = 20000;  ///< never more Hessian products than this; what is reached then is returned as it is
  Index dense_below = 48;    ///< up to this many unknowns the operator is formed and decomposed whole
  /// Above 0 for products that are dear: ends as soon as the values are certain to this, relative to the largest, or
  /// the residuals are at `tolerance`. Uses one long Krylov space, which needs up to four times the memory and a
  /// fraction of the products, and no second look for a single value.
  double value_tolerance = 0;
  /// With a tolerance of values: where to look first, empty or as long as the state (the piece that is held here).
  Vector guess = {};
  /// Asked before each product; false ends the search with what is reached. All parts of a spread state must have one
  /// or none; the first part's answer counts.
  std::function<bool()> keep_going = {};

  /// Budgets, by the cost of a gradient (Problem::cost at the rank in question; 1 for singular values). Up to a cost of
  /// 5e7, some milliseconds a product, they are the defaults above, and the value is as accurate as can be. Beyond:
  /// - for sigma_1, if only the scale of a start or a rate comes of it: seven digits, or 20 products;
  /// - for L, if only a rate comes of it: seven digits, or 38 products, so that a first step comes after less than 60;
  /// - for a value that is written down: nine digits, or 60 products;
  /// in each case some more products if that takes no longer than about a second, or two for the record. What is
  /// reached then is below the true value, by less than the residual in all likelihood.
  static SharpnessSettings for_a_scale(double cost);
  static SharpnessSettings for_a_rate(double cost);
  static SharpnessSettings for_the_record(double cost);
};

struct Eigenpairs {
  std::vector<double> values;     ///< in descending order at the largest end, ascending at the smallest
  std::vector<double> residuals;  ///< |H v - value v| with |v| = 1: an eigenvalue lies within this distance of value
  Matrix vectors;         ///< one unit eigenvector a row, laid out as the state; of a spread state the piece here
  bool converged = true;  ///< every residual is at the tolerance, or every value is certain to that of values
  int products = 0;       ///< Hessian products spent, but for the one that finds the scale
};

/// The `count` (capped at the number of unknowns) eigenvalues at one end of the Hessian's spectrum, by Lanczos or a
/// dense decomposition for few unknowns. Cost: `products` Hessian products, typically 20 to 100 for one eigenvalue. A
/// residual bounds the distance to *some* eigenvalue; that none lies beyond the first is Lanczos's, not proved. Values
/// that did not converge are what was reached: below the true ones at the largest end, above at the smallest. With no
/// unknowns at all: empty. Where a Hessian product is not finite, or nothing was reached, every value is NaN and
/// converged is false.
Eigenpairs extreme_eigenpairs(const Objective& objective, ConstState at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings = {});
Eigenpairs extreme_eigenpairs(const Problem& problem, ConstFactors at, Index count, SpectrumEnd end,
                              const SharpnessSettings& settings = {});

/// The largest Hessian eigenvalue (0 with no unknowns, NaN where the Hessian is not finite) and its residual.
struct Sharpness {
  double value = 0;
  double residual = 0;
};
Sharpness sharpness(const Objective& objective, ConstState at, const SharpnessSettings& settings = {});
Sharpness sharpness(const Problem& problem, ConstFactors at, const SharpnessSettings& settings = {});

/// Every eigenvalue in ascending order, by forming the Hessian: O(size^3) time and O(size^2) memory.
/// Throws Error above `largest_size` unknowns.
Vector hessian_spectrum(const Objective& objective, ConstState at, Index largest_size = 4000);
Vector hessian_spectrum(const Problem& problem, ConstFactors at, Index largest_size = 4000);

/// The `count` largest singular values of A (of the observed operator where entries are unknown) with their vectors.
/// They are the largest Hessian eigenvalues at X = 0, Y = 0 with rank 1, where H (u, v) = -(A v, A^T u).
/// left: rows x count, right: cols x count. count is capped at min(rows, cols).
struct SingularTriplets {
  Vector values;
  Matrix left, right;
  std::vector<double> residuals;  ///< a singular value lies within this distance of each of the values
  double residual = 0;            ///< the largest of them
  bool converged = true;          ///< as Eigenpairs::converged
  int products = 0;               ///< each with A and with its transpose
};
SingularTriplets top_singular_triplets(const Problem& problem, Index count, const SharpnessSettings& settings = {});

/// A guess of the direction in which the loss curves most, from the first singular pair: exact at zero factors, good at
/// small ones, where it saves half of the products. Empty without a pair. O((rows + cols) rank^2).
Vector guess_along(const Problem& problem, const SingularTriplets& top, ConstFactors at);

}  // namespace equipoise
