// The factor by which each step multiplies the residual, and the phases of a run that it tells apart.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "equipoise/page/markup.hpp"
#include "equipoise/paper/runs.hpp"

namespace equipoise {
namespace {

using Kind = ResultTable::Column::Kind;

// docs/theory.md, sections 4 and 5. With r = mu - x.y, S = |x|^2 + |y|^2, p = x.y and the misalignment w = |x|^2 |y|^2
// - p^2:
//   r+ = s r + h^2 w (mu + r),   s = 1 - h S - h^2 r p,   and for one number w = 0.
// delta is the larger root of F(t) = t^2 - t h S/2 + m h p - m^2, m = h mu.
struct Step {
  double r, s, w, delta;
};

Step step_at(const PlanePoint& at, double mu, double h) {
  const double S = at.P() + at.Q(), p = at.p(), r = mu - p, w = at.wedge() * at.wedge(), m = h * mu;
  const double root = h * S * h * S - 16 * m * (h * p - m);
  return {r, 1 - h * S - h * h * r * p, w, (h * S + std::sqrt(std::max(0.0, root))) / 4};
}

struct PhasedRun {
  std::uint64_t steps = 0;
  std::uint64_t contraction = 0;    // the first step from which on |s| < 1
  std::uint64_t alternating = 0;    // of these, how many multiply by s < 0
  std::uint64_t growing = 0;        // how often |r| grew
  std::uint64_t growing_after = 0;  // how often sqrt(r^2 + w) grew from `contraction` on
  double largest_growth = 0;        // the largest |r| over |r| at the start
  double largest_s = 0;             // the largest |s|
  double last_s = 0;
  double identity = 0;  // the largest error of r+ = s r + h^2 w (mu + r), over what its terms add up to
  double delta_start = 0, delta_end = 0;
  double delta_rise = 0;  // the largest rise of delta at a step, relative
};

struct PhaseTrace {
  std::vector<double> steps, excess, s, delta, residual;
};

PhasedRun phases(const Subject& subject, const TinyRun& run, PhaseTrace* trace) {
  PhasedRun result;
  std::vector<double> distances;  // sqrt(2 (f - f*)) after each |s| >= 1, begun anew there
  Step before{};
  double first = 0;
  Thinning thinning;
  walk(run, [&](const PlanePoint& at, bool last) {
    const Step now = step_at(at, subject.mu, run.h);
    const double distance = std::sqrt(2 * at.excess(subject.mu));
    if (at.step == 0) {
      first = std::abs(now.r);
      result.delta_start = now.delta;
      result.largest_growth = 1;
    } else {
      const double expected = before.s * before.r + run.h * run.h * before.w * (subject.mu + before.r);
      const double S = at.P() + at.Q();
      const double scale = std::abs(before.r) * (1 + std::abs(before.s)) +
                           run.h * run.h * before.w * (subject.mu + std::abs(before.r)) + subject.mu + S;
      result.identity = std::max(result.identity, std::abs(now.r - expected) / scale);
      result.growing += std::abs(now.r) > std::abs(before.r) ? 1 : 0;
      result.largest_growth = std::max(result.largest_growth, std::abs(now.r) / first);
      result.delta_rise = std::max(result.delta_rise, now.delta / before.delta - 1);
    }
    if (std::abs(now.s) >= 1) {
      result.contraction = at.step + 1;
      result.alternating = 0;
      result.growing_after = 0;
      distances.clear();
    } else {
      result.alternating += now.s < 0 ? 1 : 0;
      // Below 1e-7 the squares of the residual are rounding.
      if (!distances.empty() && distance > distances.back() && distance > 1e-7 * subject.mu) ++result.growing_after;
      distances.assign(1, distance);
    }
    result.largest_s = std::max(result.largest_s, std::abs(now.s));
    result.last_s = now.s;
    result.delta_end = now.delta;
    result.steps = at.step;
    before = now;
    if (trace != nullptr && (thinning(at.step) || last)) {
      trace->steps.push_back(static_cast<double>(at.step));
      trace->excess.push_back(at.excess(subject.mu));
      trace->residual.push_back(std::abs(now.r));
      trace->s.push_back(now.s);
      trace->delta.push_back(now.delta);
    }
    return true;
  });
  return result;
}

Figure draw(const Subject& subject, const StartNorms& norms, const RelativeRate& rate, std::uint64_t seed, double h,
            double tolerance, const PhaseTrace& trace, const PhasedRun& run, const std::string& prefix,
            const Laboratory& laboratory) {
  Figure figure;
  figure.id = fmt::format("{}-{}-{}-{}", prefix, id_part(subject.name), id_part(norms.text), id_part(rate.text));
  figure.title = fmt::format("{} from norms {} at {}", subject.name, norms.text, rate.text);
  figure.command = laboratory.reproduce;
  figure.x = step_axis();
  figure.linked = "steps";
  Figure::Panel loss, factor, delta;
  loss.y.title = "f − f*";
  loss.y.scale = Figure::Scale::log;
  loss.curves.push_back({"f − f*", trace.steps, trace.excess, Figure::Marks::lines, 1});
  factor.y.title = "s";
  factor.curves.push_back({"s = 1 − hS − h²rp", trace.steps, trace.s, Figure::Marks::both, 2});
  factor.levels = {{"s", 1}, {"s", -1}};
  delta.y.title = "δ = 2h / critical rate";
  delta.curves.push_back({"δ", trace.steps, trace.delta, Figure::Marks::lines, 3});
  delta.levels = {{"balanced: hμ", h * subject.mu}, {"edge", 2}};
  figure.panels = {loss, factor, delta};
  const auto last = static_cast<double>(run.steps),
             contraction = static_cast<double>(std::min(run.contraction, run.steps));
  if (contraction > 0) figure.spans.push_back({"wild: |s| ≥ 1 still to come", 0, contraction});
  figure.spans.push_back({"contraction: |s| < 1 from here on", contraction, last});
  figure.caption = fmt::format(
      "A = {}, rank 1, |x| and |y| = {} at the start, seed {}, h = {} = {}, tolerance {}. The wild phase ends after "
      "the last step with |s| ≥ 1 (step {}). "
      "Alone: equipoise factor {} --rank 1 --start-norms {} --seed {} --rate {} --sample-every 1 --out run",
      subject.name, norms.text, seed, exact(h), rate.text, tolerance, run.contraction, subject.name, norms.text, seed,
      exact(h));
  return figure;
}

}  // namespace

std::optional<Results> measure_phases(const Experiment& experiment, const Laboratory& laboratory) {
  const ExperimentSettings& settings = experiment.settings;
  const std::vector<std::string> matrices = settings.texts("matrices");
  const std::vector<StartNorms> norms = settings.norms("norms");
  const std::vector<RelativeRate> rates = settings.rates("rates"), shown = settings.rates("shown_rates");
  const std::uint64_t seeds = settings.whole("seeds", 1, 100000), shown_seed = settings.whole("shown_seed", 0, 1000000);
  const std::uint64_t max_steps = settings.whole("max_steps", 1, 100000000);
  const double tolerance = settings.number("tolerance", 0, 1);
  settings.finish();
  std::vector<Subject> subjects;
  for (const std::string& name : matrices) subjects.push_back(tiny_subject(name, laboratory, settings, "matrices"));

  struct Cell {
    const Subject* subject;
    const StartNorms* norms;
    const RelativeRate* rate;
    std::uint64_t seed;
    double h, L;
    TinyRun run;
    PhasedRun found;
  };
  std::vector<Cell> cells;
  const auto cell = [&](const Subject& subject, const StartNorms& start_norms, const RelativeRate& rate,
                        std::uint64_t seed) {
    const Factors start = start_of(subject, 1, start_norms, seed);
    const double L = tiny_sharpness(tiny_run(subject, start, 1, 1, 0));
    const double h = rate.value(L, start_norms.x * start_norms.x + start_norms.y * start_norms.y, subject.mu);
    return Cell{&subject, &start_norms, &rate, seed, h, L, tiny_run(subject, start, h, max_steps, tolerance), {}};
  };
  for (const Subject& subject : subjects) {
    for (const StartNorms& start_norms : norms) {
      for (const std::uint64_t seed : distinct_seeds(subject, start_norms, seeds)) {
        for (const RelativeRate& rate : rates) cells.push_back(cell(subject, start_norms, rate, seed));
      }
    }
  }
  if (!for_each_run(cells.size(), laboratory,
                    [&](std::size_t i) { cells[i].found = phases(*cells[i].subject, cells[i].run, nullptr); }))
    return std::nullopt;

  ResultTable table{"runs",
                    "runs",
                    {{"matrix", "matrix", Kind::label},
                     {"norms", "norms", Kind::label},
                     {"rate", "rate", Kind::label},
                     {"seed", "seed", Kind::label},
                     {"h", "h"},
                     {"h L", "h L"},
                     {"steps", "steps"},
                     {"contraction_from", "the step from which on |s| < 1"},
                     {"growths", "steps at which |r| grew"},
                     {"growths_after", "steps of the contraction at which f − f* grew"},
                     {"alternating", "steps of the contraction with s < 0"},
                     {"largest_growth", "the largest |r| over |r| at the start"},
                     {"largest_s", "the largest |s|"},
                     {"last_s", "s at the end"},
                     {"identity_error", "the error of r⁺ = s r + h²(|x|²|y|² − (x·y)²)(μ + r) over its terms"},
                     {"delta_start", "δ at the start"},
                     {"delta_end", "δ at the end"},
                     {"delta_rise", "the largest relative rise of δ at a step"}},
                    {}};
  for (const Cell& each : cells) {
    const PhasedRun& found = each.found;
    table.rows.push_back({each.subject->name, each.norms->text, each.rate->text, static_cast<double>(each.seed), each.h,
                          each.h * each.L, static_cast<double>(found.steps), static_cast<double>(found.contraction),
                          static_cast<double>(found.growing), static_cast<double>(found.growing_after),
                          static_cast<double>(found.alternating), found.largest_growth, found.largest_s, found.last_s,
                          found.identity, found.delta_start, found.delta_end, found.delta_rise});
  }

  Results results;
  for (const Subject& subject : subjects) {
    Page::Figures figures;
    for (const RelativeRate& rate : shown) {
      PhaseTrace trace;
      const Cell each = cell(subject, norms.front(), rate, shown_seed);
      const PhasedRun found = phases(subject, each.run, &trace);
      figures.figures.push_back(
          draw(subject, norms.front(), rate, shown_seed, each.h, tolerance, trace, found, experiment.name, laboratory));
    }
    results.blocks.push_back(std::move(figures));
  }
  Page::Table shown_table;
  shown_table.caption = "Length of the wild phase: medians over the seeds, and the largest";
  shown_table.columns = {"matrix",
                         "norms",
                         "rate",
                         "h L",
                         "wild phase, steps: median",
                         "largest",
                         "all steps, median",
                         "largest |r| over |r₀|, median",
                         "s at the end, median"};
  for (const Subject& subject : subjects) {
    for (const StartNorms& start_norms : norms) {
      for (const RelativeRate& rate : rates) {
        std::vector<double> hL, wild, steps, growth, last;
        for (const Cell& each : cells) {
          if (each.subject != &subject || each.norms != &start_norms || each.rate != &rate) continue;
          hL.push_back(each.h * each.L);
          wild.push_back(static_cast<double>(each.found.contraction));
          steps.push_back(static_cast<double>(each.found.steps));
          growth.push_back(each.found.largest_growth);
          last.push_back(each.found.last_s);
        }
        shown_table.rows.push_back({subject.name, start_norms.text, rate.text, readable(quantile(hL, 0.5), 4),
                                    readable(quantile(wild, 0.5)), readable(quantile(wild, 1)),
                                    readable(quantile(steps, 0.5)), readable(quantile(growth, 0.5), 4),
                                    readable(quantile(last, 0.5), 3)});
      }
    }
  }
  results.blocks.push_back(std::move(shown_table));
  results.tables.push_back(std::move(table));
  return results;
}

}  // namespace equipoise
