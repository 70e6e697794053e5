// How far a share that was counted can be trusted.
#pragma once

#include <cstdint>

namespace equipoise {

struct Interval {
  double low = 0, high = 0;
};

/// The 95 % score interval for the probability behind `hits` of `trials` independent trials (E. B. Wilson, J. Amer. Statist. Assoc. 22,
/// 1927); it stays within 0 to 1, also for none and for all. NaN without trials.
Interval wilson(std::uint64_t hits, std::uint64_t trials);

}  // namespace equipoise
