// Statements that hold at a single point: the step of the imbalance, rank-one sharpness, and the two basins.
//
// Tested in equipoise/theory/theory_test.cpp
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "equipoise/core/decompositions.hpp"
#include "equipoise/theory/basin.hpp"
#include "equipoise/theory/confront.hpp"

namespace equipoise {

void confront_imbalance_step(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  finding.says = "one step changes X^T X - Y^T Y by exactly h^2 (Y^T R^T R Y - X^T R R^T X): small rates conserve it";
  Check identity = fact("the identity at the start, relative to the size of its terms", Answer::unknown);
  if (record != nullptr) {
    Factors gradient(known.shape);
    known.situation.problem.gradient(known.situation.start, gradient);
    // Scaled like the start: z by 2^k, the gradient by 8^k, the rate by 4^-k.
    const Factors z = known.scaled(known.situation.start);
    Factors g = known.scaled(gradient);
    g.flat() = g.flat().unaryExpr([&](double entry) { return std::ldexp(entry, 2 * known.exponent); }).eval();
    const double h = known.rate;
    Factors next = z;
    next.flat() -= h * g.flat();
    const auto imbalance = [](ConstFactors at) {
      return Matrix(at.X().transpose() * at.X() - at.Y().transpose() * at.Y());
    };
    const Matrix change = imbalance(next) - imbalance(z);
    const Matrix predicted = h * h * imbalance(g);
    const double x = z.X().norm();
    const double y = z.Y().norm();
    // The gradient itself is known to about eps times the sum of the terms that it is made of.
    const double terms = h * x * y * (known.h_norm_A / h + x * y);
    const double scale = x * x + y * y + next.flat().squaredNorm() + terms + h * h * (g.flat().squaredNorm());
    const double grain =
        1e-12 + 16 * static_cast<double>(known.shape.rows + known.shape.cols) * std::numeric_limits<double>::epsilon();
    const double miss = (change - predicted).norm();
    if (scale == 0) {
      identity = less(identity.text, 0, grain);
    } else if (std::isfinite(scale) && std::isfinite(miss)) {
      identity = less(identity.text, miss / scale, grain);
    }
  }
  finding.predictions.push_back(identity);
}

void confront_rank1_sharpness(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  finding.assumptions.push_back(
      decided("rank = 1", static_cast<double>(known.shape.rank), 1, answer(known.shape.rank == 1)));
  if (known.shape.rank != 1) {
    finding.says = "the closed form of the sharpness holds for rank 1 only";
    return;
  }
  finding.assumptions.push_back(fact("the entries of A are at hand", known.scaled_A ? Answer::yes : Answer::unknown));
  finding.says = "lambda_max = (|x|^2 + |y|^2)/2 + sqrt((|x|^2 - |y|^2)^2/4 + |2 x y^T - A|_2^2) at every point";
  Check start = fact("h L at the start, to 1e-8", Answer::unknown);
  Check end = fact("h lambda_max at the last iterate, to 1e-8", Answer::unknown);
  if (known.scaled_A) {
    const auto closed_form = [&](ConstFactors at) {
      const Factors z = known.scaled(at);
      const Matrix inner = 2 * z.X() * z.Y().transpose() - *known.scaled_A;
      const Sizes sizes = known.sizes(at);
      if (!inner.allFinite() || std::isnan(sizes.S())) return std::numeric_limits<double>::quiet_NaN();
      const double norm = known.rate * singular_values(inner)[0];
      return sizes.S() / 2 + std::hypot((sizes.norm_x - sizes.norm_y) / 2, norm);
    };
    const double at_start = closed_form(known.situation.start);
    const double scale = known.start.S() + known.hs1;
    const double L = known.in_units(known.situation.L);
    start = record == nullptr ? Check{start.text, L, at_start, start.margin, Answer::unknown}
                              : equal(start.text, L, at_start, 1e-8 * scale);
    if (has_limit(record)) {
      const double measured = known.in_units(record->sharpness_end.value);
      if (!std::isnan(measured)) {
        const Sizes sizes = known.sizes(record->last);
        end = equal(end.text, measured, closed_form(record->last), 1e-8 * (sizes.S() + known.hs1));
      }
    }
  }
  finding.predictions.push_back(start);
  if (has_limit(record) && !std::isnan(record->sharpness_end.value)) finding.predictions.push_back(end);
}

namespace {

// Both basins are tried at the start, and after a run at its last iterate.
template <class Test>
void confront_basin(const Knowledge& known, const Record* record, Finding& finding, const Test& test) {
  bool fires = false;
  std::string_view where = "the start";
  if (known.scaled_A) {
    const auto at_start = test(known.scaled(known.situation.start), where);
    fires = at_start.first;
    Check check = at_start.second;
    if (!fires && has_limit(record) && record->last.flat().allFinite()) {
      const auto at_last = test(known.scaled(record->last), std::string_view("the last iterate"));
      fires = at_last.first;
      check = at_last.second;
      where = "the last iterate";
    }
    finding.assumptions.push_back(check);
  } else {
    finding.assumptions.push_back(fact("the entries of A are at hand", Answer::unknown));
  }
  finding.says = fires ? fmt::format(
                             "from {} on descent converges to a global minimiser (evaluated in double precision with a "
                             "margin, not a certificate)",
                             where)
                       : "the test does not fire, which decides nothing";
  finding.predictions.push_back(outcome_is("the run converges", record, {Outcome::converged}));
  finding.predictions.push_back(limit_is_minimiser(record, Answer::no));
}

}  // namespace

void confront_gradient_basin(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  confront_basin(known, record, finding, [&](const Factors& at, std::string_view where) {
    const GradientBasin basin = gradient_basin(*known.scaled_A, at, known.rate);
    Check check = less(fmt::format("kappa < 1 and h |grad f| / (1 - kappa) <= rho at {} (kappa against 1)", where),
                       basin.kappa, 1);
    check.holds = std::isnan(basin.kappa) ? Answer::unknown : answer(basin.holds);
    return std::pair{basin.holds, check};
  });
}

void confront_exact_fit_basin(const Knowledge& known, const Record* record, Finding& finding) {
  if (!common_assumptions(known, finding)) return;
  confront_basin(known, record, finding, [&](const Factors& at, std::string_view where) {
    const ExactFitBasin basin = exact_fit_basin(*known.scaled_A, at, known.rate);
    Check check = less(fmt::format("|R|_F < max over rho of rho (1 - h beta/2)(c - rho) at {}", where), basin.residual,
                       basin.allowed);
    if (!basin.known_range) check.text += "; the range of A is not known to fit into rank dimensions";
    check.holds = std::isnan(basin.residual) ? Answer::unknown : answer(basin.holds);
    return std::pair{basin.holds, check};
  });
}

}  // namespace equipoise
