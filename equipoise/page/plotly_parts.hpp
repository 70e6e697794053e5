// What the files share that write a figure for plotly.js: JSON, styles of curves, and what an axis has a place for.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/numbers.hpp"
#include "equipoise/page/figure.hpp"

namespace equipoise::plotly {

using Scale = Figure::Scale;

// ---- Styles ----

// Okabe and Ito (2008), darker or lighter where a thin line on that page would be too pale. With a dash and a shape of
// its own each.
struct Style {
  const char *light, *dark, *dash, *symbol;
};
inline constexpr std::array<Style, Figure::styles> all_styles = {{
    {"#0072b2", "#56b4e9", "solid", "circle"},
    {"#d55e00", "#ff8a3d", "7px,4px", "square"},
    {"#00855f", "#1fc796", "2.5px,3px", "diamond"},
    {"#b3568c", "#dd8fbb", "10px,3px,2px,3px", "triangle-up"},
    {"#a86f00", "#e69f00", "14px,4px", "cross"},
    {"#5b6470", "#a5adb8", "4px,6px", "x"},
    {"#3a94c8", "#9ad4f5", "12px,3px,2px,3px,2px,3px", "star"},
    {"#1b1f24", "#e7eaee", "1px,2px,6px,2px", "hexagon"},
}};

/// Styles count from 1 and begin again after the last.
const Style& style_at(int style);

// ---- JSON ----

/// Nine digits, or as many as read back exactly; "null" if the value is not finite.
std::string json_number(double value, bool exactly = false);
/// A JSON string without a character that means something to HTML.
std::string json_text(std::string_view text);
/// Text that plotly shows as it stands: it reads tags and entities in every text.
std::string plotly_text(std::string_view text);

template <typename Range, typename Write>
std::string json_array(const Range& range, Write write) {
  std::string out = "[";
  for (const auto& item : range) {
    if (out.size() > 1) out += ',';
    out += write(item);
  }
  return out + ']';
}

// ---- Axes ----

/// The position of a value on an axis as plotly's ranges and images take it.
double on_axis(double value, Scale scale);
bool drawable(double value, Scale scale);

/// The finite values of an axis that it has a place for.
struct Extent {
  double low = infinity, high = -infinity;
  void add(double value, Scale scale);
  bool empty() const { return low > high; }
};

// ---- Traces ----

/// A curve with its band, interval or triangles at the foot: one trace or several, with commas between. `foot`: where
/// values without a place on a log axis are marked.
std::string curve_json(const Figure::Curve& curve, Scale xs, Scale ys, const std::string& y_axis, int style,
                       double foot);
std::string heat_map_json(const Figure::HeatMap& map, const std::string& y_axis);

}  // namespace equipoise::plotly
