// Small problems in plain loops: the step that the lanes repeat bit for bit, looks, walks to exact steps, cycles, and
// what is reported.
#include "equipoise/core/small_rules.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "equipoise/core/curvature.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/error.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/core/verdict_rules.hpp"

namespace equipoise::small {
namespace {

using Row = std::array<double, most_width>;

EQUIPOISE_TINY void add_to_gram(std::size_t width, const double* one, const double* other, double* gram) {
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) gram[a * width + b] = std::fma(one[a], other[b], gram[a * width + b]);
  }
}

EQUIPOISE_TINY void grams_plainly(const Form& form, const double* z, double* grams) {
  const std::size_t width = form.width;
  std::fill_n(grams, 2 * form.gram(), 0.0);
  for (std::size_t i = 0; i < form.rows + form.cols; ++i, z += width)
    add_to_gram(width, z, z, i < form.rows ? grams : grams + form.gram());
}

// own + m other - own G.
EQUIPOISE_TINY void moved(std::size_t width, const double* own, const double* other, double m, const double* gram,
                          Row& to) {
  for (std::size_t a = 0; a < width; ++a) {
    double sum = other != nullptr ? std::fma(m, other[a], own[a]) : own[a];
    for (std::size_t b = 0; b < width; ++b) sum = std::fma(-gram[b * width + a], own[b], sum);
    to[a] = sum;
  }
}

EQUIPOISE_TINY void advance_plainly(const Form& form, double h, double* z, double* grams, std::uint64_t steps) {
  const std::size_t width = form.width;
  std::array<double, 2 * most_width * most_width> before;
  Row x, y;
  for (; steps > 0; --steps) {
    std::copy_n(grams, 2 * form.gram(), before.data());
    std::fill_n(grams, 2 * form.gram(), 0.0);
    double *const next_x = grams, *const next_y = grams + form.gram();
    const double *const gram_x = before.data(), *const gram_y = gram_x + form.gram();
    const auto keep = [&](const Row& row, double* place, double* gram) __attribute__((always_inline)) {
      std::copy_n(row.data(), width, place);
      add_to_gram(width, place, place, gram);
    };
    for (std::size_t i = 0; i < std::max(form.rows, form.cols); ++i) {
      double *const own_x = z + i * width, *const own_y = z + (form.rows + i) * width;
      const bool pair = i < form.pairs();
      const double m = pair ? h * form.values[i] : 0;
      if (i < form.rows) moved(width, own_x, pair ? own_y : nullptr, m, gram_y, x);
      if (i < form.cols) moved(width, own_y, pair ? own_x : nullptr, m, gram_x, y);
      if (i < form.rows) keep(x, own_x, next_x);
      if (i < form.cols) keep(y, own_y, next_y);
    }
  }
}

// Sums over columns, x first, and these added up in order.
struct ColumnSums {
  Row x{}, y{};
  EQUIPOISE_TINY double total(std::size_t width) const {
    double of_x = 0, of_y = 0;
    for (std::size_t a = 0; a < width; ++a) of_x += x[a];
    for (std::size_t a = 0; a < width; ++a) of_y += y[a];
    return of_x + of_y;
  }
};

// The gradient's row: own G - m other.
EQUIPOISE_TINY void add_gradient(std::size_t width, const double* own, const double* other, double m,
                                 const double* gram, Row& sums) {
  for (std::size_t a = 0; a < width; ++a) {
    double g = other != nullptr ? m * other[a] : 0;
    for (std::size_t b = 0; b < width; ++b) g = std::fma(-gram[b * width + a], own[b], g);
    sums[a] = std::fma(g, g, sums[a]);
  }
}

// From the last pair on, which arrives last: lanes stop where it alone is too much.
EQUIPOISE_TINY double gradient_squared_plainly(const Form& form, double h, const double* z, const double* grams) {
  const std::size_t width = form.width;
  const double *const gram_x = grams, *const gram_y = grams + form.gram();
  ColumnSums sums;
  for (std::size_t i = form.pairs(); i-- > 0;) {
    const double *const x = z + i * width, *const y = z + (form.rows + i) * width;
    const double m = h * form.values[i];
    add_gradient(width, x, y, m, gram_y, sums.x);
    add_gradient(width, y, x, m, gram_x, sums.y);
  }
  for (std::size_t i = form.pairs(); i < form.rows; ++i) add_gradient(width, z + i * width, nullptr, 0, gram_y, sums.x);
  for (std::size_t i = form.pairs(); i < form.cols; ++i)
    add_gradient(width, z + (form.rows + i) * width, nullptr, 0, gram_x, sums.y);
  return sums.total(width);
}

// own_w G + own (W'Z + Z'W) - m other_w, of one row.
EQUIPOISE_TINY void hessian_row(std::size_t width, const double* own, const double* own_w, const double* other_w,
                                double m, const double* gram, const double* mixed, double* to) {
  for (std::size_t a = 0; a < width; ++a) {
    double sum = other_w != nullptr ? -(m * other_w[a]) : 0;
    for (std::size_t b = 0; b < width; ++b) sum = std::fma(gram[b * width + a], own_w[b], sum);
    for (std::size_t b = 0; b < width; ++b) sum = std::fma(mixed[b * width + a], own[b], sum);
    to[a] = sum;
  }
}

EQUIPOISE_TINY void hessian_plainly(const Form& form, double h, const double* z, const double* grams, const double* w,
                                    double* out) {
  const std::size_t width = form.width;
  std::array<double, 2 * most_width * most_width> product, mixed;
  std::fill_n(product.data(), 2 * form.gram(), 0.0);
  for (std::size_t i = 0; i < form.rows + form.cols; ++i)
    add_to_gram(width, w + i * width, z + i * width, product.data() + (i < form.rows ? 0 : form.gram()));
  for (std::size_t f = 0; f < 2; ++f) {
    const std::size_t at = f * form.gram();
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b)
        mixed[at + a * width + b] = product[at + a * width + b] + product[at + b * width + a];
    }
  }
  const double *const gram_x = grams, *const gram_y = grams + form.gram();
  const double *const mixed_x = mixed.data(), *const mixed_y = mixed_x + form.gram();
  for (std::size_t i = 0; i < std::max(form.rows, form.cols); ++i) {
    const std::size_t x = i * width, y = (form.rows + i) * width;
    const bool pair = i < form.pairs();
    const double m = pair ? h * form.values[i] : 0;
    if (i < form.rows) hessian_row(width, z + x, w + x, pair ? w + y : nullptr, m, gram_y, mixed_y, out + x);
    if (i < form.cols) hessian_row(width, z + y, w + y, pair ? w + x : nullptr, m, gram_x, mixed_x, out + y);
  }
}

#if defined(__x86_64__) && !defined(__FMA__)
// The same with the processor's own fused multiply-add instead of a call of std::fma: the same bits, sooner.
[[gnu::target("fma")]] void grams_with_fma(const Form& form, const double* z, double* grams) {
  grams_plainly(form, z, grams);
}
[[gnu::target("fma")]] void advance_with_fma(const Form& form, double h, double* z, double* grams,
                                             std::uint64_t steps) {
  advance_plainly(form, h, z, grams, steps);
}
[[gnu::target("fma")]] double gradient_squared_with_fma(const Form& form, double h, const double* z,
                                                        const double* grams) {
  return gradient_squared_plainly(form, h, z, grams);
}
[[gnu::target("fma")]] void hessian_with_fma(const Form& form, double h, const double* z, const double* grams,
                                             const double* w, double* out) {
  hessian_plainly(form, h, z, grams, w, out);
}
bool has_fma() {
  static const bool fused = __builtin_cpu_supports("fma") != 0;
  return fused;
}
#define EQUIPOISE_FASTEST(function, ...) \
  (has_fma() ? function##_with_fma(__VA_ARGS__) : function##_plainly(__VA_ARGS__))
#else
#define EQUIPOISE_FASTEST(function, ...) function##_plainly(__VA_ARGS__)
#endif

bool is_near(const Limits& limits, double gradient_squared, double squared_length) {
  return gradient_squared <= std::max(limits.slope2 * squared_length, limits.low2);
}

bool is_finite(double squared_length) { return squared_length <= largest_double; }

// In natural units.
Factors unscaled(const Form& form, double h, const double* z) {
  Factors result(Shape{static_cast<Index>(form.rows), static_cast<Index>(form.cols), static_cast<Index>(form.rank)});
  const double root = std::sqrt(h);
  double* to = result.data();
  for (std::size_t i = 0; i < form.rows + form.cols; ++i) {
    for (std::size_t a = 0; a < form.rank; ++a) *to++ = z[i * form.width + a] / root;
  }
  return result;
}

// h^2 f and h^2 (f - f*), by the split form of spectral_problem().
struct Losses {
  double loss, rise;
};
Losses losses_of(const Form& form, double h, const double* z) {
  const std::size_t width = form.width;
  const double *const x = z, *const y = z + form.rows * width;
  const std::size_t top_x = std::min(form.rank, form.rows), top_y = std::min(form.rank, form.cols);
  const std::size_t leading = std::min({top_x, top_y, form.pairs()});
  const auto inner = [width](const double* one, const double* other) {
    double sum = 0;
    for (std::size_t a = 0; a < width; ++a) sum += one[a] * other[a];
    return sum;
  };
  std::array<double, 4 * most_width * most_width> room;
  const auto gram_of = [&](std::size_t place, const double* rows, std::size_t from, std::size_t to) {
    double* const gram = room.data() + place * form.gram();
    std::fill_n(gram, form.gram(), 0.0);
    for (std::size_t i = from; i < to; ++i) {
      for (std::size_t a = 0; a < width; ++a) {
        for (std::size_t b = 0; b < width; ++b) gram[a * width + b] += rows[i * width + a] * rows[i * width + b];
      }
    }
    return gram;
  };
  const double *const x1 = gram_of(0, x, 0, top_x), *const x2 = gram_of(1, x, top_x, form.rows);
  const double *const y1 = gram_of(2, y, 0, top_y), *const y2 = gram_of(3, y, top_y, form.cols);
  const auto product = [&](const double* one, const double* other) {
    double sum = 0;
    for (std::size_t i = 0; i < form.gram(); ++i) sum += one[i] * other[i];
    return sum;
  };
  double squares = 0;
  for (std::size_t i = 0; i < top_x; ++i) {
    for (std::size_t j = 0; j < top_y; ++j) {
      const double entry = (i == j && i < leading ? h * form.values[i] : 0) - inner(x + i * width, y + j * width);
      squares += entry * entry;
    }
  }
  double cross = 0;
  for (std::size_t i = leading; i < form.pairs(); ++i)
    cross += h * form.values[i] * inner(x + i * width, y + i * width);
  const double off_diagonal = product(x1, y2) + product(x2, y1);
  const double others = product(x2, y2);
  const double rest = h * h * form.squares_from[leading];
  double second = (others - cross) + (rest - cross);
  const double least = h * h * form.squares_from.back();
  if (second < least) second = least;  // a NaN stays one
  return {(squares + off_diagonal + second) / 2,
          std::max(0.0, (squares + off_diagonal + (others - cross) - cross) / 2)};
}

// The largest eigenvalues of both Grams, with unit vectors.
struct Tops {
  double p = 0, q = 0;
  Vector of_x, of_y;
};
Tops tops_of(const Form& form, const double* grams) {
  const auto rank = static_cast<Index>(form.rank);
  const auto top = [&](const double* gram, double& value, Vector& vector) {
    if (rank == 1) {
      value = gram[0];
      vector = Vector::Ones(1);
      return;
    }
    Matrix whole(rank, rank);
    for (Index a = 0; a < rank; ++a) {
      for (Index b = 0; b < rank; ++b)
        whole(a, b) = gram[static_cast<std::size_t>(a) * form.width + static_cast<std::size_t>(b)];
    }
    const SymmetricEigen pairs = symmetric_eigen(whole);
    value = pairs.values[rank - 1];
    vector = pairs.vectors.col(rank - 1);
  };
  Tops result;
  top(grams, result.p, result.of_x);
  top(grams + form.gram(), result.q, result.of_y);
  return result;
}

// A critical point nearby: what it is, and the multiplier of largest magnitude that is not neutral, where it is
// above 1.
struct Place {
  Limit limit = Limit::undetermined;
  double multiplier = 0;
  bool at_minimiser = false;
};
Place place_of(const Form& form, double h, const double* z) {
  std::vector<double> grams(2 * form.gram());
  grams_of(form, z, grams.data());
  Place place;
  // Every critical point but a minimiser lies least_rise above f*.
  if (losses_of(form, h, z).rise <= 1e-3 * h * h * form.least_rise) {
    const Tops tops = tops_of(form, grams.data());
    place.limit = Limit::minimiser;
    place.multiplier = 1 - (tops.p + tops.q);
    place.at_minimiser = true;
    return place;
  }
  const Curvature curvature = curvature_at_critical_point(*form.problem, unscaled(form, h, z));
  const double up = 1 - h * curvature.largest;
  const double down = curvature.smallest < -curvature.zero ? 1 - h * curvature.smallest : 1;
  place.limit = curvature.limit;
  place.multiplier = down > std::abs(up) ? down : up;
  return place;
}
bool is_stable(const Place& place) { return !(std::abs(place.multiplier) > 1 + 1e-6); }

// value^(1 / (2 window)) for a power of two: by square roots, which every machine rounds alike.
double root_of(double value, std::uint64_t window) {
  for (std::uint64_t n = 2 * window; n > 1; n /= 2) value = std::sqrt(value);
  return value;
}

void end_here(const Follow& follow, Outcome outcome, Ending& ending) {
  ending = Ending{};
  ending.z = follow.z;
  ending.h = follow.h;
  ending.outcome = outcome;
  ending.step = follow.step;
}

void end_at(const Place& place, double h, const double* z, std::size_t entries, std::uint64_t step, Ending& ending) {
  ending = Ending{};
  ending.z.assign(z, z + entries);
  ending.h = h;
  ending.outcome = Outcome::converged;
  ending.limit = place.limit;
  ending.at_minimiser = place.at_minimiser;
  ending.step = step;
  ending.multiplier = place.multiplier;
  ending.lyapunov = tiny::exponent_of_stay(is_stable(place) ? 1 : place.multiplier);
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double apart = 0, scale = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    apart += (b[i] - a[i]) * (b[i] - a[i]);
    scale += a[i] * a[i];
  }
  return std::sqrt(apart / scale);  // no cycle at zero
}

struct SmallCycle {
  std::uint32_t period;
  double multiplier;
};

// As largest_multiplier() in cycle.cpp: power iteration from (J - I) w, which holds no neutral direction.
double multiplier_of(const Form& form, double h, const std::vector<std::vector<double>>& states) {
  std::vector<std::vector<double>> grams;
  for (const std::vector<double>& each : states) {
    grams.emplace_back(2 * form.gram());
    grams_of(form, each.data(), grams.back().data());
  }
  const auto turn = [&](std::vector<double>& w) {
    for (std::size_t k = 0; k < states.size(); ++k) step_tangent(form, h, states[k].data(), grams[k].data(), w.data());
  };
  Generator generator(3);
  std::vector<double> random(form.entries(), 0.0);
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i % form.width < form.rank) random[i] = generator.normal();
  }
  std::vector<double> w = random;
  turn(w);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] -= random[i];
  std::vector<double> squares = {sum_of_squares(form, w.data())};
  double sign = 1;
  // Below 1e-8 of the beginning the neutral part that rounding left behind would show.
  while (squares.size() <= 64 && squares.back() > 1e-16 * squares.front()) {
    const std::vector<double> before = w;
    turn(w);
    squares.push_back(sum_of_squares(form, w.data()));
    double inner = 0;
    for (std::size_t i = 0; i < w.size(); ++i) inner += before[i] * w[i];
    sign = inner < 0 ? -1 : 1;
  }
  const std::size_t last = squares.size() - 1;
  if (last == 0 || squares[last] == 0) return 0;
  const std::size_t window = std::bit_floor(std::max<std::size_t>(1, last / 2));
  return sign * root_of(squares[last] / squares[last - window], window);
}

// As find_cycle().
std::optional<SmallCycle> find_small_cycle(const Form& form, double h, const std::vector<double>& at,
                                           double tolerance) {
  std::vector<std::vector<double>> states = {at};
  std::vector<double> z = at, grams(2 * form.gram());
  grams_of(form, z.data(), grams.data());
  std::uint32_t period = 0;
  for (std::uint32_t k = 1; k <= tiny::largest_period && period == 0; ++k) {
    advance(form, h, z.data(), grams.data(), 1);
    if (distance(at, z) <= tolerance) {
      period = k;
    } else {
      states.push_back(z);
    }
  }
  if (period < 2) return std::nullopt;
  std::vector<double> previous = z;
  for (int turn = 1; turn < 3; ++turn) {
    advance(form, h, z.data(), grams.data(), period);
    if (!(distance(previous, z) <= tolerance)) return std::nullopt;
    previous = z;
  }
  for (std::uint32_t shorter = 1; shorter < period; ++shorter) {
    if (period % shorter == 0 && distance(at, states[shorter]) < 1e3 * tolerance) return std::nullopt;
  }
  return SmallCycle{period, multiplier_of(form, h, states)};
}

bool ends_in_a_cycle(const Form& form, const Follow& follow, const std::vector<double>& at, std::uint64_t step,
                     double tolerance, Ending& ending) {
  const std::optional<SmallCycle> cycle = find_small_cycle(form, follow.h, at, tolerance);
  if (!cycle || !(std::abs(cycle->multiplier) < 1 - verdict_rules::marginal)) return false;
  end_here(follow, Outcome::periodic, ending);
  ending.z = at;
  ending.step = step;
  ending.period = cycle->period;
  ending.multiplier = cycle->multiplier;
  const double magnitude = std::abs(cycle->multiplier);
  ending.lyapunov = magnitude > 0 ? tiny::log_of(magnitude) / cycle->period : -infinity;
  return true;
}

bool ends_in_chaos(const Follow& follow, Ending& ending) {
  if (!follow.growth || follow.growth->steps() < verdict_rules::chaotic_steps) return false;
  const auto [exponent, error] = follow.growth->exponent();
  if (!(exponent > verdict_rules::chaotic_exponent) || !(exponent > 3 * error)) return false;
  end_here(follow, Outcome::chaotic, ending);
  ending.lyapunov = exponent;
  ending.lyapunov_error = error;
  return true;
}

bool may_be_chaotic(double m) { return m > 1 + 1e-12 && m <= 2; }

void plan(Follow& follow) {
  follow.event = std::min({follow.max_steps, follow.cycle_look, follow.growth_look});
  if (follow.candidate_step != never) follow.event = std::min(follow.event, follow.candidate_step + watch_for);
  if (follow.lingers) follow.event = std::min(follow.event, follow.step + look_every);
}

// Divergence and convergence; the iterate is one of those that a walk would end at, or lingers.
bool ends_in_place(const Form& form, Follow& follow, Ending& ending) {
  std::vector<double> grams(2 * form.gram());
  grams_of(form, follow.z.data(), grams.data());
  const double length = squared_length(form, grams.data());
  const bool leaves = !is_finite(length) || diverges(form, follow.limits, grams.data());
  const double gradient = gradient_squared(form, follow.h, follow.z.data(), grams.data());
  if (follow.lingers && !leaves) {
    Limits wider = follow.limits;
    wider.slope2 *= 100;
    wider.low2 *= 100;
    if (is_near(wider, gradient, length)) {
      if (gradient != 0 && follow.step < follow.lingers_until) return false;
      const Place place{follow.visited, follow.visited_multiplier, false};
      end_at(place, follow.h, follow.z.data(), form.entries(), follow.arrived, ending);
      return true;
    }
    follow.lingers = false;
  }
  if (!leaves && !is_near(follow.limits, gradient, length)) return false;
  std::vector<double> z = follow.before;
  const Limits looked_for = leaves ? far_from_all(follow.limits) : follow.limits;
  const Event event = walk(form, follow.h, looked_for, z.data(), follow.step - follow.before_step);
  if (ends_with(form, follow.h, event, follow.before_step, z.data(), ending)) return true;
  if (event.kind != Event::Kind::near) return false;
  const Place place = place_of(form, follow.h, z.data());
  follow.lingers = true;
  follow.visited = place.limit;
  follow.visited_multiplier = place.multiplier;
  follow.arrived = follow.before_step + event.after;
  const double wait = std::min(1e9, std::ceil(42 / tiny::log_of(std::abs(place.multiplier))));
  follow.lingers_until = follow.arrived + static_cast<std::uint64_t>(wait);
  return false;
}

bool ends_with_the_budget(const Form& form, const Follow& follow, Ending& ending) {
  if (!follow.lingers) {
    if (follow.step > tiny::first_cycle_look &&
        ends_in_a_cycle(form, follow, follow.z, follow.step, verdict_rules::cycle_tolerance_late, ending)) {
      return true;
    }
    if (ends_in_chaos(follow, ending)) return true;
    std::vector<double> grams(2 * form.gram());
    grams_of(form, follow.z.data(), grams.data());
    if (gradient_squared(form, follow.h, follow.z.data(), grams.data()) == 0) {
      // With a tolerance of zero nothing else calls this an ending.
      end_at(place_of(form, follow.h, follow.z.data()), follow.h, follow.z.data(), form.entries(), follow.step, ending);
      return true;
    }
  }
  end_here(follow, Outcome::exhausted, ending);
  return true;
}

}  // namespace

Form form_of(const Problem& problem, Shape shape, const Vector& values, double at_rest) {
  Form form{};
  form.rows = static_cast<std::size_t>(shape.rows);
  form.cols = static_cast<std::size_t>(shape.cols);
  form.rank = static_cast<std::size_t>(shape.rank);
  form.width = form.rank <= 4 ? form.rank : (form.rank + 3) / 4 * 4;
  form.values.assign(values.begin(), values.end());
  form.squares_from.assign(form.values.size() + 1, at_rest);
  for (std::size_t i = form.values.size(); i-- > 0;)
    form.squares_from[i] = form.squares_from[i + 1] + form.values[i] * form.values[i];
  constexpr double eps = std::numeric_limits<double>::epsilon();
  form.norm = std::sqrt(form.squares_from[0]);
  // Critical points hold some singular pairs, at most `rank` of them; f* holds the first. The least loss above f* gives
  // one of these for the next smaller value, or for none.
  form.least_rise = infinity;
  const std::size_t kept = std::min(form.rank, form.values.size());
  for (std::size_t i = 0; i < kept; ++i) {
    for (std::size_t j = kept; j <= form.values.size(); ++j) {
      const double other = j < form.values.size() ? form.values[j] : 0;
      const double rise = (form.values[i] - other) * (form.values[i] + other) / 2;
      if (rise > 0) form.least_rise = std::min(form.least_rise, rise);
    }
  }
  const auto terms = static_cast<double>(form.rows + form.cols + form.gram() + 16);
  form.error = 4 * terms * eps;
  form.share = (1 - 32 * eps) / static_cast<double>(std::min({form.rows, form.cols, form.rank}));
  form.sum_factor = 4 * (1 + 4 * terms * eps);
  for (const std::size_t row : {std::min(form.rank, form.rows) - 1, std::min(form.rank, form.rows - 1)}) {
    for (std::size_t a = 0; a < std::min<std::size_t>(form.rank, 4); ++a) form.telling.push_back(row * form.width + a);
  }
  form.problem = &problem;
  return form;
}

void grams_of(const Form& form, const double* z, double* grams) { EQUIPOISE_FASTEST(grams, form, z, grams); }
void advance(const Form& form, double h, double* z, double* grams, std::uint64_t steps) {
  EQUIPOISE_FASTEST(advance, form, h, z, grams, steps);
}
void drop_vanishing(const Form& form, double* z) {
  for (std::size_t i = 0; i < form.entries(); ++i) {
    if (std::abs(z[i]) < vanishing) z[i] = 0;
  }
}
void advance_by_blocks(const Form& form, double h, double* z, double* grams, double* w, std::uint64_t taken,
                       std::uint64_t steps) {
  for (const std::uint64_t end = taken + steps; taken < end;) {
    if (taken % look_every == 0) {
      drop_vanishing(form, z);
      grams_of(form, z, grams);
      if (w != nullptr) drop_vanishing(form, w);
    }
    const std::uint64_t length = std::min(look_every - taken % look_every, end - taken);
    for (std::uint64_t i = 0; w != nullptr && i < length; ++i) {
      step_tangent(form, h, z, grams, w);
      advance(form, h, z, grams, 1);
    }
    if (w == nullptr) advance(form, h, z, grams, length);
    taken += length;
  }
}
double gradient_squared(const Form& form, double h, const double* z, const double* grams) {
  return EQUIPOISE_FASTEST(gradient_squared, form, h, z, grams);
}
void hessian_product(const Form& form, double h, const double* z, const double* grams, const double* w, double* out) {
  EQUIPOISE_FASTEST(hessian, form, h, z, grams, w, out);
}
void step_tangent(const Form& form, double h, const double* z, const double* grams, double* w) {
  std::array<double, static_cast<std::size_t>(largest_small_problem)> product;
  hessian_product(form, h, z, grams, w, product.data());
  for (std::size_t i = 0; i < form.entries(); ++i) w[i] -= product[i];
}

double sum_of_squares(const Form& form, const double* w) {
  ColumnSums sums;
  for (std::size_t i = 0; i < form.rows + form.cols; ++i) {
    for (std::size_t a = 0; a < form.width; ++a) {
      double& sum = i < form.rows ? sums.x[a] : sums.y[a];
      sum = std::fma(w[i * form.width + a], w[i * form.width + a], sum);
    }
  }
  return sums.total(form.width);
}

double squared_length(const Form& form, const double* grams) {
  double of_x = 0, of_y = 0;
  for (std::size_t a = 0; a < form.width; ++a) of_x += grams[a * (form.width + 1)];
  for (std::size_t a = 0; a < form.width; ++a) of_y += grams[form.gram() + a * (form.width + 1)];
  return of_x + of_y;
}

bool diverges(const Form& form, const Limits& limits, const double* grams) {
  const std::size_t width = form.width;
  const double *const x = grams, *const y = grams + form.gram();
  double of_x = 0, of_y = 0, diagonal = 0, beside = 0;
  for (std::size_t a = 0; a < width; ++a) {
    of_x += x[a * width + a];
    of_y += y[a * width + a];
    diagonal = std::fma(x[a * width + a], y[a * width + a], diagonal);
    for (std::size_t b = a + 1; b < width; ++b) beside = std::fma(x[a * width + b], y[a * width + b], beside);
  }
  const double inner = std::fma(2.0, beside, diagonal);
  const double product = std::fma(-form.error * of_x, of_y, inner) * form.share;
  const double length = of_x + of_y;
  return product >= limits.needed2 && product >= form.sum_factor * length && is_finite(length);
}

std::vector<double> first_tangent(const Form& form) {
  Generator generator(2);
  std::vector<double> w(form.entries(), 0.0);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (i % form.width < form.rank) w[i] = generator.normal();
  }
  const double length = std::sqrt(sum_of_squares(form, w.data()));
  for (double& each : w) each /= length;
  return w;
}

void begin(const Form& form, const SmallRun& run, Follow& follow) {
  const Factors& start = run.start->factors;
  const double root = std::sqrt(run.h);
  const double scale_x = root * run.scale_x, scale_y = root * run.scale_y;
  follow.h = run.h;
  follow.m = form.values.empty() ? 0 : run.h * form.values[0];
  follow.max_steps = run.max_steps;
  follow.step = follow.before_step = 0;
  follow.z.assign(form.entries(), 0.0);
  const double* from = start.data();
  double squares = 0;
  for (std::size_t i = 0; i < form.rows + form.cols; ++i) {
    const double scale = i < form.rows ? scale_x : scale_y;
    for (std::size_t a = 0; a < form.rank; ++a) {
      const double value = scale * *from++;
      follow.z[i * form.width + a] = value;
      squares += value * value;
    }
  }
  follow.before = follow.z;
  follow.limits = Limits{};
  const double norm = run.h * form.norm * (1 + 16 * std::numeric_limits<double>::epsilon());
  follow.limits.needed2 = 16 * (1 + norm) * (1 + norm) * (1 + 32 * std::numeric_limits<double>::epsilon());
  if (run.tolerance > 0) {
    const double slope = run.tolerance * run.h * form.norm;
    follow.limits.slope2 = slope * slope;
    follow.limits.low2 = form.norm > 0 ? slope * slope * (run.h * form.norm)
                                       : run.tolerance * run.tolerance * (squares * squares * squares);
  }
  follow.cycle_look = tiny::first_cycle_look;
  follow.growth_look = may_be_chaotic(follow.m) ? tiny::first_growth_look : never;
  follow.candidate_step = never;
  follow.lingers = false;
  follow.growth.reset();
  plan(follow);
}

void take_block(const Form& form, Follow& follow) {
  const std::uint64_t length = std::min(look_every, follow.max_steps - follow.step);
  const bool follows = follow.follows_tangent() && length == look_every;
  std::vector<double> grams(2 * form.gram());
  drop_vanishing(form, follow.z.data());
  follow.before = follow.z;
  follow.before_step = follow.step;
  advance_by_blocks(form, follow.h, follow.z.data(), grams.data(), follows ? follow.tangent.data() : nullptr,
                    follow.step, length);
  follow.step += length;
  if (!follows) return;
  const double norm = std::sqrt(sum_of_squares(form, follow.tangent.data()));
  for (double& each : follow.tangent) each /= norm;
  follow.open_growth += tiny::log_of(norm);
  if (follow.step % tiny::look_every != 0) return;
  follow.growth->add(follow.open_growth);
  follow.open_growth = 0;
}

Event walk(const Form& form, double h, const Limits& limits, double* z, std::uint64_t length) {
  Event event;
  std::vector<double> grams(2 * form.gram());
  grams_of(form, z, grams.data());
  std::vector<double> next(z, z + form.entries()), next_grams;
  for (std::uint64_t k = 0;; ++k) {
    event.after = k;
    const double reached = squared_length(form, grams.data());
    if (!is_finite(reached)) {
      event.kind = Event::Kind::out_of_range;
      return event;
    }
    if (diverges(form, limits, grams.data())) {
      event.kind = Event::Kind::proved_divergence;
      return event;
    }
    event.squared[k] = gradient_squared(form, h, z, grams.data());
    if (is_near(limits, event.squared[k], reached)) {
      event.kind = Event::Kind::near;
      return event;
    }
    if (k == length) return event;
    next_grams = grams;
    advance(form, h, next.data(), next_grams.data(), 1);
    if (!is_finite(squared_length(form, next_grams.data()))) {
      event.kind = Event::Kind::out_of_range;
      return event;
    }
    std::copy(next.begin(), next.end(), z);
    grams = next_grams;
  }
}

bool ends_with(const Form& form, double h, const Event& event, std::uint64_t first, const double* z, Ending& ending) {
  if (event.kind == Event::Kind::nothing) return false;
  const std::uint64_t step = first + event.after;
  if (event.kind != Event::Kind::near) {
    ending = Ending{};
    ending.z.assign(z, z + form.entries());
    ending.h = h;
    ending.outcome = Outcome::diverged;
    ending.proved = event.kind == Event::Kind::proved_divergence;
    ending.step = step;
    return true;
  }
  const Place place = place_of(form, h, z);
  const bool exact = event.squared[event.after] == 0;
  if (!is_stable(place) && !exact) return false;
  end_at(place, h, z, form.entries(), step, ending);
  if (is_stable(place)) {
    const std::uint64_t window = std::bit_floor(event.after);
    const double then = window > 0 ? event.squared[event.after - window] : 0;
    ending.multiplier = then > 0 ? root_of(event.squared[event.after] / then, window) : nan;
  }
  return true;
}

bool look(const Form& form, Follow& follow, Ending& ending, bool may_end_here, bool may_return) {
  if ((may_end_here || follow.lingers) && ends_in_place(form, follow, ending)) return true;
  if (follow.step == follow.max_steps) return ends_with_the_budget(form, follow, ending);
  // A tolerance of zero: nothing but divergence ends a run early.
  const bool may_end = !follow.lingers && follow.limits.slope2 >= 0;
  if (follow.candidate_step != never && follow.step == follow.candidate_step + watch_for) {
    const std::uint64_t step = follow.candidate_step;
    follow.candidate_step = never;
    if (may_end && may_return &&
        ends_in_a_cycle(form, follow, follow.candidate, step, verdict_rules::cycle_tolerance, ending)) {
      return true;
    }
  }
  if (follow.step == follow.cycle_look) {
    follow.cycle_look *= 2;
    if (may_end) {
      follow.candidate = follow.z;
      follow.candidate_step = follow.step;
    }
  }
  if (follow.step == follow.growth_look) {
    if (may_end && ends_in_chaos(follow, ending)) return true;
    follow.growth = std::make_unique<tiny::Growth>();
    follow.open_growth = 0;
    if (follow.growth_look == tiny::first_growth_look) follow.tangent = first_tangent(form);
    follow.growth_look = 2 * follow.growth_look + 3 * tiny::look_every;  // 9920, 20032, 40256, ...
  }
  plan(follow);
  return false;
}

namespace {

// The largest eigenvalue at an iterate that is next to a global minimiser, where it belongs to the direction in which
// both factors follow their top singular vectors: its Rayleigh quotient, whose error is of second order. NaN where the
// residual does not say so.
double sharpness_at_minimiser(const Form& form, double h, const double* z, const double* grams) {
  const Tops tops = tops_of(form, grams);
  if (!(std::min(tops.p, tops.q) > 1e-12 * std::max(tops.p, tops.q))) return nan;
  const std::size_t width = form.width;
  std::vector<double> w(form.entries(), 0.0), image(form.entries());
  const auto fill = [&](std::size_t first, std::size_t count, const Vector& own, double own_value, const Vector& other,
                        double other_value) {
    for (std::size_t i = first; i < first + count; ++i) {
      double along = 0;
      for (std::size_t a = 0; a < form.rank; ++a) along += z[i * width + a] * own[static_cast<Index>(a)];
      for (std::size_t a = 0; a < form.rank; ++a)
        w[i * width + a] = along / std::sqrt(own_value) * std::sqrt(other_value) * other[static_cast<Index>(a)];
    }
  };
  fill(0, form.rows, tops.of_x, tops.p, tops.of_y, tops.q);
  fill(form.rows, form.cols, tops.of_y, tops.q, tops.of_x, tops.p);
  hessian_product(form, h, z, grams, w.data(), image.data());
  double squares = 0, inner = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    squares += w[i] * w[i];
    inner += w[i] * image[i];
  }
  const double value = inner / squares;
  double residual = 0;
  for (std::size_t i = 0; i < w.size(); ++i) residual += (image[i] - value * w[i]) * (image[i] - value * w[i]);
  return std::sqrt(residual / squares) <= 1e-9 * value ? value / h : nan;
}

// Up to here the whole Hessian takes less time than Lanczos.
constexpr std::size_t most_unknowns_whole = 96;

double sharpness_anywhere(const Form& form, double h, const double* z, const double* grams) {
  const std::size_t unknowns = (form.rows + form.cols) * form.rank;
  if (unknowns > most_unknowns_whole) return sharpness(*form.problem, unscaled(form, h, z)).value;
  const auto place = [&](std::size_t k) { return k / form.rank * form.width + k % form.rank; };
  std::vector<double> w(form.entries(), 0.0), image(form.entries());
  Matrix whole(static_cast<Index>(unknowns), static_cast<Index>(unknowns));
  for (std::size_t k = 0; k < unknowns; ++k) {
    w[place(k)] = 1;
    hessian_product(form, h, z, grams, w.data(), image.data());
    w[place(k)] = 0;
    for (std::size_t i = 0; i < unknowns; ++i)
      whole(static_cast<Index>(k), static_cast<Index>(i)) = image[place(i)] / h;
  }
  if (!whole.allFinite()) return nan;
  return symmetric_eigenvalues(whole).maxCoeff();
}

}  // namespace

void report(const Form& form, const Ending& ending, const Matrix& overlap, bool measures, bool sharpness,
            TinyEnd& end) {
  end = TinyEnd{};
  end.outcome = ending.outcome;
  end.limit = ending.limit;
  end.proved = ending.proved;
  end.period = ending.period;
  end.steps = ending.step;
  end.lyapunov = ending.lyapunov;
  end.lyapunov_error = ending.lyapunov_error;
  end.multiplier = ending.multiplier;
  end.loss = end.sharpness = end.ratio = end.imbalance = end.product = end.norm_x = end.norm_y = nan;
  if (!measures) return;
  const double h = ending.h;
  const double* const z = ending.z.data();
  std::vector<double> grams(2 * form.gram());
  grams_of(form, z, grams.data());
  double of_x = 0, of_y = 0, squares = 0;
  for (std::size_t a = 0; a < form.width; ++a) {
    of_x += grams[a * (form.width + 1)];
    of_y += grams[form.gram() + a * (form.width + 1)];
  }
  for (std::size_t i = 0; i < form.gram(); ++i) {
    const double difference = grams[i] - grams[form.gram() + i];
    squares += difference * difference;
  }
  end.loss = losses_of(form, h, z).loss / h / h;
  end.norm_x = std::sqrt(of_x / h);
  end.norm_y = std::sqrt(of_y / h);
  end.ratio = end.norm_x == end.norm_y ? 1 : end.norm_x / end.norm_y;
  end.imbalance = std::sqrt(squares) / h;
  if (overlap.size() > 0) {
    double product = 0;
    for (std::size_t i = 0; i < form.rows; ++i) {
      for (std::size_t j = 0; j < form.cols; ++j) {
        double inner = 0;
        for (std::size_t a = 0; a < form.width; ++a)
          inner += z[i * form.width + a] * z[(form.rows + j) * form.width + a];
        product += overlap(static_cast<Index>(i), static_cast<Index>(j)) * inner;
      }
    }
    end.product = product / h;
  }
  if (!sharpness || ending.outcome == Outcome::diverged) return;
  if (ending.at_minimiser) end.sharpness = sharpness_at_minimiser(form, h, z, grams.data());
  if (std::isnan(end.sharpness)) end.sharpness = sharpness_anywhere(form, h, z, grams.data());
}

}  // namespace equipoise::small
