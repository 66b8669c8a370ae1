"use strict";
/* What the page offers: hiding ports, copying commands, themes. The data is the record's, as JSON. */

const data = JSON.parse(document.getElementById("data").textContent);
const hidden = new Set(); // names of ports

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
