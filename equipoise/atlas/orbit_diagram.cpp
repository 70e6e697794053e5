// Counting visits pixel by pixel.
#include "equipoise/atlas/orbit_diagram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "equipoise/core/error.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t density_rows = 800, strip_rows = 240, gap_rows = 14;
constexpr std::uint64_t fewest_columns = 1200, most_columns = 2400;
constexpr std::size_t inks = 120;
constexpr std::uint8_t white = 0, first_ink = 1, negative_ink = inks + 1, positive_ink = inks + 2, rule = inks + 3;

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

/// The row of a value, from the top; nothing above or below.
std::int64_t row_of(double value, double low, double high, std::uint64_t count) {
  const double up = (value - low) / (high - low) * static_cast<double>(count);
  if (!(up >= 0) || up > static_cast<double>(count)) return -1;
  return static_cast<std::int64_t>(count - 1 - std::min(count - 1, static_cast<std::uint64_t>(up)));
}

/// The largest |value| of an orbit; infinity where it left the range of double.
double reach_of(std::span<const double> values) {
  double most = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) return std::numeric_limits<double>::infinity();
    most = std::max(most, std::abs(value));
  }
  return most;
}

/// An orbit that reaches this far is on its way out: a million times what half of the orbits reach.
double farthest(std::vector<double> reaches) {
  std::erase_if(reaches, [](double reach) { return std::isinf(reach) || reach == 0; });
  if (reaches.empty()) return std::numeric_limits<double>::max();
  const auto middle = reaches.begin() + static_cast<std::ptrdiff_t>(reaches.size() / 2);
  std::nth_element(reaches.begin(), middle, reaches.end());
  return std::min(1e6 * *middle, std::numeric_limits<double>::max());
}

}  // namespace

OrbitDiagram orbit_diagram(const Grid& grid, const Computed& computed, std::span<const double> orbit,
                           std::span<const double> lyapunov) {
  const std::uint64_t last = grid.last;
  if (grid.output != OutputKind::orbit || orbit.size() != grid.cells() * last || lyapunov.size() != grid.cells()) {
    throw Error("an orbit diagram needs the orbit and the Lyapunov exponent of every cell of an orbit grid");
  }
  const Plane plane = plane_of(grid);
  const std::uint64_t count = plane.width;
  const auto values_of = [&](std::uint64_t i) { return orbit.subspan(plane.cell(i, plane.height / 2) * last, last); };

  OrbitDiagram diagram;
  diagram.exponents.assign(count, std::numeric_limits<double>::quiet_NaN());
  std::vector<double> reach(count, std::numeric_limits<double>::infinity());
  Range exponents, range;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t cell = plane.cell(i, plane.height / 2);
    if (!computed(cell)) continue;
    reach[i] = reach_of(values_of(i));
    if (std::isfinite(lyapunov[cell])) {
      diagram.exponents[i] = lyapunov[cell];
      exponents.add(lyapunov[cell]);
    }
  }
  const double limit = farthest(reach);
  std::vector<std::uint8_t> bounded(count, 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!computed(plane.cell(i, plane.height / 2))) continue;
    bounded[i] = reach[i] <= limit ? 1 : 0;
    diagram.unbounded += bounded[i] != 0 ? 0 : 1;
    if (bounded[i] == 0) continue;
    for (const double value : values_of(i)) range.add(value);
  }
  if (range.low > range.high) range = {0, 1};
  const double margin =
      range.high > range.low ? 0.02 * (range.high - range.low) : std::max(1e-3, 0.1 * std::abs(range.high));
  diagram.low = range.low - margin;
  diagram.high = range.high + margin;
  if (exponents.low > exponents.high) exponents = {0, 1};
  // Superstable cycles send the exponent towards minus infinity: the strip shows no more below zero than twice what it
  // has above, or 1.
  diagram.lyapunov_high = 1.08 * std::max(exponents.high, 0.1);
  diagram.lyapunov_low = std::max(std::min(exponents.low, 0.0) * 1.08, -std::max(2 * diagram.lyapunov_high, 1.0));
  if (diagram.lyapunov_low == 0) diagram.lyapunov_low = -0.1 * diagram.lyapunov_high;

  diagram.palette.push_back({255, 255, 255});
  for (std::size_t i = 0; i < inks; ++i) {
    const double s = static_cast<double>(i) / (inks - 1);
    diagram.palette.push_back(colour(0.86 - 0.62 * s, 0.06 + 0.06 * s, 262));
  }
  diagram.palette.push_back(colour(0.62, 0.14, 255));
  diagram.palette.push_back(colour(0.72, 0.15, 70));
  diagram.palette.push_back(colour(0.45, 0, 0));

  const std::uint64_t together = (count - 1) / most_columns + 1;
  const std::uint64_t groups = (count - 1) / together + 1;
  const std::uint64_t wide = groups >= fewest_columns ? 1 : (fewest_columns - 1) / groups + 1;
  diagram.density = {groups * wide, density_rows, std::vector<std::uint8_t>(groups * wide * density_rows, white)};
  diagram.with_lyapunov = {groups * wide, density_rows + gap_rows + strip_rows,
                           std::vector<std::uint8_t>(groups * wide * (density_rows + gap_rows + strip_rows), white)};
  const std::int64_t zero = row_of(0, diagram.lyapunov_low, diagram.lyapunov_high, strip_rows);
  std::vector<std::uint32_t> visits(density_rows);
  for (std::uint64_t group = 0; group < groups; ++group) {
    std::ranges::fill(visits, 0u);
    const std::uint64_t end = std::min(count, (group + 1) * together);
    double exponent = 0;
    std::uint64_t known = 0;
    for (std::uint64_t i = group * together; i < end; ++i) {
      if (std::isfinite(diagram.exponents[i])) {
        exponent += diagram.exponents[i];
        ++known;
      }
      if (bounded[i] == 0) continue;
      for (const double value : values_of(i)) {
        const std::int64_t row = row_of(value, diagram.low, diagram.high, density_rows);
        if (row >= 0) ++visits[static_cast<std::size_t>(row)];
      }
    }
    const double most = std::log1p(static_cast<double>(last * (end - group * together)));
    const auto put = [&](Raster& raster, std::uint64_t row, std::uint8_t index) {
      for (std::uint64_t k = 0; k < wide; ++k) raster.pixels[row * raster.width + group * wide + k] = index;
    };
    for (std::uint64_t row = 0; row < density_rows; ++row) {
      if (visits[row] == 0) continue;
      const double s = std::log1p(static_cast<double>(visits[row])) / most;
      const auto ink =
          static_cast<std::uint8_t>(first_ink + std::min<std::size_t>(inks - 1, static_cast<std::size_t>(s * inks)));
      put(diagram.density, row, ink);
      put(diagram.with_lyapunov, row, ink);
    }
    const std::uint64_t top = density_rows + gap_rows;
    if (known > 0) {
      const double mean =
          std::clamp(exponent / static_cast<double>(known), diagram.lyapunov_low, diagram.lyapunov_high);
      const std::int64_t row = row_of(mean, diagram.lyapunov_low, diagram.lyapunov_high, strip_rows);
      for (std::int64_t r = std::min(row, zero); r <= std::max(row, zero); ++r) {
        put(diagram.with_lyapunov, top + static_cast<std::uint64_t>(r), mean > 0 ? positive_ink : negative_ink);
      }
    }
    put(diagram.with_lyapunov, top + static_cast<std::uint64_t>(zero), rule);
    put(diagram.with_lyapunov, density_rows + gap_rows / 2, rule);
  }
  return diagram;
}

std::vector<OrbitMark> orbit_marks(const Grid& grid, std::optional<double> sigma1) {
  if (grid.axes.empty() || grid.kind == GridKind::isotropic) return {};
  const std::string& key = grid.axes[0].key;
  if (key != "h" && key != "mu") return {};
  const std::optional<double> other =
      grid.kind == GridKind::matrix ? sigma1 : grid.fixed_value(key == "h" ? "mu" : "h");
  if (!other || *other == 0) return {};
  std::vector<OrbitMark> marks;
  // At a higher rank other pairs follow before the first one doubles again, and the run is then no number's.
  const bool alone = grid.kind != GridKind::matrix || grid.fixed_value("rank") == 1.0;
  for (const auto& [name, m] : std::initializer_list<std::pair<const char*, double>>{
           {"period 2 from", 1}, {"period 4 from", std::sqrt(5.0) - 1}, {"unbounded from", 2}}) {
    if (m > 1 && !alone) break;
    const double at = m / std::abs(*other);
    if (at >= std::min(grid.axes[0].from, grid.axes[0].to) && at <= std::max(grid.axes[0].from, grid.axes[0].to)) {
      marks.push_back({fmt::format("{} {}", name, key), at});
    }
  }
  return marks;
}

}  // namespace equipoise
