// The start and the rate of every cell, from its numbers.
#include "equipoise/sweep/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/start.hpp"

namespace equipoise {
namespace {

// The cosine between the two rows that gaussian_factors draws for one column: the start of `factor --seed`. Plain sums:
// a linear algebra library's change with its vector width.
double cosine_of_seed(double length, double seed) {
  Generator generator(static_cast<std::uint64_t>(seed));
  std::vector<double> x(static_cast<std::size_t>(length));
  for (double& each : x) each = generator.normal();
  double xx = 0, yy = 0, xy = 0;
  for (const double each : x) {
    const double y = generator.normal();
    xx += each * each;
    yy += y * y;
    xy += each * y;
  }
  if (x.size() == 1) return xy < 0 ? -1 : 1;
  return std::clamp(xy / (std::sqrt(xx) * std::sqrt(yy)), -1.0, 1.0);
}

// tiny_vector() of x = (|x|, 0) and y = |y| (cosine, sine), without its sums.
TinyRun vector_of_norms(double mu, double norm_x, double norm_y, double cosine) {
  const double larger = std::max(norm_x, norm_y);
  const int shift = larger > 0 && larger < 1e-100 ? std::ilogb(larger) : 0;  // squares must not vanish
  const double nx = std::ldexp(norm_x, -shift);
  const double along = std::ldexp(norm_y, -shift) * cosine;
  const double across = std::ldexp(norm_y, -shift) * std::sqrt((1 - cosine) * (1 + cosine));
  const double a = std::sqrt((nx + along) * (nx + along) + across * across);
  const double b = std::sqrt((nx - along) * (nx - along) + across * across);
  TinyRun run = tiny_scalar(mu, std::ldexp((a + b) / 2, shift), std::ldexp((a - b) / 2, shift), 1);
  if (a > 0 && b > 0) run.shape = std::clamp(((nx + along) * (nx - along) - across * across) / (a * b), -1.0, 1.0);
  return run;
}

}  // namespace

GridCells::GridCells(const Grid& grid) : grid_(grid), fixed_(parameter_slots, nan) {
  for (const Grid::Fixed& each : grid_.fixed) fixed_[slot_of(each.key)] = each.value;
  for (const Axis& axis : grid_.axes) {
    values_.push_back(axis.values());
    slot_.push_back(slot_of(axis.key));
  }
  start_x_ = Eigen::Map<const Vector>(grid_.start_x.data(), static_cast<Index>(grid_.start_x.size()));
  start_y_ = Eigen::Map<const Vector>(grid_.start_y.data(), static_cast<Index>(grid_.start_y.size()));
  const double size = fixed_[grid_.kind == GridKind::vector ? at_length : at_n];
  const bool draws_once =
      grid_.kind != GridKind::matrix && std::isfinite(fixed_[at_seed]) && std::isfinite(size) && start_x_.size() == 0;
  if (draws_once) fixed_[at_cosine] = cosine_of_seed(size, fixed_[at_seed]);
}

double GridCells::value(std::string_view key, std::uint64_t cell) const {
  const std::vector<std::uint64_t> place = grid_.place(cell);
  for (std::size_t i = 0; i < grid_.axes.size(); ++i) {
    if (grid_.axes[i].key == key) return values_[i][place[i]];
  }
  return grid_.fixed_value(key).value_or(nan);
}

TinyRun GridCells::run_of(const std::vector<double>& numbers) const {
  TinyRun run;
  const double mu = numbers[at_mu];
  if (grid_.kind == GridKind::scalar) {
    run = tiny_scalar(mu, numbers[at_x0], numbers[at_y0], 1);
  } else if (start_x_.size() > 0) {
    Vector x = start_x_, y = start_y_;
    if (std::isfinite(numbers[at_norm_x])) x *= numbers[at_norm_x] / x.stableNorm();
    if (std::isfinite(numbers[at_norm_y])) y *= numbers[at_norm_y] / y.stableNorm();
    run = grid_.kind == GridKind::vector ? tiny_vector(mu, x, y, 1) : tiny_isotropic(mu, x, y, 1);
  } else if (grid_.kind == GridKind::vector) {
    run = vector_of_norms(mu, numbers[at_norm_x], numbers[at_norm_y], numbers[at_cosine]);
  } else {
    run = tiny_isotropic(mu, numbers[at_n], numbers[at_norm_x], numbers[at_norm_y], numbers[at_cosine], 1);
  }
  run.max_steps = static_cast<std::uint64_t>(numbers[at_max_steps]);
  run.tolerance = numbers[at_tolerance];
  run.h = numbers[at_h];
  if (std::isfinite(numbers[at_times_L])) {
    const double L = tiny_sharpness(run);
    run.h = L > 0 ? std::min(numbers[at_times_L] / L, std::numeric_limits<double>::max()) : 1;
  }
  return run;
}

bool GridCells::is_axis(std::size_t slot) const { return std::find(slot_.begin(), slot_.end(), slot) != slot_.end(); }
bool GridCells::rate_follows_start() const { return std::isfinite(fixed_[at_times_L]) || is_axis(at_times_L); }

double* GridCells::number_of(TinyRun& run, std::size_t slot) const {
  const bool scalar = grid_.kind == GridKind::scalar;
  if (rate_follows_start()) return nullptr;
  switch (slot) {
    case at_h:
      return &run.h;
    case at_tolerance:
      return &run.tolerance;
    case at_mu:
      return scalar ? &run.mu : nullptr;
    case at_x0:
      return run.x;
    case at_y0:
      return run.y;
    default:
      return nullptr;
  }
}

void GridCells::runs(std::uint64_t first, std::span<TinyRun> out) const {
  if (grid_.kind == GridKind::matrix) throw Error("the cells of a matrix are no tiny runs; run() computes them");
  if (first > grid_.cells() || out.size() > grid_.cells() - first)
    throw Error(fmt::format("the grid ends at cell {}", grid_.cells()));
  std::vector<std::uint64_t> place = grid_.place(first);
  std::vector<double> numbers = fixed_;
  for (std::size_t axis = 0; axis < place.size(); ++axis) numbers[slot_[axis]] = values_[axis][place[axis]];
  // The direction belongs to the seed and the length alone: drawn anew where one of them changes.
  const bool draws = grid_.kind != GridKind::scalar && start_x_.size() == 0 && std::isfinite(numbers[at_seed]);
  const std::size_t at_size = grid_.kind == GridKind::vector ? at_length : at_n;
  double drawn_seed = nan, drawn_size = nan;
  const std::size_t fast = place.size() - 1;
  for (std::size_t i = 0; i < out.size();) {
    if (draws && (numbers[at_seed] != drawn_seed || numbers[at_size] != drawn_size)) {
      drawn_seed = numbers[at_seed];
      drawn_size = numbers[at_size];
      numbers[at_cosine] = cosine_of_seed(drawn_size, drawn_seed);
    }
    TinyRun run = run_of(numbers);
    std::uint64_t taken = 1;
    if (double* const number = number_of(run, slot_[fast])) {
      // The rest of the row differs in this one number.
      taken = std::min<std::uint64_t>(values_[fast].size() - place[fast], out.size() - i);
      const double* const values = values_[fast].data() + place[fast];
      for (std::uint64_t k = 0; k < taken; ++k) {
        *number = values[k];
        out[i + k] = run;
      }
    } else {
      out[i] = run;
    }
    i += taken;
    place[fast] += taken - 1;
    // The next cell, as an odometer turns.
    for (std::size_t axis = place.size(); axis-- > 0;) {
      const bool turned = ++place[axis] == values_[axis].size();
      if (turned) place[axis] = 0;
      numbers[slot_[axis]] = values_[axis][place[axis]];
      if (!turned) break;
    }
  }
}

std::optional<TinyColumns> GridCells::columns(std::uint64_t first, std::uint64_t count,
                                              std::vector<std::vector<double>>& room) const {
  if (grid_.kind != GridKind::scalar || rate_follows_start() || is_axis(at_max_steps)) return std::nullopt;
  if (first > grid_.cells() || count > grid_.cells() - first)
    throw Error(fmt::format("the grid ends at cell {}", grid_.cells()));
  TinyColumns result;
  result.count = count;
  std::vector<double> numbers = fixed_;
  room.resize(slot_.size());
  std::uint64_t inner = 1;  // cells between two values of the axis
  for (std::size_t axis = slot_.size(); axis-- > 0;) {
    const std::vector<double>& values = values_[axis];
    std::vector<double>& column = room[axis];
    column.resize(count);
    for (std::uint64_t i = 0; i < count;) {
      const std::uint64_t place = (first + i) / inner % values.size();
      const std::uint64_t rest = inner == 1 ? values.size() - place : inner - (first + i) % inner;
      const std::uint64_t length = std::min(rest, count - i);
      if (inner == 1) std::copy_n(values.data() + place, length, column.data() + i);
      else std::fill_n(column.data() + i, length, values[place]);
      i += length;
    }
    inner *= values.size();
    numbers[slot_[axis]] = values.front();
    switch (slot_[axis]) {
      case at_h:
        result.h = column.data();
        break;
      case at_mu:
        result.mu = column.data();
        break;
      case at_x0:
        result.x[0] = column.data();
        break;
      case at_y0:
        result.y[0] = column.data();
        break;
      default:
        result.tolerance = column.data();
    }
  }
  result.shared = run_of(numbers);
  return result;
}

TinyRun GridCells::run_at(std::span<const double> place) const {
  if (grid_.kind == GridKind::matrix) throw Error("the cells of a matrix are no tiny runs; run() computes them");
  if (place.size() != slot_.size())
    throw Error(fmt::format("a place has one value for each of the {} axes", slot_.size()));
  std::vector<double> numbers = fixed_;
  for (std::size_t axis = 0; axis < place.size(); ++axis) numbers[slot_[axis]] = place[axis];
  if (grid_.kind != GridKind::scalar && start_x_.size() == 0 && std::isnan(numbers[at_cosine])) {
    numbers[at_cosine] = cosine_of_seed(numbers[grid_.kind == GridKind::vector ? at_length : at_n], numbers[at_seed]);
  }
  return run_of(numbers);
}

}  // namespace equipoise
