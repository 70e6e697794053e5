// The logarithm's series. Its vectors are in ensemble/tiny/log-inl.hpp; ensemble_test compares their bits.
//
// Tested in equipoise/ensemble/tiny/bits_test.cpp
#include "equipoise/core/portable_log.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "equipoise/core/numbers.hpp"

namespace equipoise {

double log_of(double x) {
  using namespace logarithm;
  if (!(x > 0) || !std::isfinite(x)) return nan;
  int exponent = -1022;
  if (x < std::numeric_limits<double>::min()) {
    x *= below_normal;
    exponent -= 54;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> 52);
  double fraction = std::bit_cast<double>((bits & fraction_bits) | half_bits);
  if (fraction < root_half) {
    fraction *= 2;
    --exponent;
  }
  const double t = (fraction - 1) / (fraction + 1);
  const double t2 = t * t;
  const double t4 = t2 * t2;
  // Every other term: two chains, which a processor walks side by side.
  double odd = 0, even = 0;
  for (int i = 10; i >= 0; i -= 2) odd = odd * t4 + inverse[i];
  for (int i = 9; i > 0; i -= 2) even = (even + inverse[i]) * t4;
  const double series = even + odd * t2;
  return exponent * log2_high + (2 * t + (2 * t * series + exponent * log2_low));
}

}  // namespace equipoise
