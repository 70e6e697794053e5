// The look and the small script of a report; both stand inside the page, which loads nothing.
#pragma once

#include <string_view>

namespace equipoise::report_page {

// Colours of curves and outcomes are those of Okabe and Ito (2008), told apart with any colour vision; text is never
// set in them, since some are too pale to read on white.
inline constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --page: #ffffff; --card: #f5f6f8; --text: #1b1f24; --muted: #565e68; --line: #d5d9df;
  --grid: #e6e9ed; --blue: #0072b2; --vermillion: #d55e00; --green: #009e73; --purple: #b3568c; --orange: #c98500;
  --sky: #3a94c8; --grey: #6b7480; }
@media (prefers-color-scheme: dark) { :root { --page: #14171b; --card: #1d2127; --text: #e7eaee; --muted: #a5adb8;
  --line: #363c45; --grid: #282d34; --blue: #56b4e9; --vermillion: #ff8a3d; --green: #1fc796; --purple: #dd8fbb;
  --orange: #e69f00; --sky: #9ad4f5; --grey: #98a1ac; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main, footer { max-width: 72rem; margin: 0 auto; padding: 1.25rem 1.5rem; }
main > section, .pair { margin-top: 2.25rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0; text-wrap: balance; }
h2 { font-size: 1.2rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .5rem 0 0; max-width: 46rem; }
a { color: inherit; text-underline-offset: .15em; }
.muted { color: var(--muted); }
.about { margin: 0 0 .75rem; color: var(--muted); font-size: .9rem; max-width: none; }
.verdict { background: var(--card); border: 1px solid var(--line); border-left: 8px solid var(--tone); border-radius: 6px;
  padding: 1.1rem 1.35rem 1.2rem; display: grid; grid-template-columns: auto 1fr; column-gap: 1.1rem; }
.verdict > svg { width: 2.6rem; height: 2.6rem; color: var(--tone); }
.converged { --tone: var(--green); } .periodic { --tone: var(--blue); } .chaotic { --tone: var(--purple); }
.diverged { --tone: var(--vermillion); } .exhausted, .saddle { --tone: var(--orange); } .stopped { --tone: var(--grey); }
.facts { list-style: none; margin: .75rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .4rem .6rem; font-size: .9rem; }
.facts li { border: 1px solid var(--line); border-radius: .8rem; padding: .1rem .7rem; background: var(--page); }
.facts li.warn { border: 2px solid var(--orange); font-weight: 600; border-radius: .6rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(17.5rem, 1fr)); gap: .75rem; margin: .75rem 0 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem .8rem; }
.figures dt { color: var(--muted); font-size: .85rem; }
.figures dd { margin: 0; }
.figures dd.value { font-size: 1.3rem; font-weight: 600; line-height: 1.35; }
.figures dd.note { font-size: .85rem; color: var(--muted); margin-top: .15rem; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.5rem 2rem; margin-top: .75rem; }
.chart { margin: 0; min-width: 0; }
figcaption { font-weight: 600; } figcaption .muted { font-weight: 400; font-size: .85rem; }
.plot { height: 13rem; margin: .6rem 1rem 2rem 4.4rem; }
.plot > svg { display: block; overflow: visible; touch-action: pan-y; }
.frame { fill: none; stroke: var(--line); pointer-events: all; }
.grid { stroke: var(--grid); shape-rendering: crispEdges; }
.tick, .level-name { font-size: .8rem; fill: var(--muted); }
.level-name { fill: var(--text); paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
.level { stroke: var(--text); stroke-width: 1.5; stroke-dasharray: 1.5 4; stroke-linecap: round; }
.line, .dots { fill: none; stroke: var(--ink); vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.line { stroke-width: 1.8; } .dots { stroke-width: 6; stroke-linecap: round; }
.s1 { --ink: var(--blue); } .s2 { --ink: var(--vermillion); } .s3 { --ink: var(--green); }
.s4 { --ink: var(--purple); } .s5 { --ink: var(--orange); } .s6 { --ink: var(--grey); }
.s2 .line { stroke-dasharray: 7 4; } .s3 .line { stroke-dasharray: 2.5 3; } .s4 .line { stroke-dasharray: 10 3 2 3; }
.s5 .line { stroke-dasharray: 14 4; } .s6 .line { stroke-dasharray: 4 6; }
.cursor { stroke: var(--text); stroke-width: 1; pointer-events: none; }
.key, .choice label { font-size: .85rem; cursor: pointer; padding: .15rem 0; } .key { margin-right: 1rem; }
.swatch { margin: 0 .35rem 0 .1rem; }
.show { margin: 0 .3rem 0 0; accent-color: var(--grey); }
.show-0:not(:checked) ~ .plot .curve-0, .show-1:not(:checked) ~ .plot .curve-1, .show-2:not(:checked) ~ .plot .curve-2,
.show-3:not(:checked) ~ .plot .curve-3, .show-4:not(:checked) ~ .plot .curve-4, .show-5:not(:checked) ~ .plot .curve-5
{ display: none; }
.choose:focus-visible ~ .choice, .show:focus-visible + label { outline: 2px solid var(--blue); outline-offset: 2px; }
.choose { margin: 0 .3rem 0 0; accent-color: var(--grey); } .choose + label { font-size: .9rem; margin-right: 1.1rem; }
#axis-linear:checked ~ .charts .on-log, #axis-log:checked ~ .charts .on-linear { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; padding-bottom: .35rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 600; font-size: .85rem; }
tbody th { font-weight: 500; overflow-wrap: normal; }
th.number, td.number { text-align: right; white-space: nowrap; }
table.checks { table-layout: fixed; min-width: 36rem; } table.checks th:nth-child(1) { width: 15%; }
table.checks th.number { width: 15%; } table.checks th:nth-child(5) { width: 16%; padding-left: 1.2rem; }
table.checks td:nth-child(5) { padding-left: 1.2rem; }
.readout { align-self: start; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .7rem 1rem; }
.readout td { text-align: right; white-space: nowrap; padding-right: 0; } .readout tr:last-child > * { border-bottom: 0; }
.readout input { width: 100%; margin: .5rem 0 0; accent-color: var(--grey); }
.group { border-left: 5px solid var(--tone); padding: .1rem 0 .1rem 1rem; margin-top: 1.5rem; }
.group h3 { margin-top: 0; } .group > p { margin: 0 0 .5rem; font-size: .9rem; color: var(--muted); }
.group.proved { --tone: var(--green); border-left-style: solid; } .group.classical { --tone: var(--blue); border-left-style: double; }
.group.conjecture { --tone: var(--orange); border-left-style: dashed; }
.group.numerical { --tone: var(--purple); border-left-style: dotted; }
.finding { border-top: 1px solid var(--line); padding: .7rem 0 .8rem; }
.finding h4 { font: 600 .95rem/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; margin: 0; }
.finding p { margin: .15rem 0 0; font-size: .92rem; }
.finding table { margin-top: .5rem; font-size: .85rem; }
.answers { display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; margin: .3rem 0 0; font-size: .9rem; }
.answers div { display: flex; gap: .4rem; } .answers dt { color: var(--muted); } .answers dd { margin: 0; font-weight: 600; }
.mark { display: inline-block; width: 1.1em; text-align: center; font-weight: 700; }
.yes .mark { color: var(--green); } .no .mark { color: var(--vermillion); } .unknown .mark { color: var(--muted); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 2.25rem 3rem; align-items: start; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; margin: .5rem 0 0;
  white-space: pre-wrap; font: .88rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
footer { border-top: 1px solid var(--line); margin-top: 2.5rem; font-size: .88rem; color: var(--muted); }
footer p { max-width: none; }
@media (max-width: 760px) {
  main, footer { padding: .9rem 1rem; } h1 { font-size: 1.3rem; }
  .verdict { padding: .9rem 1rem; column-gap: .7rem; border-left-width: 6px; } .verdict > svg { width: 1.9rem; height: 1.9rem; }
  .verdict > div > :not(h1) { margin-left: -2.6rem; }
  .figures { grid-template-columns: 1fr; } .charts { grid-template-columns: minmax(0, 1fr); gap: 1rem; }
  .plot { height: 11rem; margin-right: .5rem; margin-left: 3.9rem; } .group { padding-left: .7rem; }
  .live .readout { position: sticky; bottom: 0; font-size: .85rem; } .live .readout table { font-size: .8rem; }
  .live .readout th, .live .readout td { padding-top: .05rem; padding-bottom: .05rem; }
  table.checks { min-width: 0; } table.checks tbody th:nth-child(1) { width: auto; } table.checks td:nth-child(5) { padding-left: 0; }
  table.checks thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table.checks tr { display: grid; grid-template-columns: repeat(3, 1fr); border-bottom: 1px solid var(--line); padding: .3rem 0; }
  table.checks th, table.checks td { border: 0; padding: .05rem .4rem .05rem 0; text-align: left; white-space: normal; }
  table.checks td.text { grid-column: 1 / -1; } table.checks th { grid-column: 1 / -1; color: var(--muted); }
  table.checks td.number::before { content: attr(data-label) "\A"; white-space: pre; color: var(--muted); }
  table.checks td:nth-child(5) { align-self: end; }
}
@media print {
  :root { color-scheme: light; } body { font-size: 10.5pt; } main, footer { padding: 0; max-width: none; }
  .choose, .choose + label, .show, .readout input, .cursor { display: none; }
  .verdict, .figures div, .chart, .finding, tr { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
  .plot { height: 9rem; } a[href]::after { content: " (" attr(href) ")"; }
}
)css";

// Written without a less-than sign or an ampersand, so that the page is well-formed XML as well as HTML.
inline constexpr std::string_view script = R"js(
(() => {
  "use strict";
  const holder = document.getElementById("samples-data");
  const panel = document.querySelector(".readout");
  if (!holder || !panel) return;
  const data = JSON.parse(holder.textContent);
  const steps = data.steps;
  const logarithmic = document.getElementById("axis-log");
  const cells = [...panel.querySelectorAll("td")];
  const caption = document.getElementById("readout-step");
  const slider = panel.querySelector("input");
  const first = steps[0], last = steps[steps.length - 1];
  const measure = s => logarithmic.checked ? Math.log1p((s - first) / (1 + first)) : s - first;
  const place = s => last > first ? measure(s) / measure(last) : 0.5;
  const raised = digits => [...digits].map(c => c === "-" ? "\u207b" : "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[c]).join("");
  const text = v => {
    if (v === null) return "\u2014";
    const size = Math.abs(v);
    if (v === 0 || (size >= 1e-3 ? 1e5 > size : false)) return String(Number(v.toPrecision(5))).replace("-", "\u2212");
    const [mantissa, exponent] = v.toExponential(4).split("e");
    return (String(Number(mantissa)) + "\u00d710").replace("-", "\u2212") + raised(exponent.replace("+", ""));
  };
  const plots = [...document.querySelectorAll("svg.axes")];
  const cursors = plots.map(svg => {
    const line = document.createElementNS(svg.namespaceURI, "line");
    line.setAttribute("class", "cursor");
    line.setAttribute("y1", "0");
    line.setAttribute("y2", "100%");
    line.style.display = "none";
    svg.insertBefore(line, svg.lastElementChild);
    return line;
  });
  let current = steps.length - 1;
  const show = i => {
    current = i;
    slider.value = i;
    caption.textContent = steps[i].toLocaleString("en").replaceAll(",", "\u202f");
    data.values.forEach((curve, k) => { cells[k].textContent = text(curve[i]); });
    const x = (100 * place(steps[i])) + "%";
    for (const line of cursors) {
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      line.style.display = "";
    }
    document.body.classList.add("live");
  };
  plots.forEach(svg => {
    const at = event => {
      const box = svg.lastElementChild.getBoundingClientRect();
      const wanted = (event.clientX - box.left) / box.width;
      let best = 0, distance = Infinity;
      steps.forEach((s, i) => {
        const d = Math.abs(place(s) - wanted);
        if (distance > d) { best = i; distance = d; }
      });
      show(best);
    };
    svg.addEventListener("pointermove", at);
    svg.addEventListener("pointerdown", at);
  });
  slider.max = steps.length - 1;
  slider.value = current;
  slider.hidden = false;
  slider.addEventListener("input", () => show(Number(slider.value)));
  for (const choice of document.querySelectorAll(".choose")) {
    choice.addEventListener("change", () => { if (document.body.classList.contains("live")) show(current); });
  }
})();
)js";

}  // namespace equipoise::report_page
