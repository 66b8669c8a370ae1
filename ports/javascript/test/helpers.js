/** What the tests share. */

import assert from "node:assert/strict";

import { Matrix, size } from "../src/matrix.js";
import { Affine, Relu, Sigmoid, Tanh } from "../src/layers/index.js";
import { Network } from "../src/network.js";
import { Source, decode, encode } from "../src/wire.js";

/** @typedef {import("../src/request.js").FloatType} FloatType */

const ACTIVATIONS = { relu: Relu, sigmoid: Sigmoid, tanh: Tanh };

export const TYPES = [Float64Array, Float32Array];

/**
 * A matrix of these rows.
 *
 * @param {number[][]} rows
 * @param {FloatType} Type
 */
export function matrix(rows, Type = Float64Array) {
  const data = new Type(rows.length * rows[0].length);
  data.set(rows.flat());
  return new Matrix(data, [rows.length, rows[0].length]);
}

/**
 * A matrix of numbers between -1 and 1, the same for the same seed.
 *
 * @param {number} seed
 * @param {number} rows
 * @param {number} columns
 * @param {FloatType} Type
 */
export function noise(seed, rows, columns, Type = Float64Array) {
  return images(seed, [rows, columns], Type);
}

/**
 * The same in any shape.
 *
 * @param {number} seed
 * @param {number[]} shape
 * @param {FloatType} Type
 */
export function images(seed, shape, Type = Float64Array) {
  return new Matrix(new Type(size(shape)).map((_, i) => Math.sin(seed * 1000 + i * (i + 1.7))), shape);
}

/**
 * A network of these sizes, a batch of three, and its labels.
 *
 * @param {number[]} sizes
 * @param {keyof typeof ACTIVATIONS} activation
 * @param {FloatType} Type
 */
export function random(sizes, activation, Type = Float64Array) {
  const layers = sizes.slice(1).flatMap((n, i) => {
    const affine = new Affine(noise(i + 1, sizes[i], n, Type), noise(i + 50, 1, n, Type).data);
    return i === 0 ? [affine] : [new ACTIVATIONS[activation](), affine];
  });
  const t = Int32Array.of(1, 8, 15).map((label) => label % sizes[sizes.length - 1]);
  return { network: new Network(layers), x: noise(99, 3, sizes[0], Type), t };
}

/**
 * The rows of a matrix.
 *
 * @param {Matrix} matrix
 */
export function rows({ data, rows, columns }) {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
}

/**
 * Equal but for rounding.
 *
 * @param {Iterable<number>} came
 * @param {Iterable<number>} expected
 */
export function assertNear(came, expected, limit = 1e-12) {
  const [a, b] = [[...came], [...expected]];
  assert.equal(a.length, b.length);
  const largest = Math.max(...b.map(Math.abs));
  for (const [i, value] of a.entries()) {
    assert.ok(Math.abs(value - b[i]) <= limit * largest, `${i}: expected ${b[i]}, came ${value}`);
  }
}

/**
 * A copy of what is only lent, in plain arrays.
 *
 * @param {import("../src/network.js").Named} named
 */
export function copy(named) {
  return [...named].map(([name, value]) => {
    const elements = value instanceof Matrix ? value.data : value;
    return { name, values: typeof elements === "number" ? [elements] : [...elements] };
  });
}

/**
 * Bytes, a few at a time, as from a pipe.
 *
 * @param {Uint8Array} bytes
 */
export function source(bytes, atATime = bytes.length) {
  let start = 0;
  return new Source((into) => {
    const chunk = bytes.subarray(start, start + Math.min(atATime, into.length));
    into.set(chunk);
    start += chunk.length;
    return chunk.length;
  });
}

/**
 * The message as it arrives: a copy of all of it.
 *
 * @param {import("../src/wire.js").Message} message
 */
export function travelled(message) {
  return /** @type {import("../src/wire.js").Message} */ (decode(source(encode(message))));
}
