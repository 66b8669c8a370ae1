import { argmax } from "../matrix.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/**
 * What the network ought to say: one-hot rows, (batch, classes), or labels, (batch,), from 0 to classes - 1.
 *
 * @typedef {Matrix | Int32Array} Target
 */

/**
 * The label of each row of the batch.
 *
 * @param {Target} t
 */
export function labels(t) {
  return t instanceof Int32Array ? t : Int32Array.from({ length: t.rows }, (_, row) => argmax(t, row));
}
