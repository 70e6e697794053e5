// From a grid to the runs of its cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/sweep/grid.hpp"

namespace equipoise {

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
  /// The same as columns, for the kind scalar where h is given and max_steps is no axis: then every axis is a number of
  /// the runs as it stands. Nothing for other grids. `room` keeps the values, an array an axis.
  std::optional<TinyColumns> columns(std::uint64_t first, std::uint64_t count,
                                     std::vector<std::vector<double>>& room) const;
  /// The run anywhere between the cells: `place` has the value of each axis, within the limits of its parameter. Every
  /// kind but matrix.
  TinyRun run_at(std::span<const double> place) const;

 private:
  TinyRun run_of(const std::vector<double>& numbers) const;
  bool is_axis(std::size_t slot) const;
  /// Whether h is a multiple of 1/L, hence another number of each start.
  bool rate_follows_start() const;
  /// The number in a run that a parameter is as it stands; nullptr where others follow from it.
  double* number_of(TinyRun& run, std::size_t slot) const;

  Grid grid_;
  std::vector<std::vector<double>> values_;  ///< of each axis
  std::vector<std::size_t> slot_;            ///< of each axis: which number of a cell it is
  std::vector<double> fixed_;                ///< the numbers of a cell; NaN for an axis and for what is not given
  Vector start_x_, start_y_;
};

}  // namespace equipoise
