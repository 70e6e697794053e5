// The numbers that describe a cell of a grid: which each kind of problem knows, and what they may be.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace equipoise {

/// Which problem the cells of a grid share.
enum class GridKind {
  scalar,     ///< f = 1/2 (mu - x y)^2
  vector,     ///< f = 1/2 (mu - x.y)^2, x and y in R^length
  isotropic,  ///< f = 1/2 |mu I - x y^T|_F^2, n x n
  matrix      ///< f = 1/2 |A - X Y^T|_F^2, A complete, any rank
};
std::string_view name(GridKind kind);
GridKind grid_kind_from(std::string_view word);  ///< throws Error with the list of words

/// The largest size of mu, of factors and of rates: products of three such numbers are still doubles.
inline constexpr double largest_parameter = 1e100;

/// A number that describes a cell: one of the keys of [problem], [start] and [run] in a grid file. Each may be an axis.
struct Parameter {
  std::string_view key;      ///< "mu", "h", "x0", ...
  std::string_view section;  ///< "problem", "start" or "run"
  double lowest, highest;    ///< inclusive, but for a lowest of 0 where `positive`
  bool positive;             ///< 0 itself is excluded
  bool whole;                ///< whole numbers alone
  std::string_view help;
};
/// Those that a kind knows, in the order of the resolved file.
std::vector<Parameter> parameters(GridKind kind);
/// The one of that name, or nothing.
std::optional<Parameter> parameter(GridKind kind, std::string_view key);
/// Throws Error unless the value is one that the parameter may have.
void check_number(const Parameter& parameter, double value);

/// The place of each parameter of any kind in an array of all of them.
enum ParameterSlot : std::size_t {
  at_mu,
  at_n,
  at_length,
  at_rank,
  at_x0,
  at_y0,
  at_norm_x,
  at_norm_y,
  at_cosine,
  at_seed,
  at_h,
  at_times_L,
  at_max_steps,
  at_tolerance,
  parameter_slots
};
ParameterSlot slot_of(std::string_view key);  ///< of a key that there is

}  // namespace equipoise
