// Curves, bands and heat maps as traces of plotly.js.
//
// Tested in equipoise/page/figure_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "equipoise/page/markup.hpp"
#include "equipoise/page/plotly_parts.hpp"

namespace equipoise::plotly {
namespace {

std::string with_alpha(std::string_view hex, std::string_view alpha) {
  const auto part = [&](std::size_t at) { return std::stoi(std::string(hex.substr(at, 2)), nullptr, 16); };
  return fmt::format("rgba({},{},{},{})", part(1), part(3), part(5), alpha);
}

std::string scatter(const Figure::Curve& curve, const std::string& y_axis, int style, bool legend,
                    std::string_view more) {
  const Style& look = style_at(style);
  const std::string name = curve.name.empty() ? "" : fmt::format("\"name\":{},", plotly_text(curve.name));
  // Curves of one name share the fate of their entry in the legend, in whichever panels they are.
  const std::string group = curve.name.empty() ? fmt::format("\"{}-{}\"", y_axis, style) : plotly_text(curve.name);
  return fmt::format(
      "{{\"type\":\"scatter\",{}\"yaxis\":\"y{}\",\"legendgroup\":{},\"showlegend\":{},\"connectgaps\":false,"
      "\"line\":{{\"color\":\"{}\",\"dash\":\"{}\",\"width\":1.8}},\"marker\":{{\"color\":\"{}\",\"symbol\":\"{}\","
      "\"size\":6}},{}}}",
      name, y_axis, group, legend && !curve.name.empty() && !curve.repeated, look.light, look.dash, look.light,
      look.symbol, more);
}

/// A band is two lines around a filled area, drawn before the curve itself.
std::string band_json(const Figure::Curve& curve, const std::vector<std::size_t>& kept, Scale xs, Scale ys,
                      const std::string& y_axis, int style) {
  std::vector<std::size_t> both;
  for (const std::size_t i : kept) {
    if (drawable(curve.x[i], xs) && drawable(curve.low[i], ys) && drawable(curve.high[i], ys)) both.push_back(i);
  }
  std::string x, y;
  const auto add = [&](std::size_t i, double value) {
    x += (x.empty() ? "" : ",") + json_number(curve.x[i], true);
    y += (y.empty() ? "" : ",") + json_number(value);
  };
  for (const std::size_t i : both) add(i, curve.high[i]);
  for (auto i = both.rbegin(); i != both.rend(); ++i) add(*i, curve.low[*i]);
  return scatter(
      curve, y_axis, style, false,
      fmt::format(
          "\"mode\":\"lines\",\"fill\":\"toself\",\"fillcolor\":\"{}\",\"hoverinfo\":\"skip\",\"x\":[{}],\"y\":[{}],"
          "\"meta\":{{\"style\":{},\"part\":\"band\"}}",
          with_alpha(style_at(style).light, "0.18"), x, y, style));
}

/// Black on a wider white line, which a page leaves as they are: legible on every picture, light or dark. The legend,
/// which stands on the page, has a line without points in the page's own colour; a click on it hides all three.
std::string on_picture_json(const Figure::Curve& curve, const std::string& x, const std::string& y,
                            const std::string& y_axis, int style) {
  const char* own_dash = style % 2 == 1 ? "solid" : "7px,4px";
  const auto line = [&](const char* colour, double width, const char* dash, bool top) {
    return fmt::format(
        "{{\"type\":\"scatter\",\"name\":{},\"yaxis\":\"y{}\",\"legendgroup\":\"picture-{}-{}\",\"showlegend\":{},"
        "\"connectgaps\":false,\"mode\":\"lines\","
        "\"x\":{},\"y\":{},\"hoverinfo\":\"{}\",\"line\":{{\"color\":\"{}\",\"width\":{},\"dash\":\"{}\"}}}}",
        plotly_text(curve.name), y_axis, y_axis, style, false, x, y, top ? "x+y+name" : "skip", colour, width, dash);
  };
  const std::string sample = fmt::format(
      "{{\"type\":\"scatter\",\"name\":{},\"yaxis\":\"y{}\",\"legendgroup\":\"picture-{}-{}\",\"showlegend\":{},"
      "\"mode\":\"lines\",\"x\":[null],\"y\":[null],"
      "\"line\":{{\"color\":\"#1b1f24\",\"width\":1.8,\"dash\":\"{}\"}},\"marker\":{{\"color\":\"#1b1f24\"}},\"meta\":{"
      "{\"style\":{}}}}}",
      plotly_text(curve.name), y_axis, y_axis, style, !curve.name.empty(), own_dash, Figure::styles);
  return line("rgba(255,255,255,0.85)", 4, "solid", false) + "," + line("#101418", 1.8, own_dash, true) + "," + sample;
}

}  // namespace

std::string curve_json(const Figure::Curve& curve, Scale xs, Scale ys, const std::string& y_axis, int style,
                       double foot) {
  const std::vector<std::size_t> kept = thinned(curve.x, curve.y, points_per_curve);
  const auto x_at = [&](std::size_t i) { return drawable(curve.x[i], xs) ? json_number(curve.x[i], true) : "null"; };
  const bool interval = !curve.low.empty();

  const std::string x = json_array(kept, x_at);
  const std::string y =
      json_array(kept, [&](std::size_t i) { return drawable(curve.y[i], ys) ? json_number(curve.y[i]) : "null"; });
  if (curve.on_picture) return on_picture_json(curve, x, y, y_axis, style);

  std::string out;
  if (interval && curve.band) out += band_json(curve, kept, xs, ys, y_axis, style) + ",";
  const char* mode = curve.marks == Figure::Marks::lines    ? "lines"
                     : curve.marks == Figure::Marks::points ? "markers"
                                                            : "lines+markers";
  std::string more = fmt::format("\"mode\":\"{}\",\"x\":{},\"y\":{},\"meta\":{{\"style\":{}}}", mode, x, y, style);
  if (interval && !curve.band) {
    const auto arm = [&](double sign, const std::vector<double>& end) {
      return json_array(kept, [&, sign](std::size_t i) {
        // On a log axis an end at or below zero is drawn to the point's thousandth: the bar leaves the panel.
        const double to = ys == Scale::log && end[i] <= 0 ? 1e-3 * curve.y[i] : end[i];
        const double length = sign * (to - curve.y[i]);
        return std::isfinite(length) ? json_number(std::max(length, 0.0)) : std::string("0");
      });
    };
    more += fmt::format(
        ",\"error_y\":{{\"type\":\"data\",\"symmetric\":false,\"array\":{},\"arrayminus\":{},\"thickness\":1.2,"
        "\"width\":3,"
        "\"color\":\"{}\"}}",
        arm(1, curve.high), arm(-1, curve.low), style_at(style).light);
  }
  out += scatter(curve, y_axis, style, true, more);

  if (ys == Scale::linear) return out;
  std::vector<std::size_t> fallen;
  std::copy_if(kept.begin(), kept.end(), std::back_inserter(fallen),
               [&](std::size_t i) { return std::isfinite(curve.y[i]) && curve.y[i] <= 0 && drawable(curve.x[i], xs); });
  if (fallen.empty()) return out;
  return out + "," +
         scatter(
             curve, y_axis, style, false,
             fmt::format("\"mode\":\"markers\",\"x\":{},\"y\":{},\"text\":{},\"hoverinfo\":\"x+text+name\","
                         "\"meta\":{{\"style\":{},\"part\":\"foot\"}}",
                         json_array(fallen, x_at), json_array(fallen, [&](std::size_t) { return json_number(foot); }),
                         json_array(fallen, [&](std::size_t i) { return json_text(readable(curve.y[i])); }), style));
}

std::string heat_map_json(const Figure::HeatMap& map, const std::string& y_axis) {
  Extent extent;
  const auto shown = [&](double value) {
    return map.log ? (value > 0 ? std::log10(value) : std::numeric_limits<double>::quiet_NaN()) : value;
  };
  const std::size_t columns = map.x.size();
  std::string z = "[", words = "[";
  for (std::size_t i = 0; i < map.y.size(); ++i) {
    z += i == 0 ? "[" : ",[";
    words += i == 0 ? "[" : ",[";
    for (std::size_t j = 0; j < columns; ++j) {
      const double value = map.values[i * columns + j];
      extent.add(shown(value), Scale::linear);
      z += (j == 0 ? "" : ",") + json_number(shown(value));
      words += (j == 0 ? "" : ",") +
               (map.words.empty() ? json_text(readable(value)) : plotly_text(map.words[i * columns + j]));
    }
    z += ']';
    words += ']';
  }
  std::string bar = fmt::format("\"title\":{{\"text\":{},\"side\":\"right\"}},\"thickness\":12,\"outlinewidth\":0",
                                plotly_text(map.title));
  if (map.log && !extent.empty()) {
    // Colours are of the logarithm; the bar names whole powers, and both ends where there are none.
    std::vector<std::pair<double, std::string>> ticks;
    const auto stride = std::max(1.0, std::ceil((extent.high - extent.low) / 6));
    for (double k = std::ceil(extent.low / stride) * stride; k <= extent.high; k += stride) {
      ticks.emplace_back(k, power_of_ten(static_cast<int>(k)));
    }
    if (ticks.size() < 2)
      ticks = {{extent.low, readable(std::pow(10, extent.low), 2)},
               {extent.high, readable(std::pow(10, extent.high), 2)}};
    bar += fmt::format(",\"tickvals\":{},\"ticktext\":{}",
                       json_array(ticks, [](const auto& t) { return json_number(t.first); }),
                       json_array(ticks, [](const auto& t) { return plotly_text(t.second); }));
  } else {
    bar += ",\"exponentformat\":\"power\"";
  }
  return fmt::format(
      "{{\"type\":\"heatmap\",\"yaxis\":\"y{}\",\"name\":{},\"x\":{},\"y\":{},\"z\":{}],\"text\":{}],\"hoverinfo\":\"x+"
      "y+text\","
      "\"colorscale\":\"{}\",{}\"showscale\":{},\"opacity\":{},\"colorbar\":{{{}}},\"meta\":{{\"part\":\"map\"}}}}",
      y_axis, plotly_text(map.title), json_array(map.x, [](double v) { return json_number(v, true); }),
      json_array(map.y, [](double v) { return json_number(v, true); }), z, words,
      map.colours == Figure::Colours::diverging ? "RdBu" : "Cividis",
      map.colours == Figure::Colours::diverging ? "\"zmid\":0," : "", !map.hover_only, map.hover_only ? 0 : 1, bar);
}

}  // namespace equipoise::plotly
