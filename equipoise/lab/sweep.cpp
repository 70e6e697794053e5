// Tiles over threads: tiny runs by the batch, matrices by run() in coordinates that are found once.
#include "equipoise/lab/sweep.hpp"

#include <fmt/format.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/units.hpp"
#include "equipoise/lab/grid_cells.hpp"
#include "equipoise/problems/spectral.hpp"

namespace equipoise {
namespace {

// Cells that are handed to the batch at once: runs, ends and the columns stay in the second cache, and the steps at the
// end of a stretch, when lanes run empty, are few beside the others.
constexpr std::uint64_t most_in_a_stretch = 4096;
constexpr std::uint64_t steps_in_a_stretch = std::uint64_t{1} << 31;  // under a second

bool is_set(const std::atomic<bool>* stop) { return stop != nullptr && stop->load(std::memory_order_relaxed); }

double extreme_max_steps(const Grid& grid) {
  double most = grid.fixed_value("max_steps").value_or(0);
  for (const Axis& axis : grid.axes) {
    if (axis.key != "max_steps") continue;
    for (const double value : axis.values()) most = std::max(most, value);
  }
  return most;
}

std::uint64_t cells_for(std::uint64_t budget, const Grid& grid, std::uint64_t least, std::uint64_t most) {
  const double affordable = static_cast<double>(budget) / std::max(1.0, extreme_max_steps(grid));
  return std::clamp(affordable < static_cast<double>(most) ? static_cast<std::uint64_t>(affordable) : most, least,
                    most);
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

// A cell of a matrix, with what it shares with the cell before: most neighbours differ in the rate alone.
class MatrixCells {
 public:
  MatrixCells(const GridCells& cells, const SpectralBasis& basis, Units units, bool needs_product)
      : cells_(cells), basis_(basis), units_(units), needs_product_(needs_product) {}

  /// Nothing where `stop` said so. `rate` becomes the learning rate.
  std::optional<TinyEnd> operator()(std::uint64_t cell, const std::atomic<bool>* stop, double& rate) {
    const Key key{cells_.value("rank", cell), cells_.value("seed", cell), cells_.value("norm_x", cell),
                  cells_.value("norm_y", cell)};
    if (!known_ || !same(key, key_)) prepare(key);
    RunSettings settings;
    settings.max_steps = static_cast<std::uint64_t>(cells_.value("max_steps", cell));
    settings.tolerance = cells_.value("tolerance", cell);
    settings.sample_every = static_cast<std::uint64_t>(9e15);  // nobody looks at the samples
    double h = units_.rate(cells_.value("h", cell));
    if (std::isnan(h)) h = known_->sharpness.value > 0 ? cells_.value("times_L", cell) / known_->sharpness.value : 1;
    Watch watch;
    watch.known = known_;
    watch.pulse = [stop](std::uint64_t) { return !is_set(stop); };
    const Record record =
        in_users_units(equipoise::run(*coordinates_.problem, coordinates_.start, h, settings, watch), units_);
    if (record.verdict.outcome == Outcome::stopped) return std::nullopt;
    rate = record.learning_rate;
    TinyEnd end = tiny_end(record);
    end.product = nan;
    if (needs_product_ && coordinates_.left.rows() == coordinates_.right.rows()) {
      const Factors last = coordinates_.restore(record.last);
      end.product = last.X().cwiseProduct(last.Y()).sum();
    }
    return end;
  }

 private:
  struct Key {
    double rank, seed, norm_x, norm_y;
  };
  static bool same(const Key& a, const Key& b) {
    return std::memcmp(&a, &b, sizeof(Key)) == 0;
  }  // a norm that is not given is NaN

  void prepare(const Key& key) {
    const Shape shape{basis_.left.rows(), basis_.right.rows(), static_cast<Index>(key.rank)};
    // As gaussian_start() has it where no norms are given.
    const double usual = basis_.values.size() > 0 ? std::sqrt(basis_.values[0]) : 1;
    const auto norm = [&](double given) { return std::isnan(given) ? usual : units_.factor(given); };
    const Factors start =
        with_norms(gaussian_factors(shape, static_cast<std::uint64_t>(key.seed)), norm(key.norm_x), norm(key.norm_y));
    coordinates_ = spectral_coordinates(basis_, start);
    known_ = measure_start(*coordinates_.problem, coordinates_.start);
    key_ = key;
  }

  const GridCells& cells_;
  const SpectralBasis& basis_;
  Units units_;
  bool needs_product_;
  Key key_{};
  SpectralCoordinates coordinates_;
  std::optional<StartMeasures> known_;
};

// What every tile of a sweep shares.
struct Shared {
  GridCells cells;
  std::vector<Column> columns;
  std::string target;
  bool measures = false;
  SpectralBasis basis;
  Units units;
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
    if (grid().kind == GridKind::matrix)
      matrix_.emplace(shared.cells, shared.basis, shared.units, shared.keeps(Field::product));
  }

  /// False where `stop` said so.
  bool compute(std::uint64_t first, std::uint64_t length, FinishedTile& result) {
    result.steps = 0;
    for (std::uint64_t at = 0; at < length; at += shared_.stretch) {
      const std::uint64_t count = std::min(shared_.stretch, length - at);
      if (is_set(shared_.stop)) return false;
      if (grid().output == OutputKind::orbit) {
        const std::span<TinyRun> runs = std::span(runs_).first(count);
        shared_.cells.runs(first + at, runs);
        orbit(runs, at);
        for (const TinyRun& run : runs) result.steps += run.max_steps;
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
    const BatchSettings settings{shared_.target, shared_.measures, shared_.stop};
    if (matrix_) {
      for (std::uint64_t i = 0; i < ends.size(); ++i) {
        const std::optional<TinyEnd> end = (*matrix_)(first + i, shared_.stop, rates[i]);
        if (!end) return false;
        ends[i] = *end;
      }
      return true;
    }
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

  void orbit(std::span<const TinyRun> runs, std::uint64_t at) {
    const std::span<double> orbits = std::span(orbits_).first(runs.size() * grid().last);
    const std::span<double> exponents = std::span(exponents_).first(runs.size());
    record_orbits(runs, grid().last, orbits, {shared_.target, true, nullptr});
    lyapunov_exponents(runs, exponents);
    bytes_[0].put_numbers(at, orbits);
    bytes_[1].put_numbers(at, exponents);
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

Tiling usual_tiling(const Grid& grid) {
  const std::uint64_t cells = grid.cells();
  const std::uint64_t share = cells / 64;  // enough tiles for the threads of one machine
  std::uint64_t size = 1;
  if (grid.kind == GridKind::matrix) {
    size = std::clamp<std::uint64_t>(share / 4, 1, 64);
  } else if (grid.output == OutputKind::orbit) {
    const std::uint64_t by_memory = std::max<std::uint64_t>(1, (std::uint64_t{1} << 20) / grid.last);
    size = std::min({cells_for(steps_in_a_stretch / 16, grid, 1, 65536), by_memory, std::max<std::uint64_t>(share, 1)});
  } else {
    size = std::min(cells_for(2 * steps_in_a_stretch, grid, 256, 65536), std::max<std::uint64_t>(share, 256));
  }
  return {cells, std::bit_floor(size)};
}

SweepTotals sweep(const Grid& grid, const Matrix* A, const Tiling& tiling, const Shard& shard,
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

  Shared shared{GridCells(grid), columns(grid), settings.target, false, {}, {}, 1, stop};
  for (const Field field : grid.fields) shared.measures = shared.measures || is_measure(field);
  if (grid.kind == GridKind::matrix) {
    if (A == nullptr || A->size() == 0) throw Error("a grid of kind matrix needs its matrix, with at least one entry");
    if (!A->allFinite()) throw Error("the matrix has an entry that is not finite; every entry must be a number");
    shared.units = natural_units(A->cwiseAbs().maxCoeff(), 0);
    shared.basis = spectral_basis(A->unaryExpr([&](double entry) { return shared.units.matrix(entry); }));
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
  const int most = tbb::info::default_concurrency();  // more than there are would be refused with a warning
  tbb::task_arena arena(settings.threads == 0 ? most : std::min(settings.threads, most));
  arena.execute([&] {
    // Tiles are taken in order by as many loops as there are threads, rather than cut by halves: what is finished is
    // then nearly one piece.
    tbb::parallel_for(
        0, arena.max_concurrency(), 1,
        [&](int) {
          try {
            tbb::this_task_arena::isolate(work);
          } catch (...) {
            failed = true;
            throw;
          }
        },
        tbb::simple_partitioner());
  });
  return {tiles, cells, steps, stopped};
}

}  // namespace equipoise
