// Convergence to a global minimiser for every start with delta < 1, as the scalar and the isotropic statement share it.
//
// Tested in equipoise/theory/theory_test.cpp
#include <fmt/format.h>

#include <cmath>

#include "equipoise/theory/confront.hpp"

namespace equipoise {

void confront_sure_minimiser(double h, const Delta& start, const std::function<Delta(ConstFactors)>& delta_of,
                             std::string_view off_saddle, std::string_view on_saddle, const Record* record,
                             Finding& finding) {
  const auto fires = [h](const Delta& state) {
    return state.delta_versus(h, 1) < 0 && (state.mu_is_zero() || !state.on_saddle_line());
  };
  Delta state = start;
  std::string_view where = "the start";
  if (!fires(state) && has_limit(record) && record->last.flat().allFinite()) {
    const Delta last = delta_of(record->last);
    if (fires(last)) {
      state = last;
      where = "the last iterate";
    }
  }
  const double m = state.m(h);
  finding.assumptions.push_back(decided(fmt::format("delta < 1 at {} (decided exactly)", where), state.delta(h), 1,
                                        answer(state.delta_versus(h, 1) < 0)));
  finding.assumptions.push_back(
      fact(fmt::format(fmt::runtime(off_saddle), where), answer(state.mu_is_zero() || !state.on_saddle_line())));
  finding.says = fires(state)
                     ? fmt::format(
                           "from {} on descent surely converges to a global minimiser, with {:.6g} <= h lambda_max "
                           "<= {:.6g} there",
                           where, 2 * m, 2 * state.delta(h))
                     : fmt::format("delta is not below 1 here (or {}): the sure statement does not apply", on_saddle);
  finding.predictions.push_back(outcome_is("the run converges", record, {Outcome::converged}));
  finding.predictions.push_back(limit_is_minimiser(record, Answer::no));
  Check lower = fact("2 h |mu| <= h lambda_max at the limit", Answer::unknown);
  Check upper = fact("h lambda_max at the limit <= 2 delta", Answer::unknown);
  if (reached_minimiser(record) == Answer::yes) {
    const Delta last = delta_of(record->last);
    const double end = last.S(h);
    // What is left of the residual moves the sharpness by at most twice as much.
    const double left = 2 * std::abs(m - last.p(h));
    lower = less(lower.text, 2 * m, end, left + 1e-9 * m);
    upper = less(upper.text, end, 2 * state.delta(h), left + 1e-9 * state.delta(h));
  }
  finding.predictions.push_back(lower);
  finding.predictions.push_back(upper);
}

}  // namespace equipoise
