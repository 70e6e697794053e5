// A natural logarithm with the same bits on every machine.
#pragma once

#include <cstdint>

namespace equipoise {

/// Natural logarithm by sums and products alone, to about 2 ulp: the same bits with every C library. x > 0 and finite,
/// otherwise NaN. log x = e log 2 + 2 artanh t with x = 2^e f, sqrt(1/2) <= f < sqrt 2 and t = (f - 1) / (f + 1).
double log_of(double x);

/// What log_of() and its vectors share.
namespace logarithm {
inline constexpr double root_half = 0.70710678118654752;
inline constexpr double log2_high = 0x1.62e42fefa38p-1;  ///< 42 bits: times an exponent it is exact
inline constexpr double log2_low = 0x1.ef35793c7673p-45;
/// |t| <= 0.1716: the series of artanh to t^23 is left with 1e-19.
inline constexpr double inverse[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11, 1.0 / 13,
                                     1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
inline constexpr std::uint64_t fraction_bits = 0x000fffffffffffffU, half_bits = 0x3fe0000000000000U;
inline constexpr double below_normal = 0x1p54;  ///< brings what is less than the least normal number among those
}  // namespace logarithm

}  // namespace equipoise
