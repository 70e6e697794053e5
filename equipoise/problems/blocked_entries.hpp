// Stored entries of a matrix in an order that keeps the other factor in cache: runs of rows, in them blocks of columns.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "equipoise/problems/parallel/chunks.hpp"
#include "equipoise/problems/sparse.hpp"

namespace equipoise {

/// Neighbouring entries of one row in one block of columns.
struct Segment {
  std::uint32_t row;    ///< counted from the first of the run
  std::uint32_t count;  ///< entries
};

/// Where a matrix is cut. Any size of 64 bits is allowed; within a run and a block 32 bits are enough.
struct BlockCut {
  Index block_cols;   ///< columns of a block, at most 2^31
  Index run_entries;  ///< a run of rows ends when it has this many entries and rows together
};
/// By the shape alone. Blocks are narrow enough for the second cache at the usual ranks (4096 rows of the other factor
/// are 1 MiB at rank 32), and wide enough for eight entries of a row on average, since every segment costs a start.
BlockCut block_cut(Index rows, Index cols, Index stored);

/// The entries of a run of rows in a block of columns: a contiguous piece of the arrays below.
struct Tile {
  Index first_segment, last_segment;
  Index first_entry;
};

/// Twelve bytes an entry (twenty with weights) and eight a segment.
class BlockedEntries {
 public:
  /// Copies the entries; of temporary memory a count for every row of every block, about a byte an entry and 16 a row.
  /// weights: one for each stored entry in the order of A's arrays, or empty. Throws Error for an entry that is not
  /// finite, a weight that is negative or not finite, and arrays of A that contradict themselves.
  explicit BlockedEntries(const SparseView& A, std::span<const double> weights = {});
  /// Of a compressed matrix.
  explicit BlockedEntries(const SparseMatrix& A, std::span<const double> weights = {})
      : BlockedEntries(borrowed(A), weights) {}
  /// The same entries, column by column, as from A^T.
  BlockedEntries transposed() const;

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Index stored() const { return static_cast<Index>(values_.size()); }
  Index runs() const { return static_cast<Index>(first_rows_.size()) - 1; }
  Index blocks() const { return blocks_; }
  Index block_cols() const { return block_cols_; }

  Index first_row(Index run) const { return first_rows_[static_cast<std::size_t>(run)]; }
  Index last_row(Index run) const { return first_rows_[static_cast<std::size_t>(run) + 1]; }
  Tile tile(Index run, Index block) const;

  const double* values() const { return values_.data(); }
  const double* weights() const { return weights_.empty() ? nullptr : weights_.data(); }
  /// Counted from the first column of the block. kColumnsBeyond more may be read than there are entries.
  const std::uint32_t* columns() const { return columns_.data(); }
  const Segment* segments() const { return segments_.data(); }
  static constexpr Index kColumnsBeyond = 16;

  /// Calls body(run) for every run of rows, on several threads where that pays.
  template <class Body>
  void for_each_run(Index rank, const Body& body) const {
    const double work = static_cast<double>(rank) * (static_cast<double>(stored()) + static_cast<double>(rows()));
    for_each_chunk(runs(), work, body);
  }

 private:
  BlockedEntries(Index rows, Index cols, Index stored, bool weighted);
  /// Lays out runs, tiles and segments, then places every entry. `entries` calls its argument with the row, the column,
  /// the value and the weight of each entry, three times over, with the columns of a row in the same order each time.
  template <class Entries>
  void place(const Entries& entries);

  Index rows_, cols_, blocks_, block_cols_;
  std::vector<Index> first_rows_;
  std::vector<Index> tile_segments_, tile_entries_;  ///< where each tile begins, and the end of the last
  std::vector<double> values_, weights_;
  std::vector<std::uint32_t> columns_;
  std::vector<Segment> segments_;
};

}  // namespace equipoise
