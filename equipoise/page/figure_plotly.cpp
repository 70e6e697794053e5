// A figure as plotly.js takes it.
//
// Tested in equipoise/page/figure_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include "equipoise/core/numbers.hpp"
#include "equipoise/page/figure.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/page/plotly_parts.hpp"

namespace equipoise {
namespace {

using namespace plotly;
using Direction = Figure::Direction;

// ---- Axes ----

/// plotly draws steps with a switch of their own from linear data, see script.js.
Scale x_scale(const Figure& figure) { return figure.linked == "steps" ? Scale::linear : figure.x.scale; }

Extent x_extent(const Figure& figure) {
  Extent out;
  if (figure.x.low < figure.x.high) {
    out.add(figure.x.low, x_scale(figure));
    out.add(figure.x.high, x_scale(figure));
    return out;
  }
  for (const Figure::Panel& panel : figure.panels) {
    for (const Figure::Curve& curve : panel.curves) {
      for (const double x : curve.x) out.add(x, x_scale(figure));
    }
    for (const double x : panel.heat_map.x) out.add(x, x_scale(figure));
    if (!panel.picture.png.empty()) {
      out.add(panel.picture.x_low, x_scale(figure));
      out.add(panel.picture.x_high, x_scale(figure));
    }
  }
  return out;
}

/// Where values without a place on a log axis are marked: a little below all others.
double shelf(const Figure::Panel& panel) {
  Extent extent;
  for (const Figure::Curve& curve : panel.curves) {
    for (const double y : curve.y) extent.add(y, Scale::log);
  }
  if (extent.empty()) return 1;
  const double low = std::log10(extent.low), high = std::log10(extent.high);
  return std::pow(10, std::max(low - std::max(0.3, 0.1 * (high - low)), -322.0));
}

std::string axis_json(const Figure::Axis& axis, Scale scale, const Extent& window, bool grid) {
  std::string out = fmt::format(
      "\"title\":{{\"text\":{}}},\"type\":\"{}\",\"hoverformat\":\".6~g\",\"exponentformat\":\"power\",\"automargin\":"
      "true,"
      "\"zeroline\":false,\"showline\":true,\"mirror\":true,\"ticks\":\"outside\",\"ticklen\":4,\"showgrid\":{}",
      plotly_text(axis.title), scale == Scale::log ? "log" : "linear", grid);
  if (!window.empty() && window.low < window.high) {
    out += fmt::format(",\"range\":[{},{}]", json_number(on_axis(window.low, scale), true),
                       json_number(on_axis(window.high, scale), true));
  }
  if (!axis.ticks.empty()) {
    out += fmt::format(",\"tickmode\":\"array\",\"tickvals\":{},\"ticktext\":{}",
                       json_array(axis.ticks, [](const auto& tick) { return json_number(tick.first, true); }),
                       json_array(axis.ticks, [](const auto& tick) { return plotly_text(tick.second); }));
  }
  return out;
}

/// The window of a y axis: asked for, or that of the picture, which plotly does not fit an axis to.
Extent y_window(const Figure::Panel& panel) {
  Extent out;
  if (panel.y.low < panel.y.high) {
    out.add(panel.y.low, panel.y.scale);
    out.add(panel.y.high, panel.y.scale);
  } else if (!panel.picture.png.empty()) {
    out.add(panel.picture.y_low, panel.y.scale);
    out.add(panel.picture.y_high, panel.y.scale);
  }
  return out;
}

bool any_picture(const Figure& figure) {
  return std::any_of(figure.panels.begin(), figure.panels.end(),
                     [](const Figure::Panel& panel) { return !panel.picture.png.empty(); });
}

/// Is there a mark to draw?
bool anything(const Figure& figure) {
  return std::any_of(figure.panels.begin(), figure.panels.end(), [&](const Figure::Panel& panel) {
    const auto seen = [&](const Figure::Curve& curve) {
      for (std::size_t i = 0; i < curve.x.size(); ++i) {
        if (drawable(curve.x[i], x_scale(figure)) && std::isfinite(curve.y[i])) return true;
      }
      return false;
    };
    const std::vector<double>& cells = panel.heat_map.values;
    return !panel.picture.png.empty() ||
           std::any_of(cells.begin(), cells.end(), [](double v) { return std::isfinite(v); }) ||
           std::any_of(panel.curves.begin(), panel.curves.end(), seen);
  });
}

std::string suffix(std::size_t panel) { return panel == 0 ? "" : std::to_string(panel + 1); }

// ---- Shapes ----

/// "2/h = 5", and "1" for a level that is named by its value.
std::string level_text(const Figure::Level& level) {
  const std::string value = readable(level.at, 4);
  return level.name.empty() || level.name == value ? value : level.name + " = " + value;
}

std::string level_json(const Figure::Level& level, const std::string& y_axis) {
  const bool across = level.direction == Direction::horizontal;
  const std::string own = across ? "y" + y_axis : "x", other = across ? "x domain" : "y" + y_axis + " domain";
  const char along = across ? 'y' : 'x', cross = across ? 'x' : 'y';
  return fmt::format(
      "{{\"type\":\"line\",\"name\":\"level\",\"layer\":\"above\",\"{0}ref\":\"{2}\",\"{1}ref\":\"{3}\",\"{0}0\":{4},"
      "\"{0}1\":{4},"
      "\"{1}0\":0,\"{1}1\":1,\"line\":{{\"color\":\"#1b1f24\",\"dash\":\"1.5px,4px\",\"width\":1.5}},\"label\":{{"
      "\"text\":{5},"
      "\"textposition\":\"end\",\"textangle\":{6},\"xanchor\":\"right\",\"yanchor\":\"bottom\",\"padding\":3,\"font\":{"
      "{\"size\":12}}}}}}",
      along, cross, own, other, json_number(level.at, true), plotly_text(level_text(level)), across ? 0 : -90);
}

/// A page sets the name above the plot where it fits, see script.js; alone, plotly sets it inside.
std::string span_json(const Figure::Span& span, std::size_t index) {
  return fmt::format(
      "{{\"type\":\"rect\",\"name\":\"span\",\"layer\":\"below\",\"xref\":\"x\",\"yref\":\"paper\",\"x0\":{},\"x1\":{},"
      "\"y0\":0,\"y1\":1,"
      "\"line\":{{\"width\":0}},\"fillcolor\":\"rgba(110,120,135,{})\",\"label\":{{\"text\":{},\"textposition\":\"top "
      "center\",\"padding\":4,"
      "\"font\":{{\"size\":12}}}}}}",
      json_number(span.from, true), json_number(span.to, true), index % 2 == 0 ? "0.16" : "0.06",
      plotly_text(span.name));
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : digits[group >> (18 - 6 * k) & 63];
  }
  return out;
}

std::string picture_json(const Figure::Picture& picture, Scale xs, Scale ys, const std::string& y_axis) {
  const double left = on_axis(picture.x_low, xs), right = on_axis(picture.x_high, xs);
  const double bottom = on_axis(picture.y_low, ys), top = on_axis(picture.y_high, ys);
  return fmt::format(
      "{{\"source\":\"data:image/"
      "png;base64,{}\",\"xref\":\"x\",\"yref\":\"y{}\",\"x\":{},\"y\":{},\"sizex\":{},\"sizey\":{},"
      "\"xanchor\":\"left\",\"yanchor\":\"top\",\"sizing\":\"stretch\",\"layer\":\"below\"}}",
      base64(picture.png), y_axis, json_number(left, true), json_number(top, true), json_number(right - left, true),
      json_number(top - bottom, true));
}

}  // namespace

std::string plotly_json(const Figure& figure) {
  check_figure(figure);
  const Scale xs = x_scale(figure);
  const Extent across = x_extent(figure);
  std::string data, shapes, images, axes;
  const auto add = [](std::string& list, const std::string& item) { list += (list.empty() ? "" : ",") + item; };

  for (std::size_t i = 0; i < figure.spans.size(); ++i) {
    const Figure::Span& span = figure.spans[i];
    if (drawable(span.from, xs) && drawable(span.to, xs)) add(shapes, span_json(span, i));
  }

  const bool stacked = figure.panels.size() > 1;
  double total = 0;
  const auto height = [&](const Figure::Panel& panel) { return panel.height > 0 ? panel.height : stacked ? 170 : 260; };
  for (const Figure::Panel& panel : figure.panels) total += height(panel);
  const double gap = 14, whole = total + gap * static_cast<double>(figure.panels.size() - 1);
  double top = whole;

  int style = 0;
  bool legend = false;
  for (std::size_t p = 0; p < figure.panels.size(); ++p) {
    const Figure::Panel& panel = figure.panels[p];
    const std::string y_axis = suffix(p);
    const double bottom = top - height(panel);
    add(axes, fmt::format("\"yaxis{}\":{{\"domain\":[{:.6f},{:.6f}],{}}}", y_axis, std::max(0.0, bottom / whole),
                          top / whole, axis_json(panel.y, panel.y.scale, y_window(panel), panel.picture.png.empty())));
    top = bottom - gap;

    if (!panel.picture.png.empty()) add(images, picture_json(panel.picture, xs, panel.y.scale, y_axis));
    if (!panel.heat_map.values.empty()) add(data, heat_map_json(panel.heat_map, y_axis));
    const double foot = panel.y.scale == Scale::log ? shelf(panel) : 0;
    for (const Figure::Curve& curve : panel.curves) {
      style = curve.style > 0 ? curve.style : style + 1;
      legend = legend || !curve.name.empty();
      add(data, curve_json(curve, xs, panel.y.scale, y_axis, style, foot));
    }
    for (const Figure::Level& level : panel.levels) {
      const Scale own = level.direction == Direction::horizontal ? panel.y.scale : xs;
      if (drawable(level.at, own)) add(shapes, level_json(level, y_axis));
    }
  }

  const bool window = figure.x.low < figure.x.high || any_picture(figure);
  std::string x_axis = axis_json(figure.x, xs, window ? across : Extent{}, stacked || !any_picture(figure));
  x_axis += fmt::format(",\"anchor\":\"y{}\",\"domain\":[0,1]", suffix(figure.panels.size() - 1));
  return fmt::format(
      "{{\"data\":[{}],\"layout\":{{\"xaxis\":{{{}}},{},\"shapes\":[{}],\"images\":[{}],\"annotations\":[{}],"
      "\"height\":{:.0f},\"showlegend\":{},"
      "\"meta\":{{\"title\":{}}},\"hovermode\":\"{}\",\"margin\":{{\"l\":52,\"r\":12,\"t\":{},\"b\":44}},\"legend\":{{"
      "\"orientation\":\"h\",\"x\":0,\"xanchor\":\"left\","
      "\"y\":1,\"yanchor\":\"bottom\"}}}}}}",
      data, x_axis, axes, shapes, images,
      anything(figure) ? ""
                       : "{\"text\":\"no finite "
                         "value\",\"xref\":\"paper\",\"yref\":\"paper\",\"x\":0.5,\"y\":0.5,\"showarrow\":false}",
      whole + 44 + (legend ? 44 : 12), legend, plotly_text(figure.title),
      figure.linked == "steps" ? "x unified" : "closest", legend ? 44 : 12);
}

std::string_view palette_json(bool dark) {
  static const auto list = [](bool of_dark) {
    return json_array(all_styles,
                      [of_dark](const Style& style) { return json_text(of_dark ? style.dark : style.light); });
  };
  static const std::string light_list = list(false), dark_list = list(true);
  return dark ? dark_list : light_list;
}

}  // namespace equipoise
