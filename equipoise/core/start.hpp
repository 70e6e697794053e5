// Initial factors, and the generator that gives the same doubles on every platform.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "equipoise/core/problem.hpp"
#include "equipoise/core/sharpness.hpp"

namespace equipoise {

/// xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64. Uniform and normal doubles are made with +, -, *,
/// / and sqrt alone, which IEEE 754 rounds correctly: the standard library's distributions and its log differ between
/// platforms, these do not.
class Generator {
 public:
  explicit Generator(std::uint64_t seed);
  std::uint64_t next();
  double uniform();  ///< in [0, 1), a multiple of 2^-53
  double normal();   ///< standard normal, Marsaglia's polar method

 private:
  std::uint64_t state_[4];
  std::optional<double> spare_;
};

/// Independent standard normal entries, X first, row by row.
Factors gaussian_factors(Shape shape, std::uint64_t seed);

/// Scales X and Y to the given Frobenius norms. Throws Error for a negative or non-finite norm, and where a zero factor
/// would have to get a positive norm. Of a spread start, the norms of all parts together.
Factors with_norms(const Factors& start, double norm_x, double norm_y, const Space& space = local_space());

/// A Gaussian start at the scale of the problem: |X|_F = |Y|_F = sqrt(sigma_1), or 1 if A is zero. Of a spread problem,
/// the piece held here. Measures sigma_1 as SharpnessSettings::for_a_scale says.
Factors gaussian_start(const Problem& problem, Index rank, std::uint64_t seed);
/// The same for a sigma_1 that was measured already; one that is not positive counts as zero.
Factors gaussian_start(Shape shape, std::uint64_t seed, double sigma1, const Space& space = local_space());

/// X = U_d S_d^(1/2), Y = V_d S_d^(1/2) from the top singular triplets: for a complete A the balanced global minimiser.
Factors spectral_start(const Problem& problem, Index rank, const SharpnessSettings& settings = {});

/// The factors with the same product X Y^T and X^T X = Y^T Y, by QR of both and an SVD of the small core:
/// O((rows + cols) rank^2). Exactly balanced up to rounding. Of factors that are held here whole.
Factors rebalanced(ConstFactors at);

}  // namespace equipoise
