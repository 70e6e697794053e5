// From keys to a grid and back.
#include "equipoise/store/grid_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/io/bytes.hpp"
#include "equipoise/io/toml.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t longest_grid = std::uint64_t{64} << 20;

std::vector<std::string> keys_of(GridKind kind, std::string_view section) {
  std::vector<std::string> keys;
  for (const Parameter& each : parameters(kind)) {
    if (each.section == section) keys.emplace_back(each.key);
  }
  return keys;
}

// A key that exists, but in another section or for another kind, deserves more than the nearest word.
void allow(const TomlTable& table, GridKind kind, std::string_view section, std::vector<std::string> others) {
  for (const std::string& key : keys_of(kind, section)) others.push_back(key);
  for (const std::string& key : table.keys()) {
    if (std::find(others.begin(), others.end(), key) != others.end()) continue;
    if (const std::optional<Parameter> here = parameter(kind, key))
      table.fail(key, fmt::format("{} belongs in [{}]", key, here->section));
    for (const GridKind each : {GridKind::scalar, GridKind::vector, GridKind::isotropic, GridKind::matrix}) {
      if (parameter(each, key))
        table.fail(
            key, fmt::format("kind {} has no {}; [{}] may hold {}", name(kind), key, section, fmt::join(others, ", ")));
    }
    if (key == "rate" || key == "lr" || key == "learning_rate")
      table.fail(key, "the learning rate is called h here (or times_L, in units of 1/L)");
  }
  table.allow(others);
}

// Runs `check`; what it throws gets the line of the key.
template <class Check>
void at_line(const TomlTable& table, std::string_view key, const Check& check) {
  try {
    check();
  } catch (const Error& error) {
    table.fail(key, error.what());
  }
}

void read_numbers(const TomlTable& table, std::string_view section, Grid& grid) {
  for (const Parameter& each : parameters(grid.kind)) {
    if (each.section != section || !table.has(each.key)) continue;
    const std::string key(each.key);
    if (table.kind(key) == TomlTable::Kind::table)
      table.fail(key,
                 fmt::format("{} is a range; ranges belong in [axes], and [{}] holds single numbers", key, section));
    const double value = table.number(key, "a number");
    // check_axis() of a single value: the limits, in one place.
    at_line(table, key, [&] { check_axis({key, AxisScale::list, value, value, 1, {value}}, each); });
    grid.fixed.push_back({key, value});
  }
}

Axis read_axis(const TomlTable& axes, const std::string& key, const Parameter& parameter) {
  Axis axis;
  axis.key = key;
  const auto list = [&](std::vector<double> values) {
    axis.scale = AxisScale::list;
    axis.count = values.size();
    axis.list = std::move(values);
    if (axis.count > 0) {
      axis.from = axis.list.front();
      axis.to = axis.list.back();
    }
  };
  switch (axes.kind(key)) {
    case TomlTable::Kind::array:
      list(axes.numbers(key, "a list of numbers"));
      break;
    case TomlTable::Kind::table: {
      const TomlTable table = axes.table(key, "a range");
      if (table.has("values")) {
        table.allow({"values", "scale"});
        if (table.has("scale") && table.text("scale", "a word") != "list")
          table.fail("scale", "an axis with values has the scale \"list\"; leave scale out");
        list(table.numbers("values", "a list of numbers"));
        break;
      }
      table.allow({"from", "to", "count", "scale"});
      axis.from = table.number("from", "a number, where the axis begins");
      axis.to = table.number("to", "a number, where the axis ends");
      axis.count = table.whole("count", "a whole number, how many values the axis has");
      if (table.has("scale"))
        at_line(table, "scale", [&] { axis.scale = axis_scale_from(table.text("scale", "linear, log or list")); });
      if (axis.scale == AxisScale::list)
        table.fail("scale", fmt::format("an axis that is a list is written {} = [0.1, 0.2, 0.5]", key));
      break;
    }
    default:
      axes.fail(key, fmt::format("axis {} should be {{ from = ..., to = ..., count = ... }} or a list of numbers; a "
                                 "single number belongs in [{}]",
                                 key, parameter.section));
  }
  at_line(axes, key, [&] { check_axis(axis, parameter); });
  return axis;
}

void read_axes(const TomlTable& axes, Grid& grid) {
  std::vector<std::string> known;
  for (const Parameter& each : parameters(grid.kind)) known.emplace_back(each.key);
  for (const std::string& key : axes.keys()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    const std::optional<std::string> close = nearest(key, known);
    axes.fail(key, fmt::format("{} cannot be an axis of kind {}; {}", in_quotes(key), name(grid.kind),
                               close ? fmt::format("did you mean {}?", *close)
                                     : fmt::format("there are {}", fmt::join(known, ", "))));
  }
  if (axes.keys().size() > 4) {
    axes.fail(
        axes.keys()[4],
        fmt::format("a grid has one to four axes and this one has {} ({}); give all but four of them a single value",
                    axes.keys().size(), fmt::join(axes.keys(), ", ")));
  }
  for (const std::string& key : axes.keys()) {
    if (grid.fixed_value(key))
      axes.fail(key, fmt::format("{} is an axis and has a value in [{}] as well; leave one of them out", key,
                                 parameter(grid.kind, key)->section));
    grid.axes.push_back(read_axis(axes, key, *parameter(grid.kind, key)));
  }
}

void read_output(const TomlTable& output, Grid& grid) {
  output.allow({"kind", "fields", "last"});
  if (output.has("kind")) {
    const std::string kind = output.text("kind", "fields or orbit");
    if (kind != "fields" && kind != "orbit")
      output.fail("kind", fmt::format("the kind of output is fields or orbit, not {}", in_quotes(kind)));
    if (kind == "orbit") grid.output = OutputKind::orbit;
  }
  if (output.has("fields")) {
    if (grid.output == OutputKind::orbit)
      output.fail("fields", "an orbit has no fields; it writes orbit.npy and lyapunov.npy");
    std::vector<std::string> known;
    for (const FieldInfo& each : field_list()) known.emplace_back(each.name);
    for (const std::string& word : output.texts("fields", "a list of names in quotes")) {
      const auto found = std::find(known.begin(), known.end(), word);
      if (found == known.end()) {
        const std::optional<std::string> close = nearest(word, known);
        output.fail("fields", fmt::format("there is no field {}; {}", in_quotes(word),
                                          close ? fmt::format("did you mean {}?", *close)
                                                : fmt::format("there are {}", fmt::join(known, ", "))));
      }
      grid.fields.push_back(field_list()[static_cast<std::size_t>(found - known.begin())].field);
    }
    if (grid.fields.empty())
      output.fail("fields", fmt::format("fields is empty; leave it out for the usual ones, or name some of {}",
                                        fmt::join(known, ", ")));
  }
  if (output.has("last")) {
    grid.last = output.whole("last", "a whole number, how many values are recorded");
    if (grid.output == OutputKind::fields)
      output.fail("last", "last belongs to an orbit; write kind = \"orbit\" in [output], or leave last out");
    if (grid.last == 0) output.fail("last", "last is 0; an orbit records at least one value");
  }
}

void read_entries(const TomlTable& start, std::string_view key, std::vector<double>& entries) {
  if (!start.has(key)) return;
  if (start.kind(key) != TomlTable::Kind::array)
    start.fail(key, fmt::format("{} should be a list of numbers, its entries; or give norm_x, norm_y and a seed", key));
  entries = start.numbers(key, "a list of numbers");
  if (entries.empty()) start.fail(key, fmt::format("{} is an empty list; it needs an entry at least", key));
}

double number_of_window(std::string_view text, std::string_view setting) {
  const std::optional<double> value = number_from(text);
  if (!value || !std::isfinite(*value)) {
    throw Error(fmt::format("{}: {} is no number; write it like h=0.1:0.2,x0=-1:1", setting, in_quotes(text)));
  }
  return *value;
}

}  // namespace

Grid read_grid(const Document& document) {
  const TomlTable file = TomlTable::parse(document);
  file.allow({"problem", "start", "axes", "run", "output"});
  Grid grid;
  const TomlTable problem =
      file.table("problem", "a table that begins with kind = \"scalar\", \"vector\", \"isotropic\" or \"matrix\"");
  at_line(problem, "kind", [&] {
    const std::string word = problem.has("kind") ? problem.text("kind", "scalar, vector, isotropic or matrix") : "";
    if (word.empty())
      throw Error("[problem] has no kind; write kind = \"scalar\", \"vector\", \"isotropic\" or \"matrix\"");
    grid.kind = grid_kind_from(word);
  });
  const bool matrix = grid.kind == GridKind::matrix;
  allow(problem, grid.kind, "problem",
        matrix ? std::vector<std::string>{"kind", "matrix", "file"} : std::vector<std::string>{"kind"});
  for (const std::string_view key : {"matrix", "file"}) {
    if (!matrix || !problem.has(key)) continue;
    if (!grid.matrix.empty()) problem.fail(key, "matrix and file mean the same; leave one of them out");
    grid.matrix = problem.text(key, "the name of a file or of a built-in matrix");
  }
  read_numbers(problem, "problem", grid);
  if (file.has("start")) {
    const TomlTable start = file.table("start", "a table");
    const bool entries = grid.kind == GridKind::vector || grid.kind == GridKind::isotropic;
    allow(start, grid.kind, "start", entries ? std::vector<std::string>{"x0", "y0"} : std::vector<std::string>{});
    if (entries) {
      read_entries(start, "x0", grid.start_x);
      read_entries(start, "y0", grid.start_y);
    }
    read_numbers(start, "start", grid);
  }
  if (file.has("run")) {
    const TomlTable run = file.table("run", "a table");
    allow(run, grid.kind, "run", {});
    read_numbers(run, "run", grid);
  }
  read_axes(file.table("axes", "a table of one to four axes, such as h = { from = 0.01, to = 1.2, count = 100 }"),
            grid);
  if (file.has("output")) read_output(file.table("output", "a table"), grid);
  try {
    return resolved(std::move(grid));
  } catch (const Error& error) {
    fail(document, error.what());
  }
}

Grid load_grid(const std::filesystem::path& path) {
  const std::string text = path == "-" ? read_standard_input(longest_grid) : read_file(path, longest_grid);
  const std::string shown = path == "-" ? "standard input" : path.string();
  return read_grid({text, shown});
}

std::string grid_toml(const Grid& grid) {
  std::string text = "# A grid, resolved: every setting that decides the bits of the sweep beside it.\n[problem]\n";
  text += fmt::format("kind = \"{}\"\n", name(grid.kind));
  if (grid.kind == GridKind::matrix) text += fmt::format("matrix = {}\n", toml_text(grid.matrix));
  const auto section = [&](std::string_view which) {
    for (const Parameter& each : parameters(grid.kind)) {
      const std::optional<double> value = grid.fixed_value(each.key);
      if (each.section != which || !value) continue;
      text += fmt::format("{} = {}\n", each.key, each.whole ? fmt::format("{:.0f}", *value) : toml_number(*value));
    }
  };
  const auto list = [](const std::vector<double>& values) {
    std::vector<std::string> words;
    for (const double value : values) words.push_back(toml_number(value));
    return fmt::format("[{}]", fmt::join(words, ", "));
  };
  section("problem");
  text += "\n[start]\n";
  if (!grid.start_x.empty()) text += fmt::format("x0 = {}\ny0 = {}\n", list(grid.start_x), list(grid.start_y));
  section("start");
  text += "\n[axes]\n";
  for (const Axis& axis : grid.axes) {
    if (axis.scale == AxisScale::list) {
      text += fmt::format("{} = {}\n", axis.key, list(axis.list));
    } else {
      text += fmt::format("{} = {{ from = {}, to = {}, count = {}, scale = \"{}\" }}\n", axis.key,
                          toml_number(axis.from), toml_number(axis.to), axis.count, name(axis.scale));
    }
  }
  text += "\n[run]\n";
  section("run");
  text += "\n[output]\n";
  if (grid.output == OutputKind::orbit) {
    text += fmt::format("kind = \"orbit\"\nlast = {}\n", grid.last);
  } else {
    std::vector<std::string> words;
    for (const Field field : grid.fields) words.push_back(toml_text(info(field).name));
    text += fmt::format("kind = \"fields\"\nfields = [{}]\n", fmt::join(words, ", "));
  }
  return text;
}

std::vector<Window> read_windows(std::string_view text, const Spelling& spelling) {
  const std::string setting = spelling("window", in_quotes(text));
  std::vector<Window> windows;
  std::string_view rest = text;
  while (true) {
    const std::string_view part = trimmed(rest.substr(0, rest.find(',')));
    const std::size_t equals = part.find('=');
    const std::size_t colon = part.find(':');
    if (equals == std::string_view::npos || colon == std::string_view::npos || colon < equals || equals == 0) {
      throw Error(fmt::format("{} is not understood; write the axes with their ends, like h=0.1:0.2,x0=-1:1", setting));
    }
    Window window;
    window.key = trimmed(part.substr(0, equals));
    window.from = number_of_window(trimmed(part.substr(equals + 1, colon - equals - 1)), setting);
    std::string_view end = part.substr(colon + 1);
    if (const std::size_t second = end.find(':'); second != std::string_view::npos) {
      const std::optional<std::uint64_t> count = whole_number_from(trimmed(end.substr(second + 1)));
      if (!count || *count == 0)
        throw Error(
            fmt::format("{}: {} is no count; write a whole number from 1", setting, in_quotes(end.substr(second + 1))));
      window.count = *count;
      end = end.substr(0, second);
    }
    window.to = number_of_window(trimmed(end), setting);
    for (const Window& other : windows) {
      if (other.key == window.key) throw Error(fmt::format("{} names {} twice", setting, window.key));
    }
    windows.push_back(window);
    const std::size_t comma = rest.find(',');
    if (comma == std::string_view::npos) return windows;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace equipoise
