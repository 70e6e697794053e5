// Opens a report in Chromium as a reader would, at the sizes of a phone, a tablet and a desk, light and dark, and says what is wrong.
//
// usage: node check_page.mjs PAGE.html [--figures N] [--sizes phone,tablet,desk] [--screenshots DIR] [--modules DIR] [--chromium FILE]
//   --figures N: at least so many figures are expected (default 1)    --screenshots DIR: kept there, named after the page's folder
//   --modules DIR: holds node_modules/playwright-core (default: beside this file)
// Prints one line per fault; exit 1 if there is one, 77 where Chromium is not installed.
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    figures: { type: "string", default: "1" },
    sizes: { type: "string", default: "phone,tablet,desk" },
    screenshots: { type: "string" },
    modules: { type: "string", default: path.dirname(fileURLToPath(import.meta.url)) },
    chromium: { type: "string", default: "/usr/bin/chromium" },
  },
});
if (positionals.length !== 1 || !fs.existsSync(positionals[0])) {
  console.error("check_page: expected one HTML file that exists, got: " + positionals.join(" "));
  process.exit(2);
}
if (!fs.existsSync(options.chromium)) {
  console.error(`check_page: ${options.chromium} is missing; install it with scripts/setup test`);
  process.exit(77);
}
const { chromium } = createRequire(path.join(path.resolve(options.modules), "here.js"))("playwright-core");

const file = path.resolve(positionals[0]);
const address = pathToFileURL(file).href;
const stem = path.basename(path.dirname(file));
const shots = options.screenshots ? path.resolve(options.screenshots) : fs.mkdtempSync(path.join(os.tmpdir(), "screenshots-"));
fs.mkdirSync(shots, { recursive: true });

const all_sizes = [
  { name: "phone", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  { name: "tablet", viewport: { width: 820, height: 1180 } },
  { name: "desk", viewport: { width: 1440, height: 900 } },
];
const sizes = all_sizes.filter(size => options.sizes.split(",").includes(size.name));
const patience = 120000;  // milliseconds: only a page that is broken waits so long, even where the machine is busy

const faults = [];
const fault = (where, what) => faults.push(`${where}: ${what}`);
const expect = (where, truth, what) => truth || fault(where, what);

/// A page in a context of its own that reports what goes wrong in it and whatever it asks for besides itself.
const open = async (browser, where, settings) => {
  const context = await browser.newContext({ acceptDownloads: true, ...settings });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on("console", message => ["error", "warning"].includes(message.type()) && fault(where, `console: ${message.text()}`));
  page.on("pageerror", error => fault(where, `exception: ${error.message}`));
  page.on("request", request => {
    if (request.url() !== address && !/^(data|blob):/.test(request.url())) fault(where, `asks for ${request.url()}`);
  });
  await page.goto(address);
  return { context, page };
};

const drawn = page => page.waitForFunction(() => document.documentElement.dataset.figures === "drawn");

/// What a reader would call broken, found in the page itself.
const broken = () => {
  const out = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > width + 1)
      .filter(e => !e.closest(".scroll, .hidden, svg")).slice(0, 3).map(e => e.tagName + "." + e.className);
    out.push(`wider than the screen: ${document.documentElement.scrollWidth} of ${width} pixels (${wide.join(", ")})`);
  }
  for (const figure of document.querySelectorAll(".figure")) {
    const marks = [...figure.querySelectorAll(".scatterlayer .trace path, .heatmaplayer image, .imagelayer image, .barlayer path")]
      .map(e => e.getBoundingClientRect()).filter(box => box.width + box.height > 0);
    if (!figure.querySelector("svg.main-svg")) out.push(`figure ${figure.id} was not drawn`);
    // Nothing to draw is no fault where no value is finite; the page then says so.
    else if (!marks.length && !/no finite value/.test(figure.textContent)) out.push(`figure ${figure.id} has no mark in it`);
    const plot = figure.querySelector(".bglayer rect, .plot .bg, rect.nsewdrag")?.getBoundingClientRect();
    if (plot && (plot.width < 150 || plot.height < 90)) out.push(`figure ${figure.id} is ${plot.width} x ${plot.height} pixels small`);
    const box = figure.getBoundingClientRect();
    for (const text of figure.querySelectorAll("svg text")) {
      const at = text.getBoundingClientRect();
      if (at.width && (at.left < box.left - 4 || at.right > box.right + 4)) out.push(`figure ${figure.id}: "${text.textContent}" is cut off`);
    }
  }
  const words = document.querySelector("main").innerText + [...document.querySelectorAll("svg text")].map(e => e.textContent).join("\n");
  for (const word of words.match(/\b(NaN|undefined|Infinity|-?inf|null|\[object \w+\])(?![\w-])/g) ?? []) out.push(`it says "${word}"`);
  return out;
};

/// Waits until the page answers with true; says `what` where it does not.
const becomes = (page, where, question, argument, what) =>
  page.waitForFunction(question, argument).catch(() => fault(where, what));

/// Do the curves have just these colours?
const inks_of = ([inks, wanted]) => ([...document.querySelectorAll(".scatterlayer .trace path")].map(e => e.style.stroke).join() === inks) === wanted;
const inks = page => page.evaluate(() => [...document.querySelectorAll(".scatterlayer .trace path")].map(e => e.style.stroke).join());

const looks = async (browser, size) => {
  const where = `${stem}, ${size.name}`;
  const { context, page } = await open(browser, where, { ...size, colorScheme: "light" });
  await drawn(page);
  const figures = await page.locator(".figure").count();
  expect(where, figures >= Number(options.figures), `${figures} figures, expected ${options.figures}`);
  const light = await inks(page);
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    if (light && scheme === "dark") await becomes(page, where, inks_of, [light, false], "the curves keep their colours when the screen turns dark");
    for (const what of await page.evaluate(broken)) fault(`${where}, ${scheme}`, what);
    await page.screenshot({ path: path.join(shots, `${stem}-${size.name}-${scheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  if (light) await becomes(page, where, inks_of, [light, true], "the curves do not return to the light colours");
  return { context, page, where };
};

// ---- What a reader does ----

const legend = async (page, where) => {
  const id = await page.evaluate(() => [...document.querySelectorAll(".figure")].find(f => f.querySelectorAll(".legendtoggle").length > 1)?.id);
  if (!id) return;
  const shown = () => page.evaluate(name => document.getElementById(name).querySelectorAll(".scatterlayer .trace").length, id);
  const before = await shown();
  await page.locator(`#${id} .legendtoggle`).first().click();
  await becomes(page, where, ([name, count]) => document.getElementById(name).querySelectorAll(".scatterlayer .trace").length < count,
    [id, before], `a click on the legend of ${id} hides no curve`);
  await page.locator(`#${id} .legendtoggle`).first().click();
  await becomes(page, where, ([name, count]) => document.getElementById(name).querySelectorAll(".scatterlayer .trace").length === count,
    [id, before], `a second click on the legend of ${id} does not bring the curve back`);
};

const downloads = async (page, where) => {
  const button = format => page.locator(`.figure button[data-format=${format}]`).first();
  for (const [format, start] of [["svg", "<svg"], ["png", "\u0089PNG"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), button(format).click()]);
    const text = fs.readFileSync(await download.path(), "latin1");
    expect(where, download.suggestedFilename().endsWith("." + format), `the ${format} is called ${download.suggestedFilename()}`);
    expect(where, text.startsWith(start) && text.length > 2000, `the saved ${format} is none: ${text.slice(0, 40)}`);
    if (format === "svg") expect(where, /class="(trace|scatterlayer|imagelayer|heatmaplayer)/.test(text), "the saved SVG has no curve");
  }
};

const steps = async (page, where) => {
  if (!(await page.locator("#steps-log").count())) return;
  const state = () => page.evaluate(() => [...document.querySelectorAll("[data-linked=steps] .drawing")].map(d => d.layout.xaxis.type));
  for (const wanted of ["linear", "log", "linear"]) {
    await page.locator(`#steps-${wanted}`).check();
    expect(where, (await state()).every(type => type === wanted), `the switch to ${wanted} steps leaves ${await state()}`);
  }
};

const zoom = async (page, where) => {
  const ids = await page.evaluate(() => [...document.querySelectorAll("[data-linked]")].map(f => f.id));
  if (ids.length < 2) return;
  const ranges = () => page.evaluate(list => list.map(id => document.getElementById(id).querySelector(".drawing").layout.xaxis.range.join()), ids.slice(0, 2));
  const [first] = await ranges();
  const area = page.locator(`#${ids[0]} .nsewdrag`).first();
  await area.scrollIntoViewIfNeeded();
  const box = await area.boundingBox();
  await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.5 * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + 0.7 * box.width, box.y + 0.5 * box.height, { steps: 5 });
  await page.mouse.up();
  await becomes(page, where, ([id, old]) => document.getElementById(id).querySelector(".drawing").layout.xaxis.range.join() !== old,
    [ids[0], first], `dragging over ${ids[0]} does not zoom`);
  await becomes(page, where, list => new Set(list.map(id => document.getElementById(id).querySelector(".drawing").layout.xaxis.range.join())).size === 1,
    ids, `zooming ${ids[0]} does not zoom those that are linked to it`);
};

const print = async (page, where) => {
  const sheet = { format: "A4", margin: { top: "1.5cm", bottom: "1.5cm", left: "1.5cm", right: "1.5cm" } };
  // Chromium gives up now and then where the page still lays itself out for paper, as for a reader, who tries again.
  const paper = await page.pdf(sheet).catch(() => page.pdf(sheet));
  fs.writeFileSync(path.join(shots, `${stem}-print.pdf`), paper);
  expect(where, paper.subarray(0, 5).toString() === "%PDF-" && paper.length > 10000, "it does not print");
  await page.waitForFunction(() => !document.documentElement.classList.contains("paper"));
};

const without_scripts = async browser => {
  const where = `${stem}, without scripts`;
  const { context, page } = await open(browser, where, { viewport: all_sizes[0].viewport, javaScriptEnabled: false });
  expect(where, await page.locator("noscript").first().isVisible(), "nothing says why there are no figures");
  expect(where, (await page.locator(".figure details, table").count()) > 0, "no values in a table");
  await context.close();
};

const profile = { executablePath: options.chromium, headless: true, args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND"] };
const browser = await chromium.launch(profile);
try {
  for (const size of sizes) {
    const { context, page, where } = await looks(browser, size);
    if (size.name === "desk") {
      for (const act of [legend, downloads, steps, zoom, print]) await act(page, where);
    }
    await context.close();
  }
  await without_scripts(browser);
} catch (error) {
  fault(stem, error.message.split("\n")[0]);
} finally {
  await browser.close();
}
for (const line of faults) console.log(line);
console.log(`${stem}: ${faults.length} faults; screenshots in ${shots}`);
process.exit(faults.length ? 1 : 0);
