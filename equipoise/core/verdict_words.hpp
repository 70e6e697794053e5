// The sentences of verdicts: numbers in, words out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "equipoise/core/verdict.hpp"

/// Pure functions, for core alone. Quantities with an h in their name are pure numbers.
namespace equipoise::verdict_words {

struct Converged {
  Limit limit = Limit::undetermined;
  double relative_gradient = 0;
  double tolerance = 0;
  double h_smallest = 0, h_largest = 0;  ///< h times the ends of the Hessian's spectrum
  bool unstable = false;                 ///< at this rate
  bool exact = false;                    ///< the gradient is exactly zero
};
std::string converged(const Converged& at);

std::string periodic(std::uint32_t period, double return_distance, double multiplier);
/// A cycle that closes, but whose multiplier is not below 1 in magnitude by `margin`, or NaN: the end of another
/// sentence.
std::string undecided_cycle(std::uint32_t period, double return_distance, double multiplier, double margin);

/// A rate in the units of the objective: "h * sigma_1 = 1.3".
struct RateWords {
  std::string_view name;
  double value = 0;
};
struct Chaotic {
  std::string_view bound_name;  ///< of what stayed bounded
  double bound = 0;
  double exponent = 0, error = 0;
  std::uint64_t steps = 0;
  RateWords rate;
  double largest_stable = 0;  ///< in the units of `rate`
};
std::string chaotic(const Chaotic& run);

std::string start_out_of_range();
std::string next_out_of_range();
/// Empty name: an objective without a measure of its own of how far a run has gone.
std::string beyond_bound(std::string_view extent_name, double extent, double bound);

/// "stopped from outside" and "stopped by the observer", or the reason that was given.
std::string stopped(std::string_view reason, bool by_observer);

/// The largest |grad f| of all steps in the last two quarters of a run.
struct Quarters {
  double third = 0, last = 0;
};

/// |grad f| at a step.
struct GradientAt {
  std::uint64_t step = 0;
  double norm = 0;
};
/// Whether the gradient still falls at the end, from samples in the order of their steps, the last of them the end.
/// Compares like with like: the largest value in the last quarter of the run with that in the third. A slow approach
/// falls by less than what tells it from a cycle, but at every sample.
std::string trend(std::span<const GradientAt> samples, std::optional<Quarters> quarters = std::nullopt);

struct Exhausted {
  std::string_view what;  ///< ended: "the budget of steps ended"
  std::uint64_t step = 0;
  double relative_gradient = 0;
  std::string_view trend;  ///< of the gradient
  bool lingering = false;  ///< at an unstable critical point, undecided whether the run stays
  Limit lingering_at = Limit::undetermined;
  bool left_a_visit = false;
  std::string_view doubt;  ///< of undecided_cycle(), or empty
  bool neighbours_separate = false;
  double exponent = 0;
  RateWords rate;
};
std::string exhausted(const Exhausted& run);

/// What a sentence ends with if a measurement was ended before its tolerance; `what`: "the sharpness at the end".
std::string cut_short(std::string_view what);

}  // namespace equipoise::verdict_words
