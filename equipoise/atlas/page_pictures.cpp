// The pictures of a sweep's page: each with its legend, its axes, the proved boundary, and words under the pointer.
//
// Tested in equipoise/atlas/page_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "equipoise/atlas/page_parts.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"

namespace equipoise::page_of_sweep {
namespace {

constexpr std::uint64_t hover_side = 60;  ///< cells of the net under the pointer, along each axis

std::string swatch(const Painting::Entry& entry, std::uint64_t all) {
  const std::string fill = entry.from == entry.to
                               ? hex(entry.from)
                               : fmt::format("linear-gradient(90deg,{},{})", hex(entry.from), hex(entry.to));
  return fmt::format("<li><span class=\"shade\" style=\"background:{}\"></span>{} <span class=\"muted\">{}</span></li>",
                     fill, escaped(entry.name), percent(static_cast<double>(entry.cells) / static_cast<double>(all)));
}

std::string colour_bar(const Painting& painting) {
  if (painting.bar.empty()) return "";
  std::string stops;
  constexpr int pieces = 24;
  for (int i = 0; i <= pieces; ++i) {
    const int at = painting.bar_from + (painting.bar_to - painting.bar_from) * i / pieces;
    stops += (stops.empty() ? "" : ",") + hex(painting.palette[static_cast<std::size_t>(at)]);
  }
  std::string ticks;
  for (const Painting::Tick& tick : painting.bar) ticks += fmt::format("<span>{}</span>", escaped(tick.text));
  return fmt::format("<div class=\"bar\"><div style=\"background:linear-gradient(90deg,{})\"></div><p>{}</p></div>",
                     stops, ticks);
}

std::string legend(const SweepPicture& picture, std::uint64_t cells) {
  std::string entries;
  for (const Painting::Entry& entry : picture.painting.entries) entries += swatch(entry, cells);
  return fmt::format("<div class=\"key\" id=\"key-{}\">{}{}<p class=\"muted\">{}</p></div>", picture.field,
                     colour_bar(picture.painting), entries.empty() ? "" : "<ul>" + entries + "</ul>",
                     escaped(picture.painting.rule));
}

std::string switch_of_fields(const std::vector<SweepPicture>& pictures) {
  std::string out = "<fieldset class=\"choice fields\"><legend>Show</legend>";
  for (const SweepPicture& each : pictures) {
    out += fmt::format("<label><input type=\"radio\" name=\"field\" id=\"pick-{0}\"{1}/> {0}</label>", each.field,
                       &each == &pictures.front() ? " checked=\"checked\"" : "");
  }
  return out + "</fieldset>";
}

Figure::HeatMap hover_net(const SweepReport& report, const SweepPicture& picture) {
  Figure::HeatMap net;
  const Plane& plane = report.plane;
  if (!picture.words || plane.cells() == 0) return net;
  net.title = picture.field;
  net.hover_only = true;
  const auto chosen = [](std::uint64_t count) {
    std::vector<std::uint64_t> list;
    const std::uint64_t wanted = std::min(count, hover_side);
    for (std::uint64_t k = 0; k < wanted; ++k) list.push_back((2 * k + 1) * count / (2 * wanted));
    return list;
  };
  const std::vector<std::uint64_t> columns = chosen(plane.width), rows = chosen(plane.height);
  for (const std::uint64_t x : columns) net.x.push_back(position(report.grid.axes[0], x));
  for (const std::uint64_t y : rows) net.y.push_back(position(report.grid.axes[1], y));
  for (const std::uint64_t y : rows) {
    for (const std::uint64_t x : columns) {
      net.values.push_back(0);
      net.words.push_back(picture.words(plane.cell(x, y)));
    }
  }
  return net;
}

Figure::Curve proved_line(const ProvedCurve& curve) {
  Figure::Curve line;
  line.name = curve.name;
  line.on_picture = true;
  for (const ProvedCurve::Line& each : curve.lines) {
    if (!line.x.empty()) {
      line.x.push_back(nan);
      line.y.push_back(nan);
    }
    line.x.insert(line.x.end(), each.x.begin(), each.x.end());
    line.y.insert(line.y.end(), each.y.begin(), each.y.end());
  }
  return line;
}

Figure picture_figure(const SweepReport& report, const SweepPicture& picture) {
  const Axis& across = report.grid.axes[0];
  const Axis& up = report.grid.axes[1];
  Figure figure;
  figure.id = "field-" + picture.field;
  figure.title = picture.painting.title;
  figure.wide = true;
  figure.x = figure_axis(across);
  const auto [x_low, x_high] = outer_edges(across);
  const auto [y_low, y_high] = outer_edges(up);
  figure.x.low = x_low;
  figure.x.high = x_high;
  Figure::Panel panel;
  panel.y = figure_axis(up);
  panel.y.low = y_low;
  panel.y.high = y_high;
  panel.height = 620;
  panel.picture = {picture.png,
                   x_low,
                   x_high,
                   y_low,
                   y_high,
                   fmt::format("{} over {} (to the right) and {} (upwards)", picture.painting.title, axis_title(across),
                               axis_title(up))};
  panel.heat_map = hover_net(report, picture);
  for (const ProvedCurve& curve : report.proved) panel.curves.push_back(proved_line(curve));
  figure.panels.push_back(std::move(panel));
  const std::uint64_t block = picture.shown_width > 0 ? (report.plane.width - 1) / picture.shown_width + 1 : 1;
  figure.caption =
      fmt::format("{} × {} cells; {}.", report.plane.width, report.plane.height, fixed_in_words(report.grid));
  if (block > 1) {
    figure.caption += fmt::format(
        " A pixel here stands for {0} × {0} cells and shows the colour that is most frequent among them", block);
    figure.caption += picture.file.empty() ? "." : fmt::format("; {} has them all.", picture.file);
  }
  return figure;
}

}  // namespace

/// Figures that are not chosen keep their width, so that they are drawn at their size; a reader's program that does not
/// know :has sees all of them.
std::string style_of(const std::vector<SweepPicture>& pictures) {
  std::string out =
      ".key ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; margin: .6rem 0 0; padding: 0; "
      "font-size: .9rem; }\n"
      ".key .shade { display: inline-block; width: 2.4rem; height: .9rem; vertical-align: -.1rem; margin-right: "
      ".45rem; border: 1px solid var(--line); }\n"
      ".key .bar { max-width: 34rem; margin-top: .6rem; } .key .bar div { height: .9rem; border: 1px solid "
      "var(--line); }\n"
      ".key .bar p { display: flex; justify-content: space-between; font-size: .85rem; margin: .1rem 0 0; }\n"
      ".key p { font-size: .88rem; }\n"
      "#shares td:first-child, #shares thead th { overflow-wrap: normal; }\n"
      "@media print { .fields { display: none; } .shade, .bar div { print-color-adjust: exact; "
      "-webkit-print-color-adjust: exact; } }\n";
  for (const SweepPicture& each : pictures) {
    out += fmt::format(
        "@media screen {{ main:not(:has(#pick-{0}:checked)):has(.fields) :is(#field-{0}, #key-{0}, "
        ".figures:has(#field-{0})) {{ visibility: hidden; height: 0; "
        "min-height: 0; overflow: hidden; margin: 0; padding: 0; }} }}\n",
        each.field);
  }
  return out;
}

Page::Section pictures_section(const SweepReport& report) {
  Page::Section section{"pictures", "Pictures", {}};
  Page::Prose prose;
  prose.paragraphs.push_back(
      fmt::format("To the right: {}. Upwards: {}. They are the first and the second axis of the grid; in NumPy's words "
                  "a picture is "
                  "imshow(a.T, origin=\"lower\").",
                  axis_title(report.grid.axes[0]), axis_title(report.grid.axes[1])));
  if (report.grid.axes.size() > 2) {
    prose.paragraphs.push_back(
        fmt::format("The grid has {} axes. Shown is the slice in which the further ones have the middle one of their "
                    "values; the .npy files "
                    "have all of them.",
                    report.grid.axes.size()));
  }
  for (const ProvedCurve& curve : report.proved)
    prose.paragraphs.push_back(fmt::format("{} — {} ({} in docs/theory.md)", curve.name, curve.says, curve.statement));
  section.blocks.emplace_back(std::move(prose));
  if (report.pictures.size() > 1) section.blocks.emplace_back(Page::Markup{switch_of_fields(report.pictures)});
  for (const SweepPicture& picture : report.pictures) {
    section.blocks.emplace_back(Page::Figures{{picture_figure(report, picture)}});
    std::string key = legend(picture, report.plane.cells());
    if (!picture.file.empty()) {
      const std::string link =
          fmt::format("<p>Full size, {} × {} pixels: <a href=\"{}\">{}</a></p></div>", report.plane.width,
                      report.plane.height, escaped(picture.file), escaped(picture.file));
      key.replace(key.size() - std::string_view("</div>").size(), std::string_view("</div>").size(), link);
    }
    section.blocks.emplace_back(Page::Markup{std::move(key)});
  }
  return section;
}

}  // namespace equipoise::page_of_sweep
