// What is reported of where a tiny run ended: closed forms of loss and sharpness, lengths in natural units.
//
// Tested in equipoise/ensemble/tiny/ensemble_test.cpp
#include <algorithm>
#include <cmath>

#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/tiny/ensemble.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"

namespace equipoise {
namespace {

double root_of_squares(double a, double b) {
  const double sum = a * a + b * b;
  if (sum > 1e-280 && sum < 1e300) return std::sqrt(sum);
  const double larger = std::max(std::abs(a), std::abs(b));
  if (larger == 0 || !std::isfinite(larger)) return larger;
  return larger * std::sqrt((a / larger) * (a / larger) + (b / larger) * (b / larger));
}

// 1 where both are zero, as Balance::ratio.
double ratio_of(double norm_x, double norm_y) { return norm_x == norm_y ? 1 : norm_x / norm_y; }

// Distances and lengths in natural units, from scaled coordinates.
struct Measures {
  double loss, sharpness, ratio, imbalance, product, norm_x, norm_y;
};

// What turns scaled numbers into natural ones. Divisions are what the measures cost: there are two of them here.
struct FromScaled {
  double h, root, inverse_root, inverse;
  bool plain;

  explicit FromScaled(double rate)
      : h(rate),
        root(std::sqrt(rate)),
        inverse_root(1 / root),
        inverse(inverse_root * inverse_root),
        plain(inverse <= largest_double) {}
  double length(double scaled) const { return scaled * inverse_root; }
  double area(double scaled) const { return plain ? scaled * inverse : scaled / h; }
};

// f = r^2 / 2; the Hessian [[y^2, 2p - m], [2p - m, x^2]] (docs/theory.md, section 3). With u +- v along fixed unit
// vectors of cosine c, |u|^2 = (a^2 + b^2 + 2 c a b) / 4 and u u^T - v v^T has the norm |a b| sqrt((1 + c^2) / 2),
// where a, b = x +- y.
Measures measures_of(const TinyRun& run, const tiny::Map<2>& map, const tiny::State<2>& z) {
  const FromScaled units(run.h);
  const auto [x, y] = z;
  const double r = tiny::residual(map, z);
  const double p = x * y;
  const double ab = (x + y) * (x - y);
  const double c = run.shape;
  Measures result;
  result.loss = 0.5 * units.area(r) * units.area(r);
  result.sharpness = units.area(tiny::squared(x, y) / 2 + root_of_squares(ab / 2, p - r));
  result.product = units.area(run.mu < 0 ? -p : p);
  double norm_x = std::abs(x);
  double norm_y = std::abs(y);
  result.imbalance = units.area(std::abs(ab));
  if (c != 1) {
    norm_x = std::sqrt(std::max(0.0, x * x - (1 - c) * ab / 2));
    norm_y = std::sqrt(std::max(0.0, y * y + (1 - c) * ab / 2));
    result.imbalance *= std::sqrt((1 + c * c) / 2);
  }
  result.norm_x = units.length(norm_x);
  result.norm_y = units.length(norm_y);
  result.ratio = ratio_of(norm_x, norm_y);
  return result;
}

// f = ((n - 1) m^2 + (m - p)^2 + (x1 y2 - x2 y1)^2) / 2, and the sharpness of docs/theory.md, section 3, for A = m I.
Measures measures_of(const TinyRun& run, const tiny::Map<4>& map, const tiny::State<4>& z) {
  const FromScaled units(run.h);
  const double m = map.m;
  const double P = tiny::squared(z[0], z[1]);
  const double Q = tiny::squared(z[2], z[3]);
  const double p = tiny::product(z);
  const double area = std::fma(z[0], z[3], -(z[1] * z[2]));
  const double t = 4 * (P * Q - m * p);
  const double deviation = m * m + t / 2 + root_of_squares(t / 2, 2 * m * area);  // |2 x y^T - A|^2
  const double half_gap = (P - Q) / 2;
  Measures result;
  result.loss = 0.5 * ((run.shape - 1) * run.mu * run.mu + units.area(m - p) * units.area(m - p) +
                       units.area(area) * units.area(area));
  result.sharpness = units.area((P + Q) / 2 + std::sqrt(half_gap * half_gap + std::max(0.0, deviation)));
  result.product = units.area(run.mu < 0 ? -p : p);
  result.norm_x = units.length(std::sqrt(P));
  result.norm_y = units.length(std::sqrt(Q));
  result.ratio = ratio_of(result.norm_x, result.norm_y);
  result.imbalance = units.area(std::abs(P - Q));
  return result;
}

}  // namespace

template <std::size_t S>
void tiny::report_measures(const TinyRun& run, const State<S>& z, TinyEnd& end) {
  Map<S> map;
  map.m = run.h * std::abs(run.mu);
  const Measures numbers = measures_of(run, map, z);
  end.loss = numbers.loss;
  end.sharpness = end.outcome == Outcome::diverged ? nan : numbers.sharpness;
  end.ratio = numbers.ratio;
  end.imbalance = numbers.imbalance;
  end.product = numbers.product;
  end.norm_x = numbers.norm_x;
  end.norm_y = numbers.norm_y;
}
template void tiny::report_measures<2>(const TinyRun&, const State<2>&, TinyEnd&);
template void tiny::report_measures<4>(const TinyRun&, const State<4>&, TinyEnd&);

double tiny_sharpness(const TinyRun& run) {
  TinyRun unscaled = run;
  unscaled.h = 1;
  TinyEnd end;
  const double y_sign = run.mu < 0 ? -1 : 1;
  if (run.kind == TinyRun::Kind::pair) {
    tiny::report_measures<2>(unscaled, {run.x[0], y_sign * run.y[0]}, end);
  } else {
    tiny::report_measures<4>(unscaled, {run.x[0], run.x[1], y_sign * run.y[0], y_sign * run.y[1]}, end);
  }
  return end.sharpness;
}

TinyEnd tiny_end(const Record& record) {
  const Verdict& verdict = record.verdict;
  TinyEnd end;
  end.outcome = verdict.outcome;
  end.limit = verdict.limit;
  end.proved = verdict.proved;
  end.period = verdict.period;
  end.steps = verdict.step;
  end.loss = record.loss_end;
  end.sharpness = record.sharpness_end.value;
  end.ratio = ratio_of(record.balance_end.norm_x, record.balance_end.norm_y);
  end.imbalance = record.balance_end.imbalance;
  const Shape shape = record.last.shape();
  end.product = shape.rows == shape.cols ? record.last.X().cwiseProduct(record.last.Y()).sum() : nan;
  end.norm_x = record.balance_end.norm_x;
  end.norm_y = record.balance_end.norm_y;
  const bool known = verdict.outcome != Outcome::exhausted;
  end.lyapunov = known ? verdict.lyapunov : nan;
  end.lyapunov_error = verdict.outcome == Outcome::chaotic ? verdict.lyapunov_error : nan;
  end.multiplier = verdict.multiplier;
  return end;
}

}  // namespace equipoise
