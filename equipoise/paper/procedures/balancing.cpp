// Rank one on multiples of the identity: does descent converge at h0 and below, and how balanced is where it ends.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"
#include "equipoise/problems/dense.hpp"
#include "equipoise/theory/theory.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

struct BalancingPlan {
  std::vector<Subject> subjects;
  std::vector<StartNorms> norms;
  std::vector<RelativeRate> rates;
  std::uint64_t seeds = 0, shown_seed = 0, max_steps = 0;
  double tolerance = 0;

  BalancingPlan(const ExperimentSettings& settings, const Laboratory& laboratory)
      : norms(settings.norms("norms")),
        rates(settings.rates("rates")),
        seeds(settings.whole("seeds", 1, 1000000)),
        shown_seed(settings.whole("shown_seed", 0, 1000000)),
        max_steps(settings.whole("max_steps", 1, 100000000)),
        tolerance(settings.number("tolerance", 0, 1)) {
    const std::vector<std::string> matrices = settings.texts("matrices");
    settings.finish();
    for (const std::string& name : matrices) subjects.push_back(tiny_subject(name, laboratory, settings, "matrices"));
  }
};

/// One run with what its row says of it.
struct Cell {
  const Subject* subject;
  const StartNorms* norms;
  const RelativeRate* rate;
  std::uint64_t seed;
  double h, L, difference_start;
};

ResultTable runs_table(const std::vector<Cell>& cells, const std::vector<TinyEnd>& ends) {
  ResultTable table{"runs",
                    "runs",
                    {{"matrix", "matrix", Kind::label},
                     {"norms", "norms", Kind::label},
                     {"rate", "rate", Kind::label},
                     {"seed", "seed", Kind::label},
                     {"h", "h"},
                     {"L", "L at the start"},
                     {"h L", "h L"},
                     {"outcome", "outcome"},
                     {"limit", "the limit"},
                     {"steps", "steps"},
                     {"ratio_start", "ratio of the norms at the start"},
                     {"ratio", "ratio of the norms at the end"},
                     {"conserved_ratio", "ratio that a conserved |x|² − |y|² would end with", Kind::bound},
                     {"of_conserved", "ratio of the norms at the end over the one of a conserved |x|² − |y|²"},
                     {"difference_start", "|x − y| at the start"},
                     {"difference", "|x − y| at the end"},
                     {"kept", "|x − y| at the end over |x − y| at the start"},
                     {"difference_squared", "|x − y|² at the end"},
                     {"limit.balance", "2/h − 2μ", Kind::bound},
                     {"of_bound", "|x − y|² at the end over 2/h − 2μ"},
                     {"sharpness", "sharpness at the end"},
                     {"2/h", "2/h", Kind::bound},
                     {"isotropic.sufficient-rate", "the rate 2c/(c² + μ²), c = (|x|² + |y|²)/2 + μ", Kind::bound}},
                    {}};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    const TinyEnd& end = ends[i];
    const double apart = difference(end), bound = 2 / cell.h - 2 * cell.subject->mu;
    const double c = (cell.norms->x * cell.norms->x + cell.norms->y * cell.norms->y) / 2 + cell.subject->mu;
    const double sufficient = 2 * c / (c * c + cell.subject->mu * cell.subject->mu);
    const double ratio_start = std::max(cell.norms->x, cell.norms->y) / std::min(cell.norms->x, cell.norms->y);
    // |x| |y| = mu and |x|^2 - |y|^2 as it was: where gradient flow ends.
    const double gap = std::abs(cell.norms->x * cell.norms->x - cell.norms->y * cell.norms->y), mu = cell.subject->mu;
    const double conserved = (gap + std::hypot(gap, 2 * mu)) / (2 * mu), ratio = std::max(end.ratio, 1 / end.ratio);
    table.rows.push_back({cell.subject->name,
                          cell.norms->text,
                          cell.rate->text,
                          static_cast<double>(cell.seed),
                          cell.h,
                          cell.L,
                          cell.h * cell.L,
                          std::string(name(end.outcome)),
                          std::string(name(end.limit)),
                          static_cast<double>(end.steps),
                          ratio_start,
                          ratio,
                          conserved,
                          ratio / conserved,
                          cell.difference_start,
                          apart,
                          apart / cell.difference_start,
                          apart * apart,
                          bound,
                          apart * apart / bound,
                          end.sharpness,
                          2 / cell.h,
                          sufficient});
  }
  return table;
}

// What the runs of one matrix and one pair of norms have in common at each rate.
struct Summary {
  Page::Table table;
  Figure figure;
};

Summary summary(const BalancingPlan& plan, const Subject& subject, const StartNorms& norms, const ResultTable& runs,
                const Laboratory& laboratory, const std::string& prefix) {
  const auto number = [&](const auto& row, std::string_view key) { return std::get<double>(row[*runs.column(key)]); };
  const auto word = [&](const auto& row, std::string_view key) {
    return std::get<std::string>(row[*runs.column(key)]);
  };
  Summary result;
  Figure& figure = result.figure;
  figure.id = fmt::format("{}-{}-{}-limits", prefix, id_part(subject.name), id_part(norms.text));
  figure.title = fmt::format("Where {} ends from norms {}", subject.name, norms.text);
  figure.command = laboratory.reproduce;
  figure.x.title = "h in units of h0";
  Figure::Panel panel;
  panel.y.title = "|x − y|²";
  panel.y.scale = Figure::Scale::log;
  Figure::Curve ends{"limits: median, and 5 to 95 % of the seeds", {}, {}, Figure::Marks::both};
  Figure::Curve bound{"proved bound 2/h − 2μ", {}, {}, Figure::Marks::lines};
  Figure::Curve start{"start, median", {}, {}, Figure::Marks::lines};
  result.table.caption = fmt::format(
      "{} from norms {}: medians over the starts. The ratio is that of the norms at the end; \"if conserved\" is where "
      "it would be with the |x|² − |y|² of the start",
      subject.name, norms.text);
  result.table.columns = {"rate",
                          "h",
                          "h L",
                          "converged",
                          "steps",
                          "ratio: median",
                          "5 to 95 %",
                          "if conserved",
                          "largest |x − y|² / bound"};
  for (const RelativeRate& rate : plan.rates) {
    std::vector<double> squares, starts, hL, steps, ratios, of_bound;
    std::size_t all = 0, converged = 0;
    double h = 0, limit = 0, conserved = 0;
    for (const auto& row : runs.rows) {
      if (word(row, "matrix") != subject.name || word(row, "norms") != norms.text || word(row, "rate") != rate.text)
        continue;
      ++all;
      converged += word(row, "outcome") == "converged" ? 1 : 0;
      h = number(row, "h");
      limit = number(row, "limit.balance");
      conserved = number(row, "conserved_ratio");
      squares.push_back(number(row, "difference_squared"));
      const double apart = number(row, "difference_start");
      starts.push_back(apart * apart);
      hL.push_back(number(row, "h L"));
      steps.push_back(number(row, "steps"));
      ratios.push_back(number(row, "ratio"));
      of_bound.push_back(number(row, "of_bound"));
    }
    const double x = rate.unit == RelativeRate::Unit::h0 ? rate.multiple : h;
    ends.x.push_back(x), ends.y.push_back(quantile(squares, 0.5));
    ends.low.push_back(quantile(squares, 0.05)), ends.high.push_back(quantile(squares, 0.95));
    bound.x.push_back(x), bound.y.push_back(limit);
    start.x.push_back(x), start.y.push_back(quantile(starts, 0.5));
    result.table.rows.push_back(
        {rate.text, readable(h), readable(quantile(hL, 0.5), 4), fmt::format("{} of {}", converged, all),
         readable(quantile(steps, 0.5)), readable(quantile(ratios, 0.5), 4),
         fmt::format("{} to {}", readable(quantile(ratios, 0.05), 4), readable(quantile(ratios, 0.95), 4)),
         readable(conserved, 4), readable(quantile(of_bound, 1), 4)});
    if (rate.unit == RelativeRate::Unit::h0) figure.x.ticks.emplace_back(x, rate.text.substr(0, rate.text.find(' ')));
  }
  const std::size_t seeds = distinct_seeds(subject, norms, plan.seeds).size();
  figure.caption = fmt::format(
      "A = {}, rank 1, |x| and |y| = {} at the start, {} starts (seeds from 0), tolerance {}. Error bars: 5 % to 95 % "
      "of the starts.",
      subject.name, norms.text, seeds, plan.tolerance);
  panel.curves = {ends, bound, start};
  figure.panels = {panel};
  return result;
}

Figure paths(const BalancingPlan& plan, const Subject& subject, const StartNorms& norms, const Laboratory& laboratory,
             const std::string& prefix) {
  Figure figure;
  figure.id = fmt::format("{}-{}-{}", prefix, id_part(subject.name), id_part(norms.text));
  figure.title = fmt::format("{} from norms {}", subject.name, norms.text);
  figure.command = laboratory.reproduce;
  figure.x = step_axis();
  figure.linked = "steps";
  figure.panels.resize(4);
  const char* titles[] = {"f − f*", "|x|", "|y|", "|x − y|"};
  for (std::size_t i = 0; i < 4; ++i) {
    figure.panels[i].y.title = titles[i];
    figure.panels[i].y.scale = Figure::Scale::log;
  }
  const Factors start = start_of(subject, 1, norms, plan.shown_seed);
  double slowest_h = 0;
  for (std::size_t k = 0; k < plan.rates.size(); ++k) {
    const double h = plan.rates[k].value(tiny_sharpness(tiny_run(subject, start, 1, 1, 0)),
                                         norms.x * norms.x + norms.y * norms.y, subject.mu);
    slowest_h = h;
    std::vector<Figure::Curve> curves(4);
    for (Figure::Curve& curve : curves) {
      curve.name = plan.rates[k].text;
      curve.style = static_cast<int>(k % Figure::styles) + 1;
      curve.repeated = &curve != &curves.front();
    }
    Thinning thinning;
    walk(tiny_run(subject, start, h, plan.max_steps, plan.tolerance), [&](const PlanePoint& at, bool last) {
      if (!thinning(at.step) && !last) return true;
      const double values[] = {at.excess(subject.mu), std::sqrt(at.P()), std::sqrt(at.Q()), at.difference()};
      for (std::size_t i = 0; i < 4; ++i) {
        curves[i].x.push_back(static_cast<double>(at.step));
        curves[i].y.push_back(values[i]);
      }
      return true;
    });
    for (std::size_t i = 0; i < 4; ++i) figure.panels[i].curves.push_back(std::move(curves[i]));
  }
  figure.caption = fmt::format(
      "A = {}, rank 1, |x| and |y| = {} at the start, seed {}, tolerance {}. One curve a rate; every step to 300, then "
      "every 1 %. One of them alone: "
      "equipoise factor {} --rank 1 --start-norms {} --seed {} --rate {} --out run",
      subject.name, norms.text, plan.shown_seed, plan.tolerance, subject.name, norms.text, plan.shown_seed,
      exact(slowest_h));
  return figure;
}

}  // namespace

std::optional<Results> measure_balancing(const Experiment& experiment, const Laboratory& laboratory) {
  const BalancingPlan plan(experiment.settings, laboratory);
  std::vector<Cell> cells;
  std::vector<TinyRun> runs;
  for (const Subject& subject : plan.subjects) {
    for (const StartNorms& norms : plan.norms) {
      for (const std::uint64_t seed : distinct_seeds(subject, norms, plan.seeds)) {
        const Factors start = start_of(subject, 1, norms, seed);
        const double L = tiny_sharpness(tiny_run(subject, start, 1, 1, 0));
        const double apart = (start.X() - start.Y()).norm();
        for (const RelativeRate& rate : plan.rates) {
          const double h = rate.value(L, norms.x * norms.x + norms.y * norms.y, subject.mu);
          cells.push_back({&subject, &norms, &rate, seed, h, L, apart});
          runs.push_back(tiny_run(subject, start, h, plan.max_steps, plan.tolerance));
        }
      }
    }
  }
  const std::vector<TinyEnd> ends = run_all(runs, laboratory);
  if (ends.empty()) return std::nullopt;

  Results results;
  results.tables.push_back(runs_table(cells, ends));
  for (const Subject& subject : plan.subjects) {
    for (const StartNorms& norms : plan.norms) {
      Summary found = summary(plan, subject, norms, results.tables[0], laboratory, experiment.name);
      results.blocks.push_back(
          Page::Figures{{paths(plan, subject, norms, laboratory, experiment.name), std::move(found.figure)}});
      results.blocks.push_back(std::move(found.table));
    }
  }
  return results;
}

}  // namespace equipoise
