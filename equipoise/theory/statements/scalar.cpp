// Statements about one number, mu = u.v: the exact critical rate, the sure minimiser, and what lies beyond h |mu| = 1.
//
// Tested in equipoise/theory/theory_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "equipoise/theory/confront.hpp"
#include "equipoise/theory/scalar.hpp"

namespace equipoise {
namespace {

bool is_vector_problem(const Knowledge& known, Finding& finding) {
  if (!common_assumptions(known, finding)) return false;
  finding.assumptions.push_back(fact("A is a single number", answer(known.shape.rows == 1 && known.shape.cols == 1)));
  if (known.shape.rows != 1 || known.shape.cols != 1) {
    finding.says = "the statement is about 1 x 1 problems (of any rank)";
    return false;
  }
  if (!known.vector_state) finding.assumptions.push_back(fact("A is finite", Answer::no));
  return known.vector_state.has_value();
}

// Distance to the nearest of the two curves that decide, where rounding in a run can carry it across.
bool near_a_curve(const Delta& state, double h) {
  return std::abs(state.E(h)) < 1e-9 || std::abs(state.m(h) - 1) < 1e-9;
}

}  // namespace

void confront_scalar_rate(const Knowledge& known, const Record* record, Finding& finding) {
  if (!is_vector_problem(known, finding)) return;
  const Delta& state = *known.vector_state;
  const double h = known.situation.learning_rate;
  const double delta = state.delta(h);
  const double m = state.m(h);
  const std::string numbers = fmt::format("delta = {:.17g}, h |mu| = {:.17g}", delta, m);
  const Answer contradicted = near_a_curve(state, h) ? Answer::unknown : Answer::no;
  switch (region(state, h)) {
    case Region::converges: {
      finding.says = fmt::format(
          "{}: below the critical rate; descent converges from this start, to a global minimiser for "
          "almost every start (to the saddle only where u_k + v_k = 0 at some step)",
          numbers);
      finding.predictions.push_back(outcome_is("the run converges", record, {Outcome::converged}, contradicted));
      finding.predictions.push_back(limit_is_minimiser(record, Answer::unknown));
      if (record != nullptr && record->verdict.limit == Limit::saddle && !state.mu_is_zero()) {
        finding.says += "; this run went to the saddle, as starts in a null set do";
      }
      break;
    }
    case Region::outside: {
      finding.says = fmt::format(
          "{}: above the critical rate; descent leaves the region for ever, never converges to a stable "
          "minimiser, and diverges for almost every start",
          numbers);
      Check diverges =
          outcome_is("the run diverges (for almost every start)", record, {Outcome::diverged}, contradicted);
      if (record != nullptr && record->verdict.outcome == Outcome::converged) {
        // Landing exactly on an unstable minimiser is allowed; a stable one is not.
        const Sizes end = known.sizes(record->last);
        if (end.S() >= 2) {
          diverges.holds = Answer::unknown;
          finding.says += "; this run landed exactly on an unstable minimiser, as starts in a null set do";
        }
      }
      finding.predictions.push_back(diverges);
      break;
    }
    case Region::beyond:
      finding.says =
          fmt::format("{}: no minimiser is stable; bounded, and almost no start converges (scalar.beyond)", numbers);
      finding.predictions.push_back(outcome_is(
          "the run does not diverge", record, {Outcome::converged, Outcome::periodic, Outcome::chaotic}, contradicted));
      finding.predictions.push_back(outcome_is("the run does not converge (for almost every start)", record,
                                               {Outcome::periodic, Outcome::chaotic, Outcome::diverged},
                                               Answer::unknown));
      break;
    case Region::marginal:
      finding.says = fmt::format("{}: bounded; exactly at h |mu| = 1 convergence is not claimed", numbers);
      finding.predictions.push_back(outcome_is(
          "the run does not diverge", record, {Outcome::converged, Outcome::periodic, Outcome::chaotic}, contradicted));
      break;
    case Region::curve:
      finding.says =
          fmt::format("{}: exactly on the critical ellipse, which exact descent never leaves; no claim", numbers);
      finding.predictions.push_back(fact("exact descent stays on the ellipse", Answer::unknown));
      break;
    case Region::silent:
      finding.says = fmt::format("{}: a balanced start at h |mu| >= 2, of which the theorem does not speak", numbers);
      finding.predictions.push_back(fact("none", Answer::unknown));
      break;
  }
}

void confront_scalar_minimiser(const Knowledge& known, const Record* record, Finding& finding) {
  if (!is_vector_problem(known, finding)) return;
  const double h = known.situation.learning_rate;
  const auto fires = [h](const Delta& state) {
    return state.delta_versus(h, 1) < 0 && (state.mu_is_zero() || !state.on_saddle_line());
  };
  Delta state = *known.vector_state;
  std::string_view where = "the start";
  if (!fires(state) && has_limit(record) && record->last.flat().allFinite()) {
    const Delta last =
        Delta::of_vectors(known.mu(), record->last.X().row(0).transpose(), record->last.Y().row(0).transpose());
    if (fires(last)) {
      state = last;
      where = "the last iterate";
    }
  }
  const double m = state.m(h);
  finding.assumptions.push_back(decided(fmt::format("delta < 1 at {} (decided exactly)", where), state.delta(h), 1,
                                        answer(state.delta_versus(h, 1) < 0)));
  finding.assumptions.push_back(fact(fmt::format("u + v is not zero at {}, or mu = 0 (signs as for mu > 0)", where),
                                     answer(state.mu_is_zero() || !state.on_saddle_line())));
  const bool sure = fires(state);
  finding.says = sure ? fmt::format(
                            "from {} on descent surely converges to a global minimiser, with {:.6g} <= h lambda_max <= "
                            "{:.6g} there",
                            where, 2 * m, 2 * state.delta(h))
                      : "delta is not below 1 here (or u + v = 0): the sure statement does not apply";
  finding.predictions.push_back(outcome_is("the run converges", record, {Outcome::converged}));
  finding.predictions.push_back(limit_is_minimiser(record, Answer::no));
  Check lower = fact("2 h |mu| <= h lambda_max at the limit", Answer::unknown);
  Check upper = fact("h lambda_max at the limit <= 2 delta", Answer::unknown);
  if (reached_minimiser(record) == Answer::yes) {
    const Delta last =
        Delta::of_vectors(known.mu(), record->last.X().row(0).transpose(), record->last.Y().row(0).transpose());
    const double end = last.S(h);
    // What is left of the residual moves the sharpness by at most twice as much.
    const double left = 2 * std::abs(m - last.p(h));
    lower = less(lower.text, 2 * m, end, left + 1e-9 * m);
    upper = less(upper.text, end, 2 * state.delta(h), left + 1e-9 * state.delta(h));
  }
  finding.predictions.push_back(lower);
  finding.predictions.push_back(upper);
}

namespace {

bool beyond_applies(const Knowledge& known, Finding& finding) {
  if (!is_vector_problem(known, finding)) return false;
  const Delta& state = *known.vector_state;
  const double h = known.situation.learning_rate;
  finding.assumptions.push_back(decided("1 <= h |mu|", 1, state.m(h), answer(state.m_versus(h, 1) >= 0)));
  finding.assumptions.push_back(decided("h |mu| < 2", state.m(h), 2, answer(state.m_versus(h, 2) < 0)));
  finding.assumptions.push_back(decided("delta < 2", state.delta(h), 2, answer(state.delta_versus(h, 2) < 0)));
  return region(state, h) == Region::beyond || region(state, h) == Region::marginal;
}

}  // namespace

void confront_scalar_beyond(const Knowledge& known, const Record* record, Finding& finding) {
  finding.says = "the statement is about 1 <= h |mu| < 2 inside the ellipse";
  if (!beyond_applies(known, finding)) return;
  const Delta& state = *known.vector_state;
  const double h = known.situation.learning_rate;
  const double bound = 2 * (state.delta(h) + state.m(h));
  finding.says = fmt::format(
      "h (|u|^2 + |v|^2) never exceeds 2 (delta + h |mu|) = {:.6g}; unless the residual vanishes at some "
      "step, u - v tends to zero and the run to the balanced map w -> w (1 + m - w^2)",
      bound);
  Check bounded = fact("h (|u|^2 + |v|^2) <= 2 (delta + h |mu|) at every sample", Answer::unknown);
  Check collapsed =
      fact("delta falls towards h |mu|: delta at the last iterate <= delta at the start", Answer::unknown);
  if (record != nullptr && record->last.flat().allFinite()) {
    double largest = known.sizes(record->last).S();
    for (const Sample& sample : record->samples) {
      const double x = std::ldexp(sample.norm_x, known.exponent);
      const double y = std::ldexp(sample.norm_y, known.exponent);
      if (std::isfinite(x) && std::isfinite(y)) largest = std::max(largest, known.rate * (x * x + y * y));
    }
    const Answer crossed = near_a_curve(state, h) ? Answer::unknown : Answer::no;
    bounded = less(bounded.text, largest, bound, 1e-9 * bound);
    const Delta last =
        Delta::of_vectors(known.mu(), record->last.X().row(0).transpose(), record->last.Y().row(0).transpose());
    collapsed = less(collapsed.text, last.delta(h), state.delta(h), 1e-9 * state.delta(h));
    if (bounded.holds == Answer::no) bounded.holds = crossed;
    if (collapsed.holds == Answer::no) collapsed.holds = crossed;
  }
  finding.predictions.push_back(bounded);
  finding.predictions.push_back(collapsed);
}

void confront_scalar_cycles(const Knowledge& known, const Record* record, Finding& finding) {
  finding.says = "the statement is about 1 < h |mu| < 2 inside the ellipse";
  if (!beyond_applies(known, finding)) return;
  const Delta& state = *known.vector_state;
  const double h = known.situation.learning_rate;
  finding.assumptions.push_back(decided("1 < h |mu|", 1, state.m(h), answer(state.m_versus(h, 1) > 0)));
  if (state.m_versus(h, 1) == 0) return;
  const double m = state.m(h);
  if (m < std::sqrt(5.0) - 1) {
    const TwoCycle cycle = two_cycle(m);
    finding.says = fmt::format(
        "the balanced map has a stable 2-cycle, h |u.v| = {:.17g} and {:.17g}, multiplier {:.6g} (proved); "
        "that runs go there was seen, not proved",
        cycle.lower, cycle.upper, cycle.multiplier);
    finding.predictions.push_back(outcome_is("the run ends in a cycle", record, {Outcome::periodic}, Answer::unknown));
    Check period = fact("its period is 2", Answer::unknown);
    Check product = fact("h u.v at the last iterate is on the 2-cycle, to 1e-6", Answer::unknown);
    if (record != nullptr && record->verdict.outcome == Outcome::periodic) {
      period = equal(period.text, record->verdict.period, 2, 0);
      const double p =
          Delta::of_vectors(known.mu(), record->last.X().row(0).transpose(), record->last.Y().row(0).transpose()).p(h);
      const double target = std::abs(p - cycle.lower) < std::abs(p - cycle.upper) ? cycle.lower : cycle.upper;
      product = equal(product.text, p, target, 1e-6 * target);
    }
    finding.predictions.push_back(period);
    finding.predictions.push_back(product);
  } else {
    finding.says =
        "beyond h |mu| = sqrt(5) - 1 = 1.23607 the 2-cycle is unstable: period doubling, then chaos with windows of "
        "cycles, were seen (Lyapunov exponent 0.34 at h |mu| = 1.4, 0.81 at 1.8)";
    finding.predictions.push_back(
        outcome_is("the run is periodic or chaotic", record, {Outcome::periodic, Outcome::chaotic}, Answer::unknown));
  }
}

}  // namespace equipoise
