// Small problems where a run ends: losses in the split form, minimiser or saddle, and the row that is reported.
//
// Tested in equipoise/ensemble/small/limits_test.cpp
#include "equipoise/ensemble/small/place.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "equipoise/core/closed_form.hpp"
#include "equipoise/core/curvature.hpp"
#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"

namespace equipoise::small {
namespace {

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

Place place_of(const Form& form, double h, const double* z) {
  std::vector<double> grams(2 * form.gram());
  grams_of(form, z, grams.data());
  Place place;
  // Every critical point but a minimiser lies least_rise above f*.
  if (losses_of(form, h, z).rise <= 1e-3 * h * h * form.least_rise) {
    const auto rank = static_cast<Index>(form.rank);
    using Gram = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;
    const Eigen::OuterStride<> stride(static_cast<Index>(form.width));
    const double tau = form.rank < form.pairs() ? h * form.values[form.rank] : 0;
    const Gram gram_x(grams.data(), rank, rank, stride), gram_y(grams.data() + form.gram(), rank, rank, stride);
    const double gradient = std::sqrt(gradient_squared(form, h, z, grams.data()));
    Curvature curvature;
    const EndsAtMinimiser ends =
        ends_at_minimiser(gram_x, gram_y, static_cast<Index>(form.rows), static_cast<Index>(form.cols), tau, gradient);
    curvature.limit = place.limit = Limit::minimiser;
    curvature.largest_at_limit = ends.largest;
    curvature.slowest_at_limit = ends.smallest;
    place.multiplier = multiplier_of_stay(curvature, 1);
    place.at_minimiser = true;
    return place;
  }
  const Curvature curvature = curvature_at_critical_point(*form.problem, unscaled(form, h, z));
  place.limit = curvature.limit;
  place.multiplier = multiplier_of_stay(curvature, h);
  return place;
}

void report(const Form& form, const Ending& ending, const Matrix& overlap, bool measures, bool sharpness,
            TinyEnd& end) {
  tiny::report_ending(ending, end);
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
