// The folder of a sweep: grid.toml, a .npy for every column, and the ledger of finished tiles. Written while it is
// computed, read at any time.
//
// Order of writing, so that no line of the ledger ever lies: the bytes of a tile go into their files; the files are
// forced to the disk; then the tile's line is appended to the ledger, and forced. A process that is killed, or a
// machine that loses power, can only lose lines, never data that a line speaks of. The last line may be torn, and is
// then as if it had not been written. Room on the disk is reserved before the first cell, and the bytes are written,
// not stored through a mapping: a full disk is an error message, not a SIGBUS.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/spelling.hpp"
#include "equipoise/store/sweep_ledger.hpp"
#include "equipoise/sweep/sweep.hpp"

namespace equipoise {

/// Of the sizes and entries of A, for LedgerHeader::matrix.
std::string matrix_checksum(const Matrix& A);
/// True where a sweep began in this folder.
bool holds_sweep(const std::filesystem::path& folder);

/// A folder that is open for writing; other processes are kept out by a lock that ends with the process.
class SweepWriter {
 public:
  /// Makes the folder, or with `resume` goes on in one that is there. Throws Error where it holds a sweep and `resume`
  /// is not set; where it holds another grid (saying what differs), another shard, or a file of the wrong size; where
  /// another process writes; and where the disk has no room. Messages name the settings `out` and `resume`.
  SweepWriter(const std::filesystem::path& folder, const Grid& grid, const LedgerHeader& header, bool resume,
              const Spelling& spelling = as_keys);
  ~SweepWriter();
  SweepWriter(const SweepWriter&) = delete;
  SweepWriter& operator=(const SweepWriter&) = delete;

  const LedgerHeader& header() const;
  /// One a tile: 1 where it is done. On resuming, tiles whose bytes do not have the checksum of their line are not.
  std::span<const std::uint8_t> done() const;
  std::uint64_t damaged() const;  ///< how many such tiles there were
  bool locked() const;            ///< false where the file system knows no locks: nobody else is kept out
  /// Writes a finished tile; its line follows as soon as its bytes are on the disk. From several threads at a time.
  /// Throws Error where that fails.
  void write(const FinishedTile& tile);
  /// Waits until every line is on the disk. Throws Error where that failed.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A folder that is read, finished or not: maps the files as they are.
class SweepFolder {
 public:
  /// Throws Error where there is no sweep in the folder, or a file is missing or of the wrong size.
  explicit SweepFolder(const std::filesystem::path& folder);
  ~SweepFolder();
  SweepFolder(SweepFolder&&) noexcept;
  SweepFolder& operator=(SweepFolder&&) noexcept;

  const std::filesystem::path& path() const;
  const Grid& grid() const;
  const LedgerHeader& header() const;
  std::span<const std::uint8_t> done() const;  ///< one a tile, as the ledger says
  bool complete() const;                       ///< every tile is done
  std::uint64_t steps() const;                 ///< taken by the runs of all of them together
  /// The numbers of a column, cells() * per_cell of them in C order: T is std::uint8_t, std::uint32_t, std::uint64_t or
  /// double as its FieldType says. Throws Error where the grid keeps no such column or its type is another. Valid as
  /// long as the folder is open.
  template <class T>
  std::span<const T> column(std::string_view name) const;
  /// A tile that is done, as it lies in the files. Throws Error where its bytes do not have the checksum of its line.
  FinishedTile tile(std::uint64_t number) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Puts the tiles of several folders of one grid, such as its shards, into a new one. Throws Error where their grids,
/// matrices or tilings differ, a tile is missing (saying which shards) unless `incomplete` is set, or `out` holds a
/// sweep. The columns are then those of a sweep that was never cut. Returns the number of tiles that are missing.
/// `stop` ends it early, with a folder that a resumed sweep completes. Messages name the settings `out`, `resume` and
/// `incomplete`.
std::uint64_t merge_sweeps(
    const std::vector<std::filesystem::path>& folders, const std::filesystem::path& out, bool incomplete,
    const std::function<bool()>& stop = [] { return false; }, const Spelling& spelling = as_keys);

}  // namespace equipoise
