import assert from "node:assert/strict";
import { test } from "node:test";

import { Add, Affine, Multiply, Relu, Sigmoid, SoftmaxWithLoss, Tanh, labels } from "../src/layers.js";
import { TYPES, assertNear, matrix, noise, rows } from "./helpers.js";

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
