// The findings of a run's page: each statement of the theory with its assumptions, predictions and answers.
//
// Tested in equipoise/solve/run_page_test.cpp
#include <fmt/format.h>

#include <algorithm>

#include "equipoise/page/markup.hpp"
#include "equipoise/solve/run_page_parts.hpp"

namespace equipoise::report_page {
namespace {

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

}  // namespace

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

}  // namespace equipoise::report_page
