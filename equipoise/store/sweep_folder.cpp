// Reading a sweep's folder: which tiles are done, and their numbers.
#include "equipoise/store/sweep_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <type_traits>

#include "equipoise/core/error.hpp"
#include "equipoise/store/grid_file.hpp"
#include "equipoise/store/sweep_columns.hpp"

namespace equipoise {

namespace fs = std::filesystem;
using namespace sweep_files;

std::string matrix_checksum(const Matrix& A) {
  const std::int64_t sizes[2] = {A.rows(), A.cols()};
  std::uint32_t crc = crc_of(0, reinterpret_cast<const char*>(sizes), sizeof sizes);
  crc = crc_of(crc, reinterpret_cast<const char*>(A.data()), static_cast<std::size_t>(A.size()) * sizeof(double));
  return fmt::format("crc32:{:08x}", crc);
}

bool holds_sweep(const fs::path& folder) {
  std::error_code error;
  return fs::exists(grid_path(folder), error) || fs::exists(ledger_path(folder), error);
}

struct SweepFolder::State {
  fs::path folder;
  Grid grid;
  Ledger ledger;
  std::vector<std::uint8_t> done;
  std::vector<MappedColumn> columns;
};

SweepFolder::SweepFolder(const fs::path& folder) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.folder = folder;
  if (!holds_sweep(folder))
    throw Error(fmt::format("{} holds no sweep; it should have a grid.toml and a ledger.jsonl", shown(folder)));
  state.grid = load_grid(grid_path(folder));
  state.ledger = read_ledger(ledger_path(folder), state.grid.cells());
  state.columns = map_columns(folder, state.grid);
  state.done.assign(state.ledger.header.tiling.count(), 0);
  for (const LedgerLine& line : state.ledger.lines) state.done[line.tile] = 1;
}
SweepFolder::~SweepFolder() = default;
SweepFolder::SweepFolder(SweepFolder&&) noexcept = default;
SweepFolder& SweepFolder::operator=(SweepFolder&&) noexcept = default;

const fs::path& SweepFolder::path() const { return state_->folder; }
const Grid& SweepFolder::grid() const { return state_->grid; }
const LedgerHeader& SweepFolder::header() const { return state_->ledger.header; }
std::span<const std::uint8_t> SweepFolder::done() const { return state_->done; }
bool SweepFolder::complete() const {
  return std::find(state_->done.begin(), state_->done.end(), 0) == state_->done.end();
}

std::uint64_t SweepFolder::steps() const {
  std::uint64_t sum = 0;
  for (const LedgerLine& line : state_->ledger.lines) sum += line.steps;
  return sum;
}

namespace {

template <class T>
constexpr FieldType type_of() {
  if constexpr (std::is_same_v<T, std::uint8_t>) return FieldType::uint8;
  else if constexpr (std::is_same_v<T, std::uint32_t>) return FieldType::uint32;
  else if constexpr (std::is_same_v<T, std::uint64_t>) return FieldType::uint64;
  else return FieldType::float64;
}

}  // namespace

template <class T>
std::span<const T> SweepFolder::column(std::string_view name) const {
  for (const MappedColumn& each : state_->columns) {
    if (each.column().name != name) continue;
    if (each.column().type != type_of<T>())
      throw Error(fmt::format("{} holds numbers of another type", shown(each.path())));
    // The header is a multiple of 64 bytes and a mapping begins on a page: the numbers are aligned.
    return {reinterpret_cast<const T*>(each.numbers()), state_->grid.cells() * each.column().per_cell};
  }
  throw Error(fmt::format("the sweep in {} keeps no {}", shown(state_->folder), name));
}
template std::span<const std::uint8_t> SweepFolder::column(std::string_view) const;
template std::span<const std::uint32_t> SweepFolder::column(std::string_view) const;
template std::span<const std::uint64_t> SweepFolder::column(std::string_view) const;
template std::span<const double> SweepFolder::column(std::string_view) const;

FinishedTile SweepFolder::tile(std::uint64_t number) const {
  const std::size_t place = number < state_->ledger.place.size() ? state_->ledger.place[number] : 0;
  if (place == 0) throw Error(fmt::format("tile {} of the sweep in {} is not done", number, shown(state_->folder)));
  const LedgerLine& line = state_->ledger.lines[place - 1];
  if (crc_of(state_->columns, header().tiling, number) != line.crc) {
    throw Error(fmt::format(
        "the files in {} do not hold what the ledger says of tile {}, cells {} to {}; sweep --resume computes it again",
        shown(state_->folder), number, header().tiling.first(number),
        header().tiling.first(number) + header().tiling.length(number) - 1));
  }
  FinishedTile result;
  result.tile = number;
  result.steps = line.steps;
  for (const MappedColumn& column : state_->columns) {
    result.columns.push_back(
        std::as_bytes(column.bytes(header().tiling.first(number), header().tiling.length(number))));
  }
  return result;
}

}  // namespace equipoise
