// Statements about rank-one approximation of a multiple of an orthogonal matrix.
//
// Tested in equipoise/theory/theory_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/theory/confront.hpp"

namespace equipoise {
namespace {

bool is_isotropic_problem(const Knowledge& known, Finding& finding) {
  if (!common_assumptions(known, finding)) return false;
  const bool square = known.shape.rows == known.shape.cols && known.shape.rows >= 2;
  finding.assumptions.push_back(fact("A is square, of size at least 2 (size 1 is the scalar problem)", answer(square)));
  finding.assumptions.push_back(fact("rank = 1", answer(known.shape.rank == 1)));
  const Answer orthogonal = !square                               ? Answer::no
                            : !known.A                            ? Answer::unknown
                            : known.isotropy == Isotropy::exactly ? Answer::yes
                            : known.isotropy == Isotropy::nearly  ? Answer::unknown
                                                                  : Answer::no;
  finding.assumptions.push_back(
      fact("A = mu times an orthogonal matrix (decided exactly; unknown where only rounding prevents it)", orthogonal));
  if (!known.isotropic_state)
    finding.says = "the statement is about rank-one approximation of a multiple of an orthogonal matrix";
  return known.isotropic_state.has_value();
}

Check m_below_one(const Delta& state, double h) {
  return decided("h |mu| < 1", state.m(h), 1, answer(state.m_versus(h, 1) < 0));
}

}  // namespace

void confront_isotropic_rate(const Knowledge& known, const Record* record, Finding& finding) {
  if (!is_isotropic_problem(known, finding)) return;
  const Delta& state = *known.isotropic_state;
  const double h = known.situation.learning_rate;
  finding.assumptions.push_back(m_below_one(state, h));
  if (state.m_versus(h, 1) >= 0) {
    finding.says = "the statement is about h |mu| < 1";
    return;
  }
  const double m = state.m(h);
  const double delta = state.delta(h);
  const double limit = 1 + std::sqrt((1 - m) * (1 + m));
  if (state.delta_versus_isotropic_limit(h) < 0) {
    finding.says =
        fmt::format("delta = {:.17g} < 1 + sqrt(1 - m^2) = {:.17g}: almost every start converges to a global minimiser",
                    delta, limit);
    const Answer contradicted = std::abs(delta - limit) < 1e-9 ? Answer::unknown : Answer::no;
    Check converges =
        outcome_is("the run converges (for almost every start)", record, {Outcome::converged}, contradicted);
    finding.predictions.push_back(converges);
    finding.predictions.push_back(limit_is_minimiser(record, Answer::unknown));
  } else if (state.delta_versus(h, 2) > 0) {
    finding.says = fmt::format(
        "delta = {:.17g} > 2: descent leaves the region for ever, never converges to a stable minimiser, and "
        "diverges for almost every start",
        delta);
    Check diverges = outcome_is("the run diverges (for almost every start)", record, {Outcome::diverged},
                                std::abs(delta - 2) < 1e-9 ? Answer::unknown : Answer::no);
    if (record != nullptr && record->verdict.outcome == Outcome::converged && known.sizes(record->last).S() >= 2) {
      diverges.holds = Answer::unknown;
      finding.says += "; this run landed exactly on an unstable minimiser, as starts in a null set do";
    }
    finding.predictions.push_back(diverges);
  } else {
    finding.says = fmt::format("1 + sqrt(1 - m^2) = {:.17g} <= delta = {:.17g} <= 2: undecided, both endings happen",
                               limit, delta);
    finding.predictions.push_back(fact("none", Answer::unknown));
  }
}

void confront_isotropic_minimiser(const Knowledge& known, const Record* record, Finding& finding) {
  if (!is_isotropic_problem(known, finding)) return;
  const double h = known.situation.learning_rate;
  const auto at = [&](ConstFactors z) { return Delta::of_isotropic(*known.A, z.X().col(0), z.Y().col(0)); };
  const auto fires = [h](const Delta& state) {
    return state.delta_versus(h, 1) < 0 && (state.mu_is_zero() || !state.on_saddle_line());
  };
  Delta state = *known.isotropic_state;
  std::string_view where = "the start";
  if (!fires(state) && has_limit(record) && record->last.flat().allFinite()) {
    const Delta last = at(record->last);
    if (fires(last)) {
      state = last;
      where = "the last iterate";
    }
  }
  const double m = state.m(h);
  finding.assumptions.push_back(decided(fmt::format("delta < 1 at {} (decided exactly)", where), state.delta(h), 1,
                                        answer(state.delta_versus(h, 1) < 0)));
  finding.assumptions.push_back(fact(fmt::format("x + O y is not zero at {}, or mu = 0", where),
                                     answer(state.mu_is_zero() || !state.on_saddle_line())));
  finding.says = fires(state)
                     ? fmt::format(
                           "from {} on descent surely converges to a global minimiser, with {:.6g} <= h lambda_max "
                           "<= {:.6g} there",
                           where, 2 * m, 2 * state.delta(h))
                     : "delta is not below 1 here (or x + O y = 0): the sure statement does not apply";
  finding.predictions.push_back(outcome_is("the run converges", record, {Outcome::converged}));
  finding.predictions.push_back(limit_is_minimiser(record, Answer::no));
  Check lower = fact("2 h |mu| <= h lambda_max at the limit", Answer::unknown);
  Check upper = fact("h lambda_max at the limit <= 2 delta", Answer::unknown);
  if (reached_minimiser(record) == Answer::yes) {
    const Delta last = at(record->last);
    const double end = last.S(h);
    const double left = 2 * std::abs(m - last.p(h));
    lower = less(lower.text, 2 * m, end, left + 1e-9 * m);
    upper = less(upper.text, end, 2 * state.delta(h), left + 1e-9 * state.delta(h));
  }
  finding.predictions.push_back(lower);
  finding.predictions.push_back(upper);
}

void confront_isotropic_norms(const Knowledge& known, const Record* record, Finding& finding) {
  if (!is_isotropic_problem(known, finding)) return;
  const Delta& state = *known.isotropic_state;
  const double h = known.situation.learning_rate;
  const double C = state.S(h) / 2 + state.m(h);
  const double m = state.m(h);
  finding.assumptions.push_back(
      decided("h < 2 c / (c^2 + mu^2), c = (|x|^2 + |y|^2)/2 + |mu| (decided exactly; both sides times h)", 1,
              C > 0 ? 2 * C / (C * C + m * m) : 2, answer(state.isotropic_norms(h) < 0)));
  finding.says = state.isotropic_norms(h) < 0
                     ? "the norms of the start alone suffice: almost every start converges to a global minimiser"
                     : "the norms of the start alone do not suffice at this rate, which decides nothing";
  finding.predictions.push_back(outcome_is("the run converges (for almost every start)", record, {Outcome::converged}));
  finding.predictions.push_back(limit_is_minimiser(record, Answer::unknown));
}

}  // namespace equipoise
