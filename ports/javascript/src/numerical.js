/** Derivatives by evaluating the loss alone, as a check on those that backward computes. */

import { Matrix, real, zeros } from "./matrix.js";

/** @typedef {import("./layers/target.js").Target} Target */
/** @typedef {import("./network.js").Named} Named */
/** @typedef {import("./network.js").Network} Network */

/**
 * (loss(p + step) - loss(p - step)) / (2 step) for every parameter: dW1, db1, ..., in their dtype.
 *
 * Each parameter is moved in place and put back exactly. Source: "Deep Learning from Scratch", section 4.3.
 *
 * @param {Network} network
 * @param {Matrix} x
 * @param {Target} t
 */
export function centralDifference(network, x, t, step = 1e-4) {
  const h = real(step, x.data);

  /** @param {import("./matrix.js").Floats} p */
  const slopes = (p) => {
    const slope = zeros(p);
    for (let i = 0; i < p.length; i++) {
      const value = p[i];
      p[i] = value + h;
      const above = network.loss(x, t);
      p[i] = value - h;
      const below = network.loss(x, t);
      p[i] = value;
      slope[i] = (above - below) / (h + h);
    }
    return slope;
  };

  /** @type {Named} */
  const gradient = new Map();
  for (const { name, value, p } of network.parameters) {
    const slope = slopes(p);
    gradient.set(`d${name}`, value instanceof Matrix ? new Matrix(slope, value.shape) : slope);
  }
  return gradient;
}
