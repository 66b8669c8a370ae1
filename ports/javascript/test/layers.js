import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Add,
  Affine,
  BatchNorm,
  Convolution,
  Dropout,
  MaxPooling,
  Multiply,
  Relu,
  Sigmoid,
  SoftmaxWithLoss,
  SquaredError,
  Tanh,
  labels,
} from "../src/layers/index.js";
import { Matrix } from "../src/matrix.js";
import { TYPES, assertNear, images, matrix, noise, rows } from "./helpers.js";

test("two apples cost 220", () => {
  const [apples, price] = [new Multiply(), new Multiply()];
  const out = price.forward(apples.forward(matrix([[100]]), matrix([[2]])), matrix([[1.1]]));
  assertNear(out.data, [220]);
  price.backward(matrix([[1]]));
  apples.backward(price.dx);
  assertNear([apples.dx, apples.dy, price.dy].map(({ data }) => data[0]), [2.2, 110, 200]);
});

test("a sum hands its gradient to both", () => {
  const add = new Add();
  assert.deepEqual(rows(add.forward(matrix([[1, 2]]), matrix([[3, 5]]))), [[4, 7]]);
  add.backward(matrix([[8, 9]]));
  assert.deepEqual([rows(add.dx), rows(add.dy)], [[[8, 9]], [[8, 9]]]);
});

test("relu cuts, has no slope at 0, and keeps NaN", () => {
  const relu = new Relu();
  assert.deepEqual(rows(relu.forward(matrix([[1, -0.5, 0], [-2, 5e-324, NaN]]))), [[1, 0, 0], [0, 5e-324, NaN]]);
  assert.deepEqual(rows(relu.backward(matrix([[5, NaN, 7], [8, 9, 10]]))), [[5, 0, 0], [0, 9, 10]]);
});

test("sigmoid has its limits and its slope", () => {
  const sigmoid = new Sigmoid();
  assertNear(sigmoid.forward(matrix([[-1000, 0, 1, 1000]])).data, [0, 0.5, 0.7310585786300049, 1]);
  assertNear(sigmoid.backward(matrix([[1, 2, 0, 3]])).data, [0, 0.5, 0, 0]);
  assert.ok(Number.isNaN(sigmoid.forward(matrix([[NaN]])).data[0]));
});

test("tanh has its limits, its slope and its digits near 0", () => {
  const tanh = new Tanh();
  assertNear(tanh.forward(matrix([[-1000, 0, 1, 1000]])).data, [-1, 0, 0.7615941559557649, 1]);
  assertNear(tanh.backward(matrix([[1, 2, 3, 4]])).data, [0, 2, 3 * 0.41997434161402614, 0]);
  assert.deepEqual(rows(tanh.forward(matrix([[-1e-20, NaN]]))), [[-1e-20, NaN]]);
});

test("affine is x W + b", () => {
  const affine = new Affine(matrix([[1, 0], [0, 1], [2, 3]]), Float64Array.of(0.5, -1));
  for (const _ of [1, 2]) {
    assert.deepEqual(rows(affine.forward(matrix([[1, 2, 3], [4, 5, 6]]))), [[7.5, 10], [16.5, 22]]);
    assert.deepEqual(rows(affine.backward(matrix([[1, -1], [2, 0]]))), [[1, -1, -1], [2, 0, 4]]);
    assert.deepEqual(rows(affine.dW), [[9, -1], [12, -2], [15, -3]]);
    assert.deepEqual([...affine.db], [3, -1]);
  }
});

test("work arrays follow the batch, and are used again", () => {
  const affine = new Affine(noise(1, 3, 2), noise(2, 1, 2).data);
  const whole = rows(affine.forward(noise(3, 5, 3)));
  const first = affine.forward(noise(3, 1, 3));
  assertNear(first.data, whole[0]);
  assert.equal(affine.forward(noise(4, 1, 3)), first);
});

test("softmax normalises each row", () => {
  const last = new SoftmaxWithLoss();
  assertNear([last.forward(matrix([[1, 2, 3], [1, 1, 1]]), Int32Array.of(2, 0))], [0.7531091265562451]);
  assertNear(rows(last.y)[0], [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]);
  assertNear(rows(last.backward())[1], [-1 / 3, 1 / 6, 1 / 6]);
});

for (const Type of TYPES) {
  test(`the loss is finite where p underflows, in ${Type.name}`, () => {
    const [x, t] = [matrix([[1000, -1000]], Type), Int32Array.of(1)];
    assert.equal(new SoftmaxWithLoss().forward(x, t), 2000);
    assertNear([new SoftmaxWithLoss(1e-7).forward(x, t)], [-Math.log(1e-7)], 1e-7);
  });

  test(`one-hot rows and labels are the same, in ${Type.name}`, () => {
    const x = noise(1, 3, 4, Type);
    const oneHot = matrix([[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]], Type);
    const [one, other] = [new SoftmaxWithLoss(), new SoftmaxWithLoss()];
    assert.equal(one.forward(x, oneHot), other.forward(x, Int32Array.of(2, 0, 3)));
    assert.deepEqual(one.backward().data, other.backward().data);
    assert.ok(one.dx.data instanceof Type);
  });
}

test("the largest is the first in a tie, or a NaN", () => {
  assert.deepEqual([...labels(matrix([[1, 3, 3], [-1, -2, -3], [1, NaN, 2]]))], [1, 0, 1]);
});

/** @param {number[]} shape @param {number[]} values */
const array = (shape, ...values) => new Matrix(Float64Array.from(values), shape);

test("affine takes each image as a row", () => {
  const affine = new Affine(noise(1, 12, 2), noise(2, 1, 2).data);
  const x = images(3, [4, 3, 2, 2]);
  assert.deepEqual(affine.forward(x).data, new Affine(affine.W, affine.b).forward(new Matrix(x.data, [4, 12])).data);
  assert.deepEqual(affine.backward(noise(4, 4, 2)).shape, x.shape);
});

test("convolution lays the filter as it is on each window", () => {
  const convolution = new Convolution(array([1, 1, 2, 2], 1, 2, 3, 4), Float64Array.of(0.5));
  for (const _ of [1, 2]) {
    const out = convolution.forward(array([1, 1, 3, 3], 1, 2, 3, 4, 5, 6, 7, 8, 9));
    assert.deepEqual([out.shape, [...out.data]], [[1, 1, 2, 2], [37.5, 47.5, 67.5, 77.5]]);
    const dx = convolution.backward(array([1, 1, 2, 2], 1, 0, -1, 2));
    assert.deepEqual([...dx.data], [1, 2, 0, 2, 4, 4, -3, 2, 8]);
    assert.deepEqual([...convolution.dW.data], [7, 9, 13, 15]);
    assert.deepEqual([...convolution.db], [2]);
  }
});

test("zeros stand on all four sides, and the stride leaves windows out", () => {
  const convolution = new Convolution(array([2, 1, 1, 2], 1, 10, -1, 0), Float64Array.of(0, 100), 2, 1);
  const out = convolution.forward(array([1, 1, 2, 3], 1, 2, 3, 4, 5, 6));
  // rows: zeros, 4 5 6; columns: (0, 4), (5, 6)
  assert.deepEqual([out.shape, [...out.data]], [[1, 2, 2, 2], [0, 0, 40, 65, 100, 100, 100, 95]]);
  assert.deepEqual([...convolution.backward(array([1, 2, 2, 2], 9, 9, 1, 2, 9, 9, 3, 4)).data], [0, 0, 0, 10, -2, 20]);
});

for (const Type of TYPES) {
  test(`convolution of many images is that of each, by its definition, in ${Type.name}`, () => {
    const [x, W, b] = [images(1, [30, 3, 6, 5], Type), images(2, [4, 3, 3, 2], Type), noise(3, 1, 4, Type).data];
    const out = new Convolution(W, b, 1, 1).forward(x);
    assert.deepEqual(out.shape, [30, 4, 6, 6]);
    const expected = Array.from(out.data, (_, place) => {
      const [n, f, y, z] = [place / 144, (place / 36) % 4, (place / 6) % 6, place % 6].map(Math.floor);
      let sum = b[f];
      for (let k = 0; k < 18; k++) {
        const [c, i, j] = [Math.floor(k / 6), y + (Math.floor(k / 2) % 3) - 1, z + (k % 2) - 1];
        const inside = i >= 0 && i < 6 && j >= 0 && j < 5;
        sum += inside ? W.data[f * 18 + k] * x.data[((n * 3 + c) * 6 + i) * 5 + j] : 0;
      }
      return sum;
    });
    assertNear(out.data, expected, Type === Float32Array ? 1e-6 : 1e-14);
  });
}

test("max pooling takes the largest, of equal ones the first, and adds up where windows overlap", () => {
  const pooling = new MaxPooling(2, 2, 1, 0);
  const out = pooling.forward(array([1, 1, 3, 3], 1, 5, 5, 0, 5, 2, 7, -1, NaN));
  assert.deepEqual([...out.data], [5, 5, 7, NaN]);
  assert.deepEqual([...pooling.backward(array([1, 1, 2, 2], 1, 2, 4, 8)).data], [0, 3, 0, 0, 0, 0, 4, 0, 8]);
  assert.deepEqual([...pooling.forward(array([1, 1, 2, 2], NaN, 1, 2, NaN)).data], [NaN]);
  assert.deepEqual([...pooling.backward(array([1, 1, 1, 1], 1)).data], [1, 0, 0, 0]);
});

test("the zeros of padding take part in max pooling", () => {
  const pooling = new MaxPooling(2, 2, 2, 1);
  assert.deepEqual([...pooling.forward(array([1, 1, 2, 2], -1, 2, -3, 0)).data], [0, 2, 0, 0]);
  assert.deepEqual([...pooling.backward(array([1, 1, 2, 2], 1, 2, 4, 8)).data], [0, 2, 0, 8]);
});

test("batch normalization is of the batch in training, and of the running statistics in the test", () => {
  const running = [Float64Array.of(1), Float64Array.of(4)];
  const norm = new BatchNorm(Float64Array.of(2), Float64Array.of(1), running[0], running[1], 0.75, 7);
  const x = matrix([[1], [3], [8]]); // mean 4, variance 26/3
  const std = Math.sqrt(26 / 3 + 7);
  for (const _ of [1, 2]) {
    assertNear(norm.forward(x).data, [-3, -1, 4].map((xc) => (2 * xc) / std + 1));
    assertNear([norm.moved.running_mean[0], norm.moved.running_var[0]], [1.75, 3 + 26 / 12]);
    assert.deepEqual(running, [Float64Array.of(1), Float64Array.of(4)]);
  }
  norm.moveOn();
  assertNear([running[0][0], running[1][0]], [1.75, 3 + 26 / 12]);
  norm.training = false;
  running[1][0] = 9;
  assertNear(norm.forward(x).data, [-0.75, 1.25, 6.25].map((xc) => xc / 2 + 1));
  assertNear(norm.backward(matrix([[1], [2], [4]])).data, [0.5, 1, 2]);
  assertNear([norm.dgamma[0], norm.dbeta[0]], [(-0.75 + 2.5 + 25) / 4, 7]);
});

test("dropout keeps by its mask in training, and a share in the test", () => {
  const dropout = new Dropout(Uint8Array.of(1, 0, 1), 0.25);
  const [x, dout] = [matrix([[1, 2, -4]]), matrix([[5, 6, 8]])];
  assert.deepEqual([rows(dropout.forward(x)), rows(dropout.backward(dout))], [[[1, 0, -4]], [[5, 0, 8]]]);
  dropout.training = false;
  assert.deepEqual([rows(dropout.forward(x)), rows(dropout.backward(dout))], [[[0.75, 1.5, -3]], [[3.75, 4.5, 6]]]);
});

test("the squared error is half the sum of a row, and the mean of rows", () => {
  for (const t of [Int32Array.of(0, 1), matrix([[1, 0], [0, 1]])]) {
    const last = new SquaredError();
    assert.equal(last.forward(matrix([[3, 1], [0, 0]]), t), (4 + 1 + 0 + 1) / 4);
    assert.deepEqual(rows(last.backward()), [[1, 0.5], [0, -0.5]]);
  }
});
