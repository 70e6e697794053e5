// Statements about the learning rate for any A: the classical limit, the necessary rate, the conjecture, and sure
// divergence.
//
// Tested in equipoise/theory/theory_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/theory/confront.hpp"
#include "equipoise/theory/sure_divergence.hpp"

namespace equipoise {

void confront_classical(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  const double hL = known.in_units(known.situation.L);
  Check at_start = less("h L < 2 at the start", hL, 2);
  const bool beyond = at_start.holds == Answer::no;
  finding.assumptions.push_back(at_start);
  finding.assumptions.push_back(
      fact("h lambda_max < 2 on every segment between iterates", beyond ? Answer::no : Answer::unknown));
  finding.says = beyond ? fmt::format(
                              "h L = {:.6g} is not below 2 at the start: the classical argument does not apply, "
                              "which decides nothing about convergence",
                              hL)
                        : fmt::format(
                              "h L = {:.6g} < 2 at the start; the loss falls for as long as h lambda_max < 2 on the "
                              "whole way, which the start alone does not guarantee",
                              hL);
  Check falls = fact("the loss falls from sample to sample", Answer::unknown);
  if (record != nullptr && record->samples.size() > 1) {
    const auto& samples = record->samples;
    // A loss computed as a difference of large terms is uncertain by about eps |A|^2.
    const double grain = 1e-12 * (samples.front().loss + record->norm * record->norm);
    falls.holds = Answer::yes;
    for (std::size_t i = 1; i < samples.size(); ++i) {
      if (!(samples[i].loss <= samples[i - 1].loss + grain)) falls.holds = Answer::no;
    }
  }
  finding.predictions.push_back(falls);
}

void confront_necessary_rate(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  const double h = known.situation.learning_rate;
  Check above = less("h sigma_1 > 1", 1, known.hs1);
  if (known.vector_state) {
    above = decided(above.text, 1, known.hs1, answer(known.vector_state->m_versus(h, 1) > 0));
  } else if (known.isotropic_state) {
    above = decided(above.text, 1, known.hs1, answer(known.isotropic_state->m_versus(h, 1) > 0));
  } else if (std::abs(known.hs1 - 1) <= known.hs1_error) {
    above.holds = Answer::unknown;
  }
  std::swap(above.value, above.bound);
  finding.assumptions.push_back(above);
  finding.says =
      above.holds == Answer::yes
          ? fmt::format("h sigma_1 = {:.6g} > 1: no minimiser is stable, almost no start converges", known.hs1)
          : fmt::format("h sigma_1 = {:.6g}: convergence is not excluded by this statement", known.hs1);
  Check prediction = outcome_is("the run does not converge (for almost every start)", record,
                                {Outcome::periodic, Outcome::chaotic, Outcome::diverged}, Answer::unknown);
  if (record != nullptr && record->verdict.outcome == Outcome::converged && above.holds == Answer::yes) {
    finding.says += "; this run landed on an unstable critical point, as starts in a null set do";
  }
  finding.predictions.push_back(prediction);
}

void confront_frobenius_rate(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  const double side = known.start.S() + 4 * known.hs1;
  Check check = less("h (|X|_F^2 + |Y|_F^2 + 4 sigma_1) <= 4", side, 4);
  if (std::abs(side - 4) <= 4 * known.hs1_error + 1e-13) check.holds = Answer::unknown;
  finding.assumptions.push_back(check);
  finding.says = check.holds == Answer::yes
                     ? "at this rate no divergence was ever seen, for any A and rank: a conjecture, not a theorem"
                     : "the rate is above 4 / (|X|_F^2 + |Y|_F^2 + 4 sigma_1): the conjecture says nothing";
  finding.predictions.push_back(
      outcome_is("the run does not diverge", record, {Outcome::converged, Outcome::periodic, Outcome::chaotic}));
}

void confront_divergence(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  SureDivergence found = sure_divergence(known, known.situation.start);
  std::string_view where = "the start";
  if (!found.any() && record != nullptr && record->last.flat().allFinite()) {
    const SureDivergence last = sure_divergence(known, record->last);
    if (last.any()) {
      found = last;
      where = "the last iterate";
    }
  }
  if (found.number) {
    finding.assumptions.push_back(
        fact(fmt::format("|r| >= 4 + m and |r p| >= 2 S at {} (decided exactly)", where), Answer::yes));
  } else if (found.rank_one && !found.lemma.holds) {
    finding.assumptions.push_back(
        less(fmt::format("h sigma_1 + 2 < h min(|x|^2, |y|^2) at {}", where), 2 + found.bound_A, found.smaller));
  } else {
    Check check =
        less(fmt::format("max(4 (1 + h |A|), 2 sqrt(S)) <= h |X Y^T| at {} (bounds, rounding included)", where),
             found.lemma.needed, found.lemma.nu_lower);
    check.holds = std::isnan(check.margin) ? Answer::unknown : answer(found.lemma.holds);
    finding.assumptions.push_back(check);
  }
  finding.says = found.any() ? fmt::format("the norms grow for ever from {} on: divergence is proved", where)
                             : "the test for sure divergence does not fire, which decides nothing";
  finding.predictions.push_back(outcome_is("the run diverges", record, {Outcome::diverged}));
}

}  // namespace equipoise
