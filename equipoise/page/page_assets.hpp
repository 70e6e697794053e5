// The look and the script of every report; both stand inside the page, which loads nothing.
#pragma once

#include <string_view>

namespace equipoise::page_assets {

// Text is never set in the colours of curves and verdicts, since some are too pale to read on white. The class `paper`
// is set while the page is printed: light, whatever the reader's screen is.
inline constexpr std::string_view style = R"css(
:root { color-scheme: light dark; --page: #ffffff; --card: #f5f6f8; --text: #1b1f24; --muted: #565e68; --line: #d5d9df;
  --grid: #e6e9ed; --blue: #0072b2; --vermillion: #d55e00; --green: #00855f; --purple: #b3568c; --orange: #c98500;
  --grey: #6b7480; }
@media (prefers-color-scheme: dark) { :root:not(.paper) { --page: #14171b; --card: #1d2127; --text: #e7eaee; --muted: #a5adb8;
  --line: #363c45; --grid: #282d34; --blue: #56b4e9; --vermillion: #ff8a3d; --green: #1fc796; --purple: #dd8fbb;
  --orange: #e69f00; --grey: #98a1ac; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", Roboto,
  "Helvetica Neue", "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main, body > footer { max-width: 76rem; margin: 0 auto; padding: 1.25rem 1.5rem; }
main > section, .pair { margin-top: 2.25rem; }
h1 { font-size: 1.65rem; line-height: 1.25; margin: 0; text-wrap: balance; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
p { margin: .5rem 0 0; max-width: 48rem; }
a { color: inherit; text-underline-offset: .15em; }
.muted { color: var(--muted); }
.about { margin: 0 0 .75rem; color: var(--muted); font-size: .9rem; max-width: none; }
.lead { font-size: 1.08rem; }
.contents { margin: 1rem 0 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .95rem; }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.75rem 2rem; margin-top: 1rem; align-items: start; }
.figure { margin: 0; min-width: 0; } .figure.wide, .figure:only-child { grid-column: 1 / -1; }
.figure > figcaption { font-weight: 600; }
.drawing { margin: .25rem 0 0; min-height: 14rem; }
.figure p { font-size: .88rem; margin-top: .25rem; max-width: none; } .figure p.caption { color: var(--muted); }
.tools { display: flex; flex-wrap: wrap; gap: .35rem .5rem; align-items: center; margin-top: .4rem; font-size: .85rem; }
.tools button, .tools a { font: inherit; color: var(--text); background: var(--card); border: 1px solid var(--line); border-radius: 5px;
  padding: .2rem .65rem; text-decoration: none; cursor: pointer; }
.tools button:hover, .tools a:hover { border-color: var(--muted); }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.without-script .tools button { display: none; } .without-script .drawing { display: none; }
.figure details { margin-top: .4rem; font-size: .88rem; } summary { cursor: pointer; width: fit-content; }
.figure pre { margin-top: .4rem; padding: .45rem .7rem; font-size: .8rem; }
.hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; white-space: nowrap; }
.choice { border: 0; padding: 0; margin: .75rem 0 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .9rem; }
.choice legend { float: left; padding: 0; margin-right: .3rem; } .choice label { cursor: pointer; } .choice input { accent-color: var(--grey); }
.without-script .choice { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; padding-bottom: .35rem; color: var(--muted); }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--muted); font-weight: 600; font-size: .85rem; }
tbody th { font-weight: 500; overflow-wrap: normal; }
th.number, td.number { text-align: right; white-space: nowrap; }
.figure table { font-size: .8rem; } .figure .scroll { max-height: 22rem; overflow-y: auto; } .figure .scroll td { padding-top: .12rem; padding-bottom: .12rem; }
.values { margin-top: 1.25rem; } .values table:not(.checks) { width: auto; min-width: min(24rem, 100%); }
table.checks { table-layout: fixed; min-width: 36rem; }
table.claims th:nth-child(1) { width: 40%; } table.claims th:nth-child(4) { width: 17%; }
.mark { display: inline-block; width: 1.1em; text-align: center; font-weight: 700; }
.yes .mark { color: var(--green); } .no .mark { color: var(--vermillion); } .unknown .mark { color: var(--muted); }
tr.no > :first-child { border-left: 4px solid var(--vermillion); padding-left: .6rem; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; margin: .5rem 0 0;
  white-space: pre-wrap; font: .88rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 2.25rem 3rem; align-items: start; }
body > footer { border-top: 1px solid var(--line); margin-top: 2.5rem; font-size: .88rem; color: var(--muted); }
body > footer p { max-width: none; }
@media (max-width: 760px) {
  main, body > footer { padding: .9rem 1rem; } h1 { font-size: 1.3rem; }
  .figures { grid-template-columns: minmax(0, 1fr); }
  .tools button, .tools a { padding: .45rem .9rem; }
  table.checks { min-width: 0; } table.checks thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table.checks tr { display: grid; grid-template-columns: repeat(3, 1fr); border-bottom: 1px solid var(--line); padding: .4rem 0; }
  table.checks th, table.checks td { border: 0; padding: .05rem .4rem .05rem 0; text-align: left; white-space: normal; min-width: 0; }
  table.checks td.text, table.checks th { grid-column: 1 / -1; } table.checks th { color: var(--muted); }
  table.checks td[data-label]::before { content: attr(data-label) "\A"; white-space: pre; color: var(--muted); font-size: .85em; }
  table.claims tr { grid-template-columns: 1fr 1fr; } table.claims td:last-child { grid-column: 1 / -1; }
}
@media print {
  body { font-size: 10.5pt; } main, body > footer { padding: 0; max-width: none; }
  .figures { grid-template-columns: minmax(0, 1fr); } .tools, .choice, .modebar-container { display: none !important; }
  .figure, .finding, tr { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
  a[href^="http"]::after { content: " (" attr(href) ")"; }
}
)css";

// Written without a less-than sign or an ampersand, so that the page is well-formed XML as well as HTML.
inline constexpr std::string_view script = R"js(
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.remove("without-script");
  const palettes = JSON.parse(document.getElementById("palettes").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)").matches;
  const logarithmic = document.getElementById("steps-log");
  const paper_width = 660;  // pixels of a printed column: A4 and Letter with their usual margins
  const items = [...document.querySelectorAll(".figure")].map(element => ({
    id: element.id,
    element,
    drawing: element.querySelector(".drawing"),
    linked: element.dataset.linked ?? "",
    source: JSON.parse(document.getElementById(element.id + "-data").textContent),
  }));
  const drawn = () => items.filter(item => item.drawing.layout);
  const printing = () => root.classList.contains("paper");
  const log_steps = item => item.linked === "steps" ? Boolean(logarithmic?.checked) : false;
  const faint = colour => "rgba(" + [1, 3, 5].map(k => parseInt(colour.slice(k, k + 2), 16)).join(",") + ",0.18)";

  // Names of shaded stretches stand above the plot, those of narrow ones upright inside.
  const name_spans = (layout, width, font, ground) => {
    const spans = layout.shapes.filter(shape => shape.name === "span");
    const measure = layout.xaxis.type === "log" ? x => Math.log10(Math.max(x, Number.MIN_VALUE)) : x => x;
    const from = Math.min(...spans.map(s => measure(s.x0))), to = Math.max(...spans.map(s => measure(s.x1)));
    let above = false;
    for (const span of spans) {
      const fits = width * (measure(span.x1) - measure(span.x0)) / (to - from) > 6.5 * span.label.text.length;
      above ||= fits;
      layout.annotations.push({
        text: span.label.text, font, showarrow: false, xref: "x", x: (measure(span.x0) + measure(span.x1)) / 2, yref: "paper",
        ...(fits ? { y: 1, yanchor: "bottom" } : { y: 0, yanchor: "bottom", textangle: -90, bgcolor: ground, borderpad: 1 }),
      });
      span.label = { text: "" };
    }
    if (!above) return;
    layout.margin.t += 20;
    layout.height += 20;
    layout.legend.y = 1 + 22 / (layout.height - layout.margin.t - layout.margin.b);
  };

  // The figure's data in the colours of the page and, for steps, on the axis that was chosen.
  const dressed = item => {
    const { data, layout } = structuredClone(item.source);
    const style = getComputedStyle(root);
    const colour = name => style.getPropertyValue("--" + name).trim();
    const palette = dark.matches ? (printing() ? palettes.light : palettes.dark) : palettes.light;
    const small = (printing() ? paper_width : item.drawing.clientWidth) >= 480 ? 0 : 1;
    for (const trace of data) {
      const ink = trace.meta?.style ? palette[(trace.meta.style - 1) % palette.length] : undefined;
      if (!ink) continue;
      trace.line.color = ink;
      trace.marker.color = trace.meta.part === "foot" ? colour("page") : ink;
      if (trace.meta.part === "foot") {
        trace.marker.symbol = "triangle-down";
        trace.marker.size = 9;
        trace.marker.line = { color: ink, width: 1.8 };
      }
      if (trace.error_y) trace.error_y.color = ink;
      if (trace.fillcolor) {
        trace.fillcolor = faint(ink);
        trace.line.width = 0;
      }
    }
    for (const shape of layout.shapes) {
      if (shape.name === "level") shape.line.color = colour("text");
      shape.label.font = { size: 12 - small, color: colour(shape.name === "level" ? "text" : "muted") };
    }
    for (const note of layout.annotations) note.font = { color: colour("muted") };
    for (const [key, axis] of Object.entries(layout)) {
      if (!/^[xy]axis/.test(key)) continue;
      Object.assign(axis, { gridcolor: colour("grid"), linecolor: colour("line"), tickcolor: colour("line") });
      axis.title.standoff = 6;
      axis.title.font = { size: 12.5 - small };
      axis.nticks = key === "xaxis" ? (small ? 5 : 8) : 6;
    }
    if (log_steps(item)) {
      for (const trace of data) trace.x = trace.x.map(x => x === null ? null : x + 1);
      for (const shape of layout.shapes) {
        if (shape.xref === "x") {
          shape.x0 += 1;
          shape.x1 += 1;
        }
      }
      layout.xaxis.type = "log";
      layout.xaxis.title.text = "1 + " + layout.xaxis.title.text;
    }
    name_spans(layout, (printing() ? paper_width : item.drawing.clientWidth) - 70, { size: 12 - small, color: colour("muted") }, colour("page"));
    Object.assign(layout, {
      autosize: true,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12 - small, color: colour("text") },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      dragmode: coarse ? false : "zoom",
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("text") } },
      modebar: { bgcolor: colour("page"), color: colour("muted"), activecolor: colour("text"), orientation: "h" },
      legend: { ...layout.legend, bgcolor: "rgba(0,0,0,0)" },
      uirevision: log_steps(item) ? "log" : "linear",
    });
    if (coarse) {
      // Without a pointer that hovers the buttons are always there, in a row of their own.
      layout.margin.t += 26;
      layout.height += 26;
    }
    if (printing()) Object.assign(layout, { autosize: false, width: paper_width });
    return { data, layout };
  };

  const config = {
    responsive: true,
    displaylogo: false,
    displayModeBar: coarse ? true : "hover",
    modeBarButtons: [["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
    scrollZoom: false,
    showTips: false,
    showAxisDragHandles: !coarse,
  };

  // A legend of several rows would take its room from the plot: the figure grows by what it needs.
  const fit = item => {
    const legend = item.drawing.querySelector(".legend .bg");
    const rows = legend ? legend.getBoundingClientRect().height : 0;
    const height = Math.round(item.height + Math.max(0, rows - 36));
    if (item.drawing.layout.height !== height) Plotly.relayout(item.drawing, { height });
  };

  const draw = item => {
    const { data, layout } = dressed(item);
    item.height = layout.height;
    layout.height = Math.max(layout.height, item.drawing.layout?.height ?? 0);
    Plotly.react(item.drawing, data, layout, config);
    fit(item);
  };

  // Zooming or pointing at one figure does the same to those over the same axis. plotly announces what it was told to
  // do as well, some time later: only a figure that shows something else is told.
  const others = item => item.linked ? drawn().filter(other => other !== item).filter(other => other.linked === item.linked) : [];
  const connect = item => {
    if (!item.linked) return;
    item.drawing.on("plotly_relayout", change => {
      if (!Object.keys(change).some(key => key.startsWith("xaxis.range") || key === "xaxis.autorange")) return;
      const { range, autorange } = item.drawing.layout.xaxis;
      for (const other of others(item)) {
        const shown = other.drawing.layout.xaxis;
        if (autorange ? shown.autorange : !shown.autorange ? shown.range.join() === range.join() : false) continue;
        Plotly.relayout(other.drawing, autorange ? { "xaxis.autorange": true } : { "xaxis.range": [...range] });
      }
    });
    item.drawing.on("plotly_hover", event => {
      if (!event.event) return;
      for (const other of others(item)) Plotly.Fx.hover(other.drawing, { xval: event.xvals[0] }, "xy");
    });
    item.drawing.on("plotly_unhover", event => {
      if (!event.event) return;
      for (const other of others(item)) Plotly.Fx.unhover(other.drawing);
    });
  };

  // What is saved is what is seen: zoom, hidden curves, colours; with the title and a background of its own.
  const save = async (item, format) => {
    const { data, layout } = item.drawing;
    const heading = layout.meta.title;
    const whole = {
      ...layout,
      title: { text: heading, x: 0.01, xanchor: "left", font: { size: 15 } },
      margin: { ...layout.margin, t: layout.margin.t + 34 },
      paper_bgcolor: getComputedStyle(root).getPropertyValue("--page").trim(),
    };
    const link = document.createElement("a");
    link.href = await Plotly.toImage({ data, layout: whole, config: {} }, {
      format, width: item.drawing.clientWidth, height: item.drawing.clientHeight + 34, scale: format === "png" ? 2 : 1,
    });
    link.download = item.id + "." + format;
    link.click();
  };

  for (const item of items) {
    for (const button of item.element.querySelectorAll("button[data-format]")) {
      button.addEventListener("click", () => save(item, button.dataset.format));
    }
  }
  const redraw = () => drawn().forEach(draw);
  for (const choice of document.querySelectorAll("input[name=steps]")) choice.addEventListener("change", redraw);
  dark.addEventListener("change", redraw);
  addEventListener("beforeprint", () => {
    root.classList.add("paper");
    redraw();
  });
  addEventListener("afterprint", () => {
    root.classList.remove("paper");
    redraw();
  });
  addEventListener("resize", () => setTimeout(() => drawn().forEach(fit), 300));

  // One after the other, so that the page can be read and scrolled meanwhile.
  const next = k => {
    if (k === items.length) {
      root.dataset.figures = "drawn";
      return;
    }
    try {
      draw(items[k]);
      connect(items[k]);
    } finally {
      setTimeout(next, 0, k + 1);
    }
  };
  next(0);
})();
)js";

}  // namespace equipoise::page_assets
