// Tiles over threads: numbers and vectors by tiny ensembles, matrices by MatrixCells.
#include "equipoise/sweep/sweep.hpp"

#include <fmt/format.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/sweep/cells.hpp"
#include "equipoise/sweep/matrix_cells.hpp"

namespace equipoise {
namespace {

// Cells that are handed to an ensemble at once: runs, ends and the columns stay in the second cache, and the steps at
// the end of a stretch, when lanes run empty, are few beside the others.
constexpr std::uint64_t most_in_a_stretch = 4096;
constexpr std::uint64_t steps_in_a_stretch = std::uint64_t{1} << 31;  // under a second

bool is_set(const std::atomic<bool>* stop) { return stop != nullptr && stop->load(std::memory_order_relaxed); }

std::uint64_t cells_for(std::uint64_t budget, const Grid& grid, std::uint64_t least, std::uint64_t most) {
  const double affordable = static_cast<double>(budget) / std::max(1.0, grid.largest("max_steps"));
  return std::clamp(affordable < static_cast<double>(most) ? static_cast<std::uint64_t>(affordable) : most, least,
                    most);
}

// How many steps of a scalar run a step of a matrix' cell takes the time of in lanes; 0 where it is no small problem.
std::uint64_t scalar_steps_of_a_step(const Grid& grid, Index rows, Index cols) {
  const Shape kept = most_kept(rows, cols, static_cast<Index>(grid.largest("rank")));
  if (!is_small(kept)) return 0;
  return static_cast<std::uint64_t>(std::max<Index>(1, kept.size() * (kept.rank + 1) / 2));
}

bool is_measure(Field field) {
  switch (field) {
    case Field::loss:
    case Field::sharpness:
    case Field::ratio:
    case Field::imbalance:
    case Field::product:
    case Field::norm_x:
    case Field::norm_y:
      return true;
    default:
      return false;
  }
}

// The bytes of a column under way.
class Bytes {
 public:
  Bytes(const Column& column, std::uint64_t cells)
      : per_cell_(column.per_cell * bytes_of(column.type)), bytes_(per_cell_ * cells) {}

  template <class T>
  void put(std::uint64_t cell, T value) {
    std::memcpy(bytes_.data() + cell * sizeof(T), &value, sizeof(T));
  }
  void put_numbers(std::uint64_t cell, std::span<const double> values) {
    std::memcpy(bytes_.data() + cell * per_cell_, values.data(), values.size_bytes());
  }
  std::span<const std::byte> first(std::uint64_t cells) const { return {bytes_.data(), cells * per_cell_}; }

 private:
  std::uint64_t per_cell_;
  std::vector<std::byte> bytes_;
};

template <class Value>
void put_all(Bytes& bytes, std::uint64_t at, std::span<const TinyEnd> ends, const Value& value) {
  for (const TinyEnd& end : ends) bytes.put(at++, value(end));
}

void put_field(Field field, std::span<const TinyEnd> ends, std::span<const double> rates, Bytes& bytes,
               std::uint64_t at) {
  switch (field) {
    case Field::outcome:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return outcome_code(end.outcome); });
    case Field::period:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.period; });
    case Field::steps:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.steps; });
    case Field::loss:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.loss; });
    case Field::sharpness:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.sharpness; });
    case Field::ratio:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.ratio; });
    case Field::imbalance:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.imbalance; });
    case Field::lyapunov:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.lyapunov; });
    case Field::limit:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return static_cast<std::uint8_t>(end.limit); });
    case Field::product:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.product; });
    case Field::norm_x:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.norm_x; });
    case Field::norm_y:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.norm_y; });
    case Field::multiplier:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.multiplier; });
    case Field::lyapunov_error:
      return put_all(bytes, at, ends, [](const TinyEnd& end) { return end.lyapunov_error; });
    case Field::learning_rate:
      for (const double rate : rates) bytes.put(at++, rate);
  }
}

// What every tile of a sweep shares.
struct Shared {
  GridCells cells;
  std::vector<Column> columns;
  std::string target;
  bool measures = false;
  const SweptMatrix* matrix;
  std::uint64_t stretch = 1;
  const std::atomic<bool>* stop;

  bool keeps(Field field) const {
    const std::vector<Field>& kept = cells.grid().fields;
    return std::find(kept.begin(), kept.end(), field) != kept.end();
  }
};

// One thread's desk.
class Desk {
 public:
  Desk(const Shared& shared, std::uint64_t most_cells) : shared_(shared) {
    for (const Column& column : shared.columns) bytes_.emplace_back(column, most_cells);
    const std::uint64_t room = std::min(shared.stretch, most_cells);
    if (grid().output == OutputKind::orbit) {
      runs_.resize(room);
      orbits_.resize(room * grid().last);
      exponents_.resize(room);
    } else {
      ends_.resize(room);
      rates_.resize(room);
    }
    if (grid().kind == GridKind::matrix) {
      matrix_.emplace(shared.cells, *shared.matrix,
                      MatrixCells::Settings{shared.target, shared.measures, shared.keeps(Field::sharpness),
                                            shared.keeps(Field::product), shared.stop});
    }
  }

  /// False where `stop` said so.
  bool compute(std::uint64_t first, std::uint64_t length, FinishedTile& result) {
    result.steps = 0;
    for (std::uint64_t at = 0; at < length; at += shared_.stretch) {
      const std::uint64_t count = std::min(shared_.stretch, length - at);
      if (is_set(shared_.stop)) return false;
      if (grid().output == OutputKind::orbit) {
        result.steps += orbits(first + at, count, at);
        continue;
      }
      const std::span<TinyEnd> ends = std::span(ends_).first(count);
      const std::span<double> rates = std::span(rates_).first(count);
      if (!run_cells(first + at, ends, rates)) return false;
      for (std::size_t column = 0; column < bytes_.size(); ++column)
        put_field(grid().fields[column], ends, rates, bytes_[column], at);
      for (const TinyEnd& end : ends) result.steps += end.steps;
    }
    result.columns.clear();
    for (const Bytes& each : bytes_) result.columns.push_back(each.first(length));
    return true;
  }

 private:
  const Grid& grid() const { return shared_.cells.grid(); }

  // The ends of the cells from `first` on, and their learning rates; false where `stop` said so.
  bool run_cells(std::uint64_t first, std::span<TinyEnd> ends, std::span<double> rates) {
    if (matrix_) return matrix_->run(first, ends, rates);
    const BatchSettings settings{shared_.target, shared_.measures, shared_.stop};
    if (const std::optional<TinyColumns> columns = shared_.cells.columns(first, ends.size(), room_)) {
      run_batch(*columns, ends, settings);
      for (std::uint64_t i = 0; i < ends.size(); ++i)
        rates[i] = columns->h != nullptr ? columns->h[i] : columns->shared.h;
    } else {
      runs_.resize(ends.size());
      shared_.cells.runs(first, runs_);
      run_batch(runs_, ends, settings);
      for (std::uint64_t i = 0; i < ends.size(); ++i) rates[i] = runs_[i].h;
    }
    return !is_set(shared_.stop);  // otherwise some ends may not have been reached
  }

  // Orbits and exponents of `count` cells; the steps that were taken.
  std::uint64_t orbits(std::uint64_t first, std::uint64_t count, std::uint64_t at) {
    const std::span<double> values = std::span(orbits_).first(count * grid().last);
    const std::span<double> exponents = std::span(exponents_).first(count);
    std::uint64_t steps = 0;
    if (matrix_) {
      steps = matrix_->orbits(first, grid().last, values, exponents);
    } else {
      const std::span<TinyRun> runs = std::span(runs_).first(count);
      shared_.cells.runs(first, runs);
      record_orbits(runs, grid().last, values, {shared_.target, true, nullptr});
      lyapunov_exponents(runs, exponents);
      for (const TinyRun& run : runs) steps += run.max_steps;
    }
    bytes_[0].put_numbers(at, values);
    bytes_[1].put_numbers(at, exponents);
    return steps;
  }

  const Shared& shared_;
  std::vector<Bytes> bytes_;
  std::vector<TinyRun> runs_;
  std::vector<std::vector<double>> room_;
  std::vector<TinyEnd> ends_;
  std::vector<double> rates_;
  std::vector<double> orbits_, exponents_;
  std::optional<MatrixCells> matrix_;
};

void require_target(const std::string& target) {
  // An empty batch checks the name and does nothing else.
  run_batch(std::span<const TinyRun>(), {}, {target, false, nullptr});
}

}  // namespace

std::vector<Column> columns(const Grid& grid) {
  if (grid.output == OutputKind::orbit)
    return {{"orbit", FieldType::float64, grid.last}, {"lyapunov", FieldType::float64, 1}};
  std::vector<Column> result;
  for (const Field field : grid.fields) result.push_back({info(field).name, info(field).type, 1});
  return result;
}

Tiling usual_tiling(const Grid& grid, Index rows, Index cols) {
  const std::uint64_t cells = grid.cells();
  const std::uint64_t share = cells / 64;  // enough tiles for the threads of one machine
  std::uint64_t size = 1;
  const std::uint64_t in_lanes = grid.kind == GridKind::matrix ? scalar_steps_of_a_step(grid, rows, cols) : 1;
  if (in_lanes == 0) {
    size = std::clamp<std::uint64_t>(share / 4, 1, 64);
  } else if (grid.output == OutputKind::orbit) {
    const std::uint64_t by_memory = std::max<std::uint64_t>(1, (std::uint64_t{1} << 20) / grid.last);
    size = std::min(
        {cells_for(steps_in_a_stretch / 16 / in_lanes, grid, 1, 65536), by_memory, std::max<std::uint64_t>(share, 1)});
  } else if (grid.kind == GridKind::matrix) {
    size = std::min(cells_for(2 * steps_in_a_stretch / in_lanes, grid, 64, most_in_a_stretch),
                    std::max<std::uint64_t>(share, 64));
  } else {
    size = std::min(cells_for(2 * steps_in_a_stretch, grid, 256, 65536), std::max<std::uint64_t>(share, 256));
  }
  return {cells, std::bit_floor(size)};
}

SweepTotals sweep(const Grid& grid, const SweptMatrix* A, const Tiling& tiling, const Shard& shard,
                  std::span<const std::uint8_t> done, const SweepSettings& settings,
                  const std::function<void(const FinishedTile&)>& finished, const std::atomic<bool>* stop) {
  if (resolved(grid) != grid) throw Error("the grid is not resolved; resolved() puts in what was left out");
  if (tiling.cells != grid.cells() || tiling.size == 0)
    throw Error(fmt::format("the tiling is of {} cells in tiles of {}, the grid has {}", tiling.cells, tiling.size,
                            grid.cells()));
  if (shard.index < 1 || shard.index > shard.count)
    throw Error(fmt::format("there is no shard {} of {}; they are counted from 1", shard.index, shard.count));
  if (done.size() != tiling.count())
    throw Error(fmt::format("{} tiles are known to be done or not, the grid has {}", done.size(), tiling.count()));
  if (settings.threads < 0) throw Error(fmt::format("{} threads cannot compute; write 0 for all", settings.threads));
  require_target(settings.target);

  Shared shared{GridCells(grid), columns(grid), settings.target, false, A, 1, stop};
  for (const Field field : grid.fields) shared.measures = shared.measures || is_measure(field);
  if (grid.kind == GridKind::matrix) {
    if (A == nullptr) throw Error("a grid of kind matrix needs its matrix");
    if (grid.output == OutputKind::orbit) require_orbits(grid, *A);
    shared.stretch = tiling.size;
  } else if (grid.output == OutputKind::orbit) {
    shared.stretch = std::min(cells_for(steps_in_a_stretch / 16, grid, 1, most_in_a_stretch),
                              std::max<std::uint64_t>(1, (std::uint64_t{1} << 20) / grid.last));
  } else {
    shared.stretch = most_in_a_stretch;
  }

  std::atomic<std::uint64_t> next = 0, tiles = 0, cells = 0, steps = 0;
  std::atomic<bool> stopped = false, failed = false;
  const auto work = [&] {
    std::optional<Desk> desk;  // a thread that finds nothing to do needs no room
    FinishedTile result;
    while (!stopped && !failed) {
      const std::uint64_t tile = next++;
      if (tile >= tiling.count()) return;
      if (done[tile] != 0 || !shard.has(tile)) continue;
      if (!desk) desk.emplace(shared, std::min(tiling.size, tiling.cells));
      result.tile = tile;
      if (!desk->compute(tiling.first(tile), tiling.length(tile), result)) {
        stopped = true;
        return;
      }
      finished(result);
      ++tiles;
      cells += tiling.length(tile);
      steps += result.steps;
    }
  };
  // Tiles are taken in order by as many loops as there are threads, rather than cut by halves: what is finished is
  // then nearly one piece.
  const int most = available_threads();
  const int loops = settings.threads == 0 ? most : std::min(settings.threads, most);
  in_parallel_apart(static_cast<std::size_t>(loops), loops, [&](std::size_t) {
    try {
      work();
    } catch (...) {
      failed = true;
      throw;
    }
  });
  return {tiles, cells, steps, stopped};
}

}  // namespace equipoise
