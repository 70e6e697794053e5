// Counts on the whole grid and on its four sub-grids.
#include "equipoise/atlas/fractions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {

Share wilson_interval(std::uint64_t hits, std::uint64_t trials) {
  if (hits > trials) throw Error(fmt::format("{} of {} is no share", hits, trials));
  if (trials == 0) return {nan, nan, nan};
  constexpr double z = 1.959963984540054;
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double reach = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, hits == 0 ? 0 : std::max(0.0, middle - reach), hits == trials ? 1 : std::min(1.0, middle + reach)};
}

Fractions fractions(const Cells& cells) {
  const Plane& plane = cells.plane;
  std::array<std::array<std::uint64_t, 6>, 4> counts{};
  const auto count = [&](std::uint64_t x, std::uint64_t y) {
    const std::uint64_t cell = plane.cell(x, y);
    const std::uint8_t code = cells.code(cell);
    if (code >= 6) throw Error(fmt::format("the outcome of cell {} is {}; it should be 0 to 5", cell, code));
    ++counts[2 * (x % 2) + y % 2][code];
  };
  if (plane.up <= plane.across) {
    for (std::uint64_t x = 0; x < plane.width; ++x) {
      for (std::uint64_t y = 0; y < plane.height; ++y) count(x, y);
    }
  } else {
    for (std::uint64_t y = 0; y < plane.height; ++y) {
      for (std::uint64_t x = 0; x < plane.width; ++x) count(x, y);
    }
  }

  Fractions result;
  result.cells = plane.cells();
  std::array<std::uint64_t, 4> computed{};
  for (std::size_t part = 0; part < 4; ++part) {
    for (std::size_t code = 0; code < 6; ++code) {
      result.outcomes[code].cells += counts[part][code];
      if (code > 0) computed[part] += counts[part][code];
    }
    result.computed += computed[part];
  }
  for (std::size_t code = 0; code < 6; ++code) {
    Fractions::Row& row = result.outcomes[code];
    if (code == 0) {
      row.share = {result.cells > 0 ? static_cast<double>(row.cells) / static_cast<double>(result.cells) : nan, nan,
                   nan};
      row.spread = nan;
      continue;
    }
    row.share = wilson_interval(row.cells, result.computed);
    double low = 1, high = 0;
    int parts = 0;
    for (std::size_t part = 0; part < 4; ++part) {
      if (computed[part] == 0) continue;
      const double share = static_cast<double>(counts[part][code]) / static_cast<double>(computed[part]);
      low = std::min(low, share);
      high = std::max(high, share);
      ++parts;
    }
    row.spread = parts >= 2 ? high - low : nan;
  }
  return result;
}

}  // namespace equipoise
