// How unbalanced the limit is as a function of the rate, from far below 2/L to beyond 4/L, against what is proved.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/atlas/fractions.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

struct RateRow {
  std::uint64_t seed = 0;
  std::size_t rate = 0;
  double h = 0, L = 0;
  std::string outcome, forecast;
  double steps = 0, ratio = 0, start = 0, end = 0, bound = 0, sharpness = 0;
};

// h L from `lowest` to `highest`, evenly in the logarithm, and a finer even stretch where things happen.
std::vector<double> multiples(const ExperimentSettings& settings, double lowest) {
  const double highest = settings.number("highest", 1e-6, 100);
  const std::uint64_t count = settings.whole("count", 2, 10000);
  const double fine_from = settings.number("fine_from", 1e-6, 100), fine_to = settings.number("fine_to", 1e-6, 100);
  const std::uint64_t fine_count = settings.whole("fine_count", 2, 10000);
  if (!(lowest < highest))
    settings.refuse("highest", fmt::format("highest is {}, not above lowest = {}", highest, lowest));
  if (!(fine_from < fine_to))
    settings.refuse("fine_to", fmt::format("fine_to is {}, not above fine_from = {}", fine_to, fine_from));
  std::vector<double> result;
  for (std::uint64_t i = 0; i < count; ++i) {
    result.push_back(lowest *
                     std::exp(std::log(highest / lowest) * static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  for (std::uint64_t i = 0; i < fine_count; ++i)
    result.push_back(fine_from + (fine_to - fine_from) * static_cast<double>(i) / static_cast<double>(fine_count - 1));
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

bool tiny_rows(const Subject& A, const StartNorms& norms, const std::vector<double>& hL, std::uint64_t seeds,
               std::uint64_t max_steps, double tolerance, const Laboratory& laboratory, std::vector<RateRow>& rows) {
  std::vector<TinyRun> runs;
  for (const std::uint64_t seed : distinct_seeds(A, norms, seeds)) {
    const Factors start = start_of(A, 1, norms, seed);
    const double L = tiny_sharpness(tiny_run(A, start, 1, 1, 0));
    for (std::size_t k = 0; k < hL.size(); ++k) {
      const double h = hL[k] / L;
      runs.push_back(tiny_run(A, start, h, max_steps, tolerance));
      RateRow row;
      row.seed = seed, row.rate = k, row.h = h, row.L = L;
      row.forecast = name(forecasted(A, start, h));
      row.start = std::abs(norms.x * norms.x - norms.y * norms.y);
      row.bound = top_balance_bound(A.mu, h);
      rows.push_back(std::move(row));
    }
  }
  const std::vector<TinyEnd> ends = run_all(runs, laboratory);
  if (ends.empty()) return false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool diverged = ends[i].outcome == Outcome::diverged;
    rows[i].outcome = name(ends[i].outcome);
    rows[i].steps = static_cast<double>(ends[i].steps);
    rows[i].ratio = diverged ? nan : std::max(ends[i].ratio, 1 / ends[i].ratio);
    rows[i].end = diverged ? nan : ends[i].imbalance;  // at rank one |X^T X - Y^T Y|_F is this difference
    rows[i].sharpness = ends[i].sharpness;
  }
  return true;
}

bool general_rows(const Subject& A, Index rank, const StartNorms& norms, const std::vector<double>& hL,
                  std::uint64_t seeds, std::uint64_t max_steps, double tolerance, const Laboratory& laboratory,
                  std::vector<RateRow>& rows) {
  rows.resize(seeds * hL.size());
  RunSettings settings;
  settings.max_steps = max_steps;
  settings.tolerance = tolerance;
  settings.sensitivity = Sensitivity::never;
  // The smallest rates take the longest, so they go first.
  return for_each_run(rows.size(), laboratory, [&](std::size_t i) {
    const std::uint64_t seed = i % seeds;
    const std::size_t k = i / seeds;
    const Prepared prepared(A, rank, norms, seed);
    const double h = hL[k] / prepared.L();
    const Record record = prepared.descend(h, settings, laboratory);
    const bool diverged = record.verdict.outcome == Outcome::diverged;
    const Balance& end = record.balance_end;
    RateRow& row = rows[i];
    row.seed = seed, row.rate = k, row.h = h, row.L = prepared.L();
    row.outcome = name(record.verdict.outcome);
    row.forecast = name(Forecasted::undecided);
    row.steps = static_cast<double>(record.verdict.step);
    row.ratio = diverged ? nan : end.ratio;
    row.start = std::abs(norms.x * norms.x - norms.y * norms.y);
    row.end = diverged ? nan : std::abs(end.norm_x * end.norm_x - end.norm_y * end.norm_y);
    row.bound = balance_bound(A.singular_values, rank, h);
    row.sharpness = record.sharpness_end.value;
  });
}

// The runs of one matrix.
struct RateGroup {
  const std::string& matrix;
  Index rank;
  const StartNorms& norms;
  const std::vector<double>& hL;
  const std::vector<RateRow>& rows;
};

Figure figure_of_rates(const Experiment& experiment, const RateGroup& group, const std::string& how,
                       const Laboratory& laboratory) {
  Figure figure;
  figure.id = fmt::format("{}-{}", experiment.name, id_part(group.matrix));
  figure.title = fmt::format("{}, rank {}, from norms {}", group.matrix, group.rank, group.norms.text);
  figure.command = laboratory.reproduce;
  figure.x.title = "h in units of 2/L";
  figure.x.scale = Figure::Scale::log;
  Figure::Panel imbalance, share;
  imbalance.y.title = "| |X|² − |Y|² |";
  imbalance.y.scale = Figure::Scale::log;
  share.y.title = "share that converges";
  share.y.low = -0.02, share.y.high = 1.02;
  Figure::Curve middle{"limits: median, and 5 to 95 %", {}, {}, Figure::Marks::lines, 1};
  middle.band = true;
  Figure::Curve bound{"proved bound", {}, {}, Figure::Marks::lines, 2};
  Figure::Curve converges{"converged", {}, {}, Figure::Marks::lines, 1};
  converges.band = true;
  for (std::size_t k = 0; k < group.hL.size(); ++k) {
    std::vector<double> ends, bounds;
    std::uint64_t all = 0, converged = 0;
    for (const RateRow& row : group.rows) {
      if (row.rate != k) continue;
      ++all;
      bounds.push_back(row.bound);
      if (row.outcome != "converged") continue;
      ++converged;
      ends.push_back(row.end);
    }
    const double x = group.hL[k] / 2;
    const Share interval = wilson_interval(converged, all);
    bound.x.push_back(x), bound.y.push_back(quantile(bounds, 0.5));
    converges.x.push_back(x), converges.y.push_back(static_cast<double>(converged) / static_cast<double>(all));
    converges.low.push_back(interval.low), converges.high.push_back(interval.high);
    middle.x.push_back(x), middle.y.push_back(quantile(ends, 0.5));
    middle.low.push_back(quantile(ends, 0.05)), middle.high.push_back(quantile(ends, 0.95));
  }
  imbalance.curves = {middle, bound};
  imbalance.levels = {{"start", std::abs(group.norms.x * group.norms.x - group.norms.y * group.norms.y)},
                      {"2/L", 1, Figure::Direction::vertical},
                      {"4/L", 2, Figure::Direction::vertical}};
  share.curves = {converges};
  share.levels = {{"2/L", 1, Figure::Direction::vertical}, {"4/L", 2, Figure::Direction::vertical}};
  figure.panels = {imbalance, share};
  figure.caption = how;
  return figure;
}

Page::Table table_of_rates(const RateGroup& group) {
  Page::Table shown;
  shown.caption = fmt::format("{}: some of the rates", group.matrix);
  shown.columns = {"h in units of 2/L", "converged", "imbalance at the end, median", "over the start's",
                   "proved bound"};
  const std::size_t stride = std::max<std::size_t>(1, group.hL.size() / 14);
  for (std::size_t k = 0; k < group.hL.size(); k += stride) {
    std::vector<double> ends, bounds;
    std::uint64_t all = 0;
    double start = 0;
    for (const RateRow& row : group.rows) {
      if (row.rate != k) continue;
      ++all;
      start = row.start;
      bounds.push_back(row.bound);
      if (row.outcome == "converged") ends.push_back(row.end);
    }
    shown.rows.push_back({readable(group.hL[k] / 2, 4), fmt::format("{} of {}", ends.size(), all),
                          readable(quantile(ends, 0.5)), readable(quantile(ends, 0.5) / start, 4),
                          readable(quantile(bounds, 0.5))});
  }
  return shown;
}

}  // namespace

std::optional<Results> measure_rates(const Experiment& experiment, const Laboratory& laboratory) {
  const ExperimentSettings& settings = experiment.settings;
  const std::vector<std::string> matrices = settings.texts("matrices");
  const std::vector<std::uint64_t> ranks = settings.wholes("ranks", 1, 10000);
  const std::vector<StartNorms> norms = settings.norms("norms");
  const std::vector<std::uint64_t> seeds = settings.wholes("seeds", 1, 100000);
  const std::vector<double> lowest = settings.numbers("lowest", 1e-6, 100),
                            tolerances = settings.numbers("tolerance", 0, 1);
  const std::uint64_t max_steps = settings.whole("max_steps", 1, 100000000);
  for (const double each : lowest) multiples(settings, each);
  settings.finish();
  for (const auto& [key, length] : {std::pair{"ranks", ranks.size()},
                                    {"norms", norms.size()},
                                    {"seeds", seeds.size()},
                                    {"lowest", lowest.size()},
                                    {"tolerance", tolerances.size()}}) {
    settings.require_same_length(key, length, "matrices", matrices.size());
  }

  ResultTable table{"runs",
                    "runs",
                    {{"matrix", "matrix", Kind::label},
                     {"rank", "rank"},
                     {"norms", "norms"},
                     {"seed", "seed", Kind::label},
                     {"h L", "h L", Kind::label},
                     {"h", "h"},
                     {"outcome", "outcome"},
                     {"forecast", "what is proved before the run"},
                     {"steps", "steps"},
                     {"ratio", "ratio of the norms at the end"},
                     {"imbalance_start", "| |X|²_F − |Y|²_F | at the start"},
                     {"imbalance", "| |X|²_F − |Y|²_F | at the end"},
                     {"kept", "imbalance at the end over imbalance at the start"},
                     {"limit.balance", "the proved bound of the imbalance", Kind::bound},
                     {"sharpness", "sharpness at the end"},
                     {"2/h", "2/h", Kind::bound}},
                    {}};
  Results results;
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    const Subject A = subject(matrices[m], laboratory);
    const auto rank = static_cast<Index>(ranks[m]);
    const std::vector<double> hL = multiples(settings, lowest[m]);
    const double tolerance = tolerances[m];
    std::vector<RateRow> rows;
    const bool tiny = A.tiny && rank == 1;
    const bool whole = tiny ? tiny_rows(A, norms[m], hL, seeds[m], max_steps, tolerance, laboratory, rows)
                            : general_rows(A, rank, norms[m], hL, seeds[m], max_steps, tolerance, laboratory, rows);
    if (!whole) return std::nullopt;

    const RateGroup group{matrices[m], rank, norms[m], hL, rows};
    const std::string how = fmt::format(
        "A = {}, rank {}, |X| and |Y| = {} at the start, {} starts (seeds from 0), tolerance {}, at most {} steps. "
        "Bands: 5 to 95 % of the limits; "
        "95 % intervals of the share. The bound is {}.",
        matrices[m], rank, norms[m].text, tiny ? distinct_seeds(A, norms[m], seeds[m]).size() : seeds[m], tolerance,
        max_steps, tiny ? "√(4/h² − 4σ₁²)" : "d p − |A_d|²/p with p = (1 + √(1 − h²σ₁²))/h");
    results.blocks.push_back(Page::Figures{{figure_of_rates(experiment, group, how, laboratory)}});
    results.blocks.push_back(table_of_rates(group));
    for (const RateRow& row : rows) {
      table.rows.push_back({matrices[m], static_cast<double>(rank), norms[m].text, static_cast<double>(row.seed),
                            hL[row.rate], row.h, row.outcome, row.forecast, row.steps, row.ratio, row.start, row.end,
                            row.end / row.start, row.bound, row.sharpness, 2 / row.h});
    }
  }
  results.tables.push_back(std::move(table));
  return results;
}

}  // namespace equipoise
