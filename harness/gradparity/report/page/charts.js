"use strict";
/* The charts, drawn one after the other, and their scales. */

const views = new Map(); // of those that are drawn, by the figure's id

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
