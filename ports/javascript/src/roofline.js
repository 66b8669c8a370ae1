/** What a benchmark sets beside a gradient: its matrix products alone. */

import { fit } from "./matrix.js";
import { product } from "./product.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./network.js").Network} Network */

/**
 * The matrix products of one gradient, and nothing else of it: what no implementation on this kernel can beat.
 *
 * `inputs` has, by the number of an affine layer, from 1, its input, (batch, inputs). Each layer's own output stands
 * for its dout, which has the same shape; layer 1 owes no gradient of the data.
 *
 * @param {Network} network
 * @param {Map<number, Matrix>} inputs
 */
export function products(network, inputs) {
  for (const [i, x] of inputs) {
    const affine = network.affines[i - 1];
    product(x, affine.W, affine.out);
    product(x.T, affine.out, affine.dW);
    if (i > 1) {
      affine.dx = fit(affine.dx, x);
      product(affine.out, affine.W.T, affine.dx);
    }
  }
}

/**
 * The inputs of these affine layers, by number from 1, in the forward pass of x.
 *
 * @param {Network} network
 * @param {Matrix} x
 * @param {number[]} affines
 */
export function layerInputs(network, x, affines) {
  network.predict(x);
  return new Map(affines.map((i) => [i, network.affines[i - 1].x]));
}
