// What small ensembles accept, and the plain loop that is the oracle of the lanes.
#include "equipoise/ensemble/small/ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/error.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/ensemble/small/kernel.hpp"
#include "equipoise/ensemble/small/rules.hpp"
#include "equipoise/ensemble/tiny/targets.hpp"

namespace equipoise {
namespace small {
namespace {

void require(const Form& form, std::span<const SmallRun> runs) {
  const Shape shape{static_cast<Index>(form.rows), static_cast<Index>(form.cols), static_cast<Index>(form.rank)};
  const SmallStart* known = nullptr;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const SmallRun& run = runs[i];
    if (run.start == nullptr) throw Error(fmt::format("cell {} has no start", i));
    if (run.start != known) {
      const auto& [factors, overlap] = *run.start;
      const Shape got = factors.shape();
      if (got != shape) {
        throw Error(fmt::format("cell {}: the start has {} and {} rows and {} columns, the family {}, {} and {}", i,
                                got.rows, got.cols, got.rank, shape.rows, shape.cols, shape.rank));
      }
      if (!factors.flat().allFinite())
        throw Error(fmt::format("cell {}: the start has a number that is not finite", i));
      if (overlap.size() > 0 && (overlap.rows() != shape.rows || overlap.cols() != shape.cols)) {
        throw Error(fmt::format("cell {}: the overlap is {} x {}; it must be {} x {}", i, overlap.rows(),
                                overlap.cols(), shape.rows, shape.cols));
      }
      known = run.start;
    }
    for (const double scale : {run.scale_x, run.scale_y}) {
      if (!std::isfinite(scale)) throw Error(fmt::format("cell {}: a scale is {}; it must be finite", i, scale));
    }
    if (!(run.h > 0) || !std::isfinite(run.h))
      throw Error(fmt::format("cell {}: the learning rate must be positive and finite, not {}", i, run.h));
    if (!(run.tolerance >= 0) || !(run.tolerance <= 1))
      throw Error(fmt::format("cell {}: the tolerance must lie in [0, 1], not {}", i, run.tolerance));
  }
}

void run_plainly(const Form& form, const SmallRun& run, const SmallSettings& settings, TinyEnd& end) {
  Follow follow;
  Ending ending;
  begin(form, run, follow);
  do {
    if (settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed)) return;
    take_block(form, follow);
  } while (!look(form, follow, ending));
  report(form, ending, run.start->overlap, settings.measures, settings.sharpness, end);
}

void record_plainly(const Form& form, const SmallRun& run, std::size_t last, double* orbit) {
  Follow follow;
  begin(form, run, follow);
  std::vector<double> grams(2 * form.gram());
  grams_of(form, follow.z.data(), grams.data());
  std::uint64_t taken = 0;
  for (std::uint64_t next = run.max_steps + 1 - last; next <= run.max_steps; ++next) {
    advance_by_blocks(form, run.h, follow.z.data(), grams.data(), nullptr, taken, next - taken);
    taken = next;
    const double *const x = follow.z.data(), *const y = x + form.rows * form.width;
    double sum = x[0] * y[0];
    for (std::size_t a = 1; a < form.width; ++a) sum = std::fma(x[a], y[a], sum);
    *orbit++ = sum;
  }
}

// The tangent gets the length 1 at the end of every block, and where the second half begins.
double exponent_plainly(const Form& form, const SmallRun& run) {
  Follow follow;
  begin(form, run, follow);
  std::vector<double> grams(2 * form.gram()), w = first_tangent(form);
  grams_of(form, follow.z.data(), grams.data());
  const std::uint64_t half = run.max_steps / 2;
  double sum = 0;
  for (std::uint64_t taken = 0; taken < run.max_steps;) {
    const std::uint64_t end = end_of_stretch(taken, half, run.max_steps);
    const bool counts = taken >= half;
    advance_by_blocks(form, run.h, follow.z.data(), grams.data(), w.data(), taken, end - taken);
    taken = end;
    const double grown = normalise(form, w.data());
    if (counts) sum += grown;
  }
  if (!(squared_length(form, grams.data()) <= largest_double)) return nan;
  return sum / static_cast<double>(run.max_steps - half);
}

// Calls visit(from, to) for every stretch of runs with the same number of steps.
template <class Visit>
void by_length(std::span<const SmallRun> runs, const Visit& visit) {
  for (std::size_t from = 0; from < runs.size();) {
    std::size_t to = from + 1;
    while (to < runs.size() && runs[to].max_steps == runs[from].max_steps) ++to;
    visit(from, to);
    from = to;
  }
}

}  // namespace
}  // namespace small

bool is_small(Shape shape) {
  if (shape.rows < 1 || shape.cols < 1 || shape.rank < 1 || shape.rank > largest_small_rank) return false;
  if (std::max(shape.rows, shape.cols) > largest_small_problem) return false;
  const Index width = shape.rank <= 4 ? shape.rank : (shape.rank + 3) / 4 * 4;
  return shape.rows + shape.cols <= largest_small_problem / width;
}

SmallFamily::SmallFamily(const Problem& problem, Shape shape, const Vector& values, double at_rest) {
  if (!is_small(shape)) {
    throw Error(
        fmt::format("factors with {} and {} rows and {} columns are no small problem, which has at least one of "
                    "each, at most {} columns and {} numbers",
                    shape.rows, shape.cols, shape.rank, largest_small_rank, largest_small_problem));
  }
  if (values.size() > std::min(shape.rows, shape.cols))
    throw Error(
        fmt::format("{} singular values are too many for a {} x {} matrix", values.size(), shape.rows, shape.cols));
  for (Index i = 0; i < values.size(); ++i) {
    if (!(values[i] > 0) || !std::isfinite(values[i]) || (i > 0 && values[i] > values[i - 1]))
      throw Error(fmt::format("singular value {} (counted from 0) is {}; they must be positive, finite and descending",
                              i, values[i]));
  }
  if (!(at_rest >= 0) || !std::isfinite(at_rest))
    throw Error(fmt::format("the sum of squares at rest is {}; it must be finite and not negative", at_rest));
  form_ = std::make_unique<small::Form>(small::form_of(problem, shape, values, at_rest));
}
SmallFamily::~SmallFamily() = default;
SmallFamily::SmallFamily(SmallFamily&&) noexcept = default;
SmallFamily& SmallFamily::operator=(SmallFamily&&) noexcept = default;

void run_small_batch(const SmallFamily& family, std::span<const SmallRun> runs, std::span<TinyEnd> ends,
                     const SmallSettings& settings) {
  if (runs.size() != ends.size())
    throw Error(fmt::format("{} runs need as many ends, not {}", runs.size(), ends.size()));
  const std::string target = tiny::resolved_target(settings.target);
  small::require(family.form(), runs);
  if (target != tiny::scalar_target) {
    SmallSettings in_lanes = settings;
    in_lanes.target = target;
    return small::follow_in_lanes(family.form(), in_lanes, runs, ends);
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (settings.stop != nullptr && settings.stop->load(std::memory_order_relaxed)) return;
    small::run_plainly(family.form(), runs[i], settings, ends[i]);
  }
}

void record_small_orbits(const SmallFamily& family, std::span<const SmallRun> runs, std::size_t last,
                         std::span<double> orbits, const SmallSettings& settings) {
  if (orbits.size() != runs.size() * last) {
    throw Error(fmt::format("{} runs of {} values need room for {} numbers, not {}", runs.size(), last,
                            runs.size() * last, orbits.size()));
  }
  const std::string target = tiny::resolved_target(settings.target);
  const small::Form& form = family.form();
  small::require(form, runs);
  if (form.pairs() == 0) throw Error("A is zero: it has no singular pair to follow");
  for (std::size_t i = 0; i < runs.size(); ++i) tiny::require_iterates(i, last, runs[i].max_steps);
  if (last == 0) return;
  small::by_length(runs, [&](std::size_t from, std::size_t to) {
    const std::span<double> room = orbits.subspan(from * last, (to - from) * last);
    if (target != tiny::scalar_target)
      return small::record_in_lanes(form, target, runs.subspan(from, to - from), last, room);
    for (std::size_t i = from; i < to; ++i) small::record_plainly(form, runs[i], last, orbits.data() + i * last);
  });
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (double& value : orbits.subspan(i * last, last)) {
      value /= runs[i].h;
      if (!std::isfinite(value)) value = nan;
    }
  }
}

void small_lyapunov_exponents(const SmallFamily& family, std::span<const SmallRun> runs, std::span<double> exponents,
                              const SmallSettings& settings) {
  if (runs.size() != exponents.size())
    throw Error(fmt::format("{} runs need room for as many exponents, not {}", runs.size(), exponents.size()));
  const std::string target = tiny::resolved_target(settings.target);
  const small::Form& form = family.form();
  small::require(form, runs);
  small::by_length(runs, [&](std::size_t from, std::size_t to) {
    if (target != tiny::scalar_target)
      return small::exponents_in_lanes(form, target, runs.subspan(from, to - from), exponents.subspan(from, to - from));
    for (std::size_t i = from; i < to; ++i) exponents[i] = small::exponent_plainly(form, runs[i]);
  });
}

}  // namespace equipoise
