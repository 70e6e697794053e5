// Wilson's interval.
#include "equipoise/lab/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace equipoise {

Interval wilson(std::uint64_t hits, std::uint64_t trials) {
  if (trials == 0) return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double reach = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {hits == 0 ? 0 : std::max(0.0, middle - reach), hits == trials ? 1 : std::min(1.0, middle + reach)};
}

}  // namespace equipoise
