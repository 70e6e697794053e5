// The ledger of a sweep: a line of JSON that says what is swept, and one for each finished tile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/sweep/sweep.hpp"

namespace equipoise {

/// What the first line of a ledger says, besides the version.
struct LedgerHeader {
  Tiling tiling;
  Shard shard;
  std::string matrix;  ///< of a grid of that kind: a checksum of A, so that another matrix of the same name is noticed
  std::optional<double> sigma1 = std::nullopt;  ///< its largest singular value, which the report of the folder needs
  bool operator==(const LedgerHeader&) const = default;
};

/// "2/8": shard 2 of 8. Nothing where it is anything else.
std::optional<Shard> read_shard(std::string_view text);

struct LedgerLine {
  std::uint64_t tile;
  std::uint32_t crc;  ///< of the tile's bytes, column after column
  std::uint64_t steps;
};

struct Ledger {
  LedgerHeader header;
  std::vector<LedgerLine> lines;   ///< a tile once; the last line of it counts
  std::vector<std::size_t> place;  ///< of each tile: its line, counted from 1; 0 where it has none
  std::uint64_t length = 0;        ///< bytes up to the end of the last whole line
};

/// The lines, with their ends.
std::string header_line(const LedgerHeader& header);
std::string tile_line(const LedgerLine& line);

/// A last line without an end is torn, and as if it had not been written. `cells`: of the grid beside it, so that a
/// broken number cannot ask for all memory. Throws Error, naming the line, for anything else that is no ledger of it.
Ledger read_ledger(const std::filesystem::path& path, std::uint64_t cells);

}  // namespace equipoise
