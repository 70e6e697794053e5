// Sorting the entries of each run of rows by blocks: one count, one placement, no temporary copy of the matrix.
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

BlockedEntries::BlockedEntries(const SparseMatrix& A, const std::vector<double>& weights, bool transposed)
    : rows_(A.rows()), cols_(A.cols()) {
  const Index* outer = A.outerIndexPtr();
  const Index* inner = A.innerIndexPtr();
  const BlockCut cut = block_cut(rows_, cols_, A.nonZeros());
  block_cols_ = cut.block_cols;
  blocks_ = std::max<Index>((cols_ + block_cols_ - 1) / block_cols_, 1);

  const std::size_t stored = static_cast<std::size_t>(A.nonZeros());
  values_.resize(stored);
  weights_.resize(weights.empty() ? 0 : stored);
  columns_.resize(stored + static_cast<std::size_t>(kColumnsBeyond));
  first_rows_.push_back(0);
  tile_segments_.push_back(0);
  tile_entries_.push_back(0);

  Index to = 0;
  std::vector<Index> at;  // where each row of the run has got to, since its columns ascend
  for (Index first = 0; first < rows_;) {
    Index last = first, length = 0;
    while (last < rows_ && length < cut.run_entries && last - first < kWidestBlock) {
      length += 1 + outer[last + 1] - outer[last];
      ++last;
    }
    at.assign(outer + first, outer + last);
    for (Index block = 0; block < blocks_; ++block) {
      const Index first_col = block * block_cols_, end_col = std::min(first_col + block_cols_, cols_);
      for (Index i = first; i < last; ++i) {
        Index& from = at[static_cast<std::size_t>(i - first)];
        const Index begin = from;
        for (; from < outer[i + 1] && inner[from] < end_col; ++from, ++to) {
          const double value = A.valuePtr()[from];
          const Index row = transposed ? inner[from] : i, col = transposed ? i : inner[from];
          require_finite(value, row, col);
          values_[static_cast<std::size_t>(to)] = value;
          columns_[static_cast<std::size_t>(to)] = static_cast<std::uint32_t>(inner[from] - first_col);
          if (!weights.empty()) {
            const double weight = weights[static_cast<std::size_t>(from)];
            if (!(weight >= 0) || !std::isfinite(weight)) {
              throw Error(
                  fmt::format("the weight of row {}, column {} (counted from 0) is {}; it must be finite and not "
                              "negative",
                              row, col, weight));
            }
            weights_[static_cast<std::size_t>(to)] = weight;
          }
        }
        if (from > begin) {
          segments_.push_back({static_cast<std::uint32_t>(i - first), static_cast<std::uint32_t>(from - begin)});
        }
      }
      tile_segments_.push_back(static_cast<Index>(segments_.size()));
      tile_entries_.push_back(to);
    }
    first_rows_.push_back(last);
    first = last;
  }
}

Tile BlockedEntries::tile(Index run, Index block) const {
  const std::size_t at = static_cast<std::size_t>(run * blocks_ + block);
  return {tile_segments_[at], tile_segments_[at + 1], tile_entries_[at]};
}

}  // namespace equipoise
