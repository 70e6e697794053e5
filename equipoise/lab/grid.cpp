// The parameters of every kind of grid, what makes a grid sound, the values on its axes, and the runs of its cells.
#include "equipoise/lab/grid.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/lab/double_double.hpp"

namespace equipoise {
namespace {

constexpr double large = 1e100;                     // products of three such numbers are still doubles
constexpr double largest_whole = 9007199254740992;  // 2^53: every whole number up to here is a double
constexpr std::uint64_t most_grid_cells = std::uint64_t{1} << 48;
constexpr std::size_t most_axes = 4;

constexpr std::array<std::string_view, 4> kind_names = {"scalar", "vector", "isotropic", "matrix"};
constexpr std::array<std::string_view, 3> scale_names = {"linear", "log", "list"};

template <class Enum, std::size_t N>
Enum from_word(std::string_view word, const std::array<std::string_view, N>& names, std::string_view what) {
  const auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end())
    throw Error(fmt::format("{} '{}' is not known; write {}", what, word, fmt::join(names, ", ")));
  return static_cast<Enum>(found - names.begin());
}

struct ParameterRow {
  Parameter parameter;
  std::string_view kinds;  // first letters of the kinds that know it
};

constexpr ParameterRow parameter_table[] = {
    {{"mu", "problem", -large, large, false, false, "the number, or multiple of the identity, that is factored"},
     "svi"},
    {{"n", "problem", 2, 1e9, false, true, "size of the identity"}, "i"},
    {{"length", "problem", 1, 1e9, false, true, "entries of x and of y"}, "v"},
    {{"rank", "problem", 1, 1e9, false, true, "columns of X and Y"}, "m"},
    {{"x0", "start", -large, large, false, false, "x at the start"}, "s"},
    {{"y0", "start", -large, large, false, false, "y at the start"}, "s"},
    {{"norm_x", "start", 0, large, false, false, "norm of X at the start"}, "vim"},
    {{"norm_y", "start", 0, large, false, false, "norm of Y at the start"}, "vim"},
    {{"cosine", "start", -1, 1, false, false, "of the angle between x and y at the start"}, "vi"},
    {{"seed", "start", 0, largest_whole, false, true, "of the Gaussian directions at the start, as of factor --seed"},
     "vim"},
    {{"h", "run", 0, large, true, false, "learning rate"}, "svim"},
    {{"times_L", "run", 0, large, true, false,
      "learning rate in units of 1/L, L the sharpness at the start of the cell"},
     "svim"},
    {{"max_steps", "run", 0, 9e15, false, true, "the most steps to take"}, "svim"},
    {{"tolerance", "run", 0, 1, false, false,
      "converged when the gradient is this small relative to its natural scale"},
     "svim"},
};

// Where the numbers of a cell stand: the place of their entry.
enum Slot : std::size_t {
  at_mu,
  at_n,
  at_length,
  at_rank,
  at_x0,
  at_y0,
  at_norm_x,
  at_norm_y,
  at_cosine,
  at_seed,
  at_h,
  at_times_L,
  at_max_steps,
  at_tolerance,
  slots
};
static_assert(std::size(parameter_table) == slots && parameter_table[at_x0].parameter.key == "x0" &&
              parameter_table[at_seed].parameter.key == "seed" &&
              parameter_table[at_tolerance].parameter.key == "tolerance");

std::size_t slot_of(std::string_view key) {
  std::size_t i = 0;
  while (parameter_table[i].parameter.key != key) ++i;
  return i;
}

constexpr FieldInfo fields[] = {
    {Field::outcome, "outcome", FieldType::uint8,
     "0 not computed, 1 converged, 2 periodic, 3 chaotic, 4 diverged, 5 exhausted"},
    {Field::period, "period", FieldType::uint32, "shortest period where periodic, otherwise 0"},
    {Field::steps, "steps", FieldType::uint64, "the step at which the verdict was reached; max_steps where none was"},
    {Field::loss, "loss", FieldType::float64, "f at that step"},
    {Field::sharpness, "sharpness", FieldType::float64, "largest Hessian eigenvalue there; NaN after divergence"},
    {Field::ratio, "ratio", FieldType::float64, "|X| / |Y| there; 1 where both are zero"},
    {Field::imbalance, "imbalance", FieldType::float64, "|X^T X - Y^T Y|_F there"},
    {Field::lyapunov, "lyapunov", FieldType::float64,
     "largest Lyapunov exponent per step; NaN where there is no verdict, and after divergence"},
    {Field::limit, "limit", FieldType::uint8, "of a converged run: 1 minimiser, 2 saddle; otherwise 0"},
    {Field::product, "product", FieldType::float64,
     "<X, Y> there, which is x y for numbers; NaN where A is not square"},
    {Field::norm_x, "norm_x", FieldType::float64, "|X|_F there"},
    {Field::norm_y, "norm_y", FieldType::float64, "|Y|_F there"},
    {Field::multiplier, "multiplier", FieldType::float64,
     "converged or periodic: the largest non-neutral multiplier of one turn; otherwise NaN"},
    {Field::lyapunov_error, "lyapunov_error", FieldType::float64,
     "standard error of the exponent where chaotic; otherwise NaN"},
    {Field::learning_rate, "learning_rate", FieldType::float64, "h of the cell"},
};
constexpr std::size_t usual_fields = 8;

std::string list_of_keys(GridKind kind) {
  std::vector<std::string_view> keys;
  for (const Parameter& each : parameters(kind)) keys.push_back(each.key);
  return fmt::format("{}", fmt::join(keys, ", "));
}

std::string in_words(const Axis& axis) {
  if (axis.scale == AxisScale::list) return fmt::format("the values {}", fmt::join(axis.list, ", "));
  return fmt::format("from {} to {} in {} {} values", axis.from, axis.to, axis.count, name(axis.scale));
}

void check_number(const Parameter& parameter, double value) {
  if (!std::isfinite(value)) throw Error(fmt::format("{} is {}; it must be a finite number", parameter.key, value));
  if (parameter.whole && value != std::floor(value))
    throw Error(fmt::format("{} is {}; it must be a whole number", parameter.key, value));
  if (parameter.positive && !(value > 0))
    throw Error(fmt::format("{} is {}; it must be positive", parameter.key, value));
  if (value < parameter.lowest || value > parameter.highest) {
    throw Error(fmt::format("{} is {}; it must lie between {} and {}", parameter.key, value, parameter.lowest,
                            parameter.highest));
  }
}

// exp and log with twice the digits of double, from exact operations and correctly rounded ones alone: the same bits
// everywhere.
constexpr double log2_high = 0x1.62e42fefa39efp-1;
constexpr double log2_low = 0x1.abc9e3b39803fp-56;

DoubleDouble exp_of(DoubleDouble a) {
  const double turns = std::nearbyint(a.high / log2_high);
  DoubleDouble r = a - DoubleDouble(turns) * DoubleDouble(log2_high, log2_low);
  constexpr int halvings = 8;
  r = scaled(r, -halvings);  // below 0.0014: sixteen terms leave 1e-60
  DoubleDouble sum(1.0);
  for (int k = 16; k >= 1; --k) sum = DoubleDouble(1.0) + quotient(r * sum, DoubleDouble(k));
  for (int i = 0; i < halvings; ++i) sum = sum * sum;
  return scaled(sum, static_cast<int>(turns));
}

// log x = y + (x e^-y - 1) to second order in the error of y, once more to be sure.
DoubleDouble log_of(DoubleDouble x) {
  int exponent = 0;
  const double fraction = std::frexp(x.high, &exponent);
  const double t = (fraction - 1) / (fraction + 1);  // from -1/3 to 0: a plain series is enough to start with
  double series = 0;
  for (int k = 41; k >= 1; k -= 2) series = series * t * t + 1.0 / k;
  const DoubleDouble mantissa = scaled(x, -exponent);
  DoubleDouble y(2 * t * series);
  for (int i = 0; i < 2; ++i) y = y + (mantissa * exp_of(-y) - DoubleDouble(1.0));
  return y + DoubleDouble(exponent) * DoubleDouble(log2_high, log2_low);
}

double step_of(const Axis& axis) { return (axis.to - axis.from) / static_cast<double>(axis.count - 1); }

DoubleDouble log_of_quotient(const Axis& axis) {
  return log_of(quotient(DoubleDouble(axis.to), DoubleDouble(axis.from)));
}

double linear_value(const Axis& axis, double step, std::uint64_t i) {
  if (i == 0 || axis.count == 1) return axis.from;
  if (i + 1 == axis.count) return axis.to;
  const double index = static_cast<double>(i);
  if (step == 0)
    return index / static_cast<double>(axis.count - 1) * (axis.to - axis.from) +
           axis.from;  // the quotient vanished, as in NumPy
  return index * step + axis.from;
}

double log_value(const Axis& axis, const DoubleDouble& log_quotient, std::uint64_t i) {
  if (i == 0 || axis.count == 1) return axis.from;
  if (i + 1 == axis.count) return axis.to;
  const DoubleDouble share =
      quotient(DoubleDouble(static_cast<double>(i)) * log_quotient, DoubleDouble(static_cast<double>(axis.count - 1)));
  const DoubleDouble value = DoubleDouble(axis.from) * exp_of(share);
  return value.high + value.low;
}

bool is_axis(const Grid& grid, std::string_view key) {
  return std::any_of(grid.axes.begin(), grid.axes.end(), [key](const Axis& axis) { return axis.key == key; });
}
bool is_given(const Grid& grid, std::string_view key) {
  return is_axis(grid, key) || grid.fixed_value(key).has_value();
}

void require_given(const Grid& grid, std::string_view key) {
  if (is_given(grid, key)) return;
  const Parameter which = *parameter(grid.kind, key);
  throw Error(fmt::format("{} is missing ({}); give it in [{}], or as an axis", key, which.help, which.section));
}
void require_absent(const Grid& grid, std::string_view key, std::string_view why) {
  if (is_given(grid, key)) throw Error(fmt::format("{} has no meaning here, {}; leave it out", key, why));
}
void put_default(Grid& grid, std::string_view key, double value) {
  if (!is_given(grid, key)) grid.fixed.push_back({std::string(key), value});
}

void check_axes(const Grid& grid) {
  if (grid.axes.empty())
    throw Error(
        "a grid has one to four axes and this one has none; write one in [axes], such as h = { from = 0.01, to = 1.2, "
        "count = 100 }");
  if (grid.axes.size() > most_axes) {
    std::vector<std::string_view> keys;
    for (const Axis& axis : grid.axes) keys.push_back(axis.key);
    throw Error(
        fmt::format("a grid has one to four axes and this one has {} ({}); give all but four of them a single value",
                    grid.axes.size(), fmt::join(keys, ", ")));
  }
  std::uint64_t cells = 1;
  for (std::size_t i = 0; i < grid.axes.size(); ++i) {
    const Axis& axis = grid.axes[i];
    const std::optional<Parameter> which = parameter(grid.kind, axis.key);
    if (!which)
      throw Error(fmt::format("{} cannot be an axis of kind {}; there are {}", axis.key, name(grid.kind),
                              list_of_keys(grid.kind)));
    check_axis(axis, *which);
    for (std::size_t j = 0; j < i; ++j) {
      if (grid.axes[j].key == axis.key) throw Error(fmt::format("{} is an axis twice", axis.key));
    }
    if (grid.fixed_value(axis.key)) {
      throw Error(fmt::format("{} is an axis and has a value in [{}] as well; leave one of them out", axis.key,
                              which->section));
    }
    if (axis.count > most_grid_cells / cells)
      throw Error("the grid has more than 2^48 cells; lower the counts of its axes");
    cells *= axis.count;
  }
}

void check_fixed(const Grid& grid) {
  for (const Grid::Fixed& each : grid.fixed) {
    const std::optional<Parameter> which = parameter(grid.kind, each.key);
    if (!which)
      throw Error(fmt::format("kind {} has no {}; it has {}", name(grid.kind), each.key, list_of_keys(grid.kind)));
    check_number(*which, each.value);
    if (std::count_if(grid.fixed.begin(), grid.fixed.end(),
                      [&](const Grid::Fixed& other) { return other.key == each.key; }) > 1) {
      throw Error(fmt::format("{} is given twice", each.key));
    }
  }
}

void check_entries(const std::vector<double>& entries_of, std::string_view key) {
  for (const double value : entries_of) {
    if (!std::isfinite(value) || std::abs(value) > large) {
      throw Error(fmt::format("{} holds {}; its entries must lie between {} and {}", key, value, -large, large));
    }
  }
}

// How x and y lie: entry by entry, by an angle, or by a seed.
void resolve_directions(Grid& grid) {
  const bool vector = grid.kind == GridKind::vector;
  if (grid.start_x.empty() != grid.start_y.empty()) {
    const std::string_view missing = grid.start_x.empty() ? "x0" : "y0";
    throw Error(fmt::format("{} is missing; a start that is written entry by entry needs x0 and y0", missing));
  }
  if (!grid.start_x.empty()) {
    if (grid.start_x.size() != grid.start_y.size()) {
      throw Error(fmt::format("x0 has {} entries and y0 has {}; they must have as many", grid.start_x.size(),
                              grid.start_y.size()));
    }
    check_entries(grid.start_x, "x0");
    check_entries(grid.start_y, "y0");
    for (const std::string_view key : {"cosine", "seed"})
      require_absent(grid, key, "since x0 and y0 are written entry by entry");
    const std::string_view size = vector ? "length" : "n";
    const double entries_given = static_cast<double>(grid.start_x.size());
    if (is_axis(grid, size))
      throw Error(fmt::format(
          "{} cannot be an axis while x0 and y0 are written entry by entry; give norm_x, norm_y and a seed instead",
          size));
    if (const std::optional<double> given = grid.fixed_value(size); given && *given != entries_given) {
      throw Error(fmt::format("{} is {}, but x0 and y0 have {} entries", size, *given, entries_given));
    }
    put_default(grid, size, entries_given);
    for (const auto& [key, values] : {std::pair{"norm_x", &grid.start_x}, std::pair{"norm_y", &grid.start_y}}) {
      const bool zero = std::all_of(values->begin(), values->end(), [](double each) { return each == 0; });
      if (zero && is_given(grid, key))
        throw Error(fmt::format("{} is given, but the entries of {} are all zero and cannot be scaled", key,
                                key[5] == 'x' ? "x0" : "y0"));
    }
    return;
  }
  require_given(grid, "norm_x");
  require_given(grid, "norm_y");
  if (!vector) require_given(grid, "n");
  if (is_given(grid, "cosine")) {
    require_absent(grid, "seed", "since cosine says how x and y lie");
    if (vector) require_absent(grid, "length", "since cosine says how x and y lie");
    return;
  }
  if (vector) require_given(grid, "length");
  put_default(grid, "seed", 0);
}

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

void check_output(Grid& grid) {
  if (grid.output == OutputKind::fields) {
    if (grid.last != 0) throw Error("last belongs to an orbit; write kind = \"orbit\" in [output], or leave last out");
    if (grid.fields.empty()) {
      for (std::size_t i = 0; i < usual_fields; ++i) grid.fields.push_back(fields[i].field);
    }
    std::sort(grid.fields.begin(), grid.fields.end());
    grid.fields.erase(std::unique(grid.fields.begin(), grid.fields.end()), grid.fields.end());
    // Without it nobody can tell which cells are computed.
    if (grid.fields.front() != Field::outcome) grid.fields.insert(grid.fields.begin(), Field::outcome);
    return;
  }
  if (grid.kind == GridKind::matrix)
    throw Error("an orbit is for the kinds scalar, vector and isotropic; a matrix has no single number to record");
  if (!grid.fields.empty()) throw Error("an orbit has no fields; it writes orbit.npy and lyapunov.npy");
  if (grid.last == 0) throw Error("an orbit needs last, the number of values to record; write last = 200 in [output]");
  double fewest = grid.fixed_value("max_steps").value_or(std::numeric_limits<double>::infinity());
  for (const Axis& axis : grid.axes) {
    if (axis.key == "max_steps") fewest = *std::min_element(axis.list.begin(), axis.list.end());
    if (axis.key == "max_steps" && axis.scale != AxisScale::list) fewest = axis.from;
  }
  if (static_cast<double>(grid.last) > fewest + 1) {
    throw Error(fmt::format("the last {} values are asked for, but {} steps have only {} iterates; raise max_steps",
                            grid.last, fewest, fewest + 1));
  }
  if (grid.last > most_grid_cells / grid.cells())
    throw Error("the orbit has more than 2^48 numbers; lower last or the counts of its axes");
}

}  // namespace

std::string_view name(GridKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
GridKind grid_kind_from(std::string_view word) { return from_word<GridKind>(word, kind_names, "the kind"); }
std::string_view name(AxisScale scale) { return scale_names[static_cast<std::size_t>(scale)]; }
AxisScale axis_scale_from(std::string_view word) { return from_word<AxisScale>(word, scale_names, "the scale"); }

std::vector<Parameter> parameters(GridKind kind) {
  std::vector<Parameter> known;
  for (const ParameterRow& entry : parameter_table) {
    if (entry.kinds.find(name(kind).front()) != std::string_view::npos) known.push_back(entry.parameter);
  }
  return known;
}

std::optional<Parameter> parameter(GridKind kind, std::string_view key) {
  for (const Parameter& each : parameters(kind)) {
    if (each.key == key) return each;
  }
  return std::nullopt;
}

double Axis::value(std::uint64_t i) const {
  if (scale == AxisScale::list) return list[i];
  if (scale == AxisScale::linear || count < 3) return linear_value(*this, count > 1 ? step_of(*this) : 0, i);
  return log_value(*this, log_of_quotient(*this), i);
}

std::vector<double> Axis::values() const {
  if (scale == AxisScale::list) return list;
  std::vector<double> result(count);
  if (scale == AxisScale::linear || count < 3) {
    const double step = count > 1 ? step_of(*this) : 0;
    for (std::uint64_t i = 0; i < count; ++i) result[i] = linear_value(*this, step, i);
    return result;
  }
  const DoubleDouble log_quotient = log_of_quotient(*this);
  for (std::uint64_t i = 0; i < count; ++i) result[i] = log_value(*this, log_quotient, i);
  return result;
}

void check_axis(const Axis& axis, const Parameter& parameter) {
  const std::string_view key = axis.key;
  if (axis.count == 0) throw Error(fmt::format("axis {} has a count of 0; it needs at least one value", key));
  if (axis.scale == AxisScale::list) {
    if (axis.list.size() != axis.count)
      throw Error(fmt::format("axis {} lists {} values and has a count of {}", key, axis.list.size(), axis.count));
    for (const double value : axis.list) check_number(parameter, value);
    std::vector<double> sorted = axis.list;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end())
      throw Error(fmt::format("axis {} lists {} twice; every value once is enough", key, *twice));
    return;
  }
  for (const double end : {axis.from, axis.to}) {
    if (!std::isfinite(end))
      throw Error(fmt::format("axis {} has an end at {}; both ends must be finite numbers", key, end));
  }
  if (axis.from > axis.to) {
    throw Error(fmt::format("axis {} runs from {} down to {}; let it ascend, from {} to {}, or list its values", key,
                            axis.from, axis.to, axis.to, axis.from));
  }
  if (axis.count > 1 && axis.from == axis.to) {
    throw Error(
        fmt::format("axis {} runs from {} to {} in {} values, which would all be the same; set count = 1 or other ends",
                    key, axis.from, axis.to, axis.count));
  }
  if (axis.count == 1 && axis.from != axis.to) {
    throw Error(
        fmt::format("axis {} has one value but two ends, {} and {}; raise its count, or make it a list of one value",
                    key, axis.from, axis.to));
  }
  if (axis.scale == AxisScale::log && !(axis.from > 0 || axis.to < 0)) {
    throw Error(
        fmt::format("axis {} is logarithmic and runs from {} to {}; its ends must both be positive (or both negative)",
                    key, axis.from, axis.to));
  }
  check_number(parameter, axis.from);
  check_number(parameter, axis.to);
  if (parameter.whole && axis.count > 1) {
    const double step = step_of(axis);
    if (axis.scale == AxisScale::log)
      throw Error(
          fmt::format("axis {} takes whole numbers, which a logarithmic axis does not give; list its values", key));
    if (step != std::floor(step)) {
      throw Error(
          fmt::format("axis {} takes whole numbers, but {} values from {} to {} are {} apart; choose count = {}, or "
                      "list its values",
                      key, axis.count, axis.from, axis.to, step, axis.to - axis.from + 1));
    }
  }
}

std::span<const FieldInfo> field_list() { return fields; }
const FieldInfo& info(Field field) { return fields[static_cast<std::size_t>(field)]; }

std::size_t bytes_of(FieldType type) {
  switch (type) {
    case FieldType::uint8:
      return 1;
    case FieldType::uint32:
      return 4;
    case FieldType::uint64:
    case FieldType::float64:
      break;
  }
  return 8;
}

std::uint8_t outcome_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::converged:
      return 1;
    case Outcome::periodic:
      return 2;
    case Outcome::chaotic:
      return 3;
    case Outcome::diverged:
      return 4;
    case Outcome::exhausted:
      return 5;
    case Outcome::stopped:
      break;
  }
  throw Error("a cell that was stopped has no outcome yet; compute it again");
}

std::uint64_t Grid::cells() const {
  std::uint64_t product = 1;
  for (const Axis& axis : axes) product *= axis.count;
  return product;
}

std::vector<std::uint64_t> Grid::shape() const {
  std::vector<std::uint64_t> counts;
  for (const Axis& axis : axes) counts.push_back(axis.count);
  return counts;
}

std::optional<double> Grid::fixed_value(std::string_view key) const {
  for (const Fixed& each : fixed) {
    if (each.key == key) return each.value;
  }
  return std::nullopt;
}

std::vector<std::uint64_t> Grid::place(std::uint64_t cell) const {
  std::vector<std::uint64_t> result(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    result[i] = cell % axes[i].count;
    cell /= axes[i].count;
  }
  return result;
}

Grid resolved(Grid grid) {
  check_fixed(grid);
  check_axes(grid);
  const bool has_arrays = !grid.start_x.empty() || !grid.start_y.empty();
  if (has_arrays && grid.kind != GridKind::vector && grid.kind != GridKind::isotropic) {
    throw Error(fmt::format("x0 and y0 are lists, which only the kinds vector and isotropic take; kind {} wants {}",
                            name(grid.kind),
                            grid.kind == GridKind::scalar ? "a number each" : "norm_x, norm_y and seed"));
  }
  if (grid.kind == GridKind::matrix) {
    if (grid.matrix.empty())
      throw Error(
          "matrix is missing; name a file or a built-in in [problem], such as matrix = \"gaussian:20x10:seed=7\"");
    require_given(grid, "rank");
    if (is_given(grid, "norm_x") != is_given(grid, "norm_y"))
      throw Error("norm_x and norm_y are given together or not at all");
    put_default(grid, "seed", 0);
  } else {
    if (!grid.matrix.empty())
      throw Error(fmt::format("kind {} takes no matrix; write kind = \"matrix\" in [problem]", name(grid.kind)));
    require_given(grid, "mu");
    if (grid.kind == GridKind::scalar) {
      require_given(grid, "x0");
      require_given(grid, "y0");
    } else {
      resolve_directions(grid);
    }
  }
  if (is_given(grid, "times_L")) {
    require_absent(grid, "h", "since times_L gives the learning rate");
  } else if (!is_given(grid, "h")) {
    throw Error("the learning rate is missing; give h (or times_L, in units of 1/L) in [run], or as an axis");
  }
  put_default(grid, "max_steps", static_cast<double>(RunSettings{}.max_steps));
  put_default(grid, "tolerance", RunSettings{}.tolerance);
  check_output(grid);

  std::vector<Grid::Fixed> ordered;
  for (const Parameter& each : parameters(grid.kind)) {
    if (const std::optional<double> value = grid.fixed_value(each.key))
      ordered.push_back({std::string(each.key), *value});
  }
  grid.fixed = std::move(ordered);
  for (Axis& axis : grid.axes) {
    if (axis.scale != AxisScale::list) continue;
    axis.from = axis.list.front();
    axis.to = axis.list.back();
  }
  return grid;
}

std::string difference(const Grid& one, const Grid& other) {
  if (one == other) return "";
  if (one.kind != other.kind)
    return fmt::format("the kind is {} in one and {} in the other", name(one.kind), name(other.kind));
  if (one.matrix != other.matrix)
    return fmt::format("the matrix is {} in one and {} in the other", one.matrix, other.matrix);
  std::vector<std::string_view> axes_one, axes_other;
  for (const Axis& axis : one.axes) axes_one.push_back(axis.key);
  for (const Axis& axis : other.axes) axes_other.push_back(axis.key);
  if (axes_one != axes_other)
    return fmt::format("the axes are {} in one and {} in the other", fmt::join(axes_one, ", "),
                       fmt::join(axes_other, ", "));
  for (std::size_t i = 0; i < one.axes.size(); ++i) {
    if (one.axes[i] == other.axes[i]) continue;
    return fmt::format("axis {} has {} in one and {} in the other", one.axes[i].key, in_words(one.axes[i]),
                       in_words(other.axes[i]));
  }
  for (const Parameter& each : parameters(one.kind)) {
    const std::optional<double> a = one.fixed_value(each.key);
    const std::optional<double> b = other.fixed_value(each.key);
    const auto text = [](const std::optional<double>& value) {
      return value ? fmt::format("{}", *value) : std::string("not given");
    };
    if (a != b) return fmt::format("{} is {} in one and {} in the other", each.key, text(a), text(b));
  }
  if (one.start_x != other.start_x || one.start_y != other.start_y) return "the starts x0, y0 differ";
  if (one.output != other.output) return "one is an orbit and the other is not";
  if (one.last != other.last) return fmt::format("last is {} in one and {} in the other", one.last, other.last);
  return "they do not keep the same fields";
}

Grid zoomed(const Grid& grid, std::span<const Window> windows) {
  Grid result = grid;
  for (const Window& window : windows) {
    const auto axis =
        std::find_if(result.axes.begin(), result.axes.end(), [&](const Axis& each) { return each.key == window.key; });
    if (axis == result.axes.end()) {
      std::vector<std::string_view> keys;
      for (const Axis& each : grid.axes) keys.push_back(each.key);
      throw Error(fmt::format("the window names {}, which is no axis of this sweep; its axes are {}", window.key,
                              fmt::join(keys, ", ")));
    }
    if (!std::isfinite(window.from) || !std::isfinite(window.to) || !(window.from < window.to)) {
      throw Error(
          fmt::format("the window {}={}:{} is empty; write the lower end first", window.key, window.from, window.to));
    }
    if (axis->scale == AxisScale::list) {
      if (window.count != 0) throw Error(fmt::format("axis {} is a list; its window takes no count", window.key));
      std::erase_if(axis->list, [&](double value) { return value < window.from || value > window.to; });
      if (axis->list.empty())
        throw Error(
            fmt::format("no value of axis {} lies in the window from {} to {}", window.key, window.from, window.to));
      axis->count = axis->list.size();
      continue;
    }
    if (window.from < axis->from || window.to > axis->to) {
      throw Error(fmt::format("the window {}={}:{} reaches beyond the axis, which runs from {} to {}", window.key,
                              window.from, window.to, axis->from, axis->to));
    }
    axis->from = window.from;
    axis->to = window.to;
    if (window.count != 0) axis->count = window.count;
  }
  return resolved(std::move(result));
}

GridCells::GridCells(const Grid& grid) : grid_(grid), fixed_(slots, nan) {
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

double* GridCells::number_of(TinyRun& run, std::size_t slot) const {
  const bool scalar = grid_.kind == GridKind::scalar;
  if (std::isfinite(fixed_[at_times_L]) || std::find(slot_.begin(), slot_.end(), at_times_L) != slot_.end())
    return nullptr;  // h follows the start
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
