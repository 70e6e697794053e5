// The sweep: every cell of a grid to its verdict, over threads; which tiles are done goes in, finished tiles come out.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/sweep/grid.hpp"
#include "equipoise/sweep/matrix_cells.hpp"

namespace equipoise {

/// What a sweep writes side by side, `per_cell` numbers a cell in the order of the cells: the fields of the grid; or
/// "orbit", with the grid's `last` numbers a cell, and "lyapunov".
struct Column {
  std::string_view name;  ///< the file is <name>.npy
  FieldType type;
  std::uint64_t per_cell;
};
std::vector<Column> columns(const Grid& grid);

/// Cells are computed, saved and accounted for in tiles: `size` consecutive cells in C order, the last may be shorter.
struct Tiling {
  std::uint64_t cells = 0;
  std::uint64_t size = 1;

  std::uint64_t count() const { return cells == 0 ? 0 : (cells - 1) / size + 1; }
  std::uint64_t first(std::uint64_t tile) const { return tile * size; }
  std::uint64_t length(std::uint64_t tile) const { return std::min(size, cells - first(tile)); }
  bool operator==(const Tiling&) const = default;
};
/// Tiles that take a fraction of a second each, at least 64 of them where there are cells enough. Results do not depend
/// on it. Of a matrix grid the size of the matrix says how long a step takes.
Tiling usual_tiling(const Grid& grid, Index rows = 0, Index cols = 0);

/// Part `index` of `count` equal parts of the tiles, counted from 1: every count-th tile, so that slow regions are
/// shared.
struct Shard {
  std::uint64_t index = 1, count = 1;
  bool has(std::uint64_t tile) const { return tile % count == index - 1; }
  bool operator==(const Shard&) const = default;
};

struct FinishedTile {
  std::uint64_t tile = 0;
  std::uint64_t steps = 0;  ///< the sum over its cells
  std::vector<std::span<const std::byte>>
      columns;  ///< in the order of columns(grid), in the byte order of this machine
};

struct SweepSettings {
  std::string target;  ///< of run_tiny(); empty: the best
  int threads = 0;     ///< 0: all. Results do not depend on it
};

struct SweepTotals {
  std::uint64_t tiles = 0, cells = 0, steps = 0;  ///< computed by this call
  bool stopped = false;                           ///< `stop` said so before all were done
};

/// Computes every tile of the shard whose place in `done` (one a tile) is 0. `finished` is called from several threads
/// at a time, once a tile, and what it throws ends the sweep; its spans are valid during the call. Where `stop` is set,
/// by a signal or by another thread, tiles in progress are given up at once. `A` is the matrix of a grid of that kind,
/// otherwise nullptr. A cell is a run in its spectral coordinates, O((r + d) d^2) a step
/// at rank d for a matrix of rank r: in lanes where is_small() says so, otherwise by run(). Throws Error, before the
/// first cell, for a grid that is not resolved, a missing A, an unknown target, and where require_orbits() does.
SweepTotals sweep(const Grid& grid, const SweptMatrix* A, const Tiling& tiling, const Shard& shard,
                  std::span<const std::uint8_t> done, const SweepSettings& settings,
                  const std::function<void(const FinishedTile&)>& finished, const std::atomic<bool>* stop = nullptr);

}  // namespace equipoise
