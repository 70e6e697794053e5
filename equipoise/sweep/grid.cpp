// What makes a grid sound, what was left out of it, how two differ, and a part of one.
#include "equipoise/sweep/grid.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/run.hpp"

namespace equipoise {
namespace {

constexpr std::uint64_t most_grid_cells = std::uint64_t{1} << 48;
constexpr std::size_t most_axes = 4;

std::string list_of_keys(GridKind kind) {
  std::vector<std::string_view> keys;
  for (const Parameter& each : parameters(kind)) keys.push_back(each.key);
  return fmt::format("{}", fmt::join(keys, ", "));
}

bool is_axis(const Grid& grid, std::string_view key) {
  return std::any_of(grid.axes.begin(), grid.axes.end(), [key](const Axis& axis) { return axis.key == key; });
}
bool is_given(const Grid& grid, std::string_view key) {
  return is_axis(grid, key) || grid.fixed_value(key).has_value();
}

void require_given(const Grid& grid, std::string_view key) {
  if (is_given(grid, key)) return;
  const Parameter which = *parameter(grid.kind, key);
  throw Error(fmt::format("{} is missing ({}); give it in [{}], or as an axis", key, which.help, which.section));
}
void require_absent(const Grid& grid, std::string_view key, std::string_view why) {
  if (is_given(grid, key)) throw Error(fmt::format("{} has no meaning here, {}; leave it out", key, why));
}
void put_default(Grid& grid, std::string_view key, double value) {
  if (!is_given(grid, key)) grid.fixed.push_back({std::string(key), value});
}

void check_axes(const Grid& grid) {
  if (grid.axes.empty())
    throw Error(
        "a grid has one to four axes and this one has none; write one in [axes], such as h = { from = 0.01, to = 1.2, "
        "count = 100 }");
  if (grid.axes.size() > most_axes) {
    std::vector<std::string_view> keys;
    for (const Axis& axis : grid.axes) keys.push_back(axis.key);
    throw Error(
        fmt::format("a grid has one to four axes and this one has {} ({}); give all but four of them a single value",
                    grid.axes.size(), fmt::join(keys, ", ")));
  }
  std::uint64_t cells = 1;
  for (std::size_t i = 0; i < grid.axes.size(); ++i) {
    const Axis& axis = grid.axes[i];
    const std::optional<Parameter> which = parameter(grid.kind, axis.key);
    if (!which)
      throw Error(fmt::format("{} cannot be an axis of kind {}; there are {}", axis.key, name(grid.kind),
                              list_of_keys(grid.kind)));
    check_axis(axis, *which);
    for (std::size_t j = 0; j < i; ++j) {
      if (grid.axes[j].key == axis.key) throw Error(fmt::format("{} is an axis twice", axis.key));
    }
    if (grid.fixed_value(axis.key)) {
      throw Error(fmt::format("{} is an axis and has a value in [{}] as well; leave one of them out", axis.key,
                              which->section));
    }
    if (axis.count > most_grid_cells / cells)
      throw Error("the grid has more than 2^48 cells; lower the counts of its axes");
    cells *= axis.count;
  }
}

void check_fixed(const Grid& grid) {
  for (const Grid::Fixed& each : grid.fixed) {
    const std::optional<Parameter> which = parameter(grid.kind, each.key);
    if (!which)
      throw Error(fmt::format("kind {} has no {}; it has {}", name(grid.kind), each.key, list_of_keys(grid.kind)));
    check_number(*which, each.value);
    if (std::count_if(grid.fixed.begin(), grid.fixed.end(),
                      [&](const Grid::Fixed& other) { return other.key == each.key; }) > 1) {
      throw Error(fmt::format("{} is given twice", each.key));
    }
  }
}

void check_entries(const std::vector<double>& entries_of, std::string_view key) {
  for (const double value : entries_of) {
    if (!std::isfinite(value) || std::abs(value) > largest_parameter) {
      throw Error(fmt::format("{} holds {}; its entries must lie between {} and {}", key, value, -largest_parameter,
                              largest_parameter));
    }
  }
}

// How x and y lie: entry by entry, by an angle, or by a seed.
void resolve_directions(Grid& grid) {
  const bool vector = grid.kind == GridKind::vector;
  if (grid.start_x.empty() != grid.start_y.empty()) {
    const std::string_view missing = grid.start_x.empty() ? "x0" : "y0";
    throw Error(fmt::format("{} is missing; a start that is written entry by entry needs x0 and y0", missing));
  }
  if (!grid.start_x.empty()) {
    if (grid.start_x.size() != grid.start_y.size()) {
      throw Error(fmt::format("x0 has {} entries and y0 has {}; they must have as many", grid.start_x.size(),
                              grid.start_y.size()));
    }
    check_entries(grid.start_x, "x0");
    check_entries(grid.start_y, "y0");
    for (const std::string_view key : {"cosine", "seed"})
      require_absent(grid, key, "since x0 and y0 are written entry by entry");
    const std::string_view size = vector ? "length" : "n";
    const double entries_given = static_cast<double>(grid.start_x.size());
    if (is_axis(grid, size))
      throw Error(fmt::format(
          "{} cannot be an axis while x0 and y0 are written entry by entry; give norm_x, norm_y and a seed instead",
          size));
    if (const std::optional<double> given = grid.fixed_value(size); given && *given != entries_given) {
      throw Error(fmt::format("{} is {}, but x0 and y0 have {} entries", size, *given, entries_given));
    }
    put_default(grid, size, entries_given);
    for (const auto& [key, values] : {std::pair{"norm_x", &grid.start_x}, std::pair{"norm_y", &grid.start_y}}) {
      const bool zero = std::all_of(values->begin(), values->end(), [](double each) { return each == 0; });
      if (zero && is_given(grid, key))
        throw Error(fmt::format("{} is given, but the entries of {} are all zero and cannot be scaled", key,
                                key[5] == 'x' ? "x0" : "y0"));
    }
    return;
  }
  require_given(grid, "norm_x");
  require_given(grid, "norm_y");
  if (!vector) require_given(grid, "n");
  if (is_given(grid, "cosine")) {
    require_absent(grid, "seed", "since cosine says how x and y lie");
    if (vector) require_absent(grid, "length", "since cosine says how x and y lie");
    return;
  }
  if (vector) require_given(grid, "length");
  put_default(grid, "seed", 0);
}

void check_output(Grid& grid) {
  if (grid.output == OutputKind::fields) {
    if (grid.last != 0) throw Error("last belongs to an orbit; write kind = \"orbit\" in [output], or leave last out");
    if (grid.fields.empty()) {
      for (std::size_t i = 0; i < usual_fields; ++i) grid.fields.push_back(field_list()[i].field);
    }
    std::sort(grid.fields.begin(), grid.fields.end());
    grid.fields.erase(std::unique(grid.fields.begin(), grid.fields.end()), grid.fields.end());
    // Without it nobody can tell which cells are computed.
    if (grid.fields.front() != Field::outcome) grid.fields.insert(grid.fields.begin(), Field::outcome);
    return;
  }
  if (!grid.fields.empty()) throw Error("an orbit has no fields; it writes orbit.npy and lyapunov.npy");
  if (grid.last == 0) throw Error("an orbit needs last, the number of values to record; write last = 200 in [output]");
  double fewest = grid.fixed_value("max_steps").value_or(std::numeric_limits<double>::infinity());
  for (const Axis& axis : grid.axes) {
    if (axis.key == "max_steps") fewest = *std::min_element(axis.list.begin(), axis.list.end());
    if (axis.key == "max_steps" && axis.scale != AxisScale::list) fewest = axis.from;
  }
  if (static_cast<double>(grid.last) > fewest + 1) {
    throw Error(fmt::format("the last {} values are asked for, but {} steps have only {} iterates; raise max_steps",
                            grid.last, fewest, fewest + 1));
  }
  if (grid.last > most_grid_cells / grid.cells())
    throw Error("the orbit has more than 2^48 numbers; lower last or the counts of its axes");
}

}  // namespace

std::uint64_t Grid::cells() const {
  std::uint64_t product = 1;
  for (const Axis& axis : axes) product *= axis.count;
  return product;
}

std::vector<std::uint64_t> Grid::shape() const {
  std::vector<std::uint64_t> counts;
  for (const Axis& axis : axes) counts.push_back(axis.count);
  return counts;
}

std::optional<double> Grid::fixed_value(std::string_view key) const {
  for (const Fixed& each : fixed) {
    if (each.key == key) return each.value;
  }
  return std::nullopt;
}

double Grid::largest(std::string_view key) const {
  double most = fixed_value(key).value_or(0);
  for (const Axis& axis : axes) {
    if (axis.key != key) continue;
    for (const double value : axis.values()) most = std::max(most, value);
  }
  return most;
}

std::vector<std::uint64_t> Grid::place(std::uint64_t cell) const {
  std::vector<std::uint64_t> result(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    result[i] = cell % axes[i].count;
    cell /= axes[i].count;
  }
  return result;
}

Grid resolved(Grid grid) {
  check_fixed(grid);
  check_axes(grid);
  const bool has_arrays = !grid.start_x.empty() || !grid.start_y.empty();
  if (has_arrays && grid.kind != GridKind::vector && grid.kind != GridKind::isotropic) {
    throw Error(fmt::format("x0 and y0 are lists, which only the kinds vector and isotropic take; kind {} wants {}",
                            name(grid.kind),
                            grid.kind == GridKind::scalar ? "a number each" : "norm_x, norm_y and seed"));
  }
  if (grid.kind == GridKind::matrix) {
    if (grid.matrix.empty())
      throw Error(
          "matrix is missing; name a file or a built-in in [problem], such as matrix = \"gaussian:20x10:seed=7\"");
    require_given(grid, "rank");
    if (is_given(grid, "norm_x") != is_given(grid, "norm_y"))
      throw Error("norm_x and norm_y are given together or not at all");
    put_default(grid, "seed", 0);
  } else {
    if (!grid.matrix.empty())
      throw Error(fmt::format("kind {} takes no matrix; write kind = \"matrix\" in [problem]", name(grid.kind)));
    require_given(grid, "mu");
    if (grid.kind == GridKind::scalar) {
      require_given(grid, "x0");
      require_given(grid, "y0");
    } else {
      resolve_directions(grid);
    }
  }
  if (is_given(grid, "times_L")) {
    require_absent(grid, "h", "since times_L gives the learning rate");
  } else if (!is_given(grid, "h")) {
    throw Error("the learning rate is missing; give h (or times_L, in units of 1/L) in [run], or as an axis");
  }
  put_default(grid, "max_steps", static_cast<double>(RunSettings{}.max_steps));
  put_default(grid, "tolerance", RunSettings{}.tolerance);
  check_output(grid);

  std::vector<Grid::Fixed> ordered;
  for (const Parameter& each : parameters(grid.kind)) {
    if (const std::optional<double> value = grid.fixed_value(each.key))
      ordered.push_back({std::string(each.key), *value});
  }
  grid.fixed = std::move(ordered);
  for (Axis& axis : grid.axes) {
    if (axis.scale != AxisScale::list) continue;
    axis.from = axis.list.front();
    axis.to = axis.list.back();
  }
  return grid;
}

std::string difference(const Grid& one, const Grid& other) {
  if (one == other) return "";
  if (one.kind != other.kind)
    return fmt::format("the kind is {} in one and {} in the other", name(one.kind), name(other.kind));
  if (one.matrix != other.matrix)
    return fmt::format("the matrix is {} in one and {} in the other", one.matrix, other.matrix);
  std::vector<std::string_view> axes_one, axes_other;
  for (const Axis& axis : one.axes) axes_one.push_back(axis.key);
  for (const Axis& axis : other.axes) axes_other.push_back(axis.key);
  if (axes_one != axes_other)
    return fmt::format("the axes are {} in one and {} in the other", fmt::join(axes_one, ", "),
                       fmt::join(axes_other, ", "));
  for (std::size_t i = 0; i < one.axes.size(); ++i) {
    if (one.axes[i] == other.axes[i]) continue;
    return fmt::format("axis {} has {} in one and {} in the other", one.axes[i].key, in_words(one.axes[i]),
                       in_words(other.axes[i]));
  }
  for (const Parameter& each : parameters(one.kind)) {
    const std::optional<double> a = one.fixed_value(each.key);
    const std::optional<double> b = other.fixed_value(each.key);
    const auto text = [](const std::optional<double>& value) {
      return value ? fmt::format("{}", *value) : std::string("not given");
    };
    if (a != b) return fmt::format("{} is {} in one and {} in the other", each.key, text(a), text(b));
  }
  if (one.start_x != other.start_x || one.start_y != other.start_y) return "the starts x0, y0 differ";
  if (one.output != other.output) return "one is an orbit and the other is not";
  if (one.last != other.last) return fmt::format("last is {} in one and {} in the other", one.last, other.last);
  return "they do not keep the same fields";
}

Grid zoomed(const Grid& grid, std::span<const Window> windows) {
  Grid result = grid;
  for (const Window& window : windows) {
    const auto axis =
        std::find_if(result.axes.begin(), result.axes.end(), [&](const Axis& each) { return each.key == window.key; });
    if (axis == result.axes.end()) {
      std::vector<std::string_view> keys;
      for (const Axis& each : grid.axes) keys.push_back(each.key);
      throw Error(fmt::format("the window names {}, which is no axis of this sweep; its axes are {}", window.key,
                              fmt::join(keys, ", ")));
    }
    if (!std::isfinite(window.from) || !std::isfinite(window.to) || !(window.from < window.to)) {
      throw Error(
          fmt::format("the window {}={}:{} is empty; write the lower end first", window.key, window.from, window.to));
    }
    if (axis->scale == AxisScale::list) {
      if (window.count != 0) throw Error(fmt::format("axis {} is a list; its window takes no count", window.key));
      std::erase_if(axis->list, [&](double value) { return value < window.from || value > window.to; });
      if (axis->list.empty())
        throw Error(
            fmt::format("no value of axis {} lies in the window from {} to {}", window.key, window.from, window.to));
      axis->count = axis->list.size();
      continue;
    }
    if (window.from < axis->from || window.to > axis->to) {
      throw Error(fmt::format("the window {}={}:{} reaches beyond the axis, which runs from {} to {}", window.key,
                              window.from, window.to, axis->from, axis->to));
    }
    axis->from = window.from;
    axis->to = window.to;
    if (window.count != 0) axis->count = window.count;
  }
  return resolved(std::move(result));
}

}  // namespace equipoise
