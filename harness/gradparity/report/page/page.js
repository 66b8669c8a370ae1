"use strict";
/* The page's behaviour. Every text of a port is set as text content; nothing here makes HTML of it. */

const data = JSON.parse(document.getElementById("data").textContent);
const views = new Map(); // of the charts that are drawn, by id
const hidden = new Set(); // names of ports
const FIRST_CASES = 12;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/* Charts. */

function scaled(spec, log) {
  if (log) return spec;
  const changed = new Set(spec.scales.filter((scale) => scale.type === "log").map((scale) => scale.name));
  const scales = spec.scales.map((scale) => (changed.has(scale.name) ? { ...scale, type: "linear" } : scale));
  const axes = spec.axes.map((axis) => (changed.has(axis.scale) ? { ...axis, values: undefined } : axis)); // powers of ten
  return { ...spec, scales, axes };
}

async function draw(figure, log = true) {
  const old = views.get(figure.id);
  views.set(figure.id, null);
  const options = { mode: "vega", renderer: "svg", actions: false, tooltip: { theme: "custom", disableDefaultStyle: false } };
  const made = await vegaEmbed(figure.querySelector(".plot"), scaled(data.charts[figure.id], log), options);
  figure.querySelector("svg").setAttribute("aria-hidden", "true"); // the plot's label tells it, and not a thousand marks
  if (old) old.finalize();
  views.set(figure.id, made.view);
  await made.view.signal("hidden", [...hidden]).runAsync();
}

async function drawAll() {
  for (const figure of document.querySelectorAll("figure.chart")) {
    if (views.has(figure.id)) continue;
    await draw(figure);
    await new Promise((resume) => setTimeout(resume)); // let the page answer between two charts
  }
  document.documentElement.dataset.drawn = "all";
}

function offerScales() {
  for (const button of document.querySelectorAll("button.scale")) {
    button.addEventListener("click", () => {
      const log = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", log);
      button.textContent = log ? "log scale" : "linear scale";
      draw(button.closest("figure"), log);
    });
  }
}

/* Ports can be hidden everywhere at once. */

function offerPorts() {
  const ports = document.getElementById("ports");
  if (!ports) return;
  ports.addEventListener("change", () => {
    hidden.clear();
    for (const box of ports.querySelectorAll("input:not(:checked)")) hidden.add(box.value);
    hideRows(document);
    for (const view of views.values()) if (view) view.signal("hidden", [...hidden]).runAsync();
  });
}

function hideRows(within) {
  for (const one of within.querySelectorAll("[data-runner]")) {
    one.classList.toggle("off", hidden.has(one.dataset.runner));
  }
}

/* Tables are sorted by a click on a heading. */

const UNITS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, B: 1, kB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, "%": 0.01 };

function sortKey(cell) {
  const text = (cell ? cell.dataset.key ?? cell.textContent : "").trim();
  const [, figure, unit] = text.match(/^([-+]?(?:\d[\d,]*\.?\d*(?:e[-+]?\d+)?|inf|nan))\s*([^\s\d]*)/i) ?? [];
  if (figure === undefined) return text;
  if (/inf/i.test(figure)) return figure.startsWith("-") ? -Infinity : Infinity;
  return /nan/i.test(figure) ? Infinity : parseFloat(figure.replaceAll(",", "")) * (UNITS[unit] ?? 1);
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b || 0;
  if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
  return a.localeCompare(b);
}

function offerSorting(table) {
  for (const heading of table.querySelectorAll("thead th")) {
    if (!heading.textContent.trim() || heading.querySelector("button")) continue;
    const button = element("button", { type: "button", class: "sort" }, ...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sortBy(table, heading));
  }
}

function sortBy(table, heading) {
  const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of table.querySelectorAll("th[aria-sort]")) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", direction);
  const sign = direction === "ascending" ? 1 : -1;
  if (table.id === "case-table") {
    listed.sort((a, b) => sign * compare(sortKey(a.row.cells[heading.cellIndex]), sortKey(b.row.cells[heading.cellIndex])));
    showCases();
    return;
  }
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.sort((a, b) => sign * compare(sortKey(a.cells[heading.cellIndex]), sortKey(b.cells[heading.cellIndex])));
  body.append(...rows);
}

/* The cases: filtered, sorted, and each with its arrays on demand. */

const CASE_HEADINGS = ["case", "port", "verdict", "worst ratio", "of", "resolves", "max ULP", "bit-equal", "rel. error"];
let listed = []; // {one, row, detail} in their order
let all = false;

function figure(value, percent = false) {
  if (value === null) return "-";
  if (typeof value === "string") return value;
  if (percent) return `${Math.floor(value * 1000) / 10} %`;
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e6)) return value.toExponential(1);
  return String(value);
}

function wordCell(verdict) {
  return element("td", { class: `word ${verdict.replaceAll(" ", "-")}` }, verdict);
}

function figureCells(cell) {
  const numbers = [figure(cell.resolution), figure(cell.ulp), figure(cell.bit_equal, true), figure(cell.relative)];
  return numbers.map((text) => element("td", { class: "figure" }, text));
}

function chosen(one, quantity) {
  return quantity ? one.arrays.find((cell) => cell.quantity === quantity) : one.worst;
}

function caseRow(one, cell, verdict) {
  const name = one.seed ? `${one.case}, seed ${one.seed}` : one.case;
  const button = element("button", { type: "button", class: "expand", "aria-expanded": "false" }, name);
  const ratio = element("td", { class: "figure" }, figure(cell.ratio));
  const row = element("tr", { "data-runner": one.runner }, element("th", { scope: "row" }, button), element("td", {}, one.runner),
    wordCell(verdict), ratio, element("td", {}, `${cell.quantity} ${cell.array}`.trim()), ...figureCells(cell));
  const entry = { one, row, detail: null };
  button.addEventListener("click", () => {
    entry.detail = entry.detail ? (entry.detail.remove(), null) : caseDetail(one);
    button.setAttribute("aria-expanded", String(Boolean(entry.detail)));
    if (entry.detail) row.after(entry.detail);
  });
  return entry;
}

function caseDetail(one) {
  const inside = element("td", { class: "open", colspan: CASE_HEADINGS.length });
  if (one.first) inside.append(element("p", {}, element("strong", {}, "First wrong: "), one.first));
  for (const line of one.why) inside.append(element("p", {}, line));
  const head = element("tr", {}, ...["quantity", "array", "verdict", "ratio", "resolves", "ULP", "bit-equal", "rel. error", "words"].map((text) => element("th", { scope: "col" }, text)));
  const body = element("tbody");
  for (const cell of one.arrays) {
    body.append(element("tr", {}, element("td", {}, cell.quantity), element("td", {}, cell.array), wordCell(cell.verdict),
      element("td", { class: "figure" }, figure(cell.ratio)), ...figureCells(cell), element("td", {}, cell.words)));
  }
  inside.append(element("table", {}, element("thead", {}, head), body));
  if (one.stderr.length) inside.append(element("pre", {}, one.stderr.join("\n")));
  const copy = element("button", { type: "button", class: "copy", "aria-label": "Copy the command" }, "copy");
  inside.append(element("p", { class: "again" }, element("span", {}, "Again:"), element("code", {}, one.command), copy));
  return element("tr", { "data-runner": one.runner }, inside);
}

function showCases() {
  const body = document.querySelector("#case-table tbody");
  const shown = all ? listed : listed.slice(0, FIRST_CASES);
  body.replaceChildren(...shown.flatMap((entry) => (entry.detail ? [entry.row, entry.detail] : [entry.row])));
  hideRows(body);
  document.getElementById("count").textContent = `${shown.length} of ${data.cases.length}`;
  document.getElementById("more").hidden = shown.length === listed.length;
}

function filterCases() {
  const wanted = Object.fromEntries(new FormData(document.getElementById("filter")));
  const order = ["wrong", "could not run", "unresolved", "rounding", "identical", "not implemented"];
  const size = (cell) => (cell.ratio === null ? -1 : typeof cell.ratio === "string" ? Infinity : cell.ratio);
  listed = data.cases
    .map((one) => ({ one, cell: chosen(one, wanted.quantity) }))
    .filter(({ cell }) => cell)
    .map(({ one, cell }) => ({ one, cell, verdict: wanted.quantity ? cell.verdict : one.verdict }))
    .filter(({ one, verdict }) => (!wanted.runner || one.runner === wanted.runner)
      && (!wanted.verdict || verdict === wanted.verdict) && one.case.includes(wanted.case.trim()))
    .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || compare(size(b.cell), size(a.cell)))
    .map(({ one, cell, verdict }) => caseRow(one, cell, verdict));
  for (const heading of document.querySelectorAll("#case-table th[aria-sort]")) heading.removeAttribute("aria-sort");
  all = false;
  showCases();
}

function offerCases() {
  const table = document.getElementById("case-table");
  if (!table) return;
  const headings = CASE_HEADINGS.map((text, at) => element("th", { scope: "col", class: at === 3 || at > 4 ? "figure" : null }, text));
  table.append(element("thead", {}, element("tr", {}, ...headings)), element("tbody"));
  const form = document.getElementById("filter");
  form.hidden = false;
  form.addEventListener("input", filterCases);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("more").addEventListener("click", () => { all = true; showCases(); });
  document.querySelector(".matrix")?.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link?.getAttribute("href") !== "#cases") return;
    event.preventDefault();
    form.elements.runner.value = link.dataset.port;
    form.elements.quantity.value = link.dataset.quantity;
    form.elements.verdict.value = form.elements.case.value = "";
    filterCases();
    form.scrollIntoView({ block: "start" });
    form.elements.runner.focus({ preventScroll: true });
  });
  filterCases();
}

/* Small things. */

function offerCopies() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button.copy");
    if (!button) return;
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch { // a page from disk may not write there: select it instead
      getSelection().selectAllChildren(code);
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
}

function offerThemes() {
  const button = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  let at = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    at = (at + 1) % themes.length;
    document.documentElement.dataset.theme = themes[at];
    button.textContent = `theme: ${themes[at]}`;
  });
}

offerThemes();
offerCopies();
offerPorts();
offerScales();
offerCases();
document.querySelectorAll("table.sortable").forEach(offerSorting);
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
drawAll();
