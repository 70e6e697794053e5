// A chart over the steps of a run, as an HTML figure with SVG.
#include "equipoise/lab/chart.hpp"

#include <fmt/format.h>

#include <cmath>

#include "equipoise/lab/markup.hpp"

namespace equipoise {
namespace {

// The outer svg has no viewBox: it is laid out in percent, so its text keeps the size of the page's text on a phone.
// The curves are in an inner one that is stretched from 1000 x 1000 units, with strokes that do not scale.
constexpr double units = 1000;

std::string percent(double fraction) { return fmt::format("{:.2f}%", 100 * fraction); }

/// A length of the inner drawing with one decimal at most.
std::string coordinate(double fraction) {
  std::string text = fmt::format("{:.1f}", units * fraction);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

struct Paths {
  std::string line, dots;
};

Paths paths(const Curve& curve, const StepAxis& steps, const ValueAxis& values) {
  std::vector<double> x(curve.steps.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = steps.position(curve.steps[i]);
  const std::vector<std::size_t> points = thinned(x, curve.values, points_per_curve);

  Paths out;
  const auto drawable = [&](std::size_t k) {
    return k < points.size() && std::isfinite(curve.values[points[k]]) && !values.on_shelf(curve.values[points[k]]);
  };
  for (std::size_t k = 0; k < points.size(); ++k) {
    const double value = curve.values[points[k]];
    if (!std::isfinite(value)) continue;
    const std::string at = coordinate(x[points[k]]) + " " + coordinate(1 - values.position(value));
    const bool before = k > 0 && drawable(k - 1);
    if (drawable(k)) out.line += (before ? "L" : "M") + at;
    if (curve.markers || !drawable(k) || (!before && !drawable(k + 1))) out.dots += "M" + at + "h0";
  }
  return out;
}

/// What someone who cannot see the curve is told.
std::string described(const Curve& curve) {
  std::size_t first = curve.values.size(), last = first, lowest = first, highest = first, finite = 0;
  for (std::size_t i = 0; i < curve.values.size(); ++i) {
    if (!std::isfinite(curve.values[i])) continue;
    ++finite;
    if (first == curve.values.size()) first = lowest = highest = i;
    last = i;
    if (curve.values[i] < curve.values[lowest]) lowest = i;
    if (curve.values[i] > curve.values[highest]) highest = i;
  }
  if (finite == 0) return curve.name + ": no finite value was recorded.";
  const auto at = [&](std::size_t i) {
    return fmt::format("{} at step {:.0f}", readable(curve.values[i]), curve.steps[i]);
  };
  if (finite == 1) return fmt::format("{}: {}.", curve.name, at(first));
  return fmt::format("{}: from {} to {}; lowest {}, highest {}.", curve.name, at(first), at(last), at(lowest),
                     at(highest));
}

std::string drawing(const Chart& chart, const StepAxis& steps, const ValueAxis& values, std::string_view group) {
  std::string out = fmt::format("<g class=\"{}\">", group);
  for (const Tick& tick : steps.ticks()) {
    const std::string x = percent(tick.position);
    const char* anchor = tick.position > 0.96 ? "end" : "middle";
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{0}\" y1=\"0\" y2=\"100%\"/>"
        "<text class=\"tick\" x=\"{0}\" y=\"100%\" dy=\"1.5em\" text-anchor=\"{1}\">{2}</text>",
        x, anchor, escaped(tick.text));
  }
  out +=
      "<svg width=\"100%\" height=\"100%\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" "
      "overflow=\"visible\">";
  // In this order a dashed curve lies on a solid one where they coincide, and both stay visible.
  for (std::size_t i = 0; i < chart.curves.size(); ++i) {
    const Paths drawn = paths(chart.curves[i], steps, values);
    out += fmt::format("<g class=\"curve-{} s{}\">", i, chart.curves[i].style);
    if (!drawn.line.empty()) out += fmt::format("<path class=\"line\" d=\"{}\"/>", drawn.line);
    if (!drawn.dots.empty()) out += fmt::format("<path class=\"dots\" d=\"{}\"/>", drawn.dots);
    out += "</g>";
  }
  return out + "</svg></g>";
}

std::string legend(const Chart& chart) {
  if (chart.curves.size() < 2) return {};
  std::string out;
  for (std::size_t i = 0; i < chart.curves.size(); ++i) {
    const std::string id = fmt::format("{}-show-{}", chart.id, i);
    out += fmt::format(
        "<input type=\"checkbox\" class=\"show show-{0}\" id=\"{1}\" checked=\"checked\"/><label class=\"key s{2}\" "
        "for=\"{1}\"><svg class=\"swatch\" width=\"28\" height=\"10\" aria-hidden=\"true\"><path class=\"line\" "
        "d=\"M1 5L27 5\"/></svg>{3}</label>\n",
        i, id, chart.curves[i].style, escaped(chart.curves[i].name));
  }
  return out;
}

}  // namespace

std::string chart_html(const Chart& chart, const StepAxes& axes) {
  std::vector<double> all;
  for (const Curve& curve : chart.curves) all.insert(all.end(), curve.values.begin(), curve.values.end());
  bool anything = false;
  for (const double v : all) anything = anything || std::isfinite(v);
  for (const Level& level : chart.levels) all.push_back(level.value);
  const ValueAxis values(chart.scale, all);

  std::string out = fmt::format(
      "<figure class=\"chart\" id=\"chart-{}\"><figcaption>{} <span class=\"muted\">{}</span>"
      "</figcaption>\n{}<div class=\"plot\">",
      chart.id, escaped(chart.title), chart.scale == Scale::log ? "log scale" : "linear scale", legend(chart));
  std::string description;
  for (const Curve& curve : chart.curves) description += described(curve) + " ";
  for (const Level& level : chart.levels) {
    if (std::isfinite(level.value))
      description += fmt::format("Dotted line {} = {}. ", level.name, readable(level.value));
  }
  out += fmt::format(
      "<svg class=\"axes\" role=\"img\" aria-labelledby=\"{0}-title {0}-desc\" width=\"100%\" height=\"100%\">"
      "<title id=\"{0}-title\">{1} over steps</title><desc id=\"{0}-desc\">{2}</desc>\n",
      chart.id, escaped(chart.title), escaped(description));
  if (anything) {
    for (const Tick& tick : values.ticks()) {
      const std::string y = percent(1 - tick.position);
      out += fmt::format(
          "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/><text class=\"tick\" x=\"0\" "
          "y=\"{0}\" dx=\"-0.6em\" dy=\"0.35em\" text-anchor=\"end\">{1}</text>",
          y, escaped(tick.text));
    }
    out += drawing(chart, axes.linear, values, "on-linear") + "\n" + drawing(chart, axes.log, values, "on-log");
    // After the curves, so that the outline of the name keeps it readable across them.
    for (const Level& level : chart.levels) {
      const double at = values.position(level.value);
      if (!std::isfinite(at)) continue;
      out += fmt::format(
          "<line class=\"level\" x1=\"0\" x2=\"100%\" y1=\"{0}\" y2=\"{0}\"/><text class=\"level-name\" "
          "x=\"100%\" y=\"{0}\" dy=\"{1}\" text-anchor=\"end\">{2} = {3}</text>",
          percent(1 - at), at > 0.85 ? "1.2em" : "-0.45em", escaped(level.name), readable(level.value, 4));
    }
  } else {
    out += "<text class=\"tick\" x=\"50%\" y=\"50%\" text-anchor=\"middle\">no finite value was recorded</text>";
  }
  out += "<rect class=\"frame\" width=\"100%\" height=\"100%\"/></svg></div></figure>\n";
  return out;
}

}  // namespace equipoise
