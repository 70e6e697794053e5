// X^T X - Y^T Y is conserved by gradient flow and changed by h^2 a step: by how much in one step, and in a whole run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

Matrix imbalance(ConstFactors at) { return at.X().transpose() * at.X() - at.Y().transpose() * at.Y(); }

struct Drift {
  double h = 0, L = 0, start = 0;
  std::uint64_t steps = 0;
  bool converged = false, finite = true;
  double first = 0;     // |change of X'X - Y'Y| in the first step, over the start's
  double total = 0;     // the same over the whole run
  double identity = 0;  // the largest error of fact 5 at a step, over |z|^2 and what the step adds
};

bool at_rest(double gradient_squared, double first_squared, double tolerance) {
  return std::sqrt(gradient_squared) <= tolerance * std::sqrt(first_squared);
}

bool to_stop(std::uint64_t step, const Laboratory& laboratory) { return step % 256 == 255 && !laboratory.pulse(0, 0); }

// Steps by hand: RY = -gradient in X and R'X = -gradient in Y, so the change of a step is h^2 (gX' gX - gY' gY).
Drift descend(const Prepared& prepared, double h, std::uint64_t max_steps, double tolerance,
              const Laboratory& laboratory) {
  const Problem& problem = prepared.problem();
  Factors at = prepared.start(), gradient(at.shape());
  Drift result;
  result.h = h;
  result.L = prepared.L();
  const Matrix begin = imbalance(at);
  result.start = begin.norm();
  Matrix now = begin;
  double first_squared = 0;
  for (;; ++result.steps) {
    problem.gradient(at, gradient);
    const double squared = gradient.flat().squaredNorm();
    if (result.steps == 0) first_squared = squared;
    if (!std::isfinite(squared) || squared > 1e60 * first_squared) {
      result.finite = false;
      break;
    }
    result.converged = at_rest(squared, first_squared, tolerance);
    if (result.converged || result.steps == max_steps || to_stop(result.steps, laboratory)) break;
    at.flat() -= h * gradient.flat();
    const Matrix change = h * h * (gradient.X().transpose() * gradient.X() - gradient.Y().transpose() * gradient.Y());
    const Matrix after = imbalance(at);
    const double scale = at.flat().squaredNorm() + h * h * squared;
    result.identity = std::max(result.identity, (after - now - change).norm() / scale);
    if (result.steps == 0) result.first = change.norm() / result.start;
    now = after;
  }
  result.total = result.finite ? (now - begin).norm() / result.start : nan;
  return result;
}

// Gradient flow z' = -grad f by the classical Runge-Kutta method of order 4, until the gradient has fallen as far as
// for descent.
Drift flow(const Prepared& prepared, double step, std::uint64_t max_steps, double tolerance,
           const Laboratory& laboratory) {
  const Problem& problem = prepared.problem();
  Factors at = prepared.start(), stage(at.shape()), gradient(at.shape());
  const double dt = step / prepared.L();
  Drift result;
  result.h = 0;
  result.L = prepared.L();
  const Matrix begin = imbalance(at);
  result.start = begin.norm();
  double first_squared = 0;
  Vector sum(at.shape().size());
  for (;; ++result.steps) {
    problem.gradient(at, gradient);
    const double squared = gradient.flat().squaredNorm();
    if (result.steps == 0) first_squared = squared;
    result.converged = at_rest(squared, first_squared, tolerance);
    if (result.converged || result.steps == max_steps || !std::isfinite(squared) || to_stop(result.steps, laboratory))
      break;
    sum = gradient.flat();
    for (const auto& [reach, weight] : {std::pair{0.5, 2.0}, {0.5, 2.0}, {1.0, 1.0}}) {
      stage.flat() = at.flat() - dt * reach * gradient.flat();
      problem.gradient(stage, gradient);
      sum += weight * gradient.flat();
    }
    at.flat() -= dt / 6 * sum;
  }
  result.total = (imbalance(at) - begin).norm() / result.start;
  result.finite = std::isfinite(result.total);
  return result;
}

}  // namespace

std::optional<Results> measure_conservation(const Experiment& experiment, const Laboratory& laboratory) {
  const ExperimentSettings& settings = experiment.settings;
  const std::vector<std::string> matrices = settings.texts("matrices");
  const std::vector<std::uint64_t> ranks = settings.wholes("ranks", 1, 10000);
  const std::vector<StartNorms> norms = settings.norms("norms");
  const std::vector<RelativeRate> rates = settings.rates("rates");
  const std::uint64_t seeds = settings.whole("seeds", 1, 100000);
  const std::uint64_t max_steps = settings.whole("max_steps", 1, 100000000);
  const double tolerance = settings.number("tolerance", 0, 1), flow_step = settings.number("flow_step", 1e-6, 1);
  settings.finish();
  settings.require_one_each("matrices", matrices.size(), {{"ranks", ranks.size()}, {"norms", norms.size()}});
  const std::size_t per_seed = rates.size() + 1;  // the last is the flow
  std::vector<Subject> subjects;
  for (const std::string& name : matrices) subjects.push_back(subject(name, laboratory));
  std::vector<Drift> drifts(matrices.size() * seeds * per_seed);
  const bool whole = for_each_run(drifts.size(), laboratory, [&](std::size_t i) {
    const std::size_t m = i / (seeds * per_seed), k = i % per_seed;
    const std::uint64_t seed = i / per_seed % seeds;
    const Prepared prepared(subjects[m], static_cast<Index>(ranks[m]), norms[m], seed);
    drifts[i] = k < rates.size() ? descend(prepared, prepared.rate(rates[k]), max_steps, tolerance, laboratory)
                                 : flow(prepared, flow_step, max_steps, tolerance, laboratory);
  });
  if (!whole) return std::nullopt;

  ResultTable table{"runs",
                    "runs",
                    {{"matrix", "matrix", Kind::label},
                     {"rank", "rank"},
                     {"norms", "norms"},
                     {"seed", "seed", Kind::label},
                     {"rate", "rate", Kind::label},
                     {"h", "h"},
                     {"h L", "h L"},
                     {"outcome", "outcome"},
                     {"steps", "steps"},
                     {"imbalance_start", "|XᵀX − YᵀY|_F at the start"},
                     {"first_step", "change of XᵀX − YᵀY in the first step, relative"},
                     {"total", "change of XᵀX − YᵀY in the whole run, relative"},
                     {"identity_error", "the error of fact 5 at a step, relative to |X|² + |Y|²"}},
                    {}};
  Results results;
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    Figure figure;
    figure.id = fmt::format("{}-{}", experiment.name, id_part(matrices[m]));
    figure.title = fmt::format("{}, rank {}, from norms {}", matrices[m], ranks[m], norms[m].text);
    figure.command = laboratory.reproduce;
    figure.x.title = "h L, the rate in units of 1/L";
    figure.x.scale = Figure::Scale::log;
    Figure::Panel panel;
    panel.y.title = "relative change of XᵀX − YᵀY";
    panel.y.scale = Figure::Scale::log;
    panel.height = 300;
    Figure::Curve total{"whole run: median, and 5 to 95 %", {}, {}, Figure::Marks::both, 1},
        first{"first step: median", {}, {}, Figure::Marks::both, 2};
    Page::Table shown;
    shown.caption = fmt::format("{}: relative change of XᵀX − YᵀY, medians over {} seeds", matrices[m], seeds);
    shown.columns = {"rate", "first step", "whole run", "steps", "converged"};
    std::vector<double> flows;
    for (std::size_t k = 0; k < per_seed; ++k) {
      std::vector<double> totals, firsts, steps, places;
      std::size_t converged = 0;
      for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const Drift& drift = drifts[(m * seeds + seed) * per_seed + k];
        const bool is_flow = k == rates.size();
        const char* outcome = !drift.finite ? "diverged" : (drift.converged ? "converged" : "exhausted");
        table.rows.push_back({matrices[m], static_cast<double>(ranks[m]), norms[m].text, static_cast<double>(seed),
                              is_flow ? std::string("flow") : rates[k].text, drift.h, drift.h * drift.L,
                              std::string(outcome), static_cast<double>(drift.steps), drift.start,
                              is_flow ? 0.0 : drift.first, drift.total, drift.identity});
        converged += drift.converged ? 1 : 0;
        totals.push_back(drift.total), firsts.push_back(drift.first), steps.push_back(static_cast<double>(drift.steps)),
            places.push_back(drift.h * drift.L);
        if (is_flow) flows.push_back(drift.total);
      }
      shown.rows.push_back({k < rates.size() ? rates[k].text : "gradient flow",
                            k < rates.size() ? readable(quantile(firsts, 0.5), 3) : "—",
                            readable(quantile(totals, 0.5), 3), readable(quantile(steps, 0.5)),
                            fmt::format("{} of {}", converged, seeds)});
      if (k == rates.size()) continue;
      total.x.push_back(quantile(places, 0.5)), total.y.push_back(quantile(totals, 0.5));
      total.low.push_back(quantile(totals, 0.05)), total.high.push_back(quantile(totals, 0.95));
      first.x.push_back(quantile(places, 0.5)), first.y.push_back(quantile(firsts, 0.5));
    }
    Figure::Curve guide_one{"slope 1",
                            {total.x.front(), total.x.back()},
                            {total.y.front(), total.y.front() * total.x.back() / total.x.front()},
                            Figure::Marks::lines,
                            6};
    const double square = std::pow(first.x.back() / first.x.front(), 2);
    Figure::Curve guide_two{"slope 2",
                            {first.x.front(), first.x.back()},
                            {first.y.front(), first.y.front() * square},
                            Figure::Marks::lines,
                            7};
    panel.curves = {total, first, guide_one, guide_two};
    panel.levels = {{"2/L", 2, Figure::Direction::vertical}};
    figure.panels = {panel};
    figure.caption = fmt::format(
        "A = {}, rank {}, |X| and |Y| = {} at the start, {} starts (seeds from 0), until the gradient has fallen by "
        "{}, at most {} steps. Gradient flow (Runge–Kutta, "
        "steps of {}/L) changes it by {}, which is the error of the integration.",
        matrices[m], ranks[m], norms[m].text, seeds, tolerance, max_steps, flow_step,
        readable(quantile(flows, 0.5), 2));
    results.blocks.push_back(Page::Figures{{std::move(figure)}});
    results.blocks.push_back(std::move(shown));
  }
  results.tables.push_back(std::move(table));
  return results;
}

}  // namespace equipoise
