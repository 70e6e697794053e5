// A figure as plotly.js takes it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

#include "equipoise/core/numbers.hpp"
#include "equipoise/page/figure.hpp"
#include "equipoise/page/markup.hpp"

namespace equipoise {
namespace {

using Scale = Figure::Scale;
using Direction = Figure::Direction;

// ---- Colours ----

// Okabe and Ito (2008), darker or lighter where a thin line on that page would be too pale. With a dash and a shape of
// its own each.
struct Style {
  const char *light, *dark, *dash, *symbol;
};
constexpr std::array<Style, Figure::styles> all_styles = {{
    {"#0072b2", "#56b4e9", "solid", "circle"},
    {"#d55e00", "#ff8a3d", "7px,4px", "square"},
    {"#00855f", "#1fc796", "2.5px,3px", "diamond"},
    {"#b3568c", "#dd8fbb", "10px,3px,2px,3px", "triangle-up"},
    {"#a86f00", "#e69f00", "14px,4px", "cross"},
    {"#5b6470", "#a5adb8", "4px,6px", "x"},
    {"#3a94c8", "#9ad4f5", "12px,3px,2px,3px,2px,3px", "star"},
    {"#1b1f24", "#e7eaee", "1px,2px,6px,2px", "hexagon"},
}};

const Style& style_at(int style) { return all_styles[static_cast<std::size_t>((style - 1) % Figure::styles)]; }

std::string with_alpha(std::string_view hex, std::string_view alpha) {
  const auto part = [&](std::size_t at) { return std::stoi(std::string(hex.substr(at, 2)), nullptr, 16); };
  return fmt::format("rgba({},{},{},{})", part(1), part(3), part(5), alpha);
}

// ---- JSON ----

std::string json_number(double value, bool exactly = false) {
  if (!std::isfinite(value)) return "null";
  return exactly ? fmt::format("{}", value) : fmt::format("{:.9g}", value);
}

/// A JSON string without a character that means something to HTML.
std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Text that plotly shows as it stands: it reads tags and entities in every text.
std::string plotly_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\n':
        out += ' ';
        break;
      default:
        out += c;
    }
  }
  return json_text(out);
}

template <typename Range, typename Write>
std::string json_array(const Range& range, Write write) {
  std::string out = "[";
  for (const auto& item : range) {
    if (out.size() > 1) out += ',';
    out += write(item);
  }
  return out + ']';
}

/// The position of a value on an axis as plotly's ranges and images take it.
double on_axis(double value, Scale scale) { return scale == Scale::log ? std::log10(value) : value; }

bool drawable(double value, Scale scale) { return std::isfinite(value) && (scale == Scale::linear || value > 0); }

/// The finite values of an axis that it has a place for.
struct Extent {
  double low = infinity, high = -infinity;
  void add(double value, Scale scale) {
    if (!drawable(value, scale)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

/// plotly draws steps with a switch of their own from linear data, see page_script.
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

// ---- Traces ----

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

/// A page sets the name above the plot where it fits, see page_assets.hpp; alone, plotly sets it inside.
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
