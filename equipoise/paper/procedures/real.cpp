// A real matrix from an unbalanced start: how many steps, how flat, and how balanced each singular direction is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/core/numbers.hpp"
#include "equipoise/core/sharpness.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"
#include "equipoise/problems/dense.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

struct Found {
  double h = 0, L = 0;
  Record record;
  std::vector<double> steps, excess, norm_x, norm_y;
  double steps_to_one_percent = nan;  // until f - f* is 1 % of what it was
  Vector x, y;                        // |X^T u_i|, |Y^T v_i| for the top singular pairs (u_i, v_i)
};

ResultTable table_of_runs() {
  return {"runs",
          "runs",
          {{"rate", "rate", Kind::label},
           {"h", "h"},
           {"h L", "h L"},
           {"outcome", "outcome"},
           {"steps", "steps"},
           {"steps_to_one_percent", "steps until f − f* is 1 % of the start's"},
           {"loss", "loss at the end"},
           {"excess", "f − f* at the end over f*"},
           {"sharpness_start", "sharpness at the start"},
           {"sharpness", "sharpness at the end"},
           {"2/h", "2/h", Kind::bound},
           {"norm_x", "|X|_F at the end"},
           {"norm_y", "|Y|_F at the end"},
           {"ratio", "ratio of the norms at the end"},
           {"imbalance", "|XᵀX − YᵀY|_F at the end"},
           {"top_ratio", "ratio in the top direction"},
           {"last_ratio", "ratio in the last direction"}},
          {}};
}

ResultTable table_of_directions() {
  return {"directions",
          "directions",
          {{"rate", "rate", Kind::label},
           {"i", "direction", Kind::label},
           {"singular_value", "σ"},
           {"x", "|Xᵀu|"},
           {"y", "|Yᵀv|"},
           {"ratio", "the larger of |Xᵀu|, |Yᵀv| over the smaller"},
           {"product_error", "the relative distance of uᵀXYᵀv to σ"}},
          {}};
}

// Without curves: f - f* and both norms over the steps.
Figure empty_paths(const Experiment& experiment, const std::string& title) {
  Figure paths;
  paths.id = fmt::format("{}-path", experiment.name);
  paths.title = title;
  paths.x = step_axis();
  paths.linked = "steps";
  paths.panels.resize(3);
  const char* titles[] = {"f − f*", "|X|", "|Y|"};
  for (std::size_t i = 0; i < 3; ++i) paths.panels[i].y.title = titles[i], paths.panels[i].y.scale = Figure::Scale::log;
  return paths;
}

// Without curves: the ratio over the singular directions.
Figure empty_spectrum(const Experiment& experiment) {
  Figure spectrum;
  spectrum.id = fmt::format("{}-directions", experiment.name);
  spectrum.title = "Balance of each singular direction at the end";
  spectrum.x.title = "singular direction";
  spectrum.panels.resize(1);
  spectrum.panels[0].y.title = "ratio";
  spectrum.panels[0].y.scale = Figure::Scale::log;
  spectrum.panels[0].levels = {{"balanced", 1}};
  return spectrum;
}

}  // namespace

std::optional<Results> measure_real(const Experiment& experiment, const Laboratory& laboratory) {
  const ExperimentSettings& settings = experiment.settings;
  const std::string matrix = settings.text("matrix");
  const auto rank = static_cast<Index>(settings.whole("rank", 1, 10000));
  const std::vector<StartNorms> norms = settings.norms("norms");
  const std::vector<RelativeRate> rates = settings.rates("rates");
  const std::uint64_t seed = settings.whole("seed", 0, 1000000), max_steps = settings.whole("max_steps", 1, 100000000);
  const double tolerance = settings.number("tolerance", 0, 1);
  settings.finish();
  if (norms.size() != 1) settings.refuse("norms", "this procedure takes one pair of norms");
  const Subject A = subject(matrix, laboratory);
  const Prepared prepared(A, rank, norms.front(), seed);
  const Index d = std::min(rank, A.singular_values.size());
  const SingularTriplets top = top_singular_triplets(*dense_problem(A.A), d);

  RunSettings run_settings;
  run_settings.max_steps = max_steps;
  run_settings.tolerance = tolerance;
  run_settings.sensitivity = Sensitivity::never;
  std::vector<Found> all(rates.size());
  const bool whole = for_each_run(rates.size(), laboratory, [&](std::size_t k) {
    Found& found = all[k];
    found.L = prepared.L();
    found.h = prepared.rate(rates[k]);
    double first = nan;
    found.record = prepared.descend(found.h, run_settings, laboratory, [&](const Sample& sample, ConstFactors) {
      const double excess = std::max(0.0, sample.loss - prepared.best());
      if (sample.step == 0) first = excess;
      if (std::isnan(found.steps_to_one_percent) && excess <= 0.01 * first)
        found.steps_to_one_percent = static_cast<double>(sample.step);
      found.steps.push_back(static_cast<double>(sample.step));
      found.excess.push_back(excess);
      found.norm_x.push_back(sample.norm_x);
      found.norm_y.push_back(sample.norm_y);
      return std::nullopt;
    });
    const Factors last = prepared.restored(found.record.last);
    found.x = (top.left.transpose() * last.X()).rowwise().norm();
    found.y = (top.right.transpose() * last.Y()).rowwise().norm();
  });
  if (!whole) return std::nullopt;

  ResultTable runs = table_of_runs();
  ResultTable directions = table_of_directions();
  Page::Table shown{"The runs",
                    {"rate", "verdict", "steps", "steps to 1 % of the excess", "(f − f*)/f* at the end",
                     "sharpness at the end", "2/h", "|X|, |Y| at the end", "ratio"},
                    {}};
  Page::Table balance;
  balance.caption = "Ratio of |Xᵀu| to |Yᵀv| in each singular direction (u, v) at the end, the larger over the smaller";
  balance.columns = {"direction", "σ"};
  Figure paths = empty_paths(experiment, fmt::format("{} at rank {}, from norms {}", matrix, rank, norms.front().text));
  Figure spectrum = empty_spectrum(experiment);
  for (Index i = 0; i < d; ++i) balance.rows.push_back({fmt::format("{}", i + 1), readable(A.singular_values[i])});
  for (std::size_t k = 0; k < rates.size(); ++k) {
    const Found& found = all[k];
    const Record& record = found.record;
    const bool diverged = record.verdict.outcome == Outcome::diverged;
    const Balance& end = record.balance_end;
    const double excess = diverged ? nan : std::max(0.0, record.loss_end - prepared.best()) / prepared.best();
    const auto ratio = [&](Index i) {
      return diverged ? nan : std::max(found.x[i], found.y[i]) / std::min(found.x[i], found.y[i]);
    };
    runs.rows.push_back({rates[k].text, found.h, found.h * found.L, std::string(name(record.verdict.outcome)),
                         static_cast<double>(record.steps), found.steps_to_one_percent,
                         diverged ? nan : record.loss_end, excess, found.L, record.sharpness_end.value, 2 / found.h,
                         diverged ? nan : end.norm_x, diverged ? nan : end.norm_y, diverged ? nan : end.ratio,
                         diverged ? nan : end.imbalance, ratio(0), ratio(d - 1)});
    shown.rows.push_back({rates[k].text, std::string(name(record.verdict.outcome)), fmt::format("{}", record.steps),
                          readable(found.steps_to_one_percent), readable(excess, 3),
                          readable(record.sharpness_end.value), readable(2 / found.h),
                          fmt::format("{}, {}", readable(end.norm_x, 4), readable(end.norm_y, 4)),
                          readable(end.ratio, 4)});
    const int style = static_cast<int>(k) + 1;
    Figure::Curve curve{rates[k].text, {}, {}, Figure::Marks::both, style};
    balance.columns.push_back(rates[k].text);
    const Factors last = prepared.restored(record.last);
    for (Index i = 0; i < d; ++i) {
      const double product = (top.left.col(i).transpose() * last.X()).dot(top.right.col(i).transpose() * last.Y());
      directions.rows.push_back({rates[k].text, static_cast<double>(i + 1), A.singular_values[i], found.x[i],
                                 found.y[i], ratio(i), diverged ? nan : std::abs(product / A.singular_values[i] - 1)});
      balance.rows[static_cast<std::size_t>(i)].push_back(readable(ratio(i), 4));
      curve.x.push_back(static_cast<double>(i + 1)), curve.y.push_back(ratio(i));
    }
    spectrum.panels[0].curves.push_back(std::move(curve));
    paths.panels[0].curves.push_back({rates[k].text, found.steps, found.excess, Figure::Marks::lines, style});
    paths.panels[1].curves.push_back({rates[k].text, found.steps, found.norm_x, Figure::Marks::lines, style});
    paths.panels[2].curves.push_back({rates[k].text, found.steps, found.norm_y, Figure::Marks::lines, style});
    for (std::size_t i = 1; i < 3; ++i) paths.panels[i].curves.back().repeated = true;
  }
  for (Figure* figure : {&paths, &spectrum}) {
    figure->command = laboratory.reproduce;
    figure->caption = fmt::format(
        "{}, {} x {}, rank {}, |X| and |Y| = {} at the start, seed {}, tolerance {}, at most {} steps. One of them "
        "alone: equipoise factor {} --rank {} "
        "--start-norms {} --seed {} --rate {} --tolerance {} --max-steps {} --out run",
        matrix, A.A.rows(), A.A.cols(), rank, norms.front().text, seed, tolerance, max_steps,
        matrix == "digits" ? "data/digits.mtx" : matrix, rank, norms.front().text, seed, rates.back().text, tolerance,
        max_steps);
  }
  Results results;
  results.blocks.push_back(Page::Figures{{std::move(paths), std::move(spectrum)}});
  results.blocks.push_back(std::move(shown));
  results.blocks.push_back(std::move(balance));
  results.tables.push_back(std::move(runs));
  results.tables.push_back(std::move(directions));
  return results;
}

}  // namespace equipoise
