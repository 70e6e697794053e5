// Columns and lock of a sweep's folder, what is written when, and merging.
#include "equipoise/store/sweep_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "equipoise/core/error.hpp"
#include "equipoise/io/npy.hpp"
#include "equipoise/io/text.hpp"
#include "equipoise/store/grid_file.hpp"

namespace equipoise {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view lock_name = ".lock";

std::string shown(const fs::path& path) { return on_one_line(path.string()); }

fs::path grid_path(const fs::path& folder) { return folder / "grid.toml"; }
fs::path ledger_path(const fs::path& folder) { return folder / "ledger.jsonl"; }
fs::path column_path(const fs::path& folder, const Column& column) {
  return folder / fmt::format("{}.npy", column.name);
}

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(const fs::path& path, int flags) : number_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (number_ < 0) throw Error(fmt::format("cannot open {}: {}", shown(path), reason(errno)));
  }
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int number() const { return number_; }

 private:
  int number_ = -1;
};

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

std::vector<std::uint64_t> shape_of(const Grid& grid, const Column& column) {
  std::vector<std::uint64_t> shape = grid.shape();
  if (column.name == "orbit") shape.push_back(column.per_cell);
  return shape;
}

std::string header_of(const Grid& grid, const Column& column) {
  return npy_header(column.type == FieldType::float64 ? 'f' : 'u', bytes_of(column.type), shape_of(grid, column));
}
std::uint64_t bytes_per_cell(const Column& column) { return column.per_cell * bytes_of(column.type); }

// ---- columns, mapped for reading

class MappedColumn {
 public:
  MappedColumn(const fs::path& folder, const Grid& grid, const Column& column)
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
  ~MappedColumn() {
    if (start_ != nullptr) munmap(const_cast<char*>(start_), length_);
  }
  MappedColumn(MappedColumn&& other) noexcept
      : path_(std::move(other.path_)),
        column_(other.column_),
        start_(std::exchange(other.start_, nullptr)),
        offset_(other.offset_),
        length_(other.length_),
        cells_(other.cells_) {}
  MappedColumn& operator=(MappedColumn&&) = delete;

  const Column& column() const { return column_; }
  const fs::path& path() const { return path_; }
  const char* numbers() const { return start_ + offset_; }
  std::span<const char> bytes(std::uint64_t first, std::uint64_t count) const {
    return {numbers() + first * bytes_per_cell(column_), count * bytes_per_cell(column_)};
  }

 private:
  fs::path path_;
  Column column_;
  const char* start_ = nullptr;
  std::uint64_t offset_ = 0, length_ = 0, cells_ = 0;
};

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

}  // namespace

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

// ---- writing

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

// ---- reading

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

// ---- merging

namespace {

std::string missing_shards(const std::vector<SweepFolder>& parts) {
  const std::uint64_t count = parts.front().header().shard.count;
  std::vector<std::string> absent;
  for (std::uint64_t index = 1; index <= count && absent.size() < 8; ++index) {
    const bool there = std::any_of(parts.begin(), parts.end(), [&](const SweepFolder& part) {
      return part.header().shard == Shard{index, count};
    });
    if (!there) absent.push_back(fmt::format("{}/{}", index, count));
  }
  std::string text;
  if (!absent.empty()) text += fmt::format("; no folder holds shard {}", fmt::join(absent, ", "));
  for (const SweepFolder& part : parts) {
    std::uint64_t open = 0;
    for (std::uint64_t tile = 0; tile < part.header().tiling.count(); ++tile)
      open += part.header().shard.has(tile) && part.done()[tile] == 0 ? 1 : 0;
    if (open > 0)
      text += fmt::format("; {} lacks {} of its own (sweep --out {} --resume)", shown(part.path()), open,
                          shown(part.path()));
  }
  return text;
}

}  // namespace

std::uint64_t merge_sweeps(const std::vector<fs::path>& folders, const fs::path& out, bool incomplete,
                           const std::function<bool()>& stop) {
  if (folders.empty()) throw Error("no folder to merge; name those of the shards");
  std::vector<SweepFolder> parts;
  for (const fs::path& folder : folders) parts.emplace_back(folder);
  const SweepFolder& first = parts.front();
  for (const SweepFolder& part : parts) {
    const std::string differs = difference(first.grid(), part.grid());
    if (!differs.empty())
      throw Error(
          fmt::format("{} and {} are no parts of one sweep: {}", shown(first.path()), shown(part.path()), differs));
    if (part.header().matrix != first.header().matrix)
      throw Error(
          fmt::format("{} and {} were computed with different matrices", shown(first.path()), shown(part.path())));
    if (part.header().tiling != first.header().tiling) {
      throw Error(
          fmt::format("{} has tiles of {} cells and {} has tiles of {}; compute them with one version of the program",
                      shown(first.path()), first.header().tiling.size, shown(part.path()), part.header().tiling.size));
    }
  }
  const Tiling tiling = first.header().tiling;
  std::vector<const SweepFolder*> source(tiling.count(), nullptr);
  for (const SweepFolder& part : parts) {
    for (std::uint64_t tile = 0; tile < tiling.count(); ++tile) {
      if (part.done()[tile] != 0 && source[tile] == nullptr) source[tile] = &part;
    }
  }
  const auto missing = static_cast<std::uint64_t>(std::count(source.begin(), source.end(), nullptr));
  if (missing > 0 && !incomplete) {
    throw Error(
        fmt::format("{} of {} tiles are missing{}; compute them, or add --incomplete and let sweep --resume compute "
                    "the rest in the new folder",
                    missing, tiling.count(), missing_shards(parts)));
  }
  // Every checksum before the first byte is written: a damaged part should not leave half a folder.
  for (std::uint64_t tile = 0; tile < tiling.count() && !stop(); ++tile) {
    if (source[tile] != nullptr) source[tile]->tile(tile);
  }
  SweepWriter writer(out, first.grid(), {tiling, {}, first.header().matrix, first.header().sigma1}, false);
  for (std::uint64_t tile = 0; tile < tiling.count() && !stop(); ++tile) {
    if (source[tile] != nullptr) writer.write(source[tile]->tile(tile));
  }
  writer.finish();
  return missing;
}

}  // namespace equipoise
