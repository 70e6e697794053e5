// A whole sweep in memory, for tests: what a folder would hold.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "equipoise/sweep/sweep.hpp"

namespace equipoise::test_swept {

using Bytes = std::vector<std::byte>;

struct Swept {
  std::vector<Bytes> columns;
  std::vector<int> times;  // how often each tile came
  SweepTotals totals;
};

// Puts finished tiles where a folder would.
inline Swept swept(const Grid& grid, const Matrix* A, std::uint64_t tile_size, Shard shard = {},
                   SweepSettings settings = {}, std::vector<std::uint8_t> done = {}) {
  const Tiling tiling{grid.cells(), tile_size};
  const std::vector<Column> kinds = columns(grid);
  Swept result;
  for (const Column& column : kinds)
    result.columns.emplace_back(grid.cells() * column.per_cell * bytes_of(column.type));
  result.times.assign(tiling.count(), 0);
  done.resize(tiling.count(), 0);
  std::mutex mutex;
  std::optional<SweptMatrix> matrix;
  if (A != nullptr) matrix = swept_matrix(*A);
  result.totals =
      sweep(grid, matrix ? &*matrix : nullptr, tiling, shard, done, settings, [&](const FinishedTile& tile) {
        const std::lock_guard hold(mutex);
        ++result.times[tile.tile];
        for (std::size_t i = 0; i < kinds.size(); ++i) {
          const std::uint64_t size = kinds[i].per_cell * bytes_of(kinds[i].type);
          EXPECT_EQ(tile.columns[i].size(), tiling.length(tile.tile) * size);
          std::memcpy(result.columns[i].data() + tiling.first(tile.tile) * size, tile.columns[i].data(),
                      tile.columns[i].size());
        }
      });
  return result;
}

template <class T>
T number(const Bytes& bytes, std::uint64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}
inline bool same(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace equipoise::test_swept
