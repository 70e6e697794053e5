// A run's record as one HTML page that opens offline.
#include "equipoise/solve/run_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "equipoise/core/error.hpp"
#include "equipoise/page/markup.hpp"
#include "equipoise/page/page.hpp"
#include "equipoise/solve/run_page_parts.hpp"
#include "equipoise/solve/run_page_record.hpp"

namespace equipoise {
namespace {

std::string count_html(double count) {
  if (count >= 0 && count < 9e15 && count == std::floor(count)) return readable(static_cast<std::uint64_t>(count));
  return number_html(count);
}

std::string percent_of(double value, double whole) {
  const double share = 100 * (value / whole);
  if (!std::isfinite(share)) return {};
  return share < 1e4 ? readable(share, share > 90 && share < 110 ? 4 : 3) + " %" : readable(share / 100, 3) + " times";
}

// ---- The verdict ----

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::converged:
      return "converged";
    case Outcome::periodic:
      return "periodic";
    case Outcome::chaotic:
      return "chaotic";
    case Outcome::diverged:
      return "diverged";
    case Outcome::exhausted:
      return "exhausted";
    case Outcome::stopped:
      return "stopped";
  }
  return "";
}

/// Line drawings, so that an outcome is told by shape, word and colour.
std::string_view icon(Outcome outcome, Limit limit) {
  if (outcome == Outcome::converged && limit == Limit::saddle) return "M2 6Q12 18 22 6M6 20Q12 4 18 20";
  switch (outcome) {
    case Outcome::converged:
      return "M4 13l5.5 5.5L20 6";
    case Outcome::periodic:
      return "M20 12a8 8 0 1 1-2.5-5.8M18.5 2v5h-5";
    case Outcome::chaotic:
      return "M2 14l3-8 3 12 3-15 3 18 3-13 2.500 8 2.500-5";
    case Outcome::diverged:
      return "M3 20C12 20 17 14 19 4M14.500 7.500L19 3.500l2.500 5.500";
    case Outcome::exhausted:
      return "M6 3h12M6 21h12M7 3c0 6 10 12 10 18M17 3c0 6-10 12-10 18";
    case Outcome::stopped:
      return "M6 6h12v12H6z";
  }
  return "";
}

std::string headline(const ReportRecord& record) {
  const Verdict& v = record.verdict;
  const std::string step = readable(v.step);
  switch (v.outcome) {
    case Outcome::converged:
      if (v.limit == Limit::minimiser) return fmt::format("Converged to a minimiser at step {}", step);
      if (v.limit == Limit::saddle) return fmt::format("Converged at step {}, but to a saddle: no minimiser", step);
      return fmt::format("Converged to a critical point at step {}; whether it is a minimiser is undetermined", step);
    case Outcome::periodic:
      if (v.period == 0) return fmt::format("Periodic: settled on a cycle of unknown period by step {}", step);
      return fmt::format("Periodic: settled on a cycle of period {} by step {}", v.period, step);
    case Outcome::chaotic:
      return fmt::format("Chaotic: bounded and sensitive, judged at step {}", step);
    case Outcome::diverged:
      return fmt::format("Diverged, decided at step {}", step);
    case Outcome::exhausted:
      return fmt::format("Exhausted: the budget ended at step {} before a verdict", step);
    case Outcome::stopped:
      return fmt::format("Stopped at step {} before a verdict", step);
  }
  return {};
}

/// exp(growth) as a factor, in powers of ten where exp overflows.
std::string growth_text(double growth) {
  if (std::abs(growth) < 700) return readable(std::exp(growth), 3) + "-fold";
  const double decades = growth / std::log(10.0);
  return std::abs(decades) < 1e9 ? power_of_ten(static_cast<int>(decades)) + "-fold" : "without bound";
}

std::string verdict_html(const ReportRecord& record) {
  const Verdict& v = record.verdict;
  std::string facts = v.proved ? "<li>decided by a theorem</li>"
                      : v.outcome == Outcome::exhausted || v.outcome == Outcome::stopped
                          ? "<li>no verdict was reached</li>"
                          : "<li>numerical evidence, not a proof</li>";
  if (std::isfinite(v.evidence)) {
    facts +=
        fmt::format("<li>evidence {} against threshold {}</li>", number_html(v.evidence), number_html(v.threshold));
  }
  if (std::isfinite(v.lyapunov)) {
    facts += "<li>Lyapunov exponent " + number_html(v.lyapunov, 4);
    if (std::isfinite(v.lyapunov_error)) facts += " ± " + number_html(v.lyapunov_error, 2);
    facts += " per step</li>";
  }
  if (std::isfinite(v.multiplier)) facts += "<li>largest multiplier " + number_html(v.multiplier) + "</li>";
  if (!v.reproducible) {
    facts += "<li class=\"warn\">Where this run ends depends on rounding";
    if (std::isfinite(v.growth)) {
      facts += fmt::format(": small differences grew {}, which costs about {} decimal digits", growth_text(v.growth),
                           readable(v.growth / std::log(10.0), 3));
    }
    facts += ". Another machine may end elsewhere.</li>";
  } else if (std::isfinite(v.growth)) {
    facts += "<li>small differences grew at most " + growth_text(v.growth) + "</li>";
  }
  const bool saddle = v.outcome == Outcome::converged && v.limit == Limit::saddle;
  return fmt::format(
      "<div class=\"verdict {}{}\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" "
      "fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.4\" stroke-linecap=\"round\" "
      "stroke-linejoin=\"round\"><path d=\"{}\"/></svg><div><h1>{}</h1><p>{}</p><ul class=\"facts\">{}</ul>"
      "</div></div>\n",
      word(v.outcome), saddle ? " saddle" : "", icon(v.outcome, v.limit), headline(record),
      v.why.empty() ? "The record gives no reason." : escaped(v.why), facts);
}

// ---- Key figures ----

std::string key_figure(std::string_view name, const std::string& value, const std::string& note) {
  return fmt::format("<div><dt>{}</dt><dd class=\"value\">{}</dd>{}</div>\n", name, value,
                     note.empty() ? "" : "<dd class=\"note\">" + note + "</dd>");
}

std::string change(const std::string& from, const std::string& to) {
  return from + " <span role=\"img\" aria-label=\"to\">→</span> " + to;
}

std::string ratio_html(const Balance& balance) {
  const bool one_is_zero =
      (balance.norm_x == 0) != (balance.norm_y == 0) && std::isfinite(balance.norm_x) && std::isfinite(balance.norm_y);
  return one_is_zero && !std::isfinite(balance.ratio) ? "unbounded" : number_html(balance.ratio);
}

std::string sharpness_figure(const ReportRecord& record) {
  const bool diverged = record.verdict.outcome == Outcome::diverged;
  const bool end_known = std::isfinite(record.sharpness_end);
  const std::string end = end_known || !diverged ? number_html(record.sharpness_end) : "none";
  std::string note;
  if (!end_known && diverged) note += "The end is not a number of this run: diverged. ";
  if (std::isfinite(record.stability_limit)) {
    note += "Stability limit 2/h = " + number_html(record.stability_limit);
    const std::string start_share = percent_of(record.sharpness_start, record.stability_limit);
    const std::string end_share = percent_of(record.sharpness_end, record.stability_limit);
    if (!start_share.empty()) note += "; start at " + start_share + " of it";
    if (!end_share.empty()) note += ", end at " + end_share;
    note += ". ";
  }
  if (end_known && std::isfinite(record.sharpness_residual)) {
    note += "Residual " + number_html(record.sharpness_residual, 2) + ".";
  }
  return key_figure("Sharpness, start to end", change(number_html(record.sharpness_start), end), note);
}

std::string key_figures_html(const ReportRecord& record) {
  std::string rate_note;
  if (std::isfinite(record.rate_times_L)) rate_note = number_html(record.rate_times_L) + " / L";
  if (!record.rate_requested.empty()) {
    rate_note += (rate_note.empty() ? "" : ", ") + std::string("asked for as ") + escaped(record.rate_requested);
  }
  if (!record.rate_why.empty()) rate_note += (rate_note.empty() ? "" : ": ") + escaped(record.rate_why);

  std::string limit_note = "L is the sharpness at the start. ";
  if (std::isfinite(record.rate_times_L)) {
    const double share = record.rate_times_L / 2;
    limit_note += share > 1   ? fmt::format("The rate is {} times this limit.", readable(share, 4))
                  : share < 1 ? fmt::format("The rate is {} of this limit.", percent_of(share, 1))
                              : std::string("The rate is this limit.");
  }

  std::string loss_note;
  if (std::isfinite(record.loss_relative))
    loss_note += "Relative to the start " + number_html(record.loss_relative, 4) + ". ";
  if (std::isfinite(record.loss_excess)) {
    loss_note += "Excess over the best of this rank " + number_html(record.loss_excess, 4);
    if (std::isfinite(record.loss_excess_error))
      loss_note += ", with an error of at most " + number_html(record.loss_excess_error, 2);
    loss_note += ".";
  }
  const auto norms = [](const Balance& b) { return number_html(b.norm_x, 4) + " and " + number_html(b.norm_y, 4); };
  std::string out = "<dl class=\"key-figures\">\n";
  out += key_figure("Learning rate h", number_html(record.rate), rate_note);
  out += key_figure("Classical limit 2/L", number_html(record.rate_limit), limit_note);
  out += sharpness_figure(record);
  out += key_figure(
      "Ratio of norms, start to end", change(ratio_html(record.balance_start), ratio_html(record.balance_end)),
      fmt::format("The larger of ‖X‖, ‖Y‖ over the smaller: from {} to {}. Imbalance ‖XᵀX − YᵀY‖ {} → {}.",
                  norms(record.balance_start), norms(record.balance_end),
                  number_html(record.balance_start.imbalance, 4), number_html(record.balance_end.imbalance, 4)));
  out +=
      key_figure("Loss, start to end", change(number_html(record.loss_start), number_html(record.loss_end)), loss_note);
  out += key_figure("Steps taken", count_html(record.steps),
                    fmt::format("In {} s, {} steps a second.", number_html(record.seconds, 3),
                                number_html(record.steps_per_second, 3)));
  if (std::isfinite(record.validation_rmse)) {
    out += key_figure("Validation RMSE", number_html(record.validation_rmse), "On the entries held out.");
  }
  return out + "</dl>\n";
}

// ---- What a run is ----

/// The text of a key; empty where there is none.
std::string found(const NamedValues& values, std::string_view key) {
  const auto at = std::find_if(values.begin(), values.end(), [&](const auto& pair) { return pair.first == key; });
  return at == values.end() || at->second == "not set" ? "" : at->second;
}

/// What the page is about: the name of the matrix where the record has one, its size, the rank.
std::string subject(const ReportRecord& record) {
  std::string name = found(record.settings, "matrix");
  for (const char* key : {"name", "source"}) {
    if (name.empty()) name = found(record.matrix, key);
  }
  const std::string rows = found(record.matrix, "rows"), cols = found(record.matrix, "cols");
  std::string out = name.empty() ? "Matrix" : name;
  if (!rows.empty() && !cols.empty()) out += fmt::format(", {} × {}", rows, cols);
  if (std::isfinite(record.rank)) out += ", rank " + readable(record.rank);
  return out;
}

/// What a figure that is taken out of the page still has to say.
std::string settings_line(const ReportRecord& record) {
  std::string out = subject(record);
  if (std::isfinite(record.rate)) out += "; h = " + readable(record.rate);
  if (std::isfinite(record.rate_times_L)) out += " = " + readable(record.rate_times_L) + "/L";
  const std::string start = found(record.settings, "start"), seed = found(record.settings, "seed");
  if (!start.empty()) out += "; start " + start;
  if (!seed.empty()) out += "; seed " + seed;
  return out + ".";
}

// ---- Figures ----

/// A log scale where the positive values span more than a factor of 50 and none is negative.
Figure::Scale fitting_scale(const std::vector<Figure::Curve>& curves) {
  double lowest = std::numeric_limits<double>::infinity(), highest = 0;
  for (const Figure::Curve& curve : curves) {
    for (const double v : curve.y) {
      if (!std::isfinite(v) || v == 0) continue;
      if (v < 0) return Figure::Scale::linear;
      lowest = std::min(lowest, v);
      highest = std::max(highest, v);
    }
  }
  return highest / 50 > lowest ? Figure::Scale::log : Figure::Scale::linear;
}

std::vector<Figure::Curve> sharpness_curves(const ReportRecord& record, const std::vector<Sample>& samples) {
  static constexpr std::string_view names[] = {"sharpness λ₁", "λ₂", "λ₃", "λ₄", "λ₅", "λ₆"};
  std::size_t count = 1;
  for (const Sample& sample : samples) count = std::max(count, std::min(sample.eigenvalues.size(), std::size(names)));
  std::vector<Figure::Curve> out;
  for (std::size_t k = 0; k < count; ++k) {
    Figure::Curve curve{std::string(names[k]), {}, {}};
    for (const Sample& sample : samples) {
      double value = std::numeric_limits<double>::quiet_NaN();
      bool measured = sample.eigenvalues.size() > k;
      if (measured) value = sample.eigenvalues[k];
      // The record holds the start and the end even where no sample does.
      if (!measured && k == 0 && (&sample == &samples.front() || &sample == &samples.back())) {
        value = &sample == &samples.front() ? record.sharpness_start : record.sharpness_end;
        measured = std::isfinite(value);
      }
      if (!measured) continue;
      curve.x.push_back(static_cast<double>(sample.step));
      curve.y.push_back(value);
    }
    if (curve.x.size() <= 60) curve.marks = Figure::Marks::both;
    out.push_back(std::move(curve));
  }
  if (count == 1) out[0].name = "sharpness";
  return out;
}

/// The logarithmic axis where a linear one would crowd half of what happens, or half of the samples, into the first
/// tenth. What happens is how far the logarithm of the loss goes up and down.
Figure::Scale fitting_steps(const std::vector<Sample>& samples) {
  const auto first = static_cast<double>(samples.front().step), last = static_cast<double>(samples.back().step);
  const auto early = [&](const Sample& sample) {
    return static_cast<double>(sample.step) - first < 0.1 * (last - first);
  };
  double before = 0, all = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const double change = std::abs(std::log(samples[i].loss) - std::log(samples[i - 1].loss));
    if (!std::isfinite(change)) continue;
    all += change;
    if (early(samples[i])) before += change;
  }
  return early(samples[samples.size() / 2]) || before > all / 2 ? Figure::Scale::log : Figure::Scale::linear;
}

std::vector<Figure> figures_of(const ReportRecord& record, const std::vector<Sample>& samples) {
  const Figure::Axis steps{"step", fitting_steps(samples)};
  const auto curve = [&](std::string name, double Sample::*field) {
    Figure::Curve out{std::move(name), {}, {}};
    for (const Sample& sample : samples) {
      out.x.push_back(static_cast<double>(sample.step));
      out.y.push_back(sample.*field);
    }
    if (samples.size() == 1) out.marks = Figure::Marks::points;
    return out;
  };
  const auto figure = [&](std::string id, std::string title, std::string caption, std::string y,
                          std::vector<Figure::Curve> curves) {
    const Figure::Scale scale = id == "loss" || id == "gradient" ? Figure::Scale::log : fitting_scale(curves);
    return Figure{std::move(id),
                  std::move(title),
                  std::move(caption),
                  "",
                  "samples.csv",
                  steps,
                  {{{std::move(y), scale}, std::move(curves)}},
                  {},
                  "steps"};
  };
  std::vector<Figure> out;
  out.push_back(figure("loss", "Loss", "f = ½‖A − XYᵀ‖², in logarithmic scale.", "f", {curve("loss", &Sample::loss)}));
  out.push_back(
      figure("sharpness", "Sharpness and the stability limit",
             "The largest eigenvalues of the Hessian, where they were measured. Only limits below 2/h are stable.",
             "eigenvalue", sharpness_curves(record, samples)));
  out.back().panels[0].levels.push_back({"2/h", record.stability_limit});
  out.push_back(figure("norms", "Norms of the factors", "A balanced pair has equal norms.", "norm",
                       {curve("‖X‖", &Sample::norm_x), curve("‖Y‖", &Sample::norm_y)}));
  out.push_back(figure("imbalance", "Imbalance", "‖XᵀX − YᵀY‖, which gradient flow conserves and large rates reduce.",
                       "imbalance", {curve("imbalance", &Sample::imbalance)}));
  out.push_back(figure("gradient", "Gradient norm", "‖∇f‖, in logarithmic scale.", "‖∇f‖",
                       {curve("gradient norm", &Sample::gradient_norm)}));
  for (Figure& f : out) {
    f.caption += " " + settings_line(record);
    // One curve alone is named by its title.
    if (f.panels[0].curves.size() == 1) f.panels[0].curves[0].name.clear();
  }
  return out;
}

bool any_at_foot(const std::vector<Figure>& figures) {
  for (const Figure& figure : figures) {
    const Figure::Panel& panel = figure.panels[0];
    if (panel.y.scale != Figure::Scale::log) continue;
    for (const Figure::Curve& curve : panel.curves) {
      if (std::any_of(curve.y.begin(), curve.y.end(), [](double v) { return std::isfinite(v) && v <= 0; })) return true;
    }
  }
  return false;
}

Page::Section over_steps(const ReportRecord& record, const std::vector<Sample>& samples) {
  if (samples.empty()) {
    return {"over-steps",
            "Over the steps",
            {Page::Prose{{"No samples were recorded in this run, so there is nothing to draw."}}}};
  }
  std::vector<Figure> figures = figures_of(record, samples);
  std::string notes = fmt::format("{} {}.", readable(static_cast<std::uint64_t>(samples.size())),
                                  samples.size() == 1 ? "sample" : "samples");
  if (samples.size() > points_per_curve) {
    notes += fmt::format(
        " To keep the page small, each curve is drawn with at most about {} of them: for every small interval of steps "
        "the first, the last, "
        "the lowest and the highest value. samples.csv holds them all.",
        points_per_curve);
  }
  const bool finite = std::all_of(samples.begin(), samples.end(), [](const Sample& s) {
    return std::isfinite(s.loss) && std::isfinite(s.gradient_norm) && std::isfinite(s.norm_x) &&
           std::isfinite(s.norm_y);
  });
  if (!finite) notes += " Values that are not finite are left out; they interrupt the curves.";
  const Outcome outcome = record.verdict.outcome;
  if ((outcome == Outcome::periodic || outcome == Outcome::chaotic) &&
      samples.back().step - samples.front().step + 1 > samples.size()) {
    notes += " Not every step was sampled, so the curves may show only a part of the oscillation.";
  }
  if (any_at_foot(figures)) notes += " On a logarithmic scale a value that is not positive is a triangle at the foot.";
  return {"over-steps", "Over the steps", {Page::Figures{std::move(figures)}, Page::Prose{{notes}}}};
}

// ---- Findings ----

struct AnswerText {
  std::string_view cls, mark, applies, confirmed, holds;
};
AnswerText answer_text(Answer answer) {
  switch (answer) {
    case Answer::yes:
      return {"yes", "✓", "yes", "yes", "holds"};
    case Answer::no:
      return {"no", "✗", "no", "no: the run contradicts it", "fails"};
    case Answer::unknown:
      break;
  }
  return {"unknown", "?", "unknown", "not tested by this run", "not known"};
}

std::string check_rows(std::string_view kind, const std::vector<Check>& checks) {
  std::string out;
  for (const Check& check : checks) {
    const AnswerText answer = answer_text(check.holds);
    out += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td><td class=\"number\" data-label=\"value\">{}</td>"
        "<td class=\"number\" data-label=\"bound\">{}</td><td class=\"{}\"><span class=\"mark\" "
        "aria-hidden=\"true\">{}</span> {}</td></tr>\n",
        kind, escaped(check.text), number_html(check.value), number_html(check.bound), answer.cls, answer.mark,
        answer.holds);
  }
  return out;
}

std::string finding_html(const Finding& finding) {
  AnswerText applies = answer_text(finding.applies);
  const AnswerText confirmed = answer_text(finding.confirmed);
  // That a theorem is about other runs is no failure of this one.
  if (finding.applies == Answer::no) applies.cls = "unknown", applies.mark = "–";
  std::string out = fmt::format(
      "<article class=\"finding\"><h4>{}</h4><p>{}</p><p class=\"muted\">Source: {}</p><dl "
      "class=\"answers\"><div><dt>Applies</dt>"
      "<dd class=\"{}\"><span class=\"mark\" aria-hidden=\"true\">{}</span> {}</dd></div><div><dt>Confirmed</dt><dd "
      "class=\"{}\">"
      "<span class=\"mark\" aria-hidden=\"true\">{}</span> {}</dd></div></dl>\n",
      escaped(finding.statement), escaped(finding.says), finding.source.empty() ? "not named" : escaped(finding.source),
      applies.cls, applies.mark, applies.applies, confirmed.cls, confirmed.mark, confirmed.confirmed);
  if (!finding.assumptions.empty() || !finding.predictions.empty()) {
    out += fmt::format(
        "<div class=\"scroll\"><table class=\"checks\" aria-label=\"Assumptions and predictions of {}\"><thead><tr>"
        "<th scope=\"col\">Part</th><th scope=\"col\">Claim</th><th scope=\"col\" class=\"number\">Value</th><th "
        "scope=\"col\" class=\"number\">Bound"
        "</th><th scope=\"col\">Holds</th></tr></thead><tbody>\n{}{}</tbody></table></div>",
        escaped(finding.statement), check_rows("assumption", finding.assumptions),
        check_rows("prediction", finding.predictions));
  }
  return out + "</article>\n";
}

std::string findings_html(const ReportRecord& record) {
  struct Group {
    Standing standing;
    std::string_view cls, title, says;
  };
  static constexpr Group groups[] = {
      {Standing::proved, "proved", "Proved",
       "Theorems with a proof for exactly these assumptions, in exact arithmetic."},
      {Standing::classical, "classical", "Classical", "Textbook statements about gradient descent."},
      {Standing::conjecture, "conjecture", "Conjecture",
       "Not proved. Agreement with a run is evidence and nothing more."},
      {Standing::numerical, "numerical", "Numerical", "Observed in computations. Not proved."}};
  std::string out;
  if (record.findings.empty()) {
    return record.examined ? "<p>No statement of the theory speaks of this run.</p>\n"
                           : "<p>This run was not compared with the theory.</p>\n";
  }
  const auto order = [](Answer answer) { return answer == Answer::yes ? 0 : answer == Answer::unknown ? 1 : 2; };
  for (const Group& group : groups) {
    std::vector<const Finding*> members;
    for (const Finding& finding : record.findings) {
      if (finding.standing == group.standing) members.push_back(&finding);
    }
    if (members.empty()) continue;
    std::stable_sort(members.begin(), members.end(),
                     [&](const Finding* a, const Finding* b) { return order(a->applies) < order(b->applies); });
    out += fmt::format("<div class=\"group {}\"><h3>{}</h3><p>{}</p>\n", group.cls, group.title, group.says);
    std::string others;
    std::size_t folded = 0;
    for (const Finding* finding : members) {
      if (finding->applies == Answer::no) ++folded;
      (finding->applies == Answer::no ? others : out) += finding_html(*finding);
    }
    if (folded > 0) {
      out +=
          fmt::format("<details class=\"others\"><summary>{} {} of other runs than this one</summary>\n{}</details>\n",
                      folded, folded == 1 ? "statement speaks" : "statements speak", others);
    }
    out += "</div>\n";
  }
  return out;
}

// ---- Tables and the whole ----

std::string table_html(std::string_view title, const NamedValues& values) {
  std::string out = fmt::format(
      "<section><h2>{0}</h2><table aria-label=\"{0}\"><thead><tr><th scope=\"col\">Name</th>"
      "<th scope=\"col\">Value</th></tr></thead><tbody>\n",
      title);
  for (const auto& [name, value] : values) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name),
                       value.empty() ? "<span class=\"muted\">empty</span>" : escaped(value));
  }
  return out + "</tbody></table></section>\n";
}

}  // namespace

std::string report_html(std::string_view record_json, const std::vector<Sample>& samples) {
  const ReportRecord record = read_report_record(record_json);
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (samples[i].step < samples[i - 1].step) {
      throw Error(fmt::format("samples: row {} has step {} after step {}; steps should ascend", i + 1, samples[i].step,
                              samples[i - 1].step));
    }
  }
  const std::string about = subject(record);
  Page page;
  page.title = fmt::format("{} · {} · equipoise", headline(record), about);
  page.heading = false;  // the verdict is
  page.about = fmt::format("Gradient descent on ½‖A − XYᵀ‖², one run · {}", about);
  page.version = record.version;
  page.style = report_page::style;
  page.sections = {
      {"verdict", "", {Page::Markup{verdict_html(record)}}},
      {"key-figures", "Key figures", {Page::Markup{key_figures_html(record)}}},
      over_steps(record, samples),
      {"findings", "Findings", {Page::Markup{findings_html(record)}}},
      {"",
       "",
       {Page::Markup{"<div class=\"pair\">" + table_html("Settings", record.settings) +
                     table_html("Matrix", record.matrix) + "</div>\n"}}},
  };
  if (!record.command.empty()) page.sections.push_back({"again", "Run it again", {Page::Command{record.command}}});
  return page_html(page);
}

}  // namespace equipoise
