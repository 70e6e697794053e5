// The sharpness at every step against 2/h, the most that a stable minimiser can have.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

struct SharpnessRow {
  std::uint64_t seed = 0;
  std::size_t rate = 0;
  double h = 0, L = 0;
  Outcome outcome = Outcome::exhausted;
  std::uint64_t steps = 0;
  double sharpness = 0, highest = 0, squares = 0, last_above = 0, measured = 0;
};

struct SharpnessTrace {
  std::vector<double> steps, excess, sharp_steps, sharp;
};

SharpnessRow follow(const Prepared& prepared, double h, const RunSettings& settings, const Laboratory& laboratory,
                    SharpnessTrace* trace) {
  SharpnessRow row;
  row.h = h;
  row.L = prepared.L();
  Thinning thinning;
  const double limit = 2 / h;
  const Record record = prepared.descend(h, settings, laboratory, [&](const Sample& sample, ConstFactors) {
    if (!sample.eigenvalues.empty()) {
      const double value = sample.eigenvalues.front();
      row.measured += 1;
      row.highest = std::max(row.highest, value);
      if (value > limit) row.last_above = static_cast<double>(sample.step);
      if (trace != nullptr && thinning(sample.step)) {
        trace->sharp_steps.push_back(static_cast<double>(sample.step));
        trace->sharp.push_back(value / limit);
        trace->steps.push_back(static_cast<double>(sample.step));
        trace->excess.push_back(std::max(0.0, sample.loss - prepared.best()));
      }
    }
    return std::nullopt;
  });
  const double top_x = operator_norm(record.last.X()), top_y = operator_norm(record.last.Y());
  row.outcome = record.verdict.outcome;
  row.steps = record.steps;
  row.sharpness = record.sharpness_end.value;
  row.squares = top_x * top_x + top_y * top_y;
  return row;
}

// The runs of one matrix.
struct SharpnessGroup {
  const std::string& matrix;
  Index rank;
  const StartNorms& norms;
  std::uint64_t seeds;
  const std::vector<RelativeRate>& rates;
  const std::vector<SharpnessRow>& rows;
  const std::vector<SharpnessTrace>& traces;
};

// A row for each rate: medians over the seeds.
void add_medians(Page::Table& shown, const SharpnessGroup& group) {
  for (std::size_t k = 0; k < group.rates.size(); ++k) {
    std::vector<double> start, highest, end, above, steps;
    std::size_t converged = 0;
    for (const SharpnessRow& row : group.rows) {
      if (row.rate != k) continue;
      start.push_back(row.L * row.h / 2), highest.push_back(row.highest * row.h / 2),
          end.push_back(row.sharpness * row.h / 2);
      above.push_back(row.last_above), steps.push_back(static_cast<double>(row.steps));
      converged += row.outcome == Outcome::converged ? 1 : 0;
    }
    shown.rows.push_back({group.matrix, fmt::format("{}", group.rank), group.rates[k].text,
                          fmt::format("{} of {}", converged, group.seeds), readable(quantile(start, 0.5), 3),
                          readable(quantile(highest, 0.5), 3), readable(quantile(end, 0.5), 3),
                          readable(quantile(above, 0.5)), readable(quantile(steps, 0.5))});
  }
}

Figure figure_of_sharpness(const Experiment& experiment, const SharpnessGroup& group, const std::string& how,
                           const Laboratory& laboratory) {
  Figure figure;
  figure.id = fmt::format("{}-{}", experiment.name, id_part(group.matrix));
  figure.title = fmt::format("{}, rank {}, from norms {}", group.matrix, group.rank, group.norms.text);
  figure.command = laboratory.reproduce;
  figure.x = step_axis();
  figure.linked = "steps";
  Figure::Panel loss, sharp;
  loss.y.title = "f − f*";
  loss.y.scale = Figure::Scale::log;
  sharp.y.title = "sharpness / (2/h)";
  sharp.levels = {{"edge", 1}};
  for (std::size_t k = 0; k < group.rates.size(); ++k) {
    const int style = static_cast<int>(k) + 1;
    loss.curves.push_back(
        {group.rates[k].text, group.traces[k].steps, group.traces[k].excess, Figure::Marks::lines, style});
    sharp.curves.push_back(
        {group.rates[k].text, group.traces[k].sharp_steps, group.traces[k].sharp, Figure::Marks::lines, style});
    sharp.curves.back().repeated = true;
  }
  figure.panels = {loss, sharp};
  figure.caption = how;
  return figure;
}

}  // namespace

std::optional<Results> measure_sharpness(const Experiment& experiment, const Laboratory& laboratory) {
  const ExperimentSettings& settings = experiment.settings;
  const std::vector<std::string> matrices = settings.texts("matrices");
  const std::vector<std::uint64_t> ranks = settings.wholes("ranks", 1, 10000);
  const std::vector<StartNorms> norms = settings.norms("norms");
  const std::vector<std::uint64_t> seeds = settings.wholes("seeds", 1, 10000);
  const std::vector<std::uint64_t> max_steps = settings.wholes("max_steps", 1, 100000000);
  const std::vector<std::uint64_t> every = settings.wholes("sharpness_every", 1, 1000000);
  const std::vector<RelativeRate> rates = settings.rates("rates");
  const double tolerance = settings.number("tolerance", 0, 1);
  settings.finish();
  for (const auto& [key, length] : {std::pair{"ranks", ranks.size()},
                                    {"norms", norms.size()},
                                    {"seeds", seeds.size()},
                                    {"max_steps", max_steps.size()},
                                    {"sharpness_every", every.size()}}) {
    settings.require_same_length(key, length, "matrices", matrices.size());
  }

  ResultTable table{"runs",
                    "runs",
                    {{"matrix", "matrix", Kind::label},
                     {"rank", "rank"},
                     {"norms", "norms"},
                     {"rate", "rate", Kind::label},
                     {"seed", "seed", Kind::label},
                     {"h", "h"},
                     {"h L", "h L"},
                     {"outcome", "outcome"},
                     {"steps", "steps"},
                     {"sharpness_start", "sharpness at the start"},
                     {"sharpness", "sharpness at the end"},
                     {"highest", "the highest sharpness on the way"},
                     {"2/h", "2/h", Kind::bound},
                     {"minimiser.sharpness", "|X|₂² + |Y|₂² at the end", Kind::bound},
                     {"sharpness_error", "the relative distance of the sharpness at the end to |X|₂² + |Y|₂²"},
                     {"start_over_limit", "sharpness at the start over 2/h"},
                     {"end_over_limit", "sharpness at the end over 2/h"},
                     {"last_above", "the last step measured above 2/h"}},
                    {}};
  Results results;
  Page::Table shown;
  shown.caption = "Sharpness over 2/h: medians over the seeds";
  shown.columns = {
      "matrix", "rank", "rate", "converged", "at the start", "highest", "at the end", "last step above 2/h", "steps"};
  std::size_t jobs = 0, finished = 0;
  for (const std::uint64_t count : seeds) jobs += count * rates.size();

  for (std::size_t m = 0; m < matrices.size(); ++m) {
    const Subject A = subject(matrices[m], laboratory);
    const auto rank = static_cast<Index>(ranks[m]);
    RunSettings run_settings;
    run_settings.max_steps = max_steps[m];
    run_settings.tolerance = tolerance;
    run_settings.sample_every = every[m];
    run_settings.sharpness_every = every[m];
    run_settings.sensitivity = Sensitivity::never;
    const std::size_t count = seeds[m] * rates.size();
    std::vector<SharpnessRow> rows(count);
    std::vector<SharpnessTrace> traces(rates.size());
    Laboratory counted = laboratory;
    counted.pulse = [&](std::size_t done, std::size_t) { return laboratory.pulse(finished + done, jobs); };
    const bool whole = for_each_run(count, counted, [&](std::size_t i) {
      const std::uint64_t seed = i / rates.size();
      const std::size_t rate = i % rates.size();
      const Prepared prepared(A, rank, norms[m], seed);
      rows[i] =
          follow(prepared, prepared.rate(rates[rate]), run_settings, laboratory, seed == 0 ? &traces[rate] : nullptr);
      rows[i].seed = seed;
      rows[i].rate = rate;
    });
    if (!whole) return std::nullopt;
    finished += count;

    for (const SharpnessRow& row : rows) {
      const double limit = 2 / row.h;
      const bool diverged = row.outcome == Outcome::diverged;
      const auto known = [diverged](double value) {
        return diverged ? std::numeric_limits<double>::quiet_NaN() : value;
      };
      table.rows.push_back({matrices[m], static_cast<double>(rank), norms[m].text, rates[row.rate].text,
                            static_cast<double>(row.seed), row.h, row.h * row.L, std::string(name(row.outcome)),
                            static_cast<double>(row.steps), row.L, row.sharpness, row.highest, limit,
                            known(row.squares), known(std::abs(row.sharpness / row.squares - 1)), row.L / limit,
                            row.sharpness / limit, row.last_above});
    }
    const std::string how = fmt::format(
        "Largest Hessian eigenvalue every {} steps, in units of 2/h; seed 0, tolerance {}, at most {} steps. "
        "One of them alone: equipoise factor {} --rank {} --start-norms {} --seed 0 --rate {} --sharpness-every {} "
        "--out run",
        every[m], tolerance, max_steps[m], matrices[m] == "digits" ? "data/digits.mtx" : matrices[m], rank,
        norms[m].text, rates.back().text, every[m]);
    const SharpnessGroup group{matrices[m], rank, norms[m], seeds[m], rates, rows, traces};
    add_medians(shown, group);
    results.blocks.push_back(Page::Figures{{figure_of_sharpness(experiment, group, how, laboratory)}});
  }
  results.blocks.push_back(std::move(shown));
  results.tables.push_back(std::move(table));
  return results;
}

}  // namespace equipoise
