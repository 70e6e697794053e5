// Theorems as data: each statement with its source, its assumptions and predictions, held against one situation.
#pragma once

#include <optional>
#include <span>
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

/// One assumption or prediction: `value` against `bound`. Lengths and curvatures are measured in units of the learning
/// rate (h sigma_1, h (|X|^2 + |Y|^2), ...), so that they are pure numbers.
struct Check {
  std::string text;   ///< "delta < 2", with the numbers in value and bound
  double value = 0;   ///< NaN where not known
  double bound = 0;   ///< NaN where there is none
  double margin = 0;  ///< distance to the bound, positive where it holds, relative to the bound where that is not zero;
                      ///< NaN if unknown
  Answer holds = Answer::unknown;
};

/// A statement confronted with a situation, and after a run with its record.
struct Finding {
  std::string statement;  ///< id, e.g. "scalar.critical-rate"
  std::string source;
  std::string says;  ///< the statement's sentence for this situation, worded exactly ("for almost every start ...")
  Standing standing = Standing::proved;
  Answer applies = Answer::unknown;  ///< yes: every assumption holds; no: one fails; otherwise unknown
  Answer confirmed =
      Answer::unknown;  ///< yes: every prediction held in the run; no: one failed; otherwise, and before a run, unknown
  std::vector<Check> assumptions;
  std::vector<Check> predictions;
};

/// Up to so many entries of A statements look at A itself, exactly if they must; beyond that they would take longer
/// than a run.
inline constexpr Index most_entries_for_theory = 10000;

/// What is known before a run. `problem`, `start` and `A` are in one system of coordinates, whichever; the theory is
/// invariant.
struct Situation {
  const Problem& problem;
  ConstFactors start;
  double learning_rate;
  double L;  ///< sharpness at the start
  double sigma1;
  std::optional<Vector> singular_values;  ///< all of them, descending, where someone has computed them
  const Matrix* A = nullptr;              ///< the matrix of a complete problem, where it is at hand
};

/// An entry of the list of statements.
struct Statement {
  std::string_view id;
  std::string_view source;  ///< the section of docs/theory.md with the proof or the reference
  Standing standing;
  std::string_view text;  ///< the statement in general
};
/// Every statement of the product, in the order of docs/theory.md.
std::span<const Statement> statements();

/// Every statement with its assumptions held against the situation; predictions are listed and not yet confirmed.
/// A with at most most_entries_for_theory entries is decomposed, O(rows cols min(rows, cols)), unless its singular
/// values are given; without either, statements about A's other singular values answer unknown, and without A those
/// about its entries. Never throws for numbers: with a start or rate that is not finite, or a problem that is not
/// complete, every statement answers that it does not apply. Throws Error where the start or A does not fit the
/// problem.
std::vector<Finding> predict(const Situation& situation);

/// The same after a run, with predictions held against the record. A prediction that holds "for almost every start" is
/// not refuted by one start: such a run leaves `confirmed` unknown and says so.
std::vector<Finding> examine(const Situation& situation, const Record& record);

enum class RateKind {
  exact,       ///< on either side of it the verdict differs, for almost every start
  sufficient,  ///< below it descent converges (for almost every start; a conjecture where its standing says so)
  necessary,   ///< above it almost no start converges to a stable minimiser
  reference    ///< neither: 2/L at the start, the classical landmark, guarantees nothing by itself
};
std::string_view name(RateKind kind);

/// A learning rate at which a verdict changes, for this A and this start. Rates of scalar and isotropic problems are
/// the largest double at which the exact inequality still holds; infinity where it holds for every double.
struct CriticalRate {
  std::string statement;
  double rate = 0;
  RateKind kind = RateKind::sufficient;
  Standing standing = Standing::proved;
  std::string note;  ///< what lies below and above, one sentence
};
/// Does not depend on the situation's learning rate. Empty for problems that are not complete.
std::vector<CriticalRate> critical_rates(const Situation& situation);

/// The verdict before a run, only where it is proved for descent in exact arithmetic.
struct Forecast {
  std::optional<Outcome> outcome;     ///< none where theory decides nothing
  bool outcome_surely = false;        ///< for this very start; otherwise for almost every start
  Limit limit = Limit::undetermined;  ///< what a converging run stands on
  bool limit_surely = false;          ///< likewise
  std::vector<Outcome> excluded;      ///< outcomes that almost no start has, where `outcome` is none
  std::string statement;              ///< id of the deciding statement, empty where none
  std::string sentence;               ///< what exactly is proved; also where nothing is
};
Forecast forecast(const Situation& situation);

}  // namespace equipoise
