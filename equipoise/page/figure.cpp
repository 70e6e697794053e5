// A figure as data: which points are drawn, its CSV, and what it says in words.
#include "equipoise/page/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/page/markup.hpp"

namespace equipoise {
namespace {

using Direction = Figure::Direction;

std::string csv_text(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + '"';
}

std::string cell(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::string described_curve(const Figure::Curve& curve, const std::string& x_title) {
  std::vector<std::size_t> finite;
  for (std::size_t i = 0; i < curve.y.size(); ++i) {
    if (std::isfinite(curve.y[i]) && std::isfinite(curve.x[i])) finite.push_back(i);
  }
  const std::string name = curve.name.empty() ? "curve" : curve.name;
  if (finite.empty()) return fmt::format("{}: no finite value. ", name);
  const auto at = [&](std::size_t i) {
    return fmt::format("{} at {} {}", readable(curve.y[i]), x_title, readable(curve.x[i], 7));
  };
  if (finite.size() == 1) return fmt::format("{}: {}. ", name, at(finite[0]));
  const auto below = [&](std::size_t a, std::size_t b) { return curve.y[a] < curve.y[b]; };
  const auto [lowest, highest] = std::minmax_element(finite.begin(), finite.end(), below);
  return fmt::format("{}: from {} to {}; lowest {}, highest {}. ", name, at(finite.front()), at(finite.back()),
                     at(*lowest), at(*highest));
}

}  // namespace

void check_figure(const Figure& figure) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (figure.id.empty() || !std::all_of(figure.id.begin(), figure.id.end(), plain)) {
    throw Error(fmt::format("figure: the id '{}' should be of letters, digits, '-' and '_'", figure.id));
  }
  if (figure.panels.empty())
    throw Error(fmt::format("figure {}: it has no panel, it should have at least one", figure.id));
  for (const Figure::Panel& panel : figure.panels) {
    for (const Figure::Curve& curve : panel.curves) {
      const auto same = [&](const char* what, std::size_t size) {
        if (size == curve.x.size()) return;
        throw Error(fmt::format("figure {}: curve '{}' has {} values of x and {} of {}, it should have as many",
                                figure.id, curve.name, curve.x.size(), size, what));
      };
      same("y", curve.y.size());
      if (!curve.low.empty() || !curve.high.empty()) same("low", curve.low.size()), same("high", curve.high.size());
    }
    const Figure::HeatMap& map = panel.heat_map;
    if (map.values.size() != map.x.size() * map.y.size()) {
      throw Error(fmt::format("figure {}: the heat map has {} values, it should have {} x {}", figure.id,
                              map.values.size(), map.y.size(), map.x.size()));
    }
    if (!map.words.empty() && map.words.size() != map.values.size()) {
      throw Error(fmt::format("figure {}: the heat map has {} words, it should have none or {}", figure.id,
                              map.words.size(), map.values.size()));
    }
    if (!map.words.empty() && map.words.size() != map.values.size()) {
      throw Error(fmt::format("figure {}: the heat map has {} words for {} values, it should have none or as many",
                              figure.id, map.words.size(), map.values.size()));
    }
  }
}

std::vector<std::size_t> thinned(const std::vector<double>& x, const std::vector<double>& y, std::size_t most) {
  const std::size_t n = x.size();
  std::vector<std::size_t> kept;
  if (n <= most) {
    for (std::size_t i = 0; i < n; ++i) kept.push_back(i);
    return kept;
  }
  const auto keep_bucket = [&](std::size_t begin, std::size_t end) {
    std::size_t low_x = n, high_x = n, low_y = n, high_y = n, gap = n;
    for (std::size_t i = begin; i < end; ++i) {
      if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
        if (gap == n) gap = i;
        continue;
      }
      if (low_x == n || x[i] < x[low_x]) low_x = i;
      if (high_x == n || x[i] > x[high_x]) high_x = i;
      if (low_y == n || y[i] < y[low_y]) low_y = i;
      if (high_y == n || y[i] > y[high_y]) high_y = i;
    }
    for (const std::size_t i : {begin, low_x, high_x, low_y, high_y, gap, end - 1}) {
      if (i < n) kept.push_back(i);
    }
  };
  // Neighbours that ascend have their extremes of x at their ends, so that a bucket keeps about four.
  const auto buckets = static_cast<double>(std::max<std::size_t>(1, most / 8));
  for (const bool logarithmic : {false, true}) {
    const auto edge = [&](double k) {
      const double at = logarithmic ? std::expm1(std::log1p(static_cast<double>(n)) * k / buckets)
                                    : static_cast<double>(n) * k / buckets;
      return k == buckets ? n : std::min(n, static_cast<std::size_t>(at));
    };
    for (double k = 0; k < buckets; ++k) {
      if (edge(k) < edge(k + 1)) keep_bucket(edge(k), edge(k + 1));
    }
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

std::string figure_csv(const Figure& figure) {
  check_figure(figure);
  std::string out = "panel,kind,name,x,y,low,high,value\n";
  for (const Figure::Span& span : figure.spans) {
    out += fmt::format(",span,{},{},{},,,\n", csv_text(span.name), cell(span.from), cell(span.to));
  }
  for (const Figure::Panel& panel : figure.panels) {
    const std::string title = csv_text(panel.y.title);
    for (const Figure::Level& level : panel.levels) {
      const bool across = level.direction == Direction::horizontal;
      out += fmt::format("{},{},{},{},{},,,\n", title, across ? "horizontal" : "vertical", csv_text(level.name),
                         across ? "" : cell(level.at), across ? cell(level.at) : "");
    }
    for (const Figure::Curve& curve : panel.curves) {
      const std::string name = csv_text(curve.name);
      const bool interval = !curve.low.empty();
      for (std::size_t i = 0; i < curve.x.size(); ++i) {
        out += fmt::format("{},curve,{},{},{},{},{},\n", title, name, cell(curve.x[i]), cell(curve.y[i]),
                           interval ? cell(curve.low[i]) : "", interval ? cell(curve.high[i]) : "");
      }
    }
    const Figure::HeatMap& map = panel.heat_map;
    for (std::size_t k = 0; k < map.values.size(); ++k) {
      out += fmt::format("{},cell,{},{},{},,,{}\n", title, csv_text(map.title), cell(map.x[k % map.x.size()]),
                         cell(map.y[k / map.x.size()]), cell(map.values[k]));
    }
  }
  return out;
}

std::string described(const Figure& figure) {
  std::string out;
  const std::string x = figure.x.title.empty() ? "x" : figure.x.title;
  for (const Figure::Panel& panel : figure.panels) {
    if (!panel.picture.png.empty() && !panel.picture.description.empty()) out += panel.picture.description + " ";
    for (const Figure::Curve& curve : panel.curves) out += described_curve(curve, x);
    for (const Figure::Level& level : panel.levels) {
      if (!std::isfinite(level.at)) continue;
      out +=
          fmt::format("Dotted {} line {} = {}. ", level.direction == Direction::horizontal ? "horizontal" : "vertical",
                      level.name, readable(level.at));
    }
  }
  for (const Figure::Span& span : figure.spans) {
    out += fmt::format("Shaded: {}, {} {} to {}. ", span.name, x, readable(span.from, 7), readable(span.to, 7));
  }
  if (!out.empty()) out.pop_back();
  return out;
}

}  // namespace equipoise
