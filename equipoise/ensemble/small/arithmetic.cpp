// The arithmetic of small problems in plain loops: what the lanes repeat bit for bit.
//
// Tested in equipoise/ensemble/small/ensemble_test.cpp
#include "equipoise/ensemble/small/arithmetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"

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

double normalise(const Form& form, double* w) {
  const double norm = std::sqrt(sum_of_squares(form, w));
  for (std::size_t i = 0; i < form.entries(); ++i) w[i] /= norm;
  return log_of(norm);
}

double squared_length(const Form& form, const double* grams) {
  double of_x = 0, of_y = 0;
  for (std::size_t a = 0; a < form.width; ++a) of_x += grams[a * (form.width + 1)];
  for (std::size_t a = 0; a < form.width; ++a) of_y += grams[form.gram() + a * (form.width + 1)];
  return of_x + of_y;
}

namespace {

// Both sides of Lemma E: h^2 |X Y^T|_2^2 from below, and |z|^2.
struct Sides {
  double product, length;
};
Sides sides_of(const Form& form, const double* grams) {
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
  return {std::fma(-form.error * of_x, of_y, inner) * form.share, of_x + of_y};
}

}  // namespace

bool diverges(const Form& form, const Limits& limits, const double* grams) {
  const auto [product, length] = sides_of(form, grams);
  return product >= limits.needed2 && product >= form.sum_factor * length && is_finite(length);
}

bool may_have_left(const Form& form, const Limits& limits, const double* grams) {
  const auto [product, length] = sides_of(form, grams);
  return !(product < limits.needed2 || product < form.sum_factor * length) || !is_finite(length);
}

}  // namespace equipoise::small
