/** What a benchmark sets beside a gradient: its matrix products alone. */

import { Affine, Convolution } from "./layers/index.js";
import { Indexed, fit } from "./matrix.js";
import { product } from "./product.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./network.js").Network} Network */

/**
 * Both factors of a product, and where it goes.
 *
 * @typedef {[Matrix | Indexed, Matrix | Indexed, Matrix | Indexed]} Product
 */

/**
 * The matrix products of one gradient, and nothing else of it: what no implementation on this kernel can beat.
 *
 * @param {Product[]} operands
 */
export function products(operands) {
  for (const [a, b, c] of operands) {
    product(a, b, c);
  }
}

/**
 * The products that affine layers and convolutions make, by the number of the layer, after a forward pass of x. Each
 * layer's own output stands for its dout, which has the same shape; layer 1 owes no gradient of the data.
 *
 * @param {Network} network
 * @param {Matrix} x
 */
export function productOperands(network, x) {
  network.predict(x);
  /** @type {Map<number, Product[]>} */
  const operands = new Map();
  for (const [i, layer] of network.layers.entries()) {
    if (layer instanceof Affine || layer instanceof Convolution) {
      const [forward, backward, ofData] = layer instanceof Affine ? ofAffine(layer) : ofConvolution(layer);
      const number = network.numbers[i];
      operands.set(number, number > 1 ? [forward, backward, ofData] : [forward, backward]);
    }
  }
  return operands;
}

/**
 * @param {Affine} layer
 * @returns {Product[]}
 */
function ofAffine(layer) {
  const { x, W, out, dW } = layer;
  layer.dx = fit(layer.dx, x);
  return [
    [x, W, out],
    [x.T, out, dW],
    [out, W.T, layer.dx],
  ];
}

/**
 * The windows are read where they are, in the images.
 *
 * @param {Convolution} layer
 * @returns {Product[]}
 */
function ofConvolution(layer) {
  const { W, dW, col } = layer;
  const out = layer.byFilter(layer.out);
  return [
    [W, col, out],
    [out, col.T, dW],
    [W.T, out, layer.dcol()],
  ];
}
