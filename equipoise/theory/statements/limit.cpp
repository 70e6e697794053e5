// Statements about where a run ends: sharpness of a minimiser, flatness and balance of a stable limit.
//
// Tested in equipoise/theory/theory_test.cpp
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/theory/confront.hpp"

namespace equipoise {
namespace {

constexpr double rounding = 1e-9;  // what a limit may miss its bound by, relative: rounding and an unfinished last step

// Yes and no only where rounding cannot change them.
Answer positive_semidefinite(const Knowledge& known) {
  if (known.shape.rows != known.shape.cols) return Answer::no;
  if (!known.A) return Answer::unknown;
  const Matrix& A = known.scaled_A ? *known.scaled_A : *known.A;
  if (A != A.transpose()) return Answer::no;
  const Matrix off_diagonal = A - Matrix(A.diagonal().asDiagonal());
  if (off_diagonal.isZero(0)) return answer((A.diagonal().array() >= 0).all());
  const Vector values = symmetric_eigenvalues(A);
  const double lowest = values.minCoeff();
  const double grain =
      64 * static_cast<double>(A.rows()) * std::numeric_limits<double>::epsilon() * values.cwiseAbs().maxCoeff();
  if (std::abs(lowest) <= grain) return Answer::unknown;
  return answer(lowest > 0);
}

// h times what an unfinished gradient can add to a curvature: |g| over the norm of the larger factor.
double unfinished(const Knowledge& known, const Record& record, const Sizes& end) {
  Factors gradient(known.shape);
  known.situation.problem.gradient(record.last, gradient);
  const double g =
      std::sqrt(known.rate) * known.rate * known.scaled(gradient).flat().norm() * std::ldexp(1.0, 2 * known.exponent);
  return 10 * g / std::sqrt(std::max(end.P, end.Q));
}

}  // namespace

void confront_minimiser_sharpness(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  finding.assumptions.push_back(fact("the run converged to a global minimiser", reached_minimiser(record)));
  finding.says = "wherever the run reaches a global minimiser, lambda_max there is |X|_2^2 + |Y|_2^2";
  Check sharpness = fact("h lambda_max = h (|X|_2^2 + |Y|_2^2) at the limit, to 1e-8", Answer::unknown);
  Check global = fact("the loss at the limit is the least possible, to 1e-9 |A|^2", Answer::unknown);
  if (reached_minimiser(record) == Answer::yes) {
    const Sizes end = known.sizes(record->last);
    const double sum = end.P + end.Q;
    const double measured = known.in_units(record->sharpness_end.value);
    const double residual = known.in_units(record->sharpness_end.residual);
    if (!std::isnan(measured)) {
      sharpness = equal(
          sharpness.text, measured, sum,
          1e-8 * sum + (std::isnan(residual) ? 0 : residual) + (sum > 0 ? unfinished(known, *record, end) : 1e-8));
    }
    if (known.singular) {
      const auto tail = std::max<Index>(known.singular->size() - known.shape.rank, 0);
      const double least = known.singular->tail(tail).squaredNorm() / 2;
      const double loss = known.rate * known.in_units(std::ldexp(record->loss_end, 2 * known.exponent));
      global = less(global.text, loss, least, 1e-9 * known.singular->squaredNorm() + 1e-18 * end.S() * end.S());
    }
  }
  finding.predictions.push_back(sharpness);
  finding.predictions.push_back(global);
}

void confront_flatness(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  finding.assumptions.push_back(fact("the run converged to a global minimiser", reached_minimiser(record)));
  finding.says = "for almost every start that converges, the limit has |X|_2^2 + |Y|_2^2 <= 2/h";
  Check flat = fact("h (|X|_2^2 + |Y|_2^2) <= 2 at the limit, to 1e-9 (for almost every start)", Answer::unknown);
  if (reached_minimiser(record) == Answer::yes) {
    const Sizes end = known.sizes(record->last);
    flat = less(flat.text, end.P + end.Q, 2, 2 * rounding);
    if (flat.holds == Answer::no) {
      flat.holds = Answer::unknown;
      finding.says +=
          "; this run ended on an unstable minimiser, where starts in a null set stay, or has not left it yet";
    }
  }
  finding.predictions.push_back(flat);
}

void confront_balance(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  const Answer reached = reached_minimiser(record);
  finding.assumptions.push_back(fact("the run converged to a global minimiser", reached));
  finding.says = "a stable limit is balanced up to bounds that tighten as the rate grows";
  Sizes end;
  if (reached == Answer::yes) {
    end = known.sizes(record->last);
    finding.assumptions.push_back(
        less("the limit is stable: h (|X|_2^2 + |Y|_2^2) <= 2", end.P + end.Q, 2, 2 * rounding));
  } else {
    finding.assumptions.push_back(
        fact("the limit is stable: h (|X|_2^2 + |Y|_2^2) <= 2", reached == Answer::no ? Answer::no : Answer::unknown));
  }
  Check rate = fact("h sigma_1 <= 1", Answer::unknown);
  Check spectral = fact("h^2 (|X|_2^2 - |Y|_2^2)^2 <= 4 - 4 (h sigma_1)^2", Answer::unknown);
  Check frobenius = fact("h | |X|_F^2 - |Y|_F^2 | <= d pbar - |h A_d|_F^2 / pbar, pbar = 1 + sqrt(1 - (h sigma_1)^2)",
                         Answer::unknown);
  Check ratio = fact("|X|_F^2 / |Y|_F^2, either way, <= d pbar^2 / |h A_d|_F^2", Answer::unknown);
  Check distance = fact("h |X - Y|_F^2 <= 2 d - 2 h (s_1 + ... + s_d), A being positive semidefinite", Answer::unknown);
  const bool stable = finding.assumptions.back().holds == Answer::yes;
  if (reached == Answer::yes && stable) {
    // Bounds are taken at a rate smaller by 1e-9, where they are looser: that is the slack, in the units of each bound.
    const double s1 = known.hs1;
    rate = less(rate.text, s1, 1, rounding);
    spectral = less(spectral.text, (end.P - end.Q) * (end.P - end.Q), 4 - 4 * s1 * s1, 16 * rounding);
    if (known.singular) {
      const double grown = 1 + 2 * rounding;
      const double pbar = grown * (1 + std::sqrt(std::max(0.0, 1 - s1 * s1 / (grown * grown))));
      const auto [rows, cols, rank] = known.shape;
      const Index kept = std::min({rows, cols, rank});
      const double A_d = known.singular->head(kept).squaredNorm();
      const bool x_heavier = end.norm_x >= end.norm_y;
      const auto d = static_cast<double>(std::min(rank, x_heavier ? rows : cols));
      const double heavy = std::max(end.norm_x, end.norm_y);
      const double light = std::min(end.norm_x, end.norm_y);
      frobenius = less(frobenius.text, heavy - light, d * pbar - A_d / pbar, rounding * d);
      if (A_d > 0) ratio = less(ratio.text, heavy / light, d * pbar * pbar / A_d, rounding * heavy / light);
      if (positive_semidefinite(known) == Answer::yes) {
        const auto dd = static_cast<double>(kept);
        distance =
            less(distance.text, end.difference, 2 * dd - 2 * known.singular->head(kept).sum(), 8 * rounding * dd);
      }
    }
  }
  finding.predictions.push_back(rate);
  finding.predictions.push_back(spectral);
  if (known.singular) {
    finding.predictions.push_back(frobenius);
    if (known.singular->size() > 0 && (*known.singular)[0] > 0) finding.predictions.push_back(ratio);
    if (positive_semidefinite(known) == Answer::yes) finding.predictions.push_back(distance);
  }
}

}  // namespace equipoise
