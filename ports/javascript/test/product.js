import assert from "node:assert/strict";
import { test } from "node:test";

import { Matrix } from "../src/matrix.js";
import { product } from "../src/product.js";
import { TYPES, assertNear, matrix, noise, rows } from "./helpers.js";

/**
 * By the definition.
 *
 * @param {Matrix} a
 * @param {Matrix} b
 */
function naive(a, b) {
  /** @param {Matrix} m @param {number} i @param {number} j */
  const at = (m, i, j) => m.data[i * m.rowStride + j * m.columnStride];
  const c = new Float64Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      for (let p = 0; p < a.columns; p++) {
        c[i * b.columns + j] += at(a, i, p) * at(b, p, j);
      }
    }
  }
  return c;
}

for (const Type of TYPES) {
  test(`products of all sizes, transposed or not, in ${Type.name}`, () => {
    const small = [[1, 1, 1], [2, 3, 4], [3, 2, 5], [4, 5, 1]];
    const large = [[64, 3, 2], [7, 257, 3], [65, 5, 513], [130, 300, 260]]; // than a block
    for (const [m, n, k] of [...small, ...large]) {
      const plain = { a: noise(1, m, k, Type), b: noise(2, k, n, Type) };
      const turned = { a: noise(3, k, m, Type).T, b: noise(4, n, k, Type).T };
      for (const [a, b] of [[plain.a, plain.b], [turned.a, plain.b], [plain.a, turned.b], [turned.a, turned.b]]) {
        const c = new Matrix(new Type(m * n).fill(NaN), m, n); // what was there does not matter
        product(a, b, c);
        assertNear(c.data, naive(a, b), Type === Float32Array ? 1e-6 : 1e-14);
      }
    }
  });
}

test("NaN and infinity stay in their rows and columns", () => {
  const c = noise(1, 4, 3);
  product(matrix([[1, NaN], [1, 0], [Infinity, 1], [1, 1]]), matrix([[1, 2, 0], [0, 1, 1]]), c);
  assert.deepEqual(rows(c), [[NaN, NaN, NaN], [1, 2, 0], [Infinity, Infinity, NaN], [1, 3, 1]]);
});

test("an empty sum is 0", () => {
  const c = noise(1, 2, 2);
  product(new Matrix(new Float64Array(0), 2, 0), new Matrix(new Float64Array(0), 0, 2), c);
  assert.deepEqual(rows(c), [[0, 0], [0, 0]]);
});

test("shapes must fit", () => {
  assert.throws(() => product(noise(1, 2, 3), noise(2, 2, 3), noise(3, 2, 3)), {
    message: "product of (2, 3) and (2, 3) into (2, 3)",
  });
});
