// The learning rate as people write it: auto, a number, or a multiple of 1/L.
#pragma once

#include <string>
#include <string_view>

#include "equipoise/core/problem.hpp"

namespace equipoise {

/// A request for a learning rate, before it meets a problem.
struct Rate {
  enum class Kind { automatic, value, over_L };
  Kind kind = Kind::automatic;
  double number = 0;      ///< the rate itself, or the multiple of 1/L
  std::string text = {};  ///< as it was written; empty: as written() has it
};

/// The text of a rate: as it was written, else "auto", "0.05" or "3.5/L".
std::string written(const Rate& rate);

/// Reads "auto", "0.05", "3.5/L" or "1/L". Throws Error for anything else, and for a number that is not positive and
/// finite.
Rate parse_rate(std::string_view text);

/// A learning rate that was resolved against a problem and its start.
struct LearningRate {
  std::string requested;
  double value = 0;
  double times_L = 0;         ///< value * L; the classical limit is at 2
  double limit_2_over_L = 0;  ///< infinity where L = 0
  std::string why;            ///< how the value was found, one sentence
};

/// What a rate is resolved against, all in the same units.
struct RateSituation {
  double L = 0;          ///< sharpness at the start
  double sigma1 = 0;     ///< largest singular value of A
  double S = 0;          ///< |X|_F^2 + |Y|_F^2 at the start
  double ridge = 0;      ///< curvature that a ridge adds everywhere
  bool complete = true;  ///< no unknown entries
};

/// `auto` is 0.9 * 4 / (S + 4 (sigma_1 + ridge)): within the region of isotropic.sufficient-rate, conjectured (not
/// proved) for every complete A without ridge, a heuristic otherwise. `3.5/L` with L = 0 throws Error. If everything is
/// zero, `auto` is 1 and says so.
LearningRate resolve_rate(const Rate& rate, std::string_view requested, const RateSituation& situation);

}  // namespace equipoise
