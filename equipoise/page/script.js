// The script of every page, without less-than signs and ampersands; page_assets.cpp leaves out this line.
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
