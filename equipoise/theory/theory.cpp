// The list of statements, and the loop that holds each of them against a situation and a record.
#include "equipoise/theory/theory.hpp"

#include <array>
#include <cmath>

#include "equipoise/theory/confront.hpp"

namespace equipoise {
namespace {

struct Known {
  Statement statement;
  Confront confront;
};

constexpr std::array known_statements = {
    Known{{"classical.two-over-L", "docs/theory.md, section 2 (descent lemma, classical)", Standing::classical,
           "h < 2/L over the whole region visited keeps the loss falling; L at the start alone guarantees nothing"},
          confront_classical},
    Known{{"any.necessary-rate", "docs/theory.md, section 6", Standing::proved,
           "for h sigma_1 > 1 no minimiser is stable and almost no start converges"},
          confront_necessary_rate},
    Known{{"minimiser.sharpness", "docs/theory.md, theorem 4", Standing::proved,
           "lambda_max = |X|_2^2 + |Y|_2^2 at every global minimiser; second-order critical points are global "
           "minimisers"},
          confront_minimiser_sharpness},
    Known{{"limit.flatness", "docs/theory.md, section 6", Standing::proved,
           "almost every limit has |X|_2^2 + |Y|_2^2 <= 2/h"},
          confront_flatness},
    Known{{"limit.balance", "docs/theory.md, section 6", Standing::proved,
           "bounds on |X|_F^2 - |Y|_F^2, on their ratio, and on |X - Y|_F for A positive semidefinite, at a stable "
           "limit"},
          confront_balance},
    Known{{"imbalance.step", "docs/theory.md, section 7", Standing::proved,
           "the exact change of X^T X - Y^T Y in one step"},
          confront_imbalance_step},
    Known{{"rank1.sharpness", "docs/theory.md, section 3", Standing::proved,
           "the closed form of the sharpness anywhere for rank 1"},
          confront_rank1_sharpness},
    Known{{"scalar.critical-rate", "docs/theory.md, theorem 2", Standing::proved,
           "one number: below h = min(1/|mu|, 8 / (S + sqrt(S^2 - 16 mu (u.v - mu)))) descent converges, above it "
           "almost no start does"},
          confront_scalar_rate},
    Known{{"scalar.minimiser", "docs/theory.md, theorem 2(b)", Standing::proved,
           "one number: delta < 1 and u + v not zero surely lead to a global minimiser, with a bracket for its "
           "sharpness"},
          confront_scalar_minimiser},
    Known{{"scalar.beyond", "docs/theory.md, theorem 2(d)", Standing::proved,
           "one number, 1 <= h |mu| < 2 inside the ellipse: bounded, collapsing onto the balanced cubic map"},
          confront_scalar_beyond},
    Known{{"scalar.beyond-cycles", "docs/theory.md, section 8", Standing::numerical,
           "one number, 1 < h |mu| < 2 inside the ellipse: runs go to a 2-cycle, then period doubling and chaos"},
          confront_scalar_cycles},
    Known{{"isotropic.critical-rate", "docs/theory.md, theorem 3", Standing::proved,
           "A = mu times orthogonal, rank 1: delta < 1 + sqrt(1 - m^2) converges for almost every start; delta > 2 "
           "never to a stable "
           "minimiser"},
          confront_isotropic_rate},
    Known{{"isotropic.minimiser", "docs/theory.md, theorem 3'", Standing::proved,
           "A = mu times orthogonal, rank 1: delta < 1 and x + O y not zero surely lead to a global minimiser"},
          confront_isotropic_minimiser},
    Known{{"isotropic.sufficient-rate", "docs/theory.md, theorem 3", Standing::proved,
           "A = mu times orthogonal, rank 1: h < 2c/(c^2 + mu^2), c = S/2 + |mu|, converges for almost every start; h "
           "<= 4/(S + 4|mu|) "
           "implies it"},
          confront_isotropic_norms},
    Known{{"frobenius.rate", "docs/theory.md, section 5", Standing::conjecture,
           "any A and rank: h <= 4/(S + 4 sigma_1) was never seen to diverge"},
          confront_frobenius_rate},
    Known{{"any.divergence", "docs/theory.md, lemma E", Standing::proved,
           "a one-step test after which the norms grow for ever, for any A and rank"},
          confront_divergence},
    Known{{"basin.gradient", "docs/theory.md, theorem G", Standing::proved,
           "a test at one iterate after which descent converges to a global minimiser"},
          confront_gradient_basin},
    Known{{"basin.exact-fit", "docs/theory.md, theorem P", Standing::proved, "the same where X Y^T can equal A"},
          confront_exact_fit_basin}};

constexpr auto list_of_statements = [] {
  std::array<Statement, known_statements.size()> list{};
  for (std::size_t i = 0; i < known_statements.size(); ++i) list[i] = known_statements[i].statement;
  return list;
}();

// All of them yes; or one no; or unknown. An empty list answers `empty`.
Answer conjunction(const std::vector<Check>& checks, Answer empty) {
  if (checks.empty()) return empty;
  Answer all = Answer::yes;
  for (const Check& check : checks) {
    if (check.holds == Answer::no) return Answer::no;
    if (check.holds == Answer::unknown) all = Answer::unknown;
  }
  return all;
}

std::vector<Finding> confront_all(const Situation& situation, const Record* record) {
  const Knowledge known(situation);
  std::vector<Finding> findings;
  findings.reserve(known_statements.size());
  for (const Known& entry : known_statements) {
    Finding finding;
    finding.statement = entry.statement.id;
    finding.source = entry.statement.source;
    finding.standing = entry.statement.standing;
    entry.confront(known, record, finding);
    if (finding.says.empty()) finding.says = entry.statement.text;
    finding.applies = conjunction(finding.assumptions, Answer::yes);
    if (record != nullptr && finding.applies == Answer::yes) {
      finding.confirmed = conjunction(finding.predictions, Answer::unknown);
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace

std::string_view name(Answer answer) {
  switch (answer) {
    case Answer::no:
      return "no";
    case Answer::yes:
      return "yes";
    case Answer::unknown:
      break;
  }
  return "unknown";
}

std::string_view name(Standing standing) {
  switch (standing) {
    case Standing::proved:
      return "proved";
    case Standing::classical:
      return "classical";
    case Standing::conjecture:
      return "conjecture";
    case Standing::numerical:
      break;
  }
  return "numerical";
}

std::span<const Statement> statements() { return list_of_statements; }

std::vector<Finding> predict(const Situation& situation) { return confront_all(situation, nullptr); }
std::vector<Finding> examine(const Situation& situation, const Record& record) {
  return confront_all(situation, &record);
}

Check outcome_is(std::string text, const Record* record, std::initializer_list<Outcome> agree, Answer otherwise) {
  Check check = fact(std::move(text), Answer::unknown);
  if (record == nullptr) return check;
  const Outcome outcome = record->verdict.outcome;
  if (outcome == Outcome::exhausted || outcome == Outcome::stopped) return check;
  check.holds = otherwise;
  for (const Outcome wanted : agree) {
    if (outcome == wanted) check.holds = Answer::yes;
  }
  return check;
}

Check limit_is_minimiser(const Record* record, Answer at_saddle) {
  Check check = fact("the limit is a global minimiser", Answer::unknown);
  if (record == nullptr || record->verdict.outcome != Outcome::converged) return check;
  if (record->verdict.limit == Limit::minimiser) check.holds = Answer::yes;
  if (record->verdict.limit == Limit::saddle) check.holds = at_saddle;
  return check;
}

Answer reached_minimiser(const Record* record) {
  if (record == nullptr) return Answer::unknown;
  if (record->verdict.outcome == Outcome::exhausted || record->verdict.outcome == Outcome::stopped)
    return Answer::unknown;
  if (record->verdict.outcome != Outcome::converged || record->verdict.limit == Limit::saddle) return Answer::no;
  return record->verdict.limit == Limit::minimiser ? Answer::yes : Answer::unknown;
}

bool has_limit(const Record* record) { return record != nullptr && record->verdict.outcome != Outcome::diverged; }

}  // namespace equipoise
