/** Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt. */

import { EMPTY, fit, real, zeros } from "./matrix.js";
import { right } from "./network.js";

/** @typedef {import("./layers.js").Target} Target */
/** @typedef {import("./matrix.js").Floats} Floats */
/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./optimizers.js").Optimizer} Optimizer */

/** Of a set that is evaluated as a whole: few enough for the cache. */
const ROWS_AT_A_TIME = 1000;

/**
 * A set of images, held once, as the bytes that came: `inputs` pixels each, one image after the other, and labels, from
 * 0. A pixel is byte / scale.
 *
 * @typedef {object} Images
 * @property {Uint8Array} pixels
 * @property {number} inputs
 * @property {Uint8Array} labels
 * @property {number} scale
 */

/** Rows of images in the dtype of a network, and their labels, in arrays that each drawing uses again. */
export class Batch {
  #images;
  #like;
  x = EMPTY;
  t = new Int32Array(0);

  /**
   * @param {Images} images
   * @param {Network} network
   */
  constructor(images, network) {
    this.#images = images;
    this.#like = network.affines[0].W;
  }

  /**
   * Fills x, (rows, inputs), and t, the labels of these rows, which the set must have.
   *
   * @param {Int32Array} rows
   */
  draw(rows) {
    const { pixels, inputs, labels, scale } = this.#images;
    this.x = fit(this.x, this.#like, rows.length, inputs);
    this.t = this.t.length === rows.length ? this.t : new Int32Array(rows.length);
    const x = this.x.data;
    const divisor = real(scale, x);
    let i = 0;
    for (let row = 0; row < rows.length; row++) {
      const start = rows[row] * inputs;
      for (let place = start; place < start + inputs; place++) {
        x[i] = pixels[place] / divisor;
        i++;
      }
      this.t[row] = labels[rows[row]];
    }
  }
}

/**
 * The gradient, then the update of every parameter; the loss before it.
 *
 * @param {Network} network
 * @param {Matrix} x
 * @param {Target} t
 * @param {Optimizer} optimizer
 */
export function trainStep(network, x, t, optimizer) {
  const loss = network.backpropagate(x, t);
  optimizer.update(network);
  return loss;
}

/**
 * One update for each batch, rows of images: the loss before each, (steps,).
 *
 * The images must fit the network, and the rows the images.
 *
 * @param {Network} network
 * @param {Images} images
 * @param {Int32Array[]} batches
 * @param {Optimizer} optimizer
 */
export function train(network, images, batches, optimizer) {
  const batch = new Batch(images, network);
  const losses = zeros(network.affines[0].b, batches.length);
  for (const [step, rows] of batches.entries()) {
    batch.draw(rows);
    losses[step] = trainStep(network, batch.x, batch.t, optimizer);
  }
  return losses;
}

/**
 * The mean loss over the set, and the share of labels that the network gets right.
 *
 * @param {Network} network
 * @param {Images} images
 */
export function evaluate(network, images) {
  const batch = new Batch(images, network);
  const all = Int32Array.from(images.labels.keys());
  let loss = 0;
  let hits = 0;
  for (let start = 0; start < all.length; start += ROWS_AT_A_TIME) {
    const rows = all.subarray(start, start + ROWS_AT_A_TIME);
    batch.draw(rows);
    const logits = network.predict(batch.x);
    loss += network.last.forward(logits, batch.t) * rows.length;
    hits += right(logits, batch.t);
  }
  return { loss: loss / all.length, accuracy: hits / all.length };
}
