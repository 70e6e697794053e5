// The files of a sweep's folder: their names, their headers, and columns that are mapped for reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "equipoise/sweep/sweep.hpp"

namespace equipoise::sweep_files {

std::string shown(const std::filesystem::path& path);  ///< for messages, on one line
std::filesystem::path grid_path(const std::filesystem::path& folder);
std::filesystem::path ledger_path(const std::filesystem::path& folder);
std::filesystem::path column_path(const std::filesystem::path& folder, const Column& column);

/// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  /// Throws Error if the file cannot be opened with these flags of open().
  Descriptor(const std::filesystem::path& path, int flags);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }

 private:
  int number_ = -1;
};

std::string header_of(const Grid& grid, const Column& column);  ///< of the .npy file
std::uint64_t bytes_per_cell(const Column& column);

/// A finished or unfinished column, mapped as it is. Throws Error if the file is missing or belongs to another grid.
class MappedColumn {
 public:
  MappedColumn(const std::filesystem::path& folder, const Grid& grid, const Column& column);
  ~MappedColumn();
  MappedColumn(MappedColumn&& other) noexcept
      : path_(std::move(other.path_)),
        column_(other.column_),
        start_(std::exchange(other.start_, nullptr)),
        offset_(other.offset_),
        length_(other.length_),
        cells_(other.cells_) {}
  MappedColumn& operator=(MappedColumn&&) = delete;

  const Column& column() const { return column_; }
  const std::filesystem::path& path() const { return path_; }
  const char* numbers() const { return start_ + offset_; }
  std::span<const char> bytes(std::uint64_t first, std::uint64_t count) const {
    return {numbers() + first * bytes_per_cell(column_), count * bytes_per_cell(column_)};
  }

 private:
  std::filesystem::path path_;
  Column column_;
  const char* start_ = nullptr;
  std::uint64_t offset_ = 0, length_ = 0, cells_ = 0;
};

std::vector<MappedColumn> map_columns(const std::filesystem::path& folder, const Grid& grid);

std::uint32_t crc_of(std::uint32_t so_far, const char* bytes, std::size_t length);
/// Of the bytes of a tile, column after column.
std::uint32_t crc_of(const std::vector<MappedColumn>& columns, const Tiling& tiling, std::uint64_t tile);

}  // namespace equipoise::sweep_files
