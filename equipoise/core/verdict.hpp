// How a run ended, with the number and the threshold that decided it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace equipoise {

enum class Outcome {
  converged,  ///< the gradient is at the tolerance and stays there
  periodic,   ///< a cycle, confirmed on two returns
  chaotic,    ///< bounded with a positive Lyapunov exponent; always numerical evidence, never a proof
  diverged,   ///< proved by Lemma E where the problem is complete, otherwise a named heuristic
  exhausted,  ///< the budget ended first
  stopped     ///< an observer or the user ended it
};

/// The word for an outcome, as in record.json.
std::string_view name(Outcome outcome);
/// The outcome that a word names; throws Error with the list of words.
Outcome outcome_from(std::string_view word);

/// Above this growth (natural log) a limit is flagged not reproducible: rounding errors of 1e-16 have grown to 1e-5.
inline constexpr double reproducible_growth = 25;

/// What a converged run stands on; undetermined where the curvature could not be found, and for every other outcome.
enum class Limit { undetermined, minimiser, saddle };
std::string_view name(Limit limit);

struct Verdict {
  Outcome outcome = Outcome::exhausted;
  Limit limit = Limit::undetermined;
  std::uint64_t step = 0;    ///< the step at which it was reached (the last step where none was)
  std::uint32_t period = 0;  ///< shortest period where periodic, otherwise 0
  double multiplier = 0;     ///< the non-neutral multiplier of largest magnitude, of one turn of a cycle or of one step
                             ///< at a critical point (core/multiplier); at a minimiser of incomplete data or with a
                             ///< ridge the factor a step by which the gradient fell; NaN if not known
  double lyapunov = 0;       ///< largest Lyapunov exponent per step; NaN where not measured
  double lyapunov_error = 0;  ///< its standard error; NaN where not measured
  double evidence = 0;        ///< the number that decided
  double threshold = 0;       ///< what it was compared with
  bool proved = false;        ///< a theorem decided (Lemma E), not a tolerance
  double growth = 0;         ///< largest relative growth of a tangent vector along the run, natural log; NaN if unknown
  bool reproducible = true;  ///< false where rounding decides the limit (growth above the threshold)
  std::vector<double> cycle_losses;  ///< the loss at each point of the cycle where periodic
  std::string why;                   ///< one sentence with the numbers
};

}  // namespace equipoise
