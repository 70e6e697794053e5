// Random matrices of several sizes, ranks and kinds: up to which multiple of 1/L descent converges, and to what.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "equipoise/atlas/fractions.hpp"
#include "equipoise/core/numbers.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

// What is drawn: a matrix of this kind by its built-in name.
std::string matrix_name(const std::string& kind, std::uint64_t n, std::uint64_t seed) {
  return kind == "general" ? fmt::format("gaussian:{}x{}:seed={}", n, n, seed)
                           : fmt::format("{}:{}:seed={}", kind, n, seed);
}

struct GeneralPlan {
  std::vector<std::uint64_t> sizes, seeds, max_steps;
  std::vector<std::string> ranks, kinds;
  std::vector<RelativeRate> rates;
  double start_ratio, tolerance;

  explicit GeneralPlan(const ExperimentSettings& settings)
      : sizes(settings.wholes("sizes", 1, 2000)),
        seeds(settings.wholes("seeds", 1, 100000)),
        max_steps(settings.wholes("max_steps", 1, 100000000)),
        ranks(settings.texts("ranks")),
        kinds(settings.texts("kinds")),
        rates(settings.rates("rates")),
        start_ratio(settings.number("start_ratio", 1, 1e6)),
        tolerance(settings.number("tolerance", 0, 1)) {
    settings.require_one_each("sizes", sizes.size(), {{"max_steps", max_steps.size()}, {"seeds", seeds.size()}});
    for (const std::string& kind : kinds) {
      if (kind != "positive" && kind != "symmetric" && kind != "general") {
        settings.refuse("kinds", fmt::format("'{}' is no kind; there are positive, symmetric and general", kind));
      }
    }
    for (const std::string& rank : ranks) {
      const bool whole = !rank.empty() && rank.size() < 6 && rank[0] != '0' &&
                         std::all_of(rank.begin(), rank.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (rank != "n" && !whole)
        settings.refuse("ranks", fmt::format("'{}' is no rank; write a whole number from 1, or \"n\"", rank));
    }
    settings.finish();
  }
};

struct Job {
  std::string kind, rank;
  std::uint64_t n, seed, max_steps;
  Index d;
};

using Row = std::vector<ResultTable::Cell>;

ResultTable empty_table() {
  return {"runs",
          "runs",
          {{"kind", "kind", Kind::label},
           {"n", "n", Kind::label},
           {"rank", "rank", Kind::label},
           {"seed", "seed", Kind::label},
           {"rate", "rate", Kind::label},
           {"h L", "h L"},
           {"d", "the rank as a number"},
           {"fit", "whether XYᵀ can equal A"},
           {"h", "h"},
           {"norm_x", "|X|_F at the start"},
           {"norm_y", "|Y|_F at the start"},
           {"h sigma1", "h σ₁"},
           {"outcome", "outcome"},
           {"bounded", "1 where the run does not diverge"},
           {"limit", "the limit"},
           {"steps", "steps"},
           {"loss", "loss at the end"},
           {"excess", "f − f* at the end over f − f* at the start"},
           {"ratio_start", "ratio of the norms at the start"},
           {"ratio", "ratio of the norms at the end"},
           {"sharpness", "sharpness at the end"},
           {"2/h", "2/h", Kind::bound},
           {"minimiser.sharpness", "|X|₂² + |Y|₂² at the end", Kind::bound},
           {"sharpness_error", "the relative distance of the sharpness at the end to |X|₂² + |Y|₂²"},
           {"flatness", "sharpness at the end over 2/h"},
           {"imbalance", "| |X|²_F − |Y|²_F | at the end"},
           {"limit.balance", "the bound d p − |A_d|²_F / p, p = (1 + √(1 − h²σ₁²))/h", Kind::bound},
           {"difference_squared", "|X − Y|²_F at the end"},
           {"limit.balance.positive", "the bound 2d/h − 2(σ₁ + … + σ_d)", Kind::bound}},
          {}};
}

std::vector<Row> runs_of(const GeneralPlan& plan, const Job& job, const Laboratory& laboratory) {
  const Subject A = subject(matrix_name(job.kind, job.n, job.seed), laboratory);
  // The balanced minimiser has |X|^2 = |Y|^2 = the sum of the d largest singular values; the start has that product of
  // norms.
  const double product = A.singular_values.head(std::min(job.d, A.singular_values.size())).sum();
  const StartNorms norms{"", std::sqrt(product * plan.start_ratio), std::sqrt(product / plan.start_ratio)};
  const Prepared prepared(A, job.d, norms, job.seed);
  RunSettings settings;
  settings.max_steps = job.max_steps;
  settings.tolerance = plan.tolerance;
  settings.sensitivity = Sensitivity::never;
  std::vector<Row> rows;
  for (const RelativeRate& rate : plan.rates) {
    if (!laboratory.pulse(0, 0))
      break;  // a stopped run still has its sharpness measured, which takes seconds at this size
    const double h = prepared.rate(rate);
    const Record record = prepared.descend(h, settings, laboratory);
    const bool diverged = record.verdict.outcome == Outcome::diverged;
    const Balance& end = record.balance_end;
    const auto known = [diverged](double value) { return diverged ? nan : value; };
    const double top_x = operator_norm(record.last.X()), top_y = operator_norm(record.last.Y());
    const double squares = top_x * top_x + top_y * top_y, sharp = record.sharpness_end.value;
    double apart = nan;
    if (job.kind == "positive" && !diverged) {
      const Factors last = prepared.restored(record.last);
      apart = (last.X() - last.Y()).squaredNorm();
    }
    rows.push_back({job.kind,
                    static_cast<double>(job.n),
                    job.rank,
                    static_cast<double>(job.seed),
                    rate.text,
                    h * prepared.L(),
                    static_cast<double>(job.d),
                    std::string(job.d >= static_cast<Index>(job.n) ? "exact" : "below"),
                    h,
                    norms.x,
                    norms.y,
                    h * A.sigma1(),
                    std::string(name(record.verdict.outcome)),
                    diverged ? 0.0 : 1.0,
                    std::string(name(record.verdict.limit)),
                    static_cast<double>(record.verdict.step),
                    known(record.loss_end),
                    known(std::max(0.0, record.loss_end - prepared.best()) / (record.loss_start - prepared.best())),
                    plan.start_ratio,
                    known(end.ratio),
                    sharp,
                    2 / h,
                    known(squares),
                    known(std::abs(sharp / squares - 1)),
                    sharp * h / 2,
                    known(std::abs(end.norm_x * end.norm_x - end.norm_y * end.norm_y)),
                    balance_bound(A.singular_values, job.d, h),
                    apart,
                    2 * static_cast<double>(std::min<Index>(job.d, A.A.rows())) / h - 2 * product});
  }
  return rows;
}

// Share of runs that converge, or the median of a measure of those that did, against h L: a panel a rank, a curve a
// size.
Figure figure_of(const GeneralPlan& plan, const std::string& kind, std::string_view measure, const ResultTable& table,
                 const std::string& prefix, const Laboratory& laboratory) {
  Figure figure;
  const std::string id = measure.empty() ? "converged" : std::string(measure);
  figure.id = fmt::format("{}-{}-{}", prefix, kind, id);
  const char* what = measure.empty() ? "what converges" : (measure == "ratio" ? "how balanced" : "how flat");
  figure.title =
      fmt::format("{} matrices: {}",
                  kind == "positive" ? "Symmetric positive" : (kind == "symmetric" ? "Symmetric" : "General"), what);
  figure.command = laboratory.reproduce;
  figure.x.title = "h L, the rate in units of 1/L";
  const std::size_t outcome = *table.column("outcome"), hL = *table.column("h L");
  for (const std::string& rank : plan.ranks) {
    Figure::Panel panel;
    panel.y.title = fmt::format("{}{}", measure.empty() ? "share" : (measure == "ratio" ? "ratio" : "sharpness/(2/h)"),
                                rank == "n" ? ", d = n" : fmt::format(", d = {}", rank));
    panel.height = 130;
    if (measure.empty()) {
      panel.y.low = -0.02, panel.y.high = 1.02;
    } else if (measure == "ratio") {
      panel.y.scale = Figure::Scale::log;
      panel.levels = {{"start", plan.start_ratio}};
    } else {
      panel.levels = {{"edge", 1}};
    }
    panel.levels.push_back({"2/L", 2, Figure::Direction::vertical});
    for (std::size_t k = 0; k < plan.sizes.size(); ++k) {
      Figure::Curve curve{fmt::format("n = {}", plan.sizes[k]), {}, {}, Figure::Marks::both, static_cast<int>(k) + 1};
      curve.repeated = !figure.panels.empty();
      for (const RelativeRate& rate : plan.rates) {
        std::uint64_t all = 0, converged = 0;
        std::vector<double> values, places;
        for (const Row& row : table.rows) {
          if (std::get<std::string>(row[0]) != kind || std::get<double>(row[1]) != static_cast<double>(plan.sizes[k]) ||
              std::get<std::string>(row[2]) != rank || std::get<std::string>(row[4]) != rate.text) {
            continue;
          }
          ++all;
          places.push_back(std::get<double>(row[hL]));
          if (std::get<std::string>(row[outcome]) != "converged") continue;
          ++converged;
          if (!measure.empty()) values.push_back(std::get<double>(row[*table.column(measure)]));
        }
        if (all == 0 || (!measure.empty() && values.empty())) continue;
        curve.x.push_back(quantile(places, 0.5));
        if (measure.empty()) {
          const Share interval = wilson_interval(converged, all);
          curve.y.push_back(static_cast<double>(converged) / static_cast<double>(all));
          curve.low.push_back(interval.low), curve.high.push_back(interval.high);
        } else {
          curve.y.push_back(quantile(values, 0.5));
          curve.low.push_back(quantile(values, 0.05)), curve.high.push_back(quantile(values, 0.95));
        }
      }
      panel.curves.push_back(std::move(curve));
    }
    figure.panels.push_back(std::move(panel));
  }
  figure.caption = fmt::format(
      "Starts with |X| : |Y| = {} : 1, tolerance {}, at most {} steps; matrix and start have the same seed, {} of "
      "them. {}",
      plan.start_ratio, plan.tolerance, fmt::join(plan.max_steps, ", "), fmt::join(plan.seeds, ", "),
      measure.empty() ? "Bars: 95 % intervals (Wilson)." : "Of the runs that converged: median, and 5 % to 95 %.");
  return figure;
}

// A row a rank, a column a rate: share that converges, and of those the medians of ratio and flatness.
Page::Table table_of_outcomes(const GeneralPlan& plan, const std::string& kind, const ResultTable& table) {
  Page::Table shown;
  shown.caption = fmt::format(
      "{} matrices of all sizes: share of runs that converge; of these the median ratio of norms, and the median "
      "sharpness over 2/h",
      kind == "positive" ? "Symmetric positive" : (kind == "symmetric" ? "Symmetric" : "General"));
  shown.columns = {"rank"};
  for (const RelativeRate& rate : plan.rates) shown.columns.push_back(rate.text);
  for (const std::string& rank : plan.ranks) {
    std::vector<std::string> cells = {rank == "n" ? "n" : rank};
    for (const RelativeRate& rate : plan.rates) {
      std::uint64_t all = 0, converged = 0;
      std::vector<double> ratios, flat;
      for (const Row& row : table.rows) {
        if (std::get<std::string>(row[0]) != kind || std::get<std::string>(row[2]) != rank ||
            std::get<std::string>(row[4]) != rate.text)
          continue;
        ++all;
        if (std::get<std::string>(row[*table.column("outcome")]) != "converged") continue;
        ++converged;
        ratios.push_back(std::get<double>(row[*table.column("ratio")]));
        flat.push_back(std::get<double>(row[*table.column("flatness")]));
      }
      if (all == 0) {
        cells.emplace_back("—");
      } else if (converged == 0) {
        cells.push_back(fmt::format("none of {}", all));
      } else {
        cells.push_back(fmt::format("{:.0f} % of {}; {} : 1; {}",
                                    100.0 * static_cast<double>(converged) / static_cast<double>(all), all,
                                    readable(quantile(ratios, 0.5), 3), readable(quantile(flat, 0.5), 2)));
      }
    }
    shown.rows.push_back(std::move(cells));
  }
  return shown;
}

}  // namespace

std::optional<Results> measure_general(const Experiment& experiment, const Laboratory& laboratory) {
  const GeneralPlan plan(experiment.settings);
  std::vector<Job> jobs;
  // The largest first: what is left at the end is small, and no thread waits long for another.
  std::vector<std::size_t> order(plan.sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = order.size() - 1 - i;
  for (const std::size_t size : order) {
    for (auto rank = plan.ranks.rbegin(); rank != plan.ranks.rend(); ++rank) {
      const std::uint64_t n = plan.sizes[size];
      const auto d = static_cast<Index>(*rank == "n" ? n : std::stoull(*rank));
      // A number that reaches n is the same fit as "n".
      if (*rank != "n" && d >= static_cast<Index>(n) &&
          std::find(plan.ranks.begin(), plan.ranks.end(), "n") != plan.ranks.end())
        continue;
      for (const std::string& kind : plan.kinds) {
        for (std::uint64_t seed = 0; seed < plan.seeds[size]; ++seed)
          jobs.push_back({kind, *rank, n, seed, plan.max_steps[size], d});
      }
    }
  }
  std::vector<std::vector<Row>> found(jobs.size());
  if (!for_each_run(jobs.size(), laboratory, [&](std::size_t i) { found[i] = runs_of(plan, jobs[i], laboratory); }))
    return std::nullopt;

  Results results;
  ResultTable table = empty_table();
  for (std::vector<Row>& rows : found) {
    for (Row& row : rows) table.rows.push_back(std::move(row));
  }
  for (const std::string& kind : plan.kinds) {
    Page::Figures figures;
    for (const std::string_view measure : {"", "ratio", "flatness"})
      figures.figures.push_back(figure_of(plan, kind, measure, table, experiment.name, laboratory));
    results.blocks.push_back(std::move(figures));
    results.blocks.push_back(table_of_outcomes(plan, kind, table));
  }
  results.tables.push_back(std::move(table));
  return results;
}

}  // namespace equipoise
