// One axis of a grid: its values, and what makes it sound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/sweep/parameter.hpp"

namespace equipoise {

enum class AxisScale { linear, log, list };
std::string_view name(AxisScale scale);
AxisScale axis_scale_from(std::string_view word);

/// One axis: the values of one parameter, without any rounding that depends on the platform.
/// - linear: from + i * step, step = (to - from) / (count - 1), two roundings a value; the last is `to`. These are the
///   doubles of numpy.linspace(from, to, count).
/// - log: from * (to / from)^(i / (count - 1)), computed with twice the digits of double and then rounded; the ends are
///   exact.
/// - list: as given.
struct Axis {
  std::string key;
  AxisScale scale = AxisScale::linear;
  double from = 0, to = 0;  ///< list: its first and its last value
  std::uint64_t count = 1;
  std::vector<double> list;  ///< list alone: count values

  double value(std::uint64_t i) const;  ///< i < count; a log axis takes about a microsecond
  std::vector<double> values() const;
  bool operator==(const Axis&) const = default;
};
/// Throws Error unless the axis has at least one value, all finite, ascending but for a list, and each within the
/// parameter's limits.
void check_axis(const Axis& axis, const Parameter& parameter);
/// "from 0.01 to 1.2 in 100 linear values".
std::string in_words(const Axis& axis);

}  // namespace equipoise
