/** Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt. */

import { EMPTY, fit, real, zeros } from "./matrix.js";
import { right } from "./network.js";

/** @typedef {import("./layers/target.js").Target} Target */
/** @typedef {import("./matrix.js").Floats} Floats */
/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./optimizers.js").Optimizer} Optimizer */

/** Of a set that is evaluated as a whole: few enough for the cache, and for what images become on their way. */
const ROWS_AT_A_TIME = 100;

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

/**
 * Rows of images, in the dtype and the shape that a network takes, and their labels, in arrays that each drawing uses
 * again.
 */
export class Batch {
  #images;
  t = new Int32Array(0);

  /**
   * Images like those of x.
   *
   * @param {Images} images
   * @param {Matrix} x
   */
  constructor(images, x) {
    this.#images = images;
    this.x = fit(EMPTY, x);
  }

  /** How many images there are to draw from. */
  get count() {
    return this.#images.labels.length;
  }

  /**
   * Fills x, (rows, ...), and t, the labels of these rows, which the set must have.
   *
   * @param {Int32Array} rows
   */
  draw(rows) {
    const { pixels, inputs, labels, scale } = this.#images;
    this.x = fit(this.x, this.x, [rows.length, ...this.x.shape.slice(1)]);
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
 * The gradient, then the update of every parameter and of what training moves on beside them; the loss before it.
 *
 * @param {Network} network
 * @param {Matrix} x
 * @param {Target} t
 * @param {Optimizer} optimizer
 */
export function trainStep(network, x, t, optimizer) {
  const loss = network.backpropagate(x, t);
  optimizer.update(network);
  network.moveOn();
  return loss;
}

/**
 * The masks of a dropout layer, one for each step.
 *
 * @typedef {{ layer: import("./layers/index.js").Dropout, steps: Uint8Array[] }} Masks
 */

/**
 * One update for each step, rows of the images that batch draws from: the loss before each, (steps,).
 *
 * The images must fit the network, and the rows the images.
 *
 * @param {Network} network
 * @param {Batch} batch
 * @param {Int32Array[]} steps
 * @param {Optimizer} optimizer
 * @param {Masks[]} masks
 */
export function train(network, batch, steps, optimizer, masks = []) {
  const losses = zeros(batch.x.data, steps.length);
  for (const [step, rows] of steps.entries()) {
    batch.draw(rows);
    masks.forEach(({ layer, steps }) => (layer.mask = steps[step]));
    losses[step] = trainStep(network, batch.x, batch.t, optimizer);
  }
  return losses;
}

/**
 * The mean loss over the set that batch draws from, without weight decay, and the share of labels that the network gets
 * right.
 *
 * @param {Network} network
 * @param {Batch} batch
 */
export function evaluate(network, batch) {
  const all = Int32Array.from({ length: batch.count }, (_, row) => row);
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
