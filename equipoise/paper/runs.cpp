// Starts, many runs at once, and measures along one run.
//
// Tested in tests/cli/reproduce.py
#include "equipoise/paper/runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/core/run.hpp"
#include "equipoise/core/start.hpp"
#include "equipoise/problems/parallel/threads.hpp"
#include "equipoise/solve/coordinates.hpp"
#include "equipoise/theory/delta.hpp"

namespace equipoise {
Subject subject(const std::string& name, const Laboratory& laboratory) {
  Subject result{name, laboratory.load(name), {}, 0, false};
  result.singular_values = singular_values(result.A);
  const double mu = result.A(0, 0);
  result.tiny = mu > 0 && result.A == Matrix(mu * Matrix::Identity(result.A.rows(), result.A.cols()));
  if (result.tiny) result.mu = mu;
  return result;
}

Subject tiny_subject(const std::string& name, const Laboratory& laboratory, const ExperimentSettings& settings,
                     std::string_view key) {
  Subject result = subject(name, laboratory);
  if (!result.tiny)
    settings.refuse(
        key,
        fmt::format("'{}' is no positive multiple of the identity, such as scalar:1.0 or isotropic:100:1.0", name));
  return result;
}

Factors start_of(const Subject& subject, Index rank, const StartNorms& norms, std::uint64_t seed) {
  return with_norms(gaussian_factors({subject.A.rows(), subject.A.cols(), rank}, seed), norms.x, norms.y);
}

TinyRun tiny_run(const Subject& subject, const Factors& start, double h, std::uint64_t max_steps, double tolerance) {
  TinyRun run = subject.A.size() == 1 ? tiny_scalar(subject.mu, start.X()(0, 0), start.Y()(0, 0), h)
                                      : tiny_isotropic(subject.mu, start.X().col(0), start.Y().col(0), h);
  run.max_steps = max_steps;
  run.tolerance = tolerance;
  return run;
}

double difference(const TinyEnd& end) {
  return std::sqrt(std::max(0.0, end.norm_x * end.norm_x + end.norm_y * end.norm_y - 2 * end.product));
}

std::vector<std::uint64_t> distinct_seeds(const Subject& subject, const StartNorms& norms, std::uint64_t count) {
  std::vector<std::uint64_t> seeds;
  bool seen[2] = {false, false};
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    if (subject.A.size() == 1) {
      const Factors start = start_of(subject, 1, norms, seed);
      bool& known = seen[start.X()(0, 0) * start.Y()(0, 0) > 0 ? 1 : 0];
      if (known) continue;
      known = true;
    }
    seeds.push_back(seed);
  }
  return seeds;
}

bool for_each_run(std::size_t count, const Laboratory& laboratory, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> done = 0;
  std::atomic<bool> stopped = false;
  in_parallel(static_cast<Index>(count), [&](Index i) {
    if (stopped) return;
    body(static_cast<std::size_t>(i));
    if (!laboratory.pulse(++done, count)) stopped = true;
  });
  return !stopped;
}

std::vector<TinyEnd> run_all(const std::vector<TinyRun>& runs, const Laboratory& laboratory) {
  std::vector<TinyEnd> ends(runs.size());
  constexpr std::size_t chunk = 2048;
  const bool whole = for_each_run((runs.size() + chunk - 1) / chunk, laboratory, [&](std::size_t i) {
    const std::size_t first = i * chunk, length = std::min(chunk, runs.size() - first);
    run_batch(std::span(runs).subspan(first, length), std::span(ends).subspan(first, length));
  });
  if (!whole) ends.clear();
  return ends;
}

double PlanePoint::difference() const { return std::hypot(x[0] - y[0], x[1] - y[1]); }

double PlanePoint::excess(double mu) const {
  const double r = mu - p(), w = wedge();
  return (r * r + w * w) / 2;
}

void walk(const TinyRun& run, const std::function<bool(const PlanePoint& point, bool last)>& visit) {
  PlanePoint at;
  for (int i = 0; i < 2; ++i) at.x[i] = run.x[i], at.y[i] = run.y[i];
  for (;; ++at.step) {
    const double P = at.P(), Q = at.Q();
    double gradient_x[2], gradient_y[2], squared = 0;
    for (int i = 0; i < 2; ++i) {
      gradient_x[i] = Q * at.x[i] - run.mu * at.y[i];
      gradient_y[i] = P * at.y[i] - run.mu * at.x[i];
      squared += gradient_x[i] * gradient_x[i] + gradient_y[i] * gradient_y[i];
    }
    const double scale = run.mu * std::max(std::sqrt(P + Q), std::sqrt(run.mu));
    const bool last =
        at.step >= run.max_steps || std::sqrt(squared) <= run.tolerance * scale || !std::isfinite(squared);
    if (!visit(at, last) || last) return;
    for (int i = 0; i < 2; ++i) {
      at.x[i] -= run.h * gradient_x[i];
      at.y[i] -= run.h * gradient_y[i];
    }
  }
}

bool Thinning::operator()(std::uint64_t step) {
  if (step < next_) return false;
  next_ = step < 300 ? step + 1 : step + 1 + step / 100;
  return true;
}

namespace {

Request request_of(const Subject& subject, Index rank, const StartNorms& norms, std::uint64_t seed) {
  constexpr std::uint64_t usual_steps = 10000;
  Request request;
  request.matrix.values = subject.A;
  request.matrix.source = subject.name;
  request.rank = rank;
  request.start = GivenStart{start_of(subject, rank, norms, seed)};
  // By shape and steps alone: a multiple of the identity is followed in the coordinates of any other matrix.
  const bool spectral = choose_coordinates({subject.A.rows(), subject.A.cols(), rank}, usual_steps).spectral;
  request.coordinates = spectral ? Coordinates::spectral : Coordinates::plain;
  return request;
}

}  // namespace

Prepared::Prepared(const Subject& subject, Index rank, const StartNorms& norms, std::uint64_t seed)
    : session_(prepare(request_of(subject, rank, norms, seed))),
      problem_(&session_.problem()),
      start_(&session_.start_in_run()),
      known_(session_.measured()) {
  const Units units = session_.units();
  norms_ = {units.factor(norms.x), units.factor(norms.y)};
  sigma1_ = units.matrix(subject.sigma1());
  const Vector values = subject.singular_values.unaryExpr([&](double value) { return units.matrix(value); });
  best_ = values.tail(values.size() - std::min(rank, values.size())).squaredNorm() / 2;
}

double Prepared::rate(const RelativeRate& rate) const {
  return rate.value(L(), norms_.x * norms_.x + norms_.y * norms_.y, sigma1_);
}

Record Prepared::descend(double h, const RunSettings& settings, const Laboratory& laboratory,
                         const Observer& observer) const {
  Watch watch;
  watch.pulse = [&laboratory](std::uint64_t) {
    return laboratory.pulse(0, 0) ? std::nullopt : std::optional<Stop>(Stop());
  };
  watch.known = known_;
  watch.observer = observer;
  return run(problem(), start(), h, settings, watch);
}

double operator_norm(const Eigen::Ref<const Matrix>& X) {
  if (X.size() == 0 || !X.allFinite()) return X.size() == 0 ? 0 : nan;
  const Vector eigenvalues = symmetric_eigenvalues(X.transpose() * X);
  return std::sqrt(std::max(0.0, eigenvalues[eigenvalues.size() - 1]));
}

double balance_bound(const Vector& singular_values, Index rank, double h) {
  const double hs = h * singular_values[0];
  if (!(hs <= 1)) return nan;
  const Index d = std::min(rank, singular_values.size());
  const double p = (1 + std::sqrt(1 - hs * hs)) / h;
  return static_cast<double>(d) * p - singular_values.head(d).squaredNorm() / p;
}

double top_balance_bound(double sigma1, double h) {
  return h * sigma1 <= 1 ? 2 * std::sqrt((1 / h - sigma1) * (1 / h + sigma1)) : nan;
}

std::string_view name(Forecasted forecasted) {
  switch (forecasted) {
    case Forecasted::converges:
      return "converges";
    case Forecasted::does_not:
      return "does not";
    case Forecasted::undecided:
      break;
  }
  return "undecided";
}

Forecasted forecasted(const Subject& subject, const Factors& start, double h) {
  const bool scalar = subject.A.size() == 1;
  const Delta delta = scalar ? Delta::of_vectors(subject.mu, start.X().row(0).transpose(), start.Y().row(0).transpose())
                             : Delta::of_isotropic(subject.A, start.X().col(0), start.Y().col(0));
  if (delta.m_versus(h, 1) > 0) return Forecasted::does_not;
  if (delta.m_versus(h, 1) == 0) return Forecasted::undecided;
  if ((scalar ? delta.delta_versus(h, 2) : delta.delta_versus_isotropic_limit(h)) < 0) return Forecasted::converges;
  return delta.delta_versus(h, 2) > 0 ? Forecasted::does_not : Forecasted::undecided;
}

std::string id_part(std::string_view text) {
  std::string id;
  for (const char c : text) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    if (kept) {
      id += c == '.' ? 'p' : c;
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id;
}

Figure::Axis step_axis() {
  Figure::Axis axis;
  axis.title = "step";
  return axis;
}

}  // namespace equipoise
