// Writing a sweep's folder: what is reserved, written, forced to the disk and listed, in which order.
//
// Tested in equipoise/store/sweep_folder_test.cpp
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/io/files.hpp"
#include "equipoise/io/text.hpp"
#include "equipoise/store/grid_file.hpp"
#include "equipoise/store/sweep_columns.hpp"
#include "equipoise/store/sweep_folder.hpp"

namespace equipoise {

namespace fs = std::filesystem;
using namespace sweep_files;

namespace {

constexpr std::string_view lock_name = ".lock";

void write_all(const Descriptor& file, const fs::path& path, std::span<const char> bytes, std::uint64_t at) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file.number(), bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw Error(
          fmt::format("cannot write {}: {}; what the ledger lists is safe, and --resume goes on once there is room",
                      shown(path), reason(errno)));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    at += static_cast<std::uint64_t>(written);
  }
}

void force(const Descriptor& file, const fs::path& path) {
  if (fdatasync(file.number()) != 0)
    throw Error(fmt::format("cannot force {} to the disk: {}", shown(path), reason(errno)));
}

// New names reach the disk with their folder.
void force_folder(const fs::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

}  // namespace

struct SweepWriter::State {
  fs::path folder;
  Grid grid;
  LedgerHeader header;
  std::vector<Column> columns;
  std::vector<Descriptor> files;
  std::vector<std::uint64_t> offsets;  // of the first number in each file
  Descriptor lock, ledger;
  bool locked = true;
  std::uint64_t ledger_length = 0;
  std::vector<std::uint8_t> done;
  std::uint64_t damaged = 0;

  // Lines whose bytes are written wait here until the keeper has forced the files. It takes all that wait at once, so
  // that a slow disk costs fewer, larger forcings and never holds up the threads that compute.
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<LedgerLine> waiting;
  bool keeping = false, closing = false;
  std::exception_ptr failure;
  std::thread keeper;

  void begin_folder();
  void go_on_in_folder();
  void keep();
  void rethrow_failure() const {
    if (failure) std::rethrow_exception(failure);
  }
  void create_files();
  void open_files();
  void reserve(std::size_t column);
};

void SweepWriter::State::keep() {
  std::unique_lock hold(mutex);
  while (true) {
    changed.wait(hold, [&] { return !waiting.empty() || closing; });
    if (waiting.empty()) return;
    std::vector<LedgerLine> lines = std::exchange(waiting, {});
    keeping = true;
    hold.unlock();
    std::exception_ptr caught;
    try {
      for (std::size_t i = 0; i < files.size(); ++i) force(files[i], column_path(folder, columns[i]));
      std::string text;
      for (const LedgerLine& line : lines) text += tile_line(line);
      write_all(ledger, ledger_path(folder), text, ledger_length);
      force(ledger, ledger_path(folder));
      ledger_length += text.size();
    } catch (...) {
      caught = std::current_exception();
    }
    hold.lock();
    keeping = false;
    if (caught) failure = caught;
    changed.notify_all();
    if (failure) return;
  }
}

// Room for the tiles of this shard, so that a full disk shows now and not after a night.
void SweepWriter::State::reserve(std::size_t column) {
  const fs::path path = column_path(folder, columns[column]);
  const std::uint64_t per_cell = bytes_per_cell(columns[column]);
  const auto take = [&](std::uint64_t first_cell, std::uint64_t cells) {
    const int error =
        posix_fallocate(files[column].number(), static_cast<off_t>(offsets[column] + first_cell * per_cell),
                        static_cast<off_t>(cells * per_cell));
    if (error != 0 && error != EINVAL && error != EOPNOTSUPP) {
      throw Error(fmt::format("cannot reserve {} bytes for {}: {}", cells * per_cell, shown(path), reason(error)));
    }
  };
  if (header.shard.count == 1) {
    take(0, header.tiling.cells);
    return;
  }
  for (std::uint64_t tile = header.shard.index - 1; tile < header.tiling.count(); tile += header.shard.count) {
    take(header.tiling.first(tile), header.tiling.length(tile));
  }
}

void SweepWriter::State::create_files() {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const fs::path path = column_path(folder, columns[i]);
    files.emplace_back(path, O_RDWR | O_CREAT | O_TRUNC);
    const std::string begin = header_of(grid, columns[i]);
    offsets.push_back(begin.size());
    const std::uint64_t size = begin.size() + header.tiling.cells * bytes_per_cell(columns[i]);
    write_all(files[i], path, begin, 0);
    if (ftruncate(files[i].number(), static_cast<off_t>(size)) != 0) {
      throw Error(fmt::format("cannot make {} {} bytes long: {}", shown(path), size, reason(errno)));
    }
    reserve(i);
    force(files[i], path);
  }
}

void SweepWriter::State::open_files() {
  map_columns(folder, grid);  // sizes and headers
  for (std::size_t i = 0; i < columns.size(); ++i) {
    files.emplace_back(column_path(folder, columns[i]), O_RDWR);
    offsets.push_back(header_of(grid, columns[i]).size());
    reserve(i);
  }
}

// Before the first line of the ledger nothing is lost by making everything anew: a process that was killed here has
// computed nothing.
void SweepWriter::State::begin_folder() {
  save_text(grid_path(folder), grid_toml(grid));
  try {
    create_files();
    force_folder(folder);
    save_text(ledger_path(folder), header_line(header));
  } catch (...) {
    // A disk that is too small should not stay full.
    std::error_code ignored;
    for (const Column& column : columns) fs::remove(column_path(folder, column), ignored);
    for (const fs::path& path : {ledger_path(folder), grid_path(folder), folder / lock_name, folder})
      fs::remove(path, ignored);
    throw;
  }
  done.assign(header.tiling.count(), 0);
  ledger = Descriptor(ledger_path(folder), O_RDWR);
  ledger_length = header_line(header).size();
}

void SweepWriter::State::go_on_in_folder() {
  const std::string differs = difference(load_grid(grid_path(folder)), grid);
  if (!differs.empty())
    throw Error(
        fmt::format("the sweep in {} is another one: {} (the folder's is named first); give --out another folder",
                    shown(folder), differs));
  const Ledger before = read_ledger(ledger_path(folder), grid.cells());
  if (before.header.shard != header.shard) {
    throw Error(fmt::format("{} holds shard {}/{}, not {}/{}; give each shard a folder of its own", shown(folder),
                            before.header.shard.index, before.header.shard.count, header.shard.index,
                            header.shard.count));
  }
  if (before.header.matrix != header.matrix)
    throw Error(
        fmt::format("the matrix {} is not the one that the sweep in {} began with", grid.matrix, shown(folder)));
  header = before.header;  // its tiling goes on
  open_files();
  done.assign(header.tiling.count(), 0);
  const std::vector<MappedColumn> mapped = map_columns(folder, grid);
  for (const LedgerLine& line : before.lines) {
    const bool sound = crc_of(mapped, header.tiling, line.tile) == line.crc;
    done[line.tile] = sound ? 1 : 0;
    if (!sound) ++damaged;
  }
  ledger = Descriptor(ledger_path(folder), O_RDWR);
  // A torn line goes, so that what follows begins on a line of its own.
  if (ftruncate(ledger.number(), static_cast<off_t>(before.length)) != 0)
    throw Error(fmt::format("cannot write {}: {}", shown(ledger_path(folder)), reason(errno)));
  ledger_length = before.length;
}

SweepWriter::SweepWriter(const fs::path& folder, const Grid& grid, const LedgerHeader& header, bool resume)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.folder = folder;
  state.grid = grid;
  state.header = header;
  state.columns = columns(grid);
  make_folder(folder);
  if (holds_sweep(folder)) {
    if (!resume)
      throw Error(fmt::format("{} holds a sweep already; add --resume to go on with it, or give --out another folder",
                              shown(folder)));
  } else {
    for (const Column& column : state.columns) {
      const fs::path path = column_path(folder, column);
      if (fs::exists(path))
        throw Error(fmt::format("{} is there already and belongs to no sweep; give --out another folder", shown(path)));
    }
  }
  const fs::path lock = folder / lock_name;
  state.lock = Descriptor(lock, O_RDWR | O_CREAT);
  if (flock(state.lock.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      throw Error(fmt::format("another process is writing the sweep in {}; wait for it, or give --out another folder",
                              shown(folder)));
    // Some shared file systems know no locks. A sweep there is as good; only the mistake of two writers goes unnoticed.
    if (errno != ENOSYS && errno != EOPNOTSUPP && errno != ENOLCK)
      throw Error(fmt::format("cannot lock {}: {}", shown(lock), reason(errno)));
    state.locked = false;
  }
  if (fs::exists(ledger_path(folder))) {
    state.go_on_in_folder();
  } else {
    state.begin_folder();
  }
  state.keeper = std::thread([&state] { state.keep(); });
}

SweepWriter::~SweepWriter() {
  {
    const std::lock_guard hold(state_->mutex);
    state_->closing = true;
  }
  state_->changed.notify_all();
  if (state_->keeper.joinable()) state_->keeper.join();
}

const LedgerHeader& SweepWriter::header() const { return state_->header; }
std::span<const std::uint8_t> SweepWriter::done() const { return state_->done; }
std::uint64_t SweepWriter::damaged() const { return state_->damaged; }
bool SweepWriter::locked() const { return state_->locked; }

void SweepWriter::write(const FinishedTile& tile) {
  State& state = *state_;
  {
    const std::lock_guard hold(state.mutex);
    state.rethrow_failure();
  }
  std::uint32_t crc = 0;
  for (std::size_t i = 0; i < state.columns.size(); ++i) {
    const std::span<const char> bytes{reinterpret_cast<const char*>(tile.columns[i].data()), tile.columns[i].size()};
    crc = crc_of(crc, bytes.data(), bytes.size());
    write_all(state.files[i], column_path(state.folder, state.columns[i]), bytes,
              state.offsets[i] + state.header.tiling.first(tile.tile) * bytes_per_cell(state.columns[i]));
  }
  {
    const std::lock_guard hold(state.mutex);
    state.waiting.push_back({tile.tile, crc, tile.steps});
  }
  state.changed.notify_all();
}

void SweepWriter::finish() {
  std::unique_lock hold(state_->mutex);
  state_->changed.wait(hold, [&] { return state_->failure || (state_->waiting.empty() && !state_->keeping); });
  state_->rethrow_failure();
}

}  // namespace equipoise
