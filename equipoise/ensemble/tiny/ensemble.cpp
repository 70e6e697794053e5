// What is accepted, the plain loop that is the oracle of every kernel, and the rows that are reported.
#include "equipoise/ensemble/tiny/ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/tiny/kernel.hpp"
#include "equipoise/ensemble/tiny/rules.hpp"
#include "equipoise/ensemble/tiny/targets.hpp"

namespace equipoise {
namespace {

using tiny::Ending;
using tiny::Follow;
using tiny::Marks;
using tiny::scalar_target;
using tiny::State;

void require_number(std::size_t cell, std::string_view what, double value) {
  if (!std::isfinite(value)) throw Error(fmt::format("cell {}: {} is {}; it must be finite", cell, what, value));
}

void require(std::size_t cell, const TinyRun& run) {
  // A finite sum has finite terms; where it is not, they are looked at one by one.
  const double sum = (run.mu + run.x[0]) + (run.x[1] + run.y[0]) + (run.y[1] + run.shape);
  const bool plain = std::abs(sum) <= largest_double && run.h > 0 && run.h <= largest_double && run.tolerance >= 0 &&
                     run.tolerance <= 1;
  if (!plain) {
    require_number(cell, "mu", run.mu);
    for (const double x : run.x) require_number(cell, "x", x);
    for (const double y : run.y) require_number(cell, "y", y);
    if (!(run.h > 0) || !std::isfinite(run.h)) {
      throw Error(fmt::format("cell {}: the learning rate must be positive and finite, not {}", cell, run.h));
    }
    if (!(run.tolerance >= 0) || !(run.tolerance <= 1)) {
      throw Error(fmt::format("cell {}: the tolerance must lie in [0, 1], not {}", cell, run.tolerance));
    }
    require_number(cell, "shape", run.shape);
  }
  if (run.kind == TinyRun::Kind::isotropic && !(run.shape >= 1)) {
    throw Error(
        fmt::format("cell {}: the size n of the isotropic problem must be at least 1, not {}", cell, run.shape));
  }
}

bool stopped(const BatchSettings& settings) {
  return settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed);
}

// The oracle: one run at a time, a look every 64 steps. Nothing where it is stopped.
template <std::size_t S>
std::optional<Ending<S>> follow_plainly(const TinyRun& run, const BatchSettings& settings) {
  Follow<S> follow;
  Ending<S> ending;
  Marks<S> marks;
  if (tiny::begin(run, follow, ending)) return ending;
  do {
    if (stopped(settings)) return std::nullopt;
    tiny::take_block(follow, marks);
  } while (!tiny::look(follow, marks, ending));
  return ending;
}

template <std::size_t S>
void record_plainly(const TinyRun& run, std::size_t last, double* orbit) {
  Follow<S> follow;
  Ending<S> ending;
  tiny::begin(run, follow, ending);
  for (std::uint64_t k = 0; k <= run.max_steps; ++k) {
    if (k > 0) tiny::step(follow.map, follow.z);
    if (k + last > run.max_steps) *orbit++ = tiny::product(follow.z);
  }
}

// Renormalised every 16 steps: growth per step is at most 1 + 3 S, and S stays below 1e15 until a run that is not
// bounded overflows anyway.
template <std::size_t S>
double exponent_of_second_half(const TinyRun& run) {
  constexpr std::uint64_t stretch = 16;
  Follow<S> follow;
  Ending<S> ending;
  if (tiny::begin(run, follow, ending) && !tiny::finite(ending.z)) return nan;
  State<S> tangent;
  for (std::size_t i = 0; i < S; ++i) tangent[i] = 0.5 + 0.1 * static_cast<double>(i);
  const std::uint64_t half = run.max_steps / 2;
  double sum = 0;
  std::uint64_t k = 0;
  while (k < run.max_steps) {
    // A stretch ends where the second half begins.
    const std::uint64_t end = std::min(k < half ? half : run.max_steps, k + stretch);
    const bool counts = k >= half;
    for (; k < end; ++k) {
      tiny::step_tangent(follow.map, follow.z, tangent);
      tiny::step(follow.map, follow.z);
    }
    const double norm = tiny::length(tangent);
    for (double& each : tangent) each /= norm;
    if (counts) sum += log_of(norm);
    if (!tiny::finite(follow.z)) return nan;
  }
  return sum / static_cast<double>(run.max_steps - half);
}

void unscale(const TinyRun& run, double* orbit, std::size_t last) {
  const double unit = run.mu < 0 ? -run.h : run.h;
  for (std::size_t i = 0; i < last; ++i) {
    const double value = orbit[i] / unit;
    orbit[i] = std::isfinite(value) ? value : nan;
  }
}

template <std::size_t S>
void run_plainly(const TinyRun& run, const BatchSettings& settings, TinyEnd& end) {
  const std::optional<Ending<S>> ending = follow_plainly<S>(run, settings);
  if (!ending) return;
  tiny::report_ending(*ending, end);
  if (settings.measures) tiny::report_measures<S>(run, ending->z, end);
}

// Whether every number is known to be in range. False says nothing.
bool columns_in_range(const TinyColumns& runs) {
  const auto within = [&](const double* column, double shared, double low, double high) {
    const std::span<const double> values = column != nullptr ? std::span(column, runs.count) : std::span(&shared, 1);
    bool all = true;
    for (const double value : values) all &= (value >= low) & (value <= high);
    return all;
  };
  const TinyRun& shared = runs.shared;
  bool good = within(runs.mu, shared.mu, -largest_double, largest_double) &&
              within(runs.h, shared.h, std::numeric_limits<double>::denorm_min(), largest_double) &&
              within(runs.tolerance, shared.tolerance, 0, 1);
  for (int k : {0, 1}) {
    good = good && within(runs.x[k], shared.x[k], -largest_double, largest_double) &&
           within(runs.y[k], shared.y[k], -largest_double, largest_double);
  }
  const double least_shape = shared.kind == TinyRun::Kind::isotropic ? 1 : -largest_double;
  return good && within(runs.shape, shared.shape, least_shape, largest_double);
}

// `kinds`: those that are among the runs.
void run_source(const tiny::Source& runs, std::span<const TinyRun::Kind> kinds, std::span<TinyEnd> ends,
                const BatchSettings& settings) {
  if (runs.size() != ends.size()) {
    throw Error(fmt::format("{} runs need as many ends, not {}", runs.size(), ends.size()));
  }
  const std::string target = tiny::resolved_target(settings.target);
  if (target != scalar_target) {
    const BatchSettings resolved_settings{target, settings.measures, settings.stop};
    for (const TinyRun::Kind kind : kinds) tiny::follow_in_lanes(resolved_settings, runs, kind, ends);
    return;
  }
  for (std::size_t i = 0; i < runs.size() && !stopped(settings); ++i) {
    const TinyRun run = runs.run(i);
    if (run.kind == TinyRun::Kind::pair) {
      run_plainly<2>(run, settings, ends[i]);
    } else {
      run_plainly<4>(run, settings, ends[i]);
    }
  }
}

}  // namespace

std::string tiny::resolved_target(const std::string& target) {
  static const std::vector<std::string> known = batch_targets();  // asking the processor takes as long as many runs
  if (target.empty()) return known.front();
  if (std::find(known.begin(), known.end(), target) != known.end()) return target;
  throw Error(fmt::format("'{}' is no target of this processor; it has {}", target, fmt::join(known, ", ")));
}

void tiny::require_iterates(std::size_t cell, std::size_t last, std::uint64_t max_steps) {
  if (last <= max_steps || last - 1 <= max_steps) return;
  throw Error(fmt::format("cell {}: {} steps have {} iterates, of which {} cannot be the last", cell, max_steps,
                          max_steps + 1, last));
}

TinyRun tiny_scalar(double mu, double x, double y, double h) {
  TinyRun run;
  run.mu = mu;
  run.h = h;
  run.x[0] = x;
  run.y[0] = y;
  return run;
}

TinyRun tiny_vector(double mu, Eigen::Ref<const Vector> u, Eigen::Ref<const Vector> v, double h) {
  if (u.size() != v.size()) {
    throw Error(fmt::format("u has {} entries and v has {}; they must have as many", u.size(), v.size()));
  }
  if (u.size() == 0) return tiny_scalar(mu, 0, 0, h);
  if (u.size() == 1) return tiny_scalar(mu, u[0], v[0], h);
  const double a = (u + v).stableNorm();
  const double b = (u - v).stableNorm();
  TinyRun run = tiny_scalar(mu, (a + b) / 2, (a - b) / 2, h);
  const double cosine = a > 0 && b > 0 ? ((u + v) / a).dot((u - v) / b) : 1.0;
  run.shape = std::isfinite(cosine) ? std::clamp(cosine, -1.0, 1.0) : cosine;
  return run;
}

TinyRun tiny_isotropic(double mu, double n, double norm_x, double norm_y, double cosine, double h) {
  TinyRun run;
  run.kind = TinyRun::Kind::isotropic;
  run.mu = mu;
  run.h = h;
  run.shape = n;
  run.x[0] = norm_x;
  run.y[0] = norm_y * cosine;
  run.y[1] = norm_y * std::sqrt((1 - cosine) * (1 + cosine));
  return run;
}

TinyRun tiny_isotropic(double mu, Eigen::Ref<const Vector> x, Eigen::Ref<const Vector> y, double h) {
  if (x.size() != y.size() || x.size() == 0) {
    throw Error(fmt::format("x has {} entries and y has {}; both need n, at least 1", x.size(), y.size()));
  }
  TinyRun run;
  run.kind = TinyRun::Kind::isotropic;
  run.mu = mu;
  run.h = h;
  run.shape = static_cast<double>(x.size());
  const double norm_x = x.stableNorm();
  if (norm_x == 0) {
    run.y[0] = y.stableNorm();
    return run;
  }
  const Vector along = x / norm_x;
  run.x[0] = norm_x;
  run.y[0] = along.dot(y);
  run.y[1] = (y - run.y[0] * along).stableNorm();
  return run;
}

std::vector<std::string> batch_targets() {
  std::vector<std::string> names = tiny::lane_targets();
  names.emplace_back(tiny::scalar_target);
  return names;
}

TinyRun TinyColumns::run(std::size_t i) const {
  TinyRun result = shared;
  const auto take = [i](const double* column, double& number) {
    if (column != nullptr) number = column[i];
  };
  take(mu, result.mu);
  take(h, result.h);
  for (int k : {0, 1}) take(x[k], result.x[k]);
  for (int k : {0, 1}) take(y[k], result.y[k]);
  take(shape, result.shape);
  take(tolerance, result.tolerance);
  return result;
}

void run_batch(std::span<const TinyRun> runs, std::span<TinyEnd> ends, const BatchSettings& settings) {
  std::size_t isotropic = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    require(i, runs[i]);
    isotropic += runs[i].kind == TinyRun::Kind::isotropic ? 1 : 0;
  }
  std::vector<TinyRun::Kind> kinds;
  if (isotropic < runs.size()) kinds.push_back(TinyRun::Kind::pair);
  if (isotropic > 0) kinds.push_back(TinyRun::Kind::isotropic);
  run_source({runs, nullptr}, kinds, ends, settings);
}

void run_batch(const TinyColumns& runs, std::span<TinyEnd> ends, const BatchSettings& settings) {
  if (runs.count > 0 && !columns_in_range(runs)) {
    for (std::size_t i = 0; i < runs.count; ++i) require(i, runs.run(i));
  }
  run_source({{}, &runs}, {&runs.shared.kind, 1}, ends, settings);
}

void record_orbits(std::span<const TinyRun> runs, std::size_t last, std::span<double> orbits,
                   const BatchSettings& settings) {
  if (orbits.size() != runs.size() * last) {
    throw Error(fmt::format("{} runs of {} values need room for {} numbers, not {}", runs.size(), last,
                            runs.size() * last, orbits.size()));
  }
  const std::string target = tiny::resolved_target(settings.target);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    require(i, runs[i]);
    tiny::require_iterates(i, last, runs[i].max_steps);
  }
  if (last == 0) return;
  // Lanes in step: a stretch of equal kind and length at a time.
  for (std::size_t from = 0; from < runs.size();) {
    std::size_t to = from + 1;
    while (to < runs.size() && runs[to].kind == runs[from].kind && runs[to].max_steps == runs[from].max_steps) ++to;
    const std::span<double> room = orbits.subspan(from * last, (to - from) * last);
    if (target != scalar_target) {
      tiny::record_in_lanes(target, runs.subspan(from, to - from), last, room);
    } else {
      for (std::size_t i = from; i < to; ++i) {
        double* orbit = room.data() + (i - from) * last;
        if (runs[i].kind == TinyRun::Kind::pair) record_plainly<2>(runs[i], last, orbit);
        else record_plainly<4>(runs[i], last, orbit);
      }
    }
    for (std::size_t i = from; i < to; ++i) unscale(runs[i], orbits.data() + i * last, last);
    from = to;
  }
}

void lyapunov_exponents(std::span<const TinyRun> runs, std::span<double> exponents) {
  if (runs.size() != exponents.size()) {
    throw Error(fmt::format("{} runs need room for as many exponents, not {}", runs.size(), exponents.size()));
  }
  for (std::size_t i = 0; i < runs.size(); ++i) require(i, runs[i]);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    exponents[i] =
        runs[i].kind == TinyRun::Kind::pair ? exponent_of_second_half<2>(runs[i]) : exponent_of_second_half<4>(runs[i]);
  }
}

}  // namespace equipoise
