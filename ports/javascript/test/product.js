import assert from "node:assert/strict";
import { test } from "node:test";

import { Indexed, Matrix, places } from "../src/matrix.js";
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
        const c = new Matrix(new Type(m * n).fill(NaN), [m, n]); // what was there does not matter
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
  product(new Matrix(new Float64Array(0), [2, 0]), new Matrix(new Float64Array(0), [0, 2]), c);
  assert.deepEqual(rows(c), [[0, 0], [0, 0]]);
});

for (const Type of TYPES) {
  test(`rows and columns may lie anywhere, in ${Type.name}`, () => {
    for (const [m, n, k] of [[2, 3, 4], [65, 5, 300], [4, 300, 70]]) {
      const [a, b, c] = [noise(1, m, k, Type), noise(2, k, n, Type), noise(3, m, n, Type)];
      /** @param {Matrix} matrix */
      const indexed = ({ data, rows, columns }) => new Indexed(data, places([rows], [columns]), places([columns], [1]));
      const expected = naive(a, b);
      product(indexed(a), indexed(b), indexed(c));
      assertNear(c.data, expected, Type === Float32Array ? 1e-6 : 1e-14);
      product(a, indexed(b), c, true);
      assertNear(c.data, expected.map((value) => 2 * value), Type === Float32Array ? 1e-6 : 1e-14);
    }
  });
}

test("what overlaps is added up", () => {
  const c = new Float64Array(4).fill(1);
  product(matrix([[1], [2]]), matrix([[3, 5, 7]]), new Indexed(c, Int32Array.of(0, 1), Int32Array.of(0, 1, 2)), true);
  assert.deepEqual([...c], [1 + 3, 1 + 5 + 6, 1 + 7 + 10, 1 + 14]);
});

test("shapes must fit", () => {
  assert.throws(() => product(noise(1, 2, 3), noise(2, 2, 3), noise(3, 2, 3)), {
    message: "product of (2, 3) and (2, 3) into (2, 3)",
  });
});
