// What the files of a run's page share, and the look of what only this page has: the verdict, key figures, findings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "equipoise/page/page.hpp"
#include "equipoise/solve/run_page_record.hpp"

namespace equipoise::report_page {

inline constexpr std::string_view style = R"css(
.verdict { background: var(--card); border: 1px solid var(--line); border-left: 8px solid var(--tone); border-radius: 6px;
  padding: 1.1rem 1.35rem 1.2rem; display: grid; grid-template-columns: auto 1fr; column-gap: 1.1rem; }
.verdict > svg { width: 2.6rem; height: 2.6rem; color: var(--tone); }
.converged { --tone: var(--green); } .periodic { --tone: var(--blue); } .chaotic { --tone: var(--purple); }
.diverged { --tone: var(--vermillion); } .exhausted, .saddle { --tone: var(--orange); } .stopped { --tone: var(--grey); }
.facts { list-style: none; margin: .75rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem .6rem; font-size: .9rem; }
.facts li { border: 1px solid var(--line); border-radius: .8rem; padding: .1rem .7rem; background: var(--page); }
.facts li.warn { border: 2px solid var(--orange); font-weight: 600; border-radius: .6rem; }
.key-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(17.5rem, 1fr)); gap: .75rem; margin: .75rem 0 0; }
.key-figures div { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem .8rem; }
.key-figures dt { color: var(--muted); font-size: .85rem; }
.key-figures dd { margin: 0; }
.key-figures dd.value { font-size: 1.3rem; font-weight: 600; line-height: 1.35; }
.key-figures dd.note { font-size: .85rem; color: var(--muted); margin-top: .15rem; }
.group { border-left: 5px solid var(--tone); padding: .1rem 0 .1rem 1rem; margin-top: 1.5rem; }
.group h3 { margin-top: 0; } .group > p { margin: 0 0 .5rem; font-size: .9rem; color: var(--muted); }
.group.proved { --tone: var(--green); border-left-style: solid; } .group.classical { --tone: var(--blue); border-left-style: double; }
.group.conjecture { --tone: var(--orange); border-left-style: dashed; }
.group.numerical { --tone: var(--purple); border-left-style: dotted; }
.finding { border-top: 1px solid var(--line); padding: .7rem 0 .8rem; }
.finding h4 { font: 600 .95rem/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; margin: 0; }
.finding p { margin: .15rem 0 0; font-size: .92rem; }
.finding table { margin-top: .5rem; font-size: .85rem; }
.finding table.checks th:nth-child(1), .finding table.checks th.number { width: 15%; }
.finding table.checks th:nth-child(5) { width: 16%; padding-left: 1.2rem; } .finding table.checks td:nth-child(5) { padding-left: 1.2rem; }
.answers { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .3rem 0 0; font-size: .9rem; }
.answers div { display: flex; gap: .4rem; } .answers dt { color: var(--muted); } .answers dd { margin: 0; font-weight: 600; }
@media (max-width: 760px) {
  .verdict { padding: .9rem 1rem; column-gap: .7rem; border-left-width: 6px; } .verdict > svg { width: 1.9rem; height: 1.9rem; }
  .verdict > div > :not(h1) { margin-left: -2.6rem; }
  .key-figures { grid-template-columns: 1fr; } .group { padding-left: .7rem; }
  .finding table.checks tbody th:nth-child(1) { width: auto; } .finding table.checks td:nth-child(5) { padding-left: 0; align-self: end; }
}
@media print { .verdict, .key-figures div { break-inside: avoid; } }
)css";

/// What a figure that is taken out of the page still has to say: matrix, rank, rate, start.
std::string settings_line(const ReportRecord& record);
Page::Section over_steps(const ReportRecord& record, const std::vector<Sample>& samples);
std::string findings_html(const ReportRecord& record);

}  // namespace equipoise::report_page
