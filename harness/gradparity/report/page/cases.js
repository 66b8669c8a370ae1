"use strict";
/* The cases: filtered, sorted, and each with its arrays on demand. Texts of ports are text nodes, never HTML. */

const FIRST_CASES = 12;
const CASE_HEADINGS = ["case", "port", "verdict", "worst ratio", "of", "resolves", "max ULP", "bit-equal", "rel. error"];
let listed = []; // {one, row, detail} in their order
let all = false;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

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
  for (const { first, why } of one.wrong) {
    inside.append(element("p", {}, element("strong", {}, "First wrong: "), first));
    for (const line of why) inside.append(element("p", {}, line));
  }
  for (const line of one.smallest) inside.append(element("p", {}, line));
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
      && (!wanted.function || one.function === wanted.function)
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
    form.elements.quantity.value = link.dataset.quantity ?? "";
    if (form.elements.function) form.elements.function.value = link.dataset.function ?? "";
    form.elements.verdict.value = form.elements.case.value = "";
    filterCases();
    form.scrollIntoView({ block: "start" });
    form.elements.runner.focus({ preventScroll: true });
  });
  filterCases();
}
