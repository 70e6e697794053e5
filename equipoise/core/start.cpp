// Initial factors: Gaussian, spectral, rescaled and rebalanced.
#include "equipoise/core/start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/sharpness.hpp"

namespace equipoise {
namespace {

// Natural logarithm for x > 0 from exact operations and correctly rounded ones, so that it gives the same double
// everywhere: x = m 2^e with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh((m - 1) / (m + 1)). |t| < 0.172, so twelve
// terms reach 1e-19; error within 2 ulp, far below what a normal variate can show.
double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  const double t = (mantissa - 1) / (mantissa + 1);
  const double t_squared = t * t;
  double series = 0;
  for (int k = 23; k >= 1; k -= 2) series = series * t_squared + 1.0 / k;
  return exponent * 0.69314718055994531 + 2 * t * series;
}

std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

Factors scaled(const Factors& factors, double factor_x, double factor_y) {
  Factors result = factors;
  result.X() *= factor_x;
  result.Y() *= factor_y;
  return result;
}

double factor_for_norm(double have, double want, char factor) {
  if (!(want >= 0) || !std::isfinite(want)) {
    throw Error(fmt::format("the start norm of {} must be a finite number of at least 0, not {}", factor, want));
  }
  if (want == 0) return 0;
  if (have == 0) throw Error(fmt::format("{} is zero at the start and cannot be scaled to norm {}", factor, want));
  return want / have;
}

}  // namespace

Generator::Generator(std::uint64_t seed) {
  for (std::uint64_t& word : state_) word = splitmix64(seed);
}

std::uint64_t Generator::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Generator::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double Generator::normal() {
  if (spare_) return *std::exchange(spare_, std::nullopt);
  double u = 0;
  double v = 0;
  double s = 0;
  do {
    u = 2 * uniform() - 1;
    v = 2 * uniform() - 1;
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double radius = std::sqrt(-2 * portable_log(s) / s);
  spare_ = v * radius;
  return u * radius;
}

Factors gaussian_factors(Shape shape, std::uint64_t seed) {
  Factors factors(shape);
  Generator generator(seed);
  std::generate_n(factors.data(), shape.size(), [&] { return generator.normal(); });
  return factors;
}

Factors with_norms(const Factors& start, double norm_x, double norm_y, const Space& space) {
  // Row by row if all rows are here: the sum of an array has other last bits, and starts are to keep theirs.
  const auto norm = [&](const auto& factor) {
    return space.spread() ? space.norm(Eigen::Map<const Vector>(factor.data(), factor.size())) : factor.stableNorm();
  };
  return scaled(start, factor_for_norm(norm(start.X()), norm_x, 'X'), factor_for_norm(norm(start.Y()), norm_y, 'Y'));
}

Factors gaussian_start(Shape shape, std::uint64_t seed, double sigma1, const Space& space) {
  Factors raw(shape);
  space.gaussian(raw.flat(), seed);
  if (space.whole(raw.X().size()) == 0 || space.whole(raw.Y().size()) == 0) return raw;
  const double norm = sigma1 > 0 ? std::sqrt(sigma1) : 1;
  return with_norms(raw, norm, norm, space);
}

Factors gaussian_start(const Problem& problem, Index rank, std::uint64_t seed) {
  const Shape shape{problem.rows(), problem.cols(), rank};
  const SharpnessSettings settings = SharpnessSettings::for_a_scale(problem.cost(1));
  const SingularTriplets top = top_singular_triplets(problem, rank > 0 ? 1 : 0, settings);
  return gaussian_start(shape, seed, top.values.size() > 0 ? top.values[0] : 0, problem.space());
}

Factors spectral_start(const Problem& problem, Index rank, const SharpnessSettings& settings) {
  Factors start({problem.rows(), problem.cols(), rank});
  const SingularTriplets top = top_singular_triplets(problem, rank, settings);
  const Vector roots = top.values.cwiseMax(0).cwiseSqrt();
  start.X().leftCols(roots.size()) = top.left * roots.asDiagonal();
  start.Y().leftCols(roots.size()) = top.right * roots.asDiagonal();
  return start;
}

Factors rebalanced(ConstFactors at) {
  Factors result(at.shape());
  if (at.X().size() == 0 || at.Y().size() == 0) return result;
  const Qr qr_x = thin_qr(at.X());
  const Qr qr_y = thin_qr(at.Y());
  const Svd core = thin_svd(qr_x.triangle * qr_y.triangle.transpose());
  const Vector roots = core.values.cwiseSqrt();
  result.X().leftCols(roots.size()) = qr_x.orthonormal * core.left * roots.asDiagonal();
  result.Y().leftCols(roots.size()) = qr_y.orthonormal * core.right * roots.asDiagonal();
  return result;
}

}  // namespace equipoise
