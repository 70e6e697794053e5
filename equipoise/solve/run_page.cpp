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

using namespace report_page;

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

namespace report_page {

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

}  // namespace report_page

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
