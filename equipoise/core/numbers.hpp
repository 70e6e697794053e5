// The numbers that stand for no value, for no bound and for the end of the range.
#pragma once

#include <limits>

namespace equipoise {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();  // not known, or not defined
inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double largest_double = std::numeric_limits<double>::max();

}  // namespace equipoise
