// The table of the parameters, and the limits of each.
//
// Tested in equipoise/sweep/grid_test.cpp
#include "equipoise/sweep/parameter.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/sweep/word-inl.hpp"

namespace equipoise {
namespace {

constexpr double largest_whole = 9007199254740992;  // 2^53: every whole number up to here is a double

constexpr std::array<std::string_view, 4> kind_names = {"scalar", "vector", "isotropic", "matrix"};

struct ParameterRow {
  Parameter parameter;
  std::string_view kinds;  // first letters of the kinds that know it
};

constexpr ParameterRow parameter_table[] = {
    {{"mu", "problem", -largest_parameter, largest_parameter, false, false,
      "the number, or multiple of the identity, that is factored"},
     "svi"},
    {{"n", "problem", 2, 1e9, false, true, "size of the identity"}, "i"},
    {{"length", "problem", 1, 1e9, false, true, "entries of x and of y"}, "v"},
    {{"rank", "problem", 1, 1e9, false, true, "columns of X and Y"}, "m"},
    {{"x0", "start", -largest_parameter, largest_parameter, false, false, "x at the start"}, "s"},
    {{"y0", "start", -largest_parameter, largest_parameter, false, false, "y at the start"}, "s"},
    {{"norm_x", "start", 0, largest_parameter, false, false, "norm of X at the start"}, "vim"},
    {{"norm_y", "start", 0, largest_parameter, false, false, "norm of Y at the start"}, "vim"},
    {{"cosine", "start", -1, 1, false, false, "of the angle between x and y at the start"}, "vi"},
    {{"seed", "start", 0, largest_whole, false, true, "of the Gaussian directions at the start, as of factor --seed"},
     "vim"},
    {{"h", "run", 0, largest_parameter, true, false, "learning rate"}, "svim"},
    {{"times_L", "run", 0, largest_parameter, true, false,
      "learning rate in units of 1/L, L the sharpness at the start of the cell"},
     "svim"},
    {{"max_steps", "run", 0, 9e15, false, true, "the most steps to take"}, "svim"},
    {{"tolerance", "run", 0, 1, false, false,
      "converged when the gradient is this small relative to its natural scale"},
     "svim"},
};

static_assert(std::size(parameter_table) == parameter_slots && parameter_table[at_x0].parameter.key == "x0" &&
              parameter_table[at_seed].parameter.key == "seed" &&
              parameter_table[at_tolerance].parameter.key == "tolerance");

}  // namespace

std::string_view name(GridKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
GridKind grid_kind_from(std::string_view word) { return from_word<GridKind>(word, kind_names, "the kind"); }

std::vector<Parameter> parameters(GridKind kind) {
  std::vector<Parameter> known;
  for (const ParameterRow& entry : parameter_table) {
    if (entry.kinds.find(name(kind).front()) != std::string_view::npos) known.push_back(entry.parameter);
  }
  return known;
}

std::optional<Parameter> parameter(GridKind kind, std::string_view key) {
  for (const Parameter& each : parameters(kind)) {
    if (each.key == key) return each;
  }
  return std::nullopt;
}

void check_number(const Parameter& parameter, double value) {
  if (!std::isfinite(value)) throw Error(fmt::format("{} is {}; it must be a finite number", parameter.key, value));
  if (parameter.whole && value != std::floor(value))
    throw Error(fmt::format("{} is {}; it must be a whole number", parameter.key, value));
  if (parameter.positive && !(value > 0))
    throw Error(fmt::format("{} is {}; it must be positive", parameter.key, value));
  if (value < parameter.lowest || value > parameter.highest) {
    throw Error(fmt::format("{} is {}; it must lie between {} and {}", parameter.key, value, parameter.lowest,
                            parameter.highest));
  }
}

ParameterSlot slot_of(std::string_view key) {
  std::size_t i = 0;
  while (parameter_table[i].parameter.key != key) ++i;
  return static_cast<ParameterSlot>(i);
}

}  // namespace equipoise
