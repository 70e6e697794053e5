// Theorems as data: each statement with its source, its assumptions and predictions, held against one situation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "equipoise/core/run.hpp"

namespace equipoise {

enum class Answer { no, yes, unknown };
std::string_view name(Answer answer);

/// What a statement stands on. Only `proved` and `classical` ones may decide anything.
enum class Standing { proved, classical, conjecture, numerical };
std::string_view name(Standing standing);

/// One assumption or prediction: `value` against `bound`.
struct Check {
  std::string text;    ///< "delta < 2", with the numbers in value and bound
  double value = 0;    ///< NaN where not known
  double bound = 0;
  double margin = 0;   ///< distance to the bound, positive where it holds, relative to the scale of the bound
  Answer holds = Answer::unknown;
};

/// A statement confronted with a situation, and after a run with its record.
struct Finding {
  std::string statement;  ///< id, e.g. "scalar.critical-rate"
  std::string source;
  std::string says;       ///< the statement's sentence for this situation, worded exactly ("for almost every start ...")
  Standing standing = Standing::proved;
  Answer applies = Answer::unknown;    ///< every assumption holds
  Answer confirmed = Answer::unknown;  ///< every prediction held in the run; unknown before a run
  std::vector<Check> assumptions;
  std::vector<Check> predictions;
};

/// What is known before a run. Everything else that a statement needs it finds out through the problem.
struct Situation {
  const Problem& problem;  ///< in whatever coordinates the run uses; the theory is invariant
  ConstFactors start;
  double learning_rate;
  double L;                ///< sharpness at the start
  double sigma1;
  std::optional<Vector> singular_values;  ///< all of them, descending, where someone has computed them
};

}  // namespace equipoise
