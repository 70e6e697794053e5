// Starts drawn once a seed, coordinates found once a start, families once a rank.
#include "equipoise/sweep/matrix_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/ensemble/small/ensemble.hpp"
#include "equipoise/solve/measures.hpp"

namespace equipoise {
namespace {

constexpr std::size_t most_starts = 4096;  // kept until a stretch ends with more

// What a cell is made of, in run units; a norm that is not given is that of gaussian_start().
struct CellNumbers {
  double rank, seed, norm_x, norm_y, max_steps, tolerance, h, times_L;
};

TinyEnd end_in_users_units(TinyEnd end, Units units) {
  if (units.exponent == 0) return end;
  end.loss = std::scalbn(end.loss, 4 * units.exponent);
  for (double* const each : {&end.sharpness, &end.imbalance, &end.product}) *each = units.matrix_to_users(*each);
  for (double* const each : {&end.norm_x, &end.norm_y}) *each = units.factor_to_users(*each);
  return end;
}

// One start in spectral coordinates, both factors of length 1; the bases are left out.
struct Start {
  SpectralCoordinates coordinates;
  SmallStart small;
};

}  // namespace

SweptMatrix swept_matrix(const Matrix& A) {
  if (A.size() == 0) throw Error("a grid of kind matrix needs its matrix, with at least one entry");
  if (!A.allFinite()) throw Error("the matrix has an entry that is not finite; every entry must be a number");
  SweptMatrix result;
  result.units = natural_units(A.cwiseAbs().maxCoeff(), 0);
  result.basis = spectral_basis(A.unaryExpr([&](double entry) { return result.units.matrix(entry); }));
  return result;
}

Shape most_kept(Index rows, Index cols, Index rank) {
  const Index least = std::min(rows, cols);
  const Shape kept{std::min(rows, least + rank), std::min(cols, least + rank), rank};
  return {kept.rows, kept.cols, std::min(rank, kept.rows + kept.cols + 1)};
}

class MatrixCells::Work {
 public:
  Work(const GridCells& cells, const SweptMatrix& matrix, Settings settings)
      : cells_(cells), matrix_(matrix), settings_(std::move(settings)) {
    for (const auto& [key, member] : members) {
      for (std::size_t axis = 0; axis < cells.grid().axes.size(); ++axis) {
        if (cells.grid().axes[axis].key == key) moving_.emplace_back(axis, member);
      }
      fixed_.*member = cells.grid().fixed_value(key).value_or(nan);
    }
  }

  bool run(std::uint64_t first, std::span<TinyEnd> ends, std::span<double> rates) {
    for (std::size_t at = 0; at < ends.size();) {
      const CellNumbers numbers = numbers_of(first + at);
      Start& start = start_of(numbers);
      if (!is_small(start.coordinates.start.shape())) {
        if (!run_alone(numbers, start, ends[at], rates[at])) return false;
        ++at;
        continue;
      }
      const std::size_t count = take_small_runs(first + at, ends.size() - at, start);
      SmallSettings small{settings_.target, settings_.measures, settings_.sharpness, settings_.stop};
      run_small_batch(family_of(numbers.rank, start), runs_, ends.subspan(at, count), small);
      if (stopped()) return false;
      for (std::size_t i = 0; i < count; ++i) {
        ends[at + i] = end_in_users_units(ends[at + i], matrix_.units);
        rates[at + i] = std::scalbn(runs_[i].h, -2 * matrix_.units.exponent);
      }
      at += count;
    }
    forget();
    return true;
  }

  std::uint64_t orbits(std::uint64_t first, std::size_t last, std::span<double> values, std::span<double> exponents) {
    std::uint64_t steps = 0;
    for (std::size_t at = 0; at < exponents.size();) {
      const CellNumbers numbers = numbers_of(first + at);
      Start& start = start_of(numbers);
      const std::size_t count = take_small_runs(first + at, exponents.size() - at, start);
      const SmallFamily& family = family_of(numbers.rank, start);
      const std::span<double> room = values.subspan(at * last, count * last);
      record_small_orbits(family, runs_, last, room, {settings_.target});
      small_lyapunov_exponents(family, runs_, exponents.subspan(at, count), {settings_.target});
      for (double& value : room) value = matrix_.units.matrix_to_users(value);
      for (const SmallRun& run : runs_) steps += run.max_steps;
      at += count;
    }
    forget();
    return steps;
  }

 private:
  static constexpr std::pair<std::string_view, double CellNumbers::*> members[] = {
      {"rank", &CellNumbers::rank},     {"seed", &CellNumbers::seed},           {"norm_x", &CellNumbers::norm_x},
      {"norm_y", &CellNumbers::norm_y}, {"max_steps", &CellNumbers::max_steps}, {"tolerance", &CellNumbers::tolerance},
      {"h", &CellNumbers::h},           {"times_L", &CellNumbers::times_L}};

  bool stopped() const { return settings_.stop != nullptr && settings_.stop->load(std::memory_order_relaxed); }

  CellNumbers numbers_of(std::uint64_t cell) const {
    CellNumbers numbers = fixed_;
    const std::vector<std::uint64_t> place = cells_.grid().place(cell);
    for (const auto& [axis, member] : moving_) numbers.*member = cells_.axis_values(axis)[place[axis]];
    const Units units = matrix_.units;
    const double usual = matrix_.basis.values.size() > 0 ? std::sqrt(matrix_.basis.values[0]) : 1;
    for (double* const norm : {&numbers.norm_x, &numbers.norm_y})
      *norm = std::isnan(*norm) ? usual : units.factor(*norm);
    numbers.h = units.rate(numbers.h);
    return numbers;
  }

  Start& start_of(const CellNumbers& numbers) {
    const std::pair key{numbers.rank, numbers.seed};
    const auto known = starts_.find(key);
    if (known == starts_.end()) {
      const Shape shape{matrix_.basis.left.rows(), matrix_.basis.right.rows(), static_cast<Index>(numbers.rank)};
      const Factors drawn = with_norms(gaussian_factors(shape, static_cast<std::uint64_t>(numbers.seed)), 1, 1);
      auto made = std::make_unique<Start>();
      SpectralCoordinates& coordinates = made->coordinates;
      coordinates = spectral_coordinates(matrix_.basis, drawn);
      made->small.factors = coordinates.start;
      if (settings_.product && shape.rows == shape.cols)
        made->small.overlap = coordinates.left.transpose() * coordinates.right;
      // The bases are as long as A, and of no more use.
      coordinates.left = coordinates.right = Matrix();
      if (!is_small(coordinates.start.shape())) starts_.clear();  // one at a time: they can be large
      return *(starts_[key] = std::move(made));
    }
    return *known->second;
  }

  // What runs of a rank share, made from the first of their starts.
  const SmallFamily& family_of(double rank, const Start& start) {
    std::unique_ptr<Family>& family = families_[rank];
    if (family == nullptr) {
      const SpectralCoordinates& coordinates = start.coordinates;
      const Shape shape = coordinates.start.shape();
      std::unique_ptr<Problem> problem =
          spectral_problem(coordinates.values, shape.rows, shape.cols, coordinates.squares_at_rest);
      SmallFamily small(*problem, shape, coordinates.values, coordinates.squares_at_rest);
      family = std::make_unique<Family>(Family{std::move(problem), std::move(small)});
    }
    return family->small;
  }

  // The runs of the cells from `first` on, at most `most`, as long as they have the same rank.
  std::size_t take_small_runs(std::uint64_t first, std::size_t most, Start& start) {
    runs_.clear();
    Start* at = &start;
    CellNumbers before = numbers_of(first);
    for (std::size_t i = 0; i < most; ++i) {
      const CellNumbers numbers = numbers_of(first + i);
      if (numbers.rank != before.rank) break;
      if (numbers.seed != before.seed) at = &start_of(numbers);
      SmallRun run;
      run.start = &at->small;
      run.scale_x = numbers.norm_x;
      run.scale_y = numbers.norm_y;
      run.h = rate_of(numbers, *at);
      run.max_steps = static_cast<std::uint64_t>(numbers.max_steps);
      run.tolerance = numbers.tolerance;
      runs_.push_back(run);
      before = numbers;
    }
    return runs_.size();
  }

  Factors scaled(const CellNumbers& numbers, const Start& start) const {
    Factors result = start.coordinates.start;
    result.X() *= numbers.norm_x;
    result.Y() *= numbers.norm_y;
    return result;
  }

  static double rate_at(const CellNumbers& numbers, double L) {
    if (!std::isnan(numbers.h)) return numbers.h;
    return L > 0 ? numbers.times_L / L : 1;
  }
  // A multiple of 1/L needs the sharpness at the start, once for all rates.
  double rate_of(const CellNumbers& numbers, const Start& start) {
    if (!std::isnan(numbers.h)) return numbers.h;
    const std::array<double, 4> key{numbers.rank, numbers.seed, numbers.norm_x, numbers.norm_y};
    if (!sharpness_ || key != sharpness_key_) {
      sharpness_ = sharpness(*start.coordinates.problem, scaled(numbers, start)).value;
      sharpness_key_ = key;
    }
    return rate_at(numbers, *sharpness_);
  }

  // False where `stop` said so.
  bool run_alone(const CellNumbers& numbers, const Start& start, TinyEnd& end, double& rate) {
    const Factors from = scaled(numbers, start);
    const std::array<double, 4> key{numbers.rank, numbers.seed, numbers.norm_x, numbers.norm_y};
    if (!known_ || key != known_key_) {
      known_ = measures_for_a_run(*start.coordinates.problem, from);
      known_key_ = key;
    }
    RunSettings settings;
    settings.max_steps = static_cast<std::uint64_t>(numbers.max_steps);
    settings.tolerance = numbers.tolerance;
    settings.sample_every = static_cast<std::uint64_t>(9e15);  // nobody looks at the samples
    const double h = rate_at(numbers, known_->sharpness.value);
    Watch watch;
    watch.known = known_;
    watch.pulse = [this](std::uint64_t) { return stopped() ? std::optional<Stop>(Stop()) : std::nullopt; };
    const Record record = equipoise::run(*start.coordinates.problem, from, h, settings, watch);
    if (record.verdict.outcome == Outcome::stopped) return false;
    end = tiny_end(record);
    end.product = nan;
    if (start.small.overlap.size() > 0)
      end.product = start.small.overlap.cwiseProduct(record.last.X() * record.last.Y().transpose()).sum();
    end = end_in_users_units(end, matrix_.units);
    rate = std::scalbn(h, -2 * matrix_.units.exponent);
    return true;
  }

  void forget() {
    if (starts_.size() > most_starts) starts_.clear();
  }

  struct Family {
    std::unique_ptr<Problem> problem;
    SmallFamily small;
  };

  const GridCells& cells_;
  const SweptMatrix& matrix_;
  Settings settings_;
  CellNumbers fixed_{};
  std::vector<std::pair<std::size_t, double CellNumbers::*>> moving_;   ///< axes
  std::map<std::pair<double, double>, std::unique_ptr<Start>> starts_;  ///< by rank and seed
  std::map<double, std::unique_ptr<Family>> families_;                  ///< by rank
  std::vector<SmallRun> runs_;
  std::optional<double> sharpness_;
  std::optional<StartMeasures> known_;
  std::array<double, 4> sharpness_key_{}, known_key_{};
};

MatrixCells::MatrixCells(const GridCells& cells, const SweptMatrix& matrix, Settings settings)
    : work_(std::make_unique<Work>(cells, matrix, std::move(settings))) {}
MatrixCells::~MatrixCells() = default;

bool MatrixCells::run(std::uint64_t first, std::span<TinyEnd> ends, std::span<double> rates) {
  return work_->run(first, ends, rates);
}
std::uint64_t MatrixCells::orbits(std::uint64_t first, std::size_t last, std::span<double> values,
                                  std::span<double> exponents) {
  return work_->orbits(first, last, values, exponents);
}

void require_orbits(const Grid& grid, const SweptMatrix& matrix) {
  const SpectralBasis& basis = matrix.basis;
  if (basis.values.size() == 0)
    throw Error("the orbit of a matrix follows its largest singular pair, and this matrix is zero");
  if (basis.values.size() > 1 && basis.values[0] - basis.values[1] <= basis.least) {
    throw Error(
        "the orbit of a matrix follows its largest singular pair, and here the two largest singular values are equal; "
        "take kind = \"isotropic\" where all of them are");
  }
  const Shape kept = most_kept(basis.left.rows(), basis.right.rows(), static_cast<Index>(grid.largest("rank")));
  if (!is_small(kept)) {
    throw Error(
        fmt::format("orbits are recorded for factors of at most {} numbers and rank {}; in the coordinates of this "
                    "matrix they have "
                    "up to {}, at rank {}",
                    largest_small_problem, largest_small_rank, kept.size(), kept.rank));
  }
}

}  // namespace equipoise
