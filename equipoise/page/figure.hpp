// A figure as data: what a report draws, what its table says and what its CSV holds come from this one value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace equipoise {

/// One x axis and, from top to bottom, one panel per y axis. Values are numbers as computed: one that is not finite is
/// a gap in a drawing and an empty cell in a file. Every text is plain UTF-8; escaping is done here.
struct Figure {
  enum class Scale { linear, log };
  enum class Marks { lines, points, both };
  enum class Direction { horizontal, vertical };
  enum class Colours { sequential, diverging };

  struct Axis {
    std::string title;
    Scale scale = Scale::linear;
    /// The range shown first, in the axis' own units; fitted to the data where low < high does not hold.
    double low = 0, high = 0;
    /// Positions with a text of their own, for categories; empty: chosen to fit.
    std::vector<std::pair<double, std::string>> ticks = {};
  };

  /// x and y of equal length. On a log axis there is no place for a value <= 0: in y it is drawn as a triangle at the
  /// foot of the panel and named there, in x it is left out.
  struct Curve {
    std::string name;  ///< in the legend, where a click hides the curve; empty: not in the legend
    std::vector<double> x, y;
    Marks marks = Marks::lines;
    /// Colour, dash and shape of the points, counted from 1 so that no two of the first `styles` differ by colour
    /// alone; 0: the next in the figure.
    int style = 0;
    /// Where not empty, as long as y: ends of an interval around it, drawn as error bars, or as a band where `band` is
    /// set.
    std::vector<double> low = {}, high = {};
    bool band = false;
    /// One of the same name comes before it, perhaps in a panel above, whose entry in the legend hides both.
    bool repeated = false;
    /// Drawn in black with a white rim, on any page: to be seen on a Picture of every colour.
    bool on_picture = false;
  };

  /// A dotted line through the whole panel with its name (where it has one) and its value beside it: 2/h, a critical
  /// rate. Not drawn where `at` is not finite.
  struct Level {
    std::string name;
    double at = 0;
    Direction direction = Direction::horizontal;
  };

  /// A shaded stretch of the x axis with its name: a phase of a run.
  struct Span {
    std::string name;
    double from = 0, to = 0;
  };

  /// A raster image that fills x_low..x_high, y_low..y_high of its panel (in the axes' units; on a log axis it is
  /// equidistant in the logarithm). Its first row is at y_high.
  struct Picture {
    std::string png;  ///< the bytes of a PNG file; empty: none
    double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
    std::string description = {};  ///< for someone who cannot see it
  };

  /// values[i * x.size() + j] belongs to y[i], x[j]: some thousands of cells at most, larger ones are a Picture. With
  /// `hover_only` the cells are not drawn but tell their value under the pointer, above a Picture of the same window.
  struct HeatMap {
    std::string title;  ///< beside the colour bar
    std::vector<double> x, y, values;
    Colours colours = Colours::sequential;
    bool log = false;  ///< colours by the logarithm; a value <= 0 then is a gap
    bool hover_only = false;
    /// Where not empty, one text a cell, said under the pointer instead of the number.
    std::vector<std::string> words = {};
  };

  struct Panel {
    Axis y;
    std::vector<Curve> curves;
    std::vector<Level> levels = {};
    HeatMap heat_map = {};
    Picture picture = {};
    double height = 0;  ///< of its plot in pixels; 0: 260 alone, 170 in a stack
  };

  std::string id;  ///< letters, digits, '-' and '_', unique on a page: the file name of its data
  std::string title;
  std::string caption;  ///< what is seen, with the settings and the seed
  std::string command;  ///< reproduces just this figure; empty: none
  std::string csv;      ///< where its data is, relative to the page; empty: in no file
  Axis x;
  std::vector<Panel> panels;
  std::vector<Span> spans = {};  ///< across all panels
  /// Figures of a page with the same name here zoom their x axes together. "steps": counts from 0, for which the page
  /// offers linear and logarithmic (of 1 + x) at one switch.
  std::string linked = {};
  bool wide = false;  ///< takes a whole row of the page

  static constexpr int styles = 8;
};

/// Throws Error where lengths of a curve, an interval or a heat map differ, the id is empty or has another character,
/// or there is no panel. All below check it.
void check_figure(const Figure& figure);

/// What is drawn of one curve at most, about.
inline constexpr std::size_t points_per_curve = 2000;

/// Ascending indices of about `most` points of x, y at most, all of them where they are few: per bucket of neighbours
/// the first, the last, the lowest and the highest of both coordinates, so that no spike and no gap is lost. Buckets
/// are spread both evenly and logarithmically, since a reader may look at either axis. O(points).
std::vector<std::size_t> thinned(const std::vector<double>& x, const std::vector<double>& y, std::size_t most);

/// {"data": [...], "layout": {...}}: the figure for plotly.js 4 in the colours of a light page; trace.meta.style tells
/// a page which colours to take in the dark. Thinned to points_per_curve a curve. No character that means something to
/// HTML.
std::string plotly_json(const Figure& figure);

/// All of the figure's data, nothing thinned, with the header `panel,kind,name,x,y,low,high,value`: panel is the title
/// of its y axis; kind is curve, horizontal, vertical, span (x to y) or cell. Numbers read back exactly, what is not
/// finite is an empty cell. Pictures are not in it.
std::string figure_csv(const Figure& figure);

/// What someone who cannot see the figure is told: per curve its ends and its extremes, and the levels. Plain text.
std::string described(const Figure& figure);

/// The JSON array of the colours of styles 1 to Figure::styles, "light" or "dark".
std::string_view palette_json(bool dark);

}  // namespace equipoise
