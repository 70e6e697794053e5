// Maps the columns of a folder, and hands them to lab for colours, counts and words.
#include "equipoise/store/sweep_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "equipoise/atlas/page.hpp"
#include "equipoise/io/bytes.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/png.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/store/sweep_folder.hpp"

namespace equipoise {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t longest_on_page = 1024, shortest_on_page = 700;

bool keeps(const Grid& grid, Field field) { return std::ranges::find(grid.fields, field) != grid.fields.end(); }

Painting painting_of(const SweepFolder& folder, const Cells& cells, Field field) {
  const FieldInfo& of = info(field);
  switch (field) {
    case Field::outcome:
      return outcome_painting(cells);
    case Field::period:
      return period_painting(cells, folder.column<std::uint32_t>(of.name));
    case Field::steps:
      return steps_painting(cells);
    case Field::limit:
      return limit_painting(cells, folder.column<std::uint8_t>(of.name));
    default:
      return number_painting(cells, field, folder.column<double>(of.name));
  }
}

/// The number of a cell, whatever its type; NaN where it is not known.
double number(const SweepFolder& folder, const FieldInfo& of, std::uint64_t cell) {
  switch (of.type) {
    case FieldType::uint8:
      return folder.column<std::uint8_t>(of.name)[cell];
    case FieldType::uint32:
      return folder.column<std::uint32_t>(of.name)[cell];
    case FieldType::uint64:
      return static_cast<double>(folder.column<std::uint64_t>(of.name)[cell]);
    case FieldType::float64:
      return folder.column<double>(of.name)[cell];
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string words(const SweepFolder& folder, const Cells& cells, const FieldInfo& of, std::uint64_t cell) {
  if (!cells.computed(cell) || (!cells.outcome.empty() && cells.outcome[cell] == 0)) return "not computed";
  std::string text;
  if (!cells.outcome.empty())
    text = outcome_codes[std::min<std::size_t>(cells.outcome[cell], std::size(outcome_codes) - 1)];
  if (!cells.steps.empty()) text += fmt::format("{}{} steps", text.empty() ? "" : ", ", cells.steps[cell]);
  if (of.field != Field::outcome && of.field != Field::steps) {
    const double value = number(folder, of, cell);
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", of.name,
                        std::isnan(value) ? "not known" : fmt::format("{:.5g}", value));
  }
  return text;
}

PngSettings png_of(const std::vector<Rgb>& palette, std::uint64_t width, std::uint64_t height, const std::string& title,
                   const std::string& rule, const std::string& grid, std::string_view version) {
  PngSettings settings;
  settings.width = width;
  settings.height = height;
  settings.palette = palette;
  settings.texts = {
      {"Title", title}, {"Software", fmt::format("equipoise {}", version)}, {"Description", rule}, {"Source", grid}};
  return settings;
}

std::string bytes_of(const Raster& raster, const std::vector<Rgb>& palette) {
  PngSettings settings;
  settings.width = raster.width;
  settings.height = raster.height;
  settings.palette = palette;
  settings.level = 9;
  return png_bytes(settings, [&](std::uint64_t top, std::span<std::uint8_t> out) {
    std::copy_n(raster.pixels.begin() + static_cast<std::ptrdiff_t>(top * raster.width), out.size(), out.begin());
  });
}

std::string axes_in_words(const Grid& grid) {
  if (grid.axes.size() < 2) return "";
  return fmt::format(" {} to the right from {} to {}, {} upwards from {} to {}.", grid.axes[0].key, grid.axes[0].from,
                     grid.axes[0].to, grid.axes[1].key, grid.axes[1].from, grid.axes[1].to);
}

void draw_fields(const SweepFolder& folder, const Cells& cells, SweepReport& report, std::vector<fs::path>& written) {
  const Grid& grid = folder.grid();
  report.pictures.resize(grid.fields.size());
  const bool whole = grid.axes.size() == 2;
  in_parallel_apart(grid.fields.size(), 0, [&](std::size_t i) {
    const FieldInfo& of = info(grid.fields[i]);
    SweepPicture& picture = report.pictures[i];
    picture.field = of.name;
    picture.painting = painting_of(folder, cells, of.field);
    Reducer reducer(picture.painting, cells.plane, longest_on_page);
    if (whole) {
      picture.file = fmt::format("{}.png", of.name);
      save_png(folder.path() / picture.file,
               png_of(picture.painting.palette, cells.plane.width, cells.plane.height, picture.painting.title,
                      picture.painting.rule + axes_in_words(grid), report.grid_text, report.version),
               [&](std::uint64_t top, std::span<std::uint8_t> out) {
                 paint_rows(picture.painting, cells.plane, top, out);
                 reducer.add(out);
               });
    }
    const Raster shown = whole ? reducer.raster() : reduced(picture.painting, cells.plane, longest_on_page);
    picture.png = bytes_of(enlarged(shown, shortest_on_page), picture.painting.palette);
    picture.shown_width = shown.width;
    picture.shown_height = shown.height;
    picture.words = [&folder, cells, &of](std::uint64_t cell) { return words(folder, cells, of, cell); };
  });
  if (whole) {
    for (const SweepPicture& picture : report.pictures) written.push_back(folder.path() / picture.file);
  }
}

void collect_curves(const SweepFolder& folder, const Cells& cells, SweepReport& report) {
  for (const Field field : folder.grid().fields) {
    SweepCurve curve{std::string(info(field).name), {}};
    for (std::uint64_t cell = 0; cell < folder.grid().cells(); ++cell) {
      const bool left_out = !cells.computed(cell) || (info(field).type == FieldType::float64 &&
                                                      cells.code(cell) == outcome_code(Outcome::diverged));
      curve.values.push_back(left_out ? std::numeric_limits<double>::quiet_NaN() : number(folder, info(field), cell));
    }
    report.curves.push_back(std::move(curve));
  }
}

void draw_orbit(const SweepFolder& folder, const Cells& cells, SweepReport& report, std::vector<fs::path>& written) {
  report.orbit =
      orbit_diagram(folder.grid(), cells.computed, folder.column<double>("orbit"), folder.column<double>("lyapunov"));
  report.orbit_png = bytes_of(report.orbit->density, report.orbit->palette);
  const Raster& all = report.orbit->with_lyapunov;
  const std::string rule = fmt::format(
      "The last {} values of x.y over {} (to the right), from {} to {}, the darker the more often visited; under it "
      "the Lyapunov exponent from {} to {}.",
      folder.grid().last, folder.grid().axes[0].key, report.orbit->low, report.orbit->high, report.orbit->lyapunov_low,
      report.orbit->lyapunov_high);
  written.push_back(folder.path() / "orbit.png");
  save_png(
      written.back(),
      png_of(report.orbit->palette, all.width, all.height, "Orbit diagram", rule, report.grid_text, report.version),
      [&](std::uint64_t top, std::span<std::uint8_t> out) {
        std::copy_n(all.pixels.begin() + static_cast<std::ptrdiff_t>(top * all.width), out.size(), out.begin());
      });
}

}  // namespace

std::vector<fs::path> save_sweep_pictures(const fs::path& path) {
  const SweepFolder folder(path);
  const Grid& grid = folder.grid();
  std::vector<fs::path> written;
  SweepReport report;
  report.grid = grid;
  report.grid_text = read_file(path / "grid.toml", std::uint64_t{1} << 30);
  report.version = EQUIPOISE_VERSION;
  report.sigma1 = folder.header().sigma1;

  Cells cells;
  cells.plane = plane_of(grid);
  const Tiling& tiling = folder.header().tiling;
  for (std::uint64_t tile = 0; tile < tiling.count(); ++tile)
    report.computed += folder.done()[tile] != 0 ? tiling.length(tile) : 0;
  if (!folder.complete()) cells.computed = {folder.done(), tiling.size};
  if (keeps(grid, Field::outcome)) cells.outcome = folder.column<std::uint8_t>("outcome");
  if (keeps(grid, Field::steps)) cells.steps = folder.column<std::uint64_t>("steps");
  report.plane = cells.plane;

  if (grid.output == OutputKind::orbit) {
    draw_orbit(folder, cells, report, written);
  } else if (grid.axes.size() == 1) {
    collect_curves(folder, cells, report);
    report.marks = proved_marks(grid, report.sigma1);
  } else {
    draw_fields(folder, cells, report, written);
    report.proved = proved_curves(grid, report.sigma1);
    if (!cells.outcome.empty()) report.boundary = box_counting(cells);
  }
  if (!cells.outcome.empty()) {
    Cells all = cells;
    if (grid.axes.size() != 2) all.plane = {0, 1, 1, grid.cells(), 1};  // every cell, not the slice that is shown
    report.fractions = fractions(all);
    report.confronted = confronted(grid, cells, 65536, report.sigma1);
  }
  written.push_back(path / "report.html");
  save_text(written.back(), page_html(sweep_page(report)));
  return written;
}

}  // namespace equipoise
