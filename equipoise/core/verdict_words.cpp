// How the numbers of an ending read.
#include "equipoise/core/verdict_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/numbers.hpp"

namespace equipoise::verdict_words {

std::string converged(const Converged& at) {
  const std::string_view point =
      at.limit == Limit::undetermined ? "critical point whose curvature was not found" : name(at.limit);
  std::string why =
      fmt::format("converged to a {}: |grad f| is {:.3g} of its natural scale", point, at.relative_gradient);
  if (at.tolerance > 0) why += fmt::format(" (tolerance {:.3g})", at.tolerance);
  why += fmt::format(", h times the Hessian's eigenvalues from {:.6g} to {:.6g}", at.h_smallest, at.h_largest);
  if (!at.unstable) return why;
  return why + (at.exact
                    ? "; the run stands on it exactly, but it is unstable at this rate: only an exact landing stays"
                    : "; it is unstable, and only starts on its stable manifold stay");
}

std::string periodic(std::uint32_t period, double return_distance, double multiplier) {
  return fmt::format(
      "a cycle of period {}: the state returns within {:.1e} of itself three times in a row, not at any divisor of the "
      "period, and one turn contracts by {:.6g}",
      period, return_distance, multiplier);
}

std::string undecided_cycle(std::uint32_t period, double return_distance, double multiplier, double margin) {
  if (std::isnan(multiplier)) {
    return fmt::format("; a cycle of period {} closes to {:.1e}, but its largest multiplier was not found", period,
                       return_distance);
  }
  if (std::abs(multiplier) > 1 + margin) {
    return fmt::format("; a cycle of period {} closes to {:.1e}, but its multiplier {:.6g} repels", period,
                       return_distance, multiplier);
  }
  return fmt::format(
      "; a cycle of period {} closes to {:.1e}, but its multiplier {:.6g} is within {} of 1 in magnitude, which "
      "decides "
      "nothing",
      period, return_distance, multiplier, margin);
}

std::string chaotic(const Chaotic& run) {
  return fmt::format(
      "bounded so far ({} <= {:.4g}) with a Lyapunov exponent of {:.4f} +- {:.4f} per step over {} steps, and {} = "
      "{:.6g} > {:.6g} leaves no stable minimiser; numerical evidence, not a proof",
      run.bound_name, run.bound, run.exponent, run.error, run.steps, run.rate.name, run.rate.value, run.largest_stable);
}

std::string start_out_of_range() {
  return "heuristic, no theorem: the loss or the gradient of the start is outside the range of double";
}

std::string next_out_of_range() {
  return "heuristic, no theorem: the next iterate or its loss is outside the range of double";
}

std::string beyond_bound(std::string_view extent_name, double extent, double bound) {
  if (!extent_name.empty()) {
    return fmt::format("heuristic, no theorem: {} = {:.6g} exceeds {:.0e}", extent_name, extent, bound);
  }
  return fmt::format(
      "heuristic, no theorem: |z| and |grad f| have both grown by {:.6g} or more over the start, which exceeds {:.0e}",
      extent, bound);
}

std::string stopped(std::string_view reason, bool by_observer) {
  if (!reason.empty()) return fmt::format("stopped: {}", reason);
  return by_observer ? "stopped by the observer" : "stopped from outside";
}

namespace {

// The largest gradients of the last two quarters, and what the second half of a run looks like.
struct SecondHalf {
  double third_quarter = 0, last_quarter = 0;
  double first = nan;  // the first value of the half
  bool falls_throughout = true;
};

SecondHalf second_half(std::span<const GradientAt> samples) {
  SecondHalf result;
  const std::uint64_t end = samples.back().step;
  double before = infinity;
  for (const GradientAt& sample : samples) {
    if (sample.step < end / 2) continue;
    double& quarter = sample.step <= end - end / 4 ? result.third_quarter : result.last_quarter;
    quarter = std::max(quarter, sample.norm);
    if (std::isnan(result.first)) result.first = sample.norm;
    result.falls_throughout = result.falls_throughout && sample.norm < before;
    before = sample.norm;
  }
  return result;
}

}  // namespace

std::string trend(std::span<const GradientAt> samples, std::optional<Quarters> quarters) {
  if (samples.empty() || samples.back().step < 8) return "the run is too short to say whether it still falls";
  SecondHalf seen = second_half(samples);
  if (quarters) {
    seen.third_quarter = quarters->third;
    seen.last_quarter = quarters->last;
  }
  if (seen.third_quarter == 0) return "the run is too short to say whether it still falls";
  const double ratio = seen.last_quarter / seen.third_quarter;
  if (seen.falls_throughout && ratio >= 0.9) {
    return fmt::format(
        "still falls, slowly: at every sample of the second half of the run, over which it came down to {:.9g} of what "
        "it was",
        samples.back().norm / seen.first);
  }
  constexpr std::string_view compared = "the largest value of the last quarter of the run is {:.3g} of the third's";
  const std::string numbers = fmt::format(compared, ratio);
  if (ratio > 1.1) return fmt::format("has grown: {}", numbers);
  return fmt::format("{}: {}", ratio < 0.9 ? "still falls" : "no longer falls", numbers);
}

std::string exhausted(const Exhausted& run) {
  std::string why(run.what);
  if (run.lingering) {
    why += fmt::format(
        "; at a critical point (a {}) that is unstable at this rate, and it is not yet clear whether the run stays",
        name(run.lingering_at));
  } else if (run.step == 0) {
    why += " before the first step";
  } else {
    why += fmt::format("; |grad f| is {:.3g} of its natural scale and {}", run.relative_gradient, run.trend);
  }
  if (run.left_a_visit)
    why += "; the run passed a critical point within the tolerance and left it again, so rounding had a say";
  why += run.doubt;
  if (run.neighbours_separate) {
    why += fmt::format("; neighbouring runs separate (exponent {:.3f} so far), which at {} = {:.6g} may be a transient",
                       run.exponent, run.rate.name, run.rate.value);
  }
  return why;
}

std::string cut_short(std::string_view what) {
  return fmt::format("; {} was not measured to its tolerance: the measurement was ended early", what);
}

}  // namespace equipoise::verdict_words
