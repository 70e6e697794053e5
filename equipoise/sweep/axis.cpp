// Values of an axis, in arithmetic that gives the same bits everywhere, and the checks of its ends.
#include "equipoise/sweep/axis.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/exact/double_double.hpp"
#include "equipoise/sweep/word-inl.hpp"

namespace equipoise {
namespace {

constexpr std::array<std::string_view, 3> scale_names = {"linear", "log", "list"};

// exp and log with twice the digits of double, from exact operations and correctly rounded ones alone: the same bits
// everywhere.
constexpr double log2_high = 0x1.62e42fefa39efp-1;
constexpr double log2_low = 0x1.abc9e3b39803fp-56;

DoubleDouble exp_of(DoubleDouble a) {
  const double turns = std::nearbyint(a.high / log2_high);
  DoubleDouble r = a - DoubleDouble(turns) * DoubleDouble(log2_high, log2_low);
  constexpr int halvings = 8;
  r = scaled(r, -halvings);  // below 0.0014: sixteen terms leave 1e-60
  DoubleDouble sum(1.0);
  for (int k = 16; k >= 1; --k) sum = DoubleDouble(1.0) + quotient(r * sum, DoubleDouble(k));
  for (int i = 0; i < halvings; ++i) sum = sum * sum;
  return scaled(sum, static_cast<int>(turns));
}

// log x = y + (x e^-y - 1) to second order in the error of y, once more to be sure.
DoubleDouble log_of(DoubleDouble x) {
  int exponent = 0;
  const double fraction = std::frexp(x.high, &exponent);
  const double t = (fraction - 1) / (fraction + 1);  // from -1/3 to 0: a plain series is enough to start with
  double series = 0;
  for (int k = 41; k >= 1; k -= 2) series = series * t * t + 1.0 / k;
  const DoubleDouble mantissa = scaled(x, -exponent);
  DoubleDouble y(2 * t * series);
  for (int i = 0; i < 2; ++i) y = y + (mantissa * exp_of(-y) - DoubleDouble(1.0));
  return y + DoubleDouble(exponent) * DoubleDouble(log2_high, log2_low);
}

double step_of(const Axis& axis) { return (axis.to - axis.from) / static_cast<double>(axis.count - 1); }

DoubleDouble log_of_quotient(const Axis& axis) {
  return log_of(quotient(DoubleDouble(axis.to), DoubleDouble(axis.from)));
}

double linear_value(const Axis& axis, double step, std::uint64_t i) {
  if (i == 0 || axis.count == 1) return axis.from;
  if (i + 1 == axis.count) return axis.to;
  const double index = static_cast<double>(i);
  if (step == 0)
    return index / static_cast<double>(axis.count - 1) * (axis.to - axis.from) +
           axis.from;  // the quotient vanished, as in NumPy
  return index * step + axis.from;
}

double log_value(const Axis& axis, const DoubleDouble& log_quotient, std::uint64_t i) {
  if (i == 0 || axis.count == 1) return axis.from;
  if (i + 1 == axis.count) return axis.to;
  const DoubleDouble share =
      quotient(DoubleDouble(static_cast<double>(i)) * log_quotient, DoubleDouble(static_cast<double>(axis.count - 1)));
  const DoubleDouble value = DoubleDouble(axis.from) * exp_of(share);
  return value.high + value.low;
}

}  // namespace

std::string_view name(AxisScale scale) { return scale_names[static_cast<std::size_t>(scale)]; }
AxisScale axis_scale_from(std::string_view word) { return from_word<AxisScale>(word, scale_names, "the scale"); }

double Axis::value(std::uint64_t i) const {
  if (scale == AxisScale::list) return list[i];
  if (scale == AxisScale::linear || count < 3) return linear_value(*this, count > 1 ? step_of(*this) : 0, i);
  return log_value(*this, log_of_quotient(*this), i);
}

std::vector<double> Axis::values() const {
  if (scale == AxisScale::list) return list;
  std::vector<double> result(count);
  if (scale == AxisScale::linear || count < 3) {
    const double step = count > 1 ? step_of(*this) : 0;
    for (std::uint64_t i = 0; i < count; ++i) result[i] = linear_value(*this, step, i);
    return result;
  }
  const DoubleDouble log_quotient = log_of_quotient(*this);
  for (std::uint64_t i = 0; i < count; ++i) result[i] = log_value(*this, log_quotient, i);
  return result;
}

void check_axis(const Axis& axis, const Parameter& parameter) {
  const std::string_view key = axis.key;
  if (axis.count == 0) throw Error(fmt::format("axis {} has a count of 0; it needs at least one value", key));
  if (axis.scale == AxisScale::list) {
    if (axis.list.size() != axis.count)
      throw Error(fmt::format("axis {} lists {} values and has a count of {}", key, axis.list.size(), axis.count));
    for (const double value : axis.list) check_number(parameter, value);
    std::vector<double> sorted = axis.list;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
      throw Error(fmt::format("axis {} lists {} twice; every value once is enough", key, *twice));
    return;
  }
  for (const double end : {axis.from, axis.to}) {
    if (!std::isfinite(end))
      throw Error(fmt::format("axis {} has an end at {}; both ends must be finite numbers", key, end));
  }
  if (axis.from > axis.to) {
    throw Error(fmt::format("axis {} runs from {} down to {}; let it ascend, from {} to {}, or list its values", key,
                            axis.from, axis.to, axis.to, axis.from));
  }
  if (axis.count > 1 && axis.from == axis.to) {
    throw Error(
        fmt::format("axis {} runs from {} to {} in {} values, which would all be the same; set count = 1 or other ends",
                    key, axis.from, axis.to, axis.count));
  }
  if (axis.count == 1 && axis.from != axis.to) {
    throw Error(
        fmt::format("axis {} has one value but two ends, {} and {}; raise its count, or make it a list of one value",
                    key, axis.from, axis.to));
  }
  if (axis.scale == AxisScale::log && !(axis.from > 0 || axis.to < 0)) {
    throw Error(
        fmt::format("axis {} is logarithmic and runs from {} to {}; its ends must both be positive (or both negative)",
                    key, axis.from, axis.to));
  }
  check_number(parameter, axis.from);
  check_number(parameter, axis.to);
  if (parameter.whole && axis.count > 1) {
    const double step = step_of(axis);
    if (axis.scale == AxisScale::log)
      throw Error(
          fmt::format("axis {} takes whole numbers, which a logarithmic axis does not give; list its values", key));
    if (step != std::floor(step)) {
      throw Error(
          fmt::format("axis {} takes whole numbers, but {} values from {} to {} are {} apart; choose count = {}, or "
                      "list its values",
                      key, axis.count, axis.from, axis.to, step, axis.to - axis.from + 1));
    }
  }
}

std::string in_words(const Axis& axis) {
  if (axis.scale == AxisScale::list) return fmt::format("the values {}", fmt::join(axis.list, ", "));
  return fmt::format("from {} to {} in {} {} values", axis.from, axis.to, axis.count, name(axis.scale));
}

}  // namespace equipoise
