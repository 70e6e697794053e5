// Opening, mapping and checking the files of a sweep's folder.
//
// Tested in equipoise/store/sweep_folder_test.cpp
#include "equipoise/store/sweep_columns.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>

#include "equipoise/core/error.hpp"
#include "equipoise/io/npy.hpp"
#include "equipoise/io/text.hpp"

namespace equipoise::sweep_files {

namespace fs = std::filesystem;

namespace {

std::vector<std::uint64_t> shape_of(const Grid& grid, const Column& column) {
  std::vector<std::uint64_t> shape = grid.shape();
  if (column.name == "orbit") shape.push_back(column.per_cell);
  return shape;
}

}  // namespace

std::string shown(const fs::path& path) { return on_one_line(path.string()); }

fs::path grid_path(const fs::path& folder) { return folder / "grid.toml"; }
fs::path ledger_path(const fs::path& folder) { return folder / "ledger.jsonl"; }
fs::path column_path(const fs::path& folder, const Column& column) {
  return folder / fmt::format("{}.npy", column.name);
}

Descriptor::Descriptor(const fs::path& path, int flags) : number_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
  if (number_ < 0) throw Error(fmt::format("cannot open {}: {}", shown(path), reason(errno)));
}
Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

std::string header_of(const Grid& grid, const Column& column) {
  return npy_header(column.type == FieldType::float64 ? 'f' : 'u', bytes_of(column.type), shape_of(grid, column));
}
std::uint64_t bytes_per_cell(const Column& column) { return column.per_cell * bytes_of(column.type); }

MappedColumn::MappedColumn(const fs::path& folder, const Grid& grid, const Column& column)
    : path_(column_path(folder, column)), column_(column) {
  const std::string expected = header_of(grid, column);
  const Descriptor file(path_, O_RDONLY);
  struct stat status = {};
  if (fstat(file.number(), &status) != 0) throw Error(fmt::format("cannot read {}: {}", shown(path_), reason(errno)));
  cells_ = grid.cells();
  const std::uint64_t needed = expected.size() + cells_ * bytes_per_cell(column);
  if (static_cast<std::uint64_t>(status.st_size) != needed) {
    throw Error(fmt::format("{} has {} bytes; a column of this sweep has {}", shown(path_), status.st_size, needed));
  }
  length_ = needed;
  void* start = mmap(nullptr, length_, PROT_READ, MAP_SHARED, file.number(), 0);
  if (start == MAP_FAILED) throw Error(fmt::format("cannot map {}: {}", shown(path_), reason(errno)));
  start_ = static_cast<const char*>(start);
  offset_ = expected.size();
  if (std::memcmp(start_, expected.data(), expected.size()) != 0) {
    munmap(start, length_);
    start_ = nullptr;
    throw Error(
        fmt::format("{} does not begin as a column of this sweep; its type or its shape is another", shown(path_)));
  }
}
MappedColumn::~MappedColumn() {
  if (start_ != nullptr) munmap(const_cast<char*>(start_), length_);
}

std::uint32_t crc_of(std::uint32_t so_far, const char* bytes, std::size_t length) {
  return static_cast<std::uint32_t>(crc32_z(so_far, reinterpret_cast<const Bytef*>(bytes), length));
}

std::uint32_t crc_of(const std::vector<MappedColumn>& columns, const Tiling& tiling, std::uint64_t tile) {
  std::uint32_t crc = 0;
  for (const MappedColumn& column : columns) {
    const std::span<const char> bytes = column.bytes(tiling.first(tile), tiling.length(tile));
    crc = crc_of(crc, bytes.data(), bytes.size());
  }
  return crc;
}

std::vector<MappedColumn> map_columns(const fs::path& folder, const Grid& grid) {
  std::vector<MappedColumn> mapped;
  for (const Column& column : columns(grid)) mapped.emplace_back(folder, grid, column);
  return mapped;
}

}  // namespace equipoise::sweep_files
