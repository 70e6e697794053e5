// Axes of a chart.
#include "equipoise/lab/chart_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "equipoise/lab/markup.hpp"

namespace equipoise {
namespace {

/// value * 10^power without an intermediate that leaves the range of double where the result is inside it.
double scaled(double value, int power) {
  const int half = power / 2;
  return value * std::pow(10.0, half) * std::pow(10.0, power - half);
}

/// 1, 2 or 5 times a power of ten such that about `intervals` of them span `range` > 0.
double nice_interval(double range, int intervals) {
  const double raw = range / intervals;
  const double unit = std::pow(10.0, std::floor(std::log10(raw)));
  const double ratio = raw / unit;
  return unit * (ratio <= 1.0 ? 1 : ratio <= 2.0 ? 2 : ratio <= 5.0 ? 5 : 10);
}

/// `interval` is the distance to the next tick, which the text must tell apart.
std::string step_text(double step, double interval) {
  if (step < 1e6) return readable(static_cast<std::uint64_t>(step));
  return readable(step, std::clamp(1 + static_cast<int>(std::ceil(std::log10(step / interval))), 3, 17));
}

}  // namespace

StepAxis::StepAxis(Scale scale, double first, double last) : scale_(scale), first_(first), last_(last) {
  if (!(last > first)) {
    ticks_.push_back({0.5, step_text(first, first)});
    return;
  }
  if (scale == Scale::linear) {
    const double interval = std::max(1.0, nice_interval(last - first, 4));
    for (double i = std::ceil(first / interval); i * interval <= last; ++i) {
      ticks_.push_back({position(i * interval), step_text(i * interval, interval)});
    }
  } else {
    const int decades = static_cast<int>(std::floor(std::log10(std::max(last, 1.0))));
    const int stride = 1 + decades / 6;
    if (first == 0) ticks_.push_back({0, "0"});
    for (int k = 0; k <= decades; k += stride) {
      const double step = std::round(std::pow(10.0, k));
      if (step < first || step > last || (k == 0 && decades > 4)) continue;
      ticks_.push_back({position(step), power_of_ten(k)});
    }
  }
  if (ticks_.size() < 2) ticks_ = {{0, step_text(first, last - first)}, {1, step_text(last, last - first)}};
}

double StepAxis::position(double step) const {
  if (!(last_ > first_)) return 0.5;
  // log((1 + step) / (1 + first)) as log1p, which tells neighbours apart even at step 1e15.
  const auto measure = [this](double s) {
    return scale_ == Scale::linear ? s - first_ : std::log1p((s - first_) / (1 + first_));
  };
  const double at = measure(step) / measure(last_);
  return std::clamp(at, 0.0, 1.0);
}

ValueAxis::ValueAxis(Scale scale, const std::vector<double>& values) : scale_(scale) {
  if (scale == Scale::log) {
    fit_log(values);
    return;
  }
  double lowest = std::numeric_limits<double>::infinity(), highest = -lowest;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    lowest = std::min(lowest, v);
    highest = std::max(highest, v);
  }
  if (lowest > highest) lowest = highest = 0;
  fit_linear(lowest, highest);
}

void ValueAxis::fit_linear(double lowest, double highest) {
  const double largest = std::max(std::abs(lowest), std::abs(highest));
  // Everything below happens in units of 10^exponent, where neither 1e308 nor 1e-308 can overflow or vanish.
  exponent_ = largest > 0 ? static_cast<int>(std::floor(std::log10(largest))) : 0;
  low_ = scaled(lowest, -exponent_);
  high_ = scaled(highest, -exponent_);
  if (largest == 0) high_ = 1;
  if (low_ > 0 && low_ < 0.6 * high_) low_ = 0;
  if (high_ < 0 && high_ > 0.6 * low_) high_ = 0;
  // A curve that is constant to four digits looks constant, and its tick labels stay short.
  const double thinnest = 1e-3 * std::max(std::abs(low_), std::abs(high_));
  if (high_ - low_ < thinnest) {
    const double middle = low_ / 2 + high_ / 2;
    low_ = middle - thinnest;
    high_ = middle + thinnest;
  }
  const double interval = nice_interval(high_ - low_, 4);
  const double pad = 0.04 * (high_ - low_);
  if (low_ != 0) low_ -= pad;
  if (high_ != 0) high_ += pad;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(interval) + 1e-9)));
  for (double i = std::ceil(low_ / interval); i * interval <= high_; ++i) {
    const double at = i * interval;
    std::string text;
    if (i == 0) {
      text = "0";
    } else if (exponent_ >= -3 && exponent_ <= 4) {
      text = fmt::format("{:.{}f}", scaled(at, exponent_), std::max(0, decimals - exponent_));
    } else {
      text = fmt::format("{:.{}f}×{}", at, decimals, power_of_ten(exponent_));
    }
    if (text.starts_with('-')) text.replace(0, 1, "\u2212");
    ticks_.push_back({(at - low_) / (high_ - low_), text});
  }
}

void ValueAxis::fit_log(const std::vector<double>& values) {
  double lowest = std::numeric_limits<double>::infinity(), highest = 0;
  bool zero = false, negative = false;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    zero = zero || v <= 0;
    negative = negative || v < 0;
    if (v <= 0) continue;
    lowest = std::min(lowest, v);
    highest = std::max(highest, v);
  }
  if (zero) ticks_.push_back({0, negative ? "≤ 0" : "0"});
  if (highest == 0) return;
  floor_ = zero ? 0.12 : 0;
  low_ = std::log10(lowest);
  high_ = std::log10(highest);
  const double pad = std::max(0.04 * (high_ - low_), 0.01);
  low_ -= pad;
  high_ += pad;
  const auto place = [this](double log10) { return floor_ + (1 - floor_) * (log10 - low_) / (high_ - low_); };

  const int bottom = static_cast<int>(std::ceil(low_)), top = static_cast<int>(std::floor(high_));
  std::vector<Tick> ticks;
  int stride = 1;
  for (const int candidate : {1, 2, 3, 5, 10, 20, 50, 100}) {
    stride = candidate;
    if ((top - bottom) / stride < 6) break;
  }
  for (int k = bottom; k <= top; ++k) {
    if (k % stride == 0) ticks.push_back({place(k), power_of_ten(k)});
  }
  if (ticks.size() < 3 && high_ - low_ < 2) {
    ticks.clear();
    for (int k = static_cast<int>(std::floor(low_)); k <= top; ++k) {
      for (int mantissa = 1; mantissa < 10; ++mantissa) {
        const bool coarse = mantissa == 1 || mantissa == 2 || mantissa == 5;
        if (!coarse && (high_ - low_ > 0.8 || (mantissa != 3 && high_ - low_ > 0.5))) continue;
        const double at = k + std::log10(mantissa);
        if (at < low_ || at > high_) continue;
        const double value = scaled(mantissa, k);
        ticks.push_back({place(at), readable(value > 0 ? value : lowest, 3)});
      }
    }
  }
  if (ticks.size() < 2) {
    ticks = {{place(std::log10(lowest)), readable(lowest)}};
    if (std::log10(highest) - std::log10(lowest) > 0.5 * (high_ - low_)) {
      ticks.push_back({place(std::log10(highest)), readable(highest)});
    }
  }
  ticks_.insert(ticks_.end(), ticks.begin(), ticks.end());
}

double ValueAxis::position(double value) const {
  if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
  if (on_shelf(value)) return 0;
  if (scale_ == Scale::log) {
    if (!(high_ > low_)) return 0.5;
    return std::clamp(floor_ + (1 - floor_) * (std::log10(value) - low_) / (high_ - low_), 0.0, 1.0);
  }
  return std::clamp((scaled(value, -exponent_) - low_) / (high_ - low_), 0.0, 1.0);
}

std::vector<std::size_t> thinned(const std::vector<double>& positions, const std::vector<double>& values,
                                 std::size_t most) {
  const std::size_t n = positions.size();
  std::vector<std::size_t> kept;
  if (n <= most) {
    kept.resize(n);
    for (std::size_t i = 0; i < n; ++i) kept[i] = i;
    return kept;
  }
  const auto buckets = static_cast<double>(std::max<std::size_t>(1, most / 3));
  const auto bucket = [&](std::size_t i) { return std::min(std::floor(positions[i] * buckets), buckets - 1); };
  for (std::size_t begin = 0, end = 0; begin < n; begin = end) {
    const double here = bucket(begin);
    std::size_t lowest = n, highest = n;
    for (end = begin; end < n && bucket(end) == here; ++end) {
      if (!std::isfinite(values[end])) continue;
      if (lowest == n || values[end] < values[lowest]) lowest = end;
      if (highest == n || values[end] > values[highest]) highest = end;
    }
    std::size_t found[3] = {begin, lowest, highest};
    std::sort(found, found + 3);
    for (const std::size_t i : found) {
      // The first point of a bucket may be a gap beside finite ones: then it is kept as well, and the gap is drawn.
      if (i < n && (kept.empty() || kept.back() != i)) kept.push_back(i);
    }
  }
  if (kept.back() != n - 1) kept.push_back(n - 1);
  return kept;
}

}  // namespace equipoise
