// Axes of a chart: where a step and a value stand between 0 and 1, and where the ticks do.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace equipoise {

struct Tick {
  double position;   ///< 0 to 1 along the axis
  std::string text;  ///< plain UTF-8
};

enum class Scale { linear, log };

/// The steps of a run, shared by all of its charts. Logarithmic means log(1 + step), so that step 0 has a place.
class StepAxis {
 public:
  /// The last step may equal the first: everything then stands in the middle.
  StepAxis(Scale scale, double first, double last);
  double position(double step) const;
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  Scale scale_;
  double first_, last_;
  std::vector<Tick> ticks_;
};

/// The values of one chart, fitted to those given that are finite, from the smallest denormal to the largest double.
/// A logarithmic axis has no place for zero: values <= 0 stand on a shelf of their own at position 0, below the range.
class ValueAxis {
 public:
  ValueAxis(Scale scale, const std::vector<double>& values);
  /// 0 (bottom) to 1; NaN where the value is not finite.
  double position(double value) const;
  /// Does the value stand on the shelf of a logarithmic axis?
  bool on_shelf(double value) const { return scale_ == Scale::log && value <= 0; }
  const std::vector<Tick>& ticks() const { return ticks_; }
  Scale scale() const { return scale_; }

 private:
  void fit_linear(double lowest, double highest);
  void fit_log(const std::vector<double>& values);

  Scale scale_;
  double low_ = 0, high_ = 1;  ///< linear: in units of 10^exponent_; logarithmic: log10 of the value
  int exponent_ = 0;
  double floor_ = 0;           ///< the position of low_: above 0 where there is a shelf
  std::vector<Tick> ticks_;
};

/// Which points of a curve to draw so that at most about `most` remain: all of them where they are few; otherwise per bucket
/// of positions the first, the lowest and the highest finite value, and the last point of all. A bucket without a finite
/// value keeps one point, so that the gap stays visible. positions ascend within 0 to 1. Returns ascending indices.
std::vector<std::size_t> thinned(const std::vector<double>& positions, const std::vector<double>& values, std::size_t most);

}  // namespace equipoise
