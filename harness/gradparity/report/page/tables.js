"use strict";
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
