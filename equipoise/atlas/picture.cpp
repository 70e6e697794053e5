// Counting values so that ranks and quantiles are known, and the palettes made of them.
#include "equipoise/atlas/picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"

namespace equipoise {
namespace {

constexpr std::uint8_t code_count = 6;

/// In the order of memory, which need not be that of the picture.
template <class Visit>
void for_each_cell(const Plane& plane, Visit&& visit) {
  const bool rows_inside = plane.up <= plane.across;
  const std::uint64_t outer = rows_inside ? plane.width : plane.height;
  const std::uint64_t inner = rows_inside ? plane.height : plane.width;
  const std::uint64_t outer_step = rows_inside ? plane.across : plane.up;
  const std::uint64_t inner_step = rows_inside ? plane.up : plane.across;
  for (std::uint64_t i = 0; i < outer; ++i) {
    std::uint64_t cell = plane.first + i * outer_step;
    for (std::uint64_t j = 0; j < inner; ++j, cell += inner_step) visit(cell);
  }
}

/// How often each number of steps occurs. Exact below 2^17, then by the first 17 bits.
class StepCounts {
 public:
  void add(std::uint64_t steps) {
    const std::size_t at = key(steps);
    if (at >= counts_.size()) counts_.resize(std::max(at + 1, counts_.size() + counts_.size() / 2), 0);
    ++counts_[at];
    ++total_;
  }
  std::uint64_t total() const { return total_; }

  /// The shade of each key, of `count` shades: the rank of its middle.
  std::vector<std::uint8_t> shades(std::size_t count) const {
    std::vector<std::uint8_t> shade(counts_.size(), 0);
    std::uint64_t fewer = 0;
    for (std::size_t at = 0; at < counts_.size(); ++at) {
      if (counts_[at] == 0) continue;
      const double rank =
          (static_cast<double>(fewer) + 0.5 * static_cast<double>(counts_[at])) / static_cast<double>(total_);
      shade[at] =
          static_cast<std::uint8_t>(std::min(count - 1, static_cast<std::size_t>(rank * static_cast<double>(count))));
      fewer += counts_[at];
    }
    return shade;
  }
  /// The smallest number of steps that at least a share `part` of the cells do not exceed.
  std::uint64_t quantile(double part) const {
    std::uint64_t so_far = 0;
    for (std::size_t at = 0; at < counts_.size(); ++at) {
      so_far += counts_[at];
      if (counts_[at] > 0 && static_cast<double>(so_far) >= part * static_cast<double>(total_)) return value(at);
    }
    return 0;
  }

  static std::size_t key(std::uint64_t steps) {
    if (steps < 2 * block) return steps;
    const int dropped = static_cast<int>(std::bit_width(steps)) - 17;
    return (static_cast<std::size_t>(dropped) + 1) * block + (steps >> dropped) - block;
  }

 private:
  static constexpr std::uint64_t block = 65536;
  static std::uint64_t value(std::size_t key) {
    if (key < 2 * block) return key;
    const std::size_t dropped = key / block - 1;
    return (block + key % block) << dropped;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

/// How many numbers lie where, to 8 bits of their mantissa.
class NumberCounts {
 public:
  void add(double number) {
    ++counts_[bin(number)];
    ++total_;
  }
  std::uint64_t total() const { return total_; }
  double quantile(double part) const {
    std::uint64_t so_far = 0;
    for (std::size_t at = 0; at < bins; ++at) {
      so_far += counts_[at];
      if (counts_[at] > 0 && static_cast<double>(so_far) >= part * static_cast<double>(total_)) return value(at);
    }
    return 0;
  }

 private:
  static constexpr int dropped = 44;
  static constexpr std::size_t bins = std::size_t{1} << 20;

  // Doubles are ordered as their bits are, the negative ones backwards.
  static std::size_t bin(double number) {
    const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);
    const std::uint64_t ordered = (bits >> 63) != 0 ? ~bits : bits | (std::uint64_t{1} << 63);
    return static_cast<std::size_t>(ordered >> dropped);
  }
  // The number of the bin with the fewest digits: its end towards zero.
  static double value(std::size_t bin) {
    const std::uint64_t ordered = static_cast<std::uint64_t>(bin) << dropped;
    if ((ordered >> 63) != 0) return std::bit_cast<double>(ordered & ~(std::uint64_t{1} << 63));
    return std::bit_cast<double>(~(ordered | ((std::uint64_t{1} << dropped) - 1)));
  }

  std::vector<std::uint64_t> counts_ = std::vector<std::uint64_t>(bins, 0);
  std::uint64_t total_ = 0;
};

std::string capitalised(std::string_view word) {
  std::string text(word);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

/// Appends colours of one meaning; the number of the first of them.
std::uint8_t add_group(Painting& painting, const std::vector<Rgb>& colours) {
  const std::size_t first = painting.palette.size();
  if (first + colours.size() > 256) throw Error("a picture has at most 256 colours");
  painting.groups.push_back(static_cast<std::uint8_t>(first));
  painting.palette.insert(painting.palette.end(), colours.begin(), colours.end());
  return static_cast<std::uint8_t>(first);
}

void add_entry(Painting& painting, std::string name, std::uint8_t first, std::size_t count, std::uint64_t cells) {
  if (cells > 0)
    painting.entries.push_back({std::move(name), painting.palette[first], painting.palette[first + count - 1], cells});
}

Rgb pale(std::uint8_t code) {
  constexpr std::array<double, code_count> hue = {0, 255, 160, 0, 75, 0};
  if (code == 5) return colour(0.80, 0, 0);
  return colour(code == 1 ? 0.93 : 0.94, 0.035, hue[code]);
}

/// Periods odd * 2^k, members of them with a colour of their own; odd 0: all that are left.
struct Family {
  std::uint32_t odd;
  double hue, chroma;
  int members;
};
constexpr std::array<Family, 4> families = {{{1, 160, 0.14, 6}, {3, 310, 0.15, 5}, {5, 75, 0.13, 4}, {0, 25, 0.17, 1}}};

struct Shading {
  enum class Shape { linear, logarithmic } shape = Shape::linear;
  bool diverging = false;
  double middle = 0;  ///< diverging: the number, or its logarithm, with the neutral colour
};

Shading shading_of(Field field) {
  switch (field) {
    case Field::ratio:
      return {Shading::Shape::logarithmic, true, 0};
    case Field::lyapunov:
    case Field::multiplier:
    case Field::product:
      return {Shading::Shape::linear, true, 0};
    case Field::loss:
    case Field::imbalance:
    case Field::norm_x:
    case Field::norm_y:
    case Field::learning_rate:
      return {Shading::Shape::logarithmic, false, 0};
    default:
      return {Shading::Shape::linear, false, 0};
  }
}

}  // namespace

Plane plane_of(const Grid& grid) {
  const std::vector<std::uint64_t> shape = grid.shape();
  if (shape.empty()) throw Error("a grid without axes has no picture");
  std::vector<std::uint64_t> stride(shape.size(), 1);
  for (std::size_t axis = shape.size() - 1; axis > 0; --axis) stride[axis - 1] = stride[axis] * shape[axis];
  Plane plane{0, stride[0], 1, shape[0], 1};
  if (shape.size() > 1) {
    plane.up = stride[1];
    plane.height = shape[1];
  }
  for (std::size_t axis = 2; axis < shape.size(); ++axis) plane.first += shape[axis] / 2 * stride[axis];
  return plane;
}

Painting outcome_painting(const Cells& cells) {
  std::array<StepCounts, code_count> counts;
  const bool by_steps = !cells.steps.empty();
  for_each_cell(cells.plane, [&](std::uint64_t cell) {
    const std::uint8_t code = cells.code(cell);
    if (code >= code_count) throw Error(fmt::format("the outcome of cell {} is {}; it should be 0 to 5", cell, code));
    counts[code].add(by_steps && code > 0 ? cells.steps[cell] : 0);
  });
  Painting painting;
  painting.title = "Outcome";
  painting.rule = by_steps ? "Hue: the outcome. Shade: the steps it took, equalised within each outcome, from light "
                             "(few) to dark (many); the darkest "
                             "tenth of a hue are the slowest tenth of its cells."
                           : "Hue: the outcome.";
  add_entry(painting, "not computed", add_group(painting, {not_computed_colour}), 1, counts[0].total());
  const std::size_t count = by_steps ? 50 : 1;
  auto shades = std::make_shared<std::array<std::vector<std::uint8_t>, code_count>>();
  for (std::uint8_t code = 1; code < code_count; ++code) {
    const std::uint8_t first = add_group(painting, outcome_colours(code, count));
    std::vector<std::uint8_t>& of = (*shades)[code] = counts[code].shades(count);
    for (std::uint8_t& each : of) each = static_cast<std::uint8_t>(each + first);
    add_entry(painting, std::string(outcome_codes[code]), first, count, counts[code].total());
  }
  painting.index = [cells, shades, by_steps](std::uint64_t cell) -> std::uint8_t {
    const std::uint8_t code = cells.code(cell);
    return code == 0 ? std::uint8_t{0} : (*shades)[code][by_steps ? StepCounts::key(cells.steps[cell]) : 0];
  };
  return painting;
}

Painting period_painting(const Cells& cells, std::span<const std::uint32_t> period) {
  Painting painting;
  painting.title = "Period";
  painting.rule =
      "Periods of cycles: one hue for powers of two, one for 3·2^k, one for 5·2^k, one for all others, darker as they "
      "get longer. Cells "
      "without a cycle are pale.";
  std::array<std::uint8_t, code_count> without{};
  without[0] = add_group(painting, {not_computed_colour});
  for (std::uint8_t code = 1; code < code_count; ++code) without[code] = add_group(painting, {pale(code)});
  const std::uint8_t unknown = add_group(painting, {no_number_colour});  // computed, and the sweep keeps no outcomes

  std::array<std::uint8_t, families.size()> first{};
  for (std::size_t i = 0; i < families.size(); ++i) {
    for (int k = 0; k < families[i].members; ++k) {
      const std::uint8_t at = add_group(
          painting, {colour(families[i].members == 1 ? 0.6 : 0.86 - 0.1 * k, families[i].chroma, families[i].hue)});
      if (k == 0) first[i] = at;
    }
  }
  const auto number = [first](std::uint32_t of) {
    const auto twos = static_cast<std::uint8_t>(std::countr_zero(of));
    const std::uint32_t odd = of >> twos;
    for (std::size_t i = 0; i + 1 < families.size(); ++i) {
      const int member = families[i].odd == 1 ? twos - 1 : twos;
      if (families[i].odd == odd && member < families[i].members) return static_cast<std::uint8_t>(first[i] + member);
    }
    return first.back();
  };
  painting.index = [cells, period, without, unknown, number](std::uint64_t cell) -> std::uint8_t {
    if (!cells.computed(cell)) return 0;
    if (period[cell] > 1) return number(period[cell]);
    return cells.outcome.empty() ? unknown : without[std::min<std::uint8_t>(cells.outcome[cell], code_count - 1)];
  };
  std::map<std::uint8_t, std::pair<std::uint64_t, std::uint32_t>> seen;
  for_each_cell(cells.plane, [&](std::uint64_t cell) {
    auto& [count, example] = seen[painting.index(cell)];
    ++count;
    if (period[cell] > 1) example = period[cell];
  });
  for (const auto& [index, found] : seen) {
    std::string text = index < code_count ? std::string(outcome_codes[index]) : "no cycle";
    if (found.second > 1) text = index == first.back() ? "other periods" : fmt::format("period {}", found.second);
    add_entry(painting, std::move(text), index, 1, found.first);
  }
  return painting;
}

Painting steps_painting(const Cells& cells) {
  StepCounts counts;
  std::uint64_t missing = 0;
  for_each_cell(cells.plane, [&](std::uint64_t cell) {
    if (cells.computed(cell) && (cells.outcome.empty() || cells.outcome[cell] != 0)) {
      counts.add(cells.steps[cell]);
    } else {
      ++missing;
    }
  });
  Painting painting;
  painting.title = "Steps";
  painting.rule =
      "Steps until the verdict, equalised over all cells: a cell's colour is the share of cells that took fewer steps.";
  add_entry(painting, "not computed", add_group(painting, {not_computed_colour}), 1, missing);
  constexpr std::size_t count = 255;
  painting.bar_from = add_group(painting, sequential_colours(count));
  painting.bar_to = static_cast<std::uint8_t>(painting.bar_from + count - 1);
  auto shades = std::make_shared<std::vector<std::uint8_t>>(counts.shades(count));
  for (std::uint8_t& each : *shades) each = static_cast<std::uint8_t>(each + painting.bar_from);
  if (counts.total() > 0) {
    for (const double at : {0.0, 0.25, 0.5, 0.75, 1.0})
      painting.bar.push_back({at, fmt::format("{}", counts.quantile(at))});
  }
  painting.index = [cells, shades](std::uint64_t cell) -> std::uint8_t {
    if (!cells.computed(cell) || (!cells.outcome.empty() && cells.outcome[cell] == 0)) return 0;
    return (*shades)[StepCounts::key(cells.steps[cell])];
  };
  return painting;
}

Painting limit_painting(const Cells& cells, std::span<const std::uint8_t> limit) {
  Painting painting;
  painting.title = "Limit";
  painting.rule = "What a converged run stands on.";
  add_group(painting, {not_computed_colour});
  add_group(painting, {no_number_colour});
  add_group(painting, {colour(0.62, 0.15, 255)});
  add_group(painting, {colour(0.72, 0.15, 75)});
  constexpr std::array<std::string_view, 4> names = {"not computed", "not converged", "minimiser", "saddle"};
  painting.index = [cells, limit](std::uint64_t cell) -> std::uint8_t {
    if (!cells.computed(cell) || (!cells.outcome.empty() && cells.outcome[cell] == 0)) return 0;
    return static_cast<std::uint8_t>(1 + std::min<std::uint8_t>(limit[cell], 2));
  };
  std::array<std::uint64_t, names.size()> counts{};
  for_each_cell(cells.plane, [&](std::uint64_t cell) { ++counts[painting.index(cell)]; });
  for (std::uint8_t i = 0; i < names.size(); ++i) add_entry(painting, std::string(names[i]), i, 1, counts[i]);
  return painting;
}

Painting number_painting(const Cells& cells, Field field, std::span<const double> values) {
  Shading scale = shading_of(field);
  const auto diverged = [&cells](std::uint64_t cell) { return cells.code(cell) == outcome_code(Outcome::diverged); };
  const auto computed = [&cells](std::uint64_t cell) {
    return cells.computed(cell) && (cells.outcome.empty() || cells.outcome[cell] != 0);
  };
  NumberCounts counts;
  std::uint64_t missing = 0, without = 0, infinite = 0;
  bool has_zero = false;
  for_each_cell(cells.plane, [&](std::uint64_t cell) {
    const double value = values[cell];
    if (!computed(cell)) {
      ++missing;
    } else if (std::isnan(value) || diverged(cell)) {
      ++without;
    } else if (std::isinf(value)) {
      ++infinite;
    } else if (scale.shape == Shading::Shape::logarithmic && !(value > 0)) {
      has_zero = true;
    } else {
      counts.add(value);
    }
  });
  double low = counts.quantile(0.01), high = counts.quantile(0.99);
  if (scale.shape == Shading::Shape::logarithmic && !scale.diverging && !(high > 50 * low))
    scale.shape = Shading::Shape::linear;
  const bool logarithmic = scale.shape == Shading::Shape::logarithmic;
  if (counts.total() == 0) low = high = logarithmic ? 1 : 0;
  if (logarithmic) {  // quantiles are rounded down, the smallest positive numbers to zero
    low = std::max(low, std::numeric_limits<double>::denorm_min());
    high = std::max(high, low);
  }
  const auto along = [logarithmic](double value) { return logarithmic ? std::log(value) : value; };
  double from = along(low), to = along(high);
  if (scale.diverging) {
    const double reach = std::max(std::abs(from - scale.middle), std::abs(to - scale.middle));
    from = scale.middle - reach;
    to = scale.middle + reach;
  }
  if (!(to / 2 > from / 2)) {  // one value: the middle of the map
    const double reach = std::max(std::abs(from) / 2, logarithmic ? std::log(2.0) : 1e-3);
    from = std::max(from - reach, -largest_double);
    to = std::min(to + reach, largest_double);
  }

  Painting painting;
  painting.title = capitalised(info(field).name);
  painting.rule = fmt::format(
      "{}: {}. {} scale, over the middle 98 % of the cells that did not diverge; what lies beyond has the last colour.",
      capitalised(info(field).name), info(field).help, logarithmic ? "Logarithmic" : "Linear");
  if (scale.diverging) painting.rule += fmt::format(" {} is near white.", logarithmic ? 1 : 0);
  if (has_zero) painting.rule += " Zero has the first colour.";
  add_entry(painting, "not computed", add_group(painting, {not_computed_colour}), 1, missing);
  add_entry(painting, "diverged, or no number", add_group(painting, {no_number_colour}), 1, without);
  constexpr std::size_t count = 253;  // odd: the neutral colour is the middle one
  painting.bar_from = add_group(painting, scale.diverging ? diverging_colours(count) : sequential_colours(count));
  painting.bar_to = static_cast<std::uint8_t>(painting.bar_from + count - 1);
  if (counts.total() > 0 || infinite > 0 || has_zero) {
    for (const double at : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      const double place = (1 - at) * from + at * to;
      painting.bar.push_back(
          {at, fmt::format("{:.3g}", logarithmic ? std::min(std::exp(place), largest_double) : place)});
    }
  }
  const std::uint8_t first = painting.bar_from;
  painting.index = [values, computed, diverged, along, from, to, first,
                    logarithmic](std::uint64_t cell) -> std::uint8_t {
    if (!computed(cell)) return 0;
    const double value = values[cell];
    if (std::isnan(value) || diverged(cell)) return 1;
    double at = 0;
    if (!logarithmic || value > 0)
      at = std::clamp((along(value) / 2 - from / 2) / (to / 2 - from / 2), 0.0, 1.0);  // to - from may overflow
    return static_cast<std::uint8_t>(
        first + std::min<std::size_t>(count - 1, static_cast<std::size_t>(at * static_cast<double>(count))));
  };
  return painting;
}

}  // namespace equipoise
