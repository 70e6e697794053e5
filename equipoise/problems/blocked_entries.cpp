// Sorting the entries of each run of rows by blocks: counts, then placement, no temporary copy of the matrix.
#include "equipoise/problems/blocked_entries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/problems/grams.hpp"

namespace equipoise {

namespace {
constexpr Index kNarrowestBlock = 4096;
constexpr Index kWidestBlock = Index{1} << 31;
constexpr Index kEntriesOfSegment = 8;
constexpr Index kMostRuns = 64;
constexpr Index kShortestRun = 4096;
static_assert(sizeof(Index) == 8, "entries are counted with 64 bits");
static_assert(kWidestBlock - 1 <= std::numeric_limits<std::uint32_t>::max(), "a column of a block needs 32 bits");

/// The number of entries of a view whose rows follow each other.
Index checked_size(const SparseView& A) {
  if (A.rows < 0 || A.cols < 0) throw Error(fmt::format("a matrix cannot be {} x {}", A.rows, A.cols));
  if (A.rows == 0) return 0;
  return std::visit(
      [&](const auto& held) {
        bool ordered = held.outer != nullptr && held.outer[0] == 0;
        for (Index i = 0; ordered && i < A.rows; ++i) ordered = held.outer[i] <= held.outer[i + 1];
        if (!ordered) throw Error("the row pointers of the sparse matrix must begin at 0 and never fall");
        return static_cast<Index>(held.outer[A.rows]);
      },
      A.places);
}
}  // namespace

BlockCut block_cut(Index rows, Index cols, Index stored) {
  // In double: products of such sizes need more than 64 bits.
  const double per_row = static_cast<double>(stored) / static_cast<double>(std::max<Index>(rows, 1));
  const double wanted = static_cast<double>(kEntriesOfSegment) * static_cast<double>(cols) / std::max(per_row, 1e-9);
  BlockCut cut;
  cut.block_cols =
      static_cast<Index>(std::clamp(wanted, static_cast<double>(kNarrowestBlock), static_cast<double>(kWidestBlock)));
  const double total = static_cast<double>(stored) + static_cast<double>(rows);
  cut.run_entries = std::max(kShortestRun, static_cast<Index>(total / static_cast<double>(kMostRuns)) + 1);
  return cut;
}

BlockedEntries::BlockedEntries(Index rows, Index cols, Index stored, bool weighted) : rows_(rows), cols_(cols) {
  block_cols_ = block_cut(rows, cols, stored).block_cols;
  blocks_ = std::max<Index>((cols_ + block_cols_ - 1) / block_cols_, 1);
  values_.resize(static_cast<std::size_t>(stored));
  weights_.resize(weighted ? values_.size() : 0);
  columns_.resize(values_.size() + static_cast<std::size_t>(kColumnsBeyond));
}

template <class Entries>
void BlockedEntries::place(const Entries& entries) {
  const Index run_entries = block_cut(rows_, cols_, stored()).run_entries;
  first_rows_.push_back(0);
  {
    std::vector<Index> in_row(static_cast<std::size_t>(rows_), 0);
    entries([&](Index row, Index, double, double) { ++in_row[static_cast<std::size_t>(row)]; });
    for (Index first = 0, last = 0; first < rows_; first = last) {
      for (Index length = 0; last < rows_ && length < run_entries && last - first < kWidestBlock; ++last) {
        length += 1 + in_row[static_cast<std::size_t>(last)];
      }
      first_rows_.push_back(last);
    }
  }

  // Cells, a row of a block each, in the order of their entries: run by run, in it block by block, in it row by row.
  std::vector<Index> run_of(static_cast<std::size_t>(rows_));
  for (Index run = 0; run < runs(); ++run) {
    for (Index i = first_row(run); i < last_row(run); ++i) run_of[static_cast<std::size_t>(i)] = run;
  }
  const auto cell = [&](Index row, Index block) {
    const Index run = run_of[static_cast<std::size_t>(row)], first = first_row(run);
    return static_cast<std::size_t>(first * blocks_ + block * (last_row(run) - first) + row - first);
  };
  std::vector<Index> places(static_cast<std::size_t>(rows_ * blocks_), 0);
  entries([&](Index row, Index col, double, double) { ++places[cell(row, col / block_cols_)]; });
  Index to = 0;
  std::size_t at = 0;
  tile_segments_.push_back(0);
  tile_entries_.push_back(0);
  for (Index run = 0; run < runs(); ++run) {
    for (Index block = 0; block < blocks_; ++block) {
      for (Index i = 0; i < last_row(run) - first_row(run); ++i, ++at) {
        const Index count = places[at];
        places[at] = to;
        to += count;
        if (count > 0) segments_.push_back({static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(count)});
      }
      tile_segments_.push_back(static_cast<Index>(segments_.size()));
      tile_entries_.push_back(to);
    }
  }
  segments_.shrink_to_fit();
  entries([&](Index row, Index col, double value, double weight) {
    const Index block = col / block_cols_;
    const auto place = static_cast<std::size_t>(places[cell(row, block)]++);
    values_[place] = value;
    columns_[place] = static_cast<std::uint32_t>(col - block * block_cols_);
    if (!weights_.empty()) weights_[place] = weight;
  });
}

BlockedEntries::BlockedEntries(const SparseView& A, std::span<const double> weights)
    : BlockedEntries(A.rows, A.cols, checked_size(A), !weights.empty()) {
  std::visit(
      [&](const auto& held) {
        const auto entries = [&](const auto& body) {
          for (Index i = 0; i < rows_; ++i) {
            for (auto k = held.outer[i]; k < held.outer[i + 1]; ++k) {
              body(i, static_cast<Index>(held.inner[k]), A.values[k],
                   weights.empty() ? 1 : weights[static_cast<std::size_t>(k)]);
            }
          }
        };
        entries([&](Index row, Index col, double value, double weight) {
          if (col < 0 || col >= cols_) {
            throw Error(fmt::format("row {} of the sparse matrix has an entry in column {}; it has {} columns", row,
                                    col, cols_));
          }
          require_finite(value, row, col);
          if (!(weight >= 0) || !std::isfinite(weight)) {
            throw Error(fmt::format(
                "the weight of row {}, column {} (counted from 0) is {}; it must be finite and not negative", row, col,
                weight));
          }
        });
        place(entries);
      },
      A.places);
}

BlockedEntries BlockedEntries::transposed() const {
  BlockedEntries result(cols_, rows_, stored(), weights() != nullptr);
  result.place([this](const auto& body) {
    for (Index run = 0; run < runs(); ++run) {
      for (Index block = 0; block < blocks_; ++block) {
        const Tile here = tile(run, block);
        auto k = static_cast<std::size_t>(here.first_entry);
        for (Index s = here.first_segment; s < here.last_segment; ++s) {
          const Segment& segment = segments_[static_cast<std::size_t>(s)];
          for (const std::size_t end = k + segment.count; k < end; ++k) {
            body(block * block_cols_ + columns_[k], first_row(run) + segment.row, values_[k],
                 weights_.empty() ? 1 : weights_[k]);
          }
        }
      }
    }
  });
  return result;
}

Tile BlockedEntries::tile(Index run, Index block) const {
  const std::size_t at = static_cast<std::size_t>(run * blocks_ + block);
  return {tile_segments_[at], tile_segments_[at + 1], tile_entries_[at]};
}

}  // namespace equipoise
