// A grid of runs as data: which problem, which numbers stand still, which are axes, and what is kept of each run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/batch.hpp"

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

enum class AxisScale { linear, log, list };
std::string_view name(AxisScale scale);
AxisScale axis_scale_from(std::string_view word);

/// One axis: the values of one parameter, without any rounding that depends on the platform.
/// - linear: from + i * step, step = (to - from) / (count - 1), two roundings a value; the last is `to`. These are the
///   doubles of numpy.linspace(from, to, count).
/// - log: from * (to / from)^(i / (count - 1)), computed with twice the digits of double and then rounded; the ends are
///   exact.
/// - list: as given.
struct Axis {
  std::string key;
  AxisScale scale = AxisScale::linear;
  double from = 0, to = 0;  ///< list: its first and its last value
  std::uint64_t count = 1;
  std::vector<double> list;  ///< list alone: count values

  double value(std::uint64_t i) const;  ///< i < count; a log axis takes about a microsecond
  std::vector<double> values() const;
  bool operator==(const Axis&) const = default;
};
/// Throws Error unless the axis has at least one value, all finite, ascending but for a list, and each within the
/// parameter's limits.
void check_axis(const Axis& axis, const Parameter& parameter);

/// What can be kept of a run, in a file of its own named after it.
enum class Field {
  outcome,
  period,
  steps,
  loss,
  sharpness,
  ratio,
  imbalance,
  lyapunov,
  limit,
  product,
  norm_x,
  norm_y,
  multiplier,
  lyapunov_error,
  learning_rate
};
/// How a field is stored; NumPy's names for them are u1, u4, u8 and f8. Numbers that are not known are 0 in whole
/// numbers and NaN in float64.
enum class FieldType { uint8, uint32, uint64, float64 };
struct FieldInfo {
  Field field;
  std::string_view name;  ///< the file is <name>.npy
  FieldType type;
  std::string_view help;
};
/// All of them; the first eight are kept where a grid does not say which.
std::span<const FieldInfo> field_list();
const FieldInfo& info(Field field);
std::size_t bytes_of(FieldType type);

/// The codes in outcome.npy. 0 is a cell that is not computed.
inline constexpr std::string_view outcome_codes[] = {"not computed", "converged", "periodic",
                                                     "chaotic",      "diverged",  "exhausted"};
/// 1 to 5. Throws Error for `stopped`, which no finished cell is.
std::uint8_t outcome_code(Outcome outcome);

enum class OutputKind {
  fields,  ///< one <field>.npy a field, of the axes' shape
  orbit    ///< orbit.npy of the axes' shape and a last axis of `last` values of x.y, oldest first; lyapunov.npy of the
           ///< axes' shape
};

/// A sweep before it runs. A value: equal grids give equal bits.
struct Grid {
  GridKind kind = GridKind::scalar;
  std::string matrix;  ///< kind matrix: the name of a file or of a built-in
  struct Fixed {
    std::string key;
    double value;
    bool operator==(const Fixed&) const = default;
  };
  std::vector<Fixed> fixed;  ///< the parameters that are no axes, in the order of parameters()
  std::vector<double> start_x,
      start_y;  ///< vector and isotropic: x0 and y0 entry by entry; empty where norms and an angle describe them
  std::vector<Axis> axes;  ///< one to four, the first is the slowest
  OutputKind output = OutputKind::fields;
  std::vector<Field> fields;  ///< in the order of field_list(); empty for an orbit
  std::uint64_t last = 0;     ///< orbit alone

  std::uint64_t cells() const;  ///< the product of the counts
  std::vector<std::uint64_t> shape() const;
  std::optional<double> fixed_value(std::string_view key) const;
  /// The place on each axis of cell number `cell`, counted in C order.
  std::vector<std::uint64_t> place(std::uint64_t cell) const;
  bool operator==(const Grid&) const = default;
};

/// Puts in what was left out (tolerance, max_steps, ...), drops what an axis replaces, and sorts `fixed` and `fields`.
/// Throws Error, in one sentence, for everything that makes no sense: a missing or superfluous number, axes that are
/// none, one too many, cells beyond 2^48.
Grid resolved(Grid grid);

/// What differs between two grids, in words: "h runs to 1.2 in one and to 1.3 in the other". Empty where they are
/// equal.
std::string difference(const Grid& one, const Grid& other);

/// The same grid on part of the range of its axes: `key` from `from` to `to`, as many cells as before unless `count`
/// says otherwise. Of a list those values remain that lie in the range. Throws Error where there is no such axis, or
/// the range is empty or reaches beyond the axis.
struct Window {
  std::string key;
  double from, to;
  std::uint64_t count = 0;  ///< 0: as the axis has
};
Grid zoomed(const Grid& grid, std::span<const Window> windows);

/// A resolved grid made ready to be asked for cells: the values of its axes are computed once, 8 bytes each.
class GridCells {
 public:
  explicit GridCells(const Grid& grid);

  const Grid& grid() const { return grid_; }
  const std::vector<double>& axis_values(std::size_t axis) const { return values_[axis]; }
  /// The value of a parameter in a cell, axis or not; NaN where the grid does not give it.
  double value(std::string_view key, std::uint64_t cell) const;
  /// The runs of cells first, first + 1, ...; every kind but matrix. A rate given as times_L is resolved here: h =
  /// times_L / L with the largest Hessian eigenvalue L at the start, and 1 where L = 0, since nothing moves there.
  /// Throws Error beyond the last cell.
  void runs(std::uint64_t first, std::span<TinyRun> out) const;
  /// The run anywhere between the cells: `place` has the value of each axis, within the limits of its parameter. Every
  /// kind but matrix.
  TinyRun run_at(std::span<const double> place) const;

 private:
  TinyRun run_of(const std::vector<double>& numbers) const;
  /// The number in a run that a parameter is as it stands; nullptr where others follow from it.
  double* number_of(TinyRun& run, std::size_t slot) const;

  Grid grid_;
  std::vector<std::vector<double>> values_;  ///< of each axis
  std::vector<std::size_t> slot_;            ///< of each axis: which number of a cell it is
  std::vector<double> fixed_;                ///< the numbers of a cell; NaN for an axis and for what is not given
  Vector start_x_, start_y_;
};

}  // namespace equipoise
