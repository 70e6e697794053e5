// A grid of runs as data: which problem, which numbers stand still, which are axes, and what is kept of each run.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/sweep/axis.hpp"
#include "equipoise/sweep/field.hpp"
#include "equipoise/sweep/parameter.hpp"

namespace equipoise {

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
  /// The largest value of a parameter, axis or not; 0 where it is not given.
  double largest(std::string_view key) const;
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

}  // namespace equipoise
