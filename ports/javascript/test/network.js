import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Affine,
  BatchNorm,
  Convolution,
  Dropout,
  MaxPooling,
  Relu,
  SoftmaxWithLoss,
  SquaredError,
} from "../src/layers/index.js";
import { Network } from "../src/network.js";
import { centralDifference } from "../src/numerical.js";
import { TYPES, assertNear, copy, images, matrix, noise, random, rows } from "./helpers.js";

const ACTIVATIONS = /** @type {const} */ (["relu", "sigmoid", "tanh"]);

/**
 * A network with every kind of layer, a batch of three images, and its labels.
 *
 * @param {import("../src/request.js").FloatType} Type
 * @param {number} weightDecay
 */
function ofAllKinds(Type, weightDecay = 0) {
  /** @param {number} seed @param {number} n */
  const vector = (seed, n) => noise(seed, 1, n, Type).data;
  const layers = [
    new Convolution(images(1, [2, 2, 3, 2], Type), vector(2, 2), 2, 1),
    new MaxPooling(2, 2, 1, 0),
    new Affine(noise(3, 8, 4, Type), vector(4, 4)),
    new BatchNorm(vector(5, 4), vector(6, 4), vector(7, 4), vector(8, 4).map(Math.abs), 0.75, 0.25),
    new Dropout(Uint8Array.from({ length: 12 }, (_, i) => Number(i % 3 > 0)), 0.5),
    new Affine(noise(9, 4, 3, Type), vector(10, 3)),
  ];
  const network = new Network(layers, new SquaredError(), weightDecay);
  return { network, x: images(99, [3, 2, 5, 4], Type), t: Int32Array.of(1, 2, 0) };
}

test("the example of the reference", () => {
  const one = () => matrix([[1, 0], [0, 1]]);
  const affine = () => new Affine(one(), new Float64Array(2));
  const network = new Network([affine(), new Relu(), affine()]);
  const x = matrix([[2, 1]]);
  assert.deepEqual(rows(network.predict(x)), [[2, 1]]);
  assert.equal(network.loss(x, Int32Array.of(0)), 0.31326168751822286);
  assert.equal(network.accuracy(x, Int32Array.of(1)), 0);
  assert.equal(network.accuracy(x, matrix([[1, 0]])), 1);
});

test("twice gives the same bits", () => {
  for (const activation of ACTIVATIONS) {
    const { network, x, t } = random([5, 4, 6, 3], activation, Float32Array);
    const before = copy(network.params());
    const first = copy(network.gradient(x, t));
    network.predict(noise(5, 7, 5, Float32Array)); // another batch between
    network.trace(x, t);
    assert.deepEqual(copy(network.gradient(x, t)), first);
    assert.deepEqual(copy(network.params()), before);
  }
});

test("names come in the order of the layers", () => {
  const { network, x, t } = random([2, 3, 4], "sigmoid");
  assert.deepEqual([...network.params().keys()], ["W1", "b1", "W2", "b2"]);
  assert.deepEqual([...network.gradient(x, t).keys()], ["loss", "dW1", "db1", "dW2", "db2"]);
  const forward = "affine1.out sigmoid1.out affine2.out softmax.y loss";
  const backward = "softmax.dx affine2.dx affine2.dW affine2.db sigmoid1.dx affine1.dx affine1.dW affine1.db";
  assert.equal([...network.trace(x, t).keys()].join(" "), `${forward} ${backward}`);
});

for (const [Type, step, limit] of /** @type {const} */ ([[Float64Array, 1e-6, 1e-7], [Float32Array, 1e-3, 1e-2]])) {
  test(`backward gives what central differences give, in ${Type.name}`, () => {
    for (const activation of ACTIVATIONS) {
      for (const sizes of [[4, 3], [4, 5, 3], [4, 5, 6, 2]]) {
        const { network, x, t } = random(sizes, activation, Type);
        const before = copy(network.params());
        const numerical = copy(centralDifference(network, x, t, step));
        assert.deepEqual(copy(network.params()), before, "each parameter is put back exactly");
        for (const [i, { name, values }] of copy(network.gradient(x, t)).slice(1).entries()) {
          assert.equal(numerical[i].name, name);
          assertNear(numerical[i].values, values, limit);
        }
      }
    }
  });
}

test("results have the dtype of the parameters", () => {
  for (const Type of TYPES) {
    const { network, x, t } = random([4, 5, 3], "relu", Type);
    assert.ok(network.predict(x).data instanceof Type);
    network.gradient(x, t);
    assert.ok(network.parameters.every(({ dp }) => dp instanceof Type));
    assert.ok(Type === Float64Array || Object.is(network.loss(x, t), Math.fround(network.loss(x, t))));
  }
});

for (const [Type, step, limit] of /** @type {const} */ ([[Float64Array, 1e-5, 1e-7], [Float32Array, 1e-2, 3e-2]])) {
  test(`so it is with every kind of layer, in ${Type.name}`, () => {
    for (const weightDecay of [0, 0.5]) {
      const { network, x, t } = ofAllKinds(Type, weightDecay);
      const before = copy(network.params());
      const numerical = copy(centralDifference(network, x, t, step));
      const gradient = copy(network.gradient(x, t));
      assert.deepEqual(copy(network.params()), before, "running statistics are no result of a gradient");
      const all = numerical.flatMap(({ values }) => values);
      assertNear(all, gradient.slice(1).flatMap(({ values }) => values), limit);
    }
  });
}

test("a name is a kind, and a number that counts the layers with parameters", () => {
  const { network, x, t } = ofAllKinds(Float64Array);
  const params = "W1 b1 W2 b2 gamma3 beta3 running_mean3 running_var3 W4 b4";
  assert.equal([...network.params().keys()].join(" "), params);
  const traced = [...network.trace(x, t).keys()].join(" ");
  assert.match(traced, /^convolution1.out max_pooling1.out affine2.out batch_norm3.out batch_norm3.running_mean /);
  assert.match(traced, / loss squared_error.dx affine4.dx .* dropout3.dx batch_norm3.dx batch_norm3.dgamma /);
});

test("weight decay is in the loss and the gradient, of weights alone, and in no trace", () => {
  const [plain, decayed] = [ofAllKinds(Float64Array), ofAllKinds(Float64Array, 0.5)];
  const { x, t } = plain;
  const weights = plain.network.parameters.filter(({ isWeight }) => isWeight);
  assert.deepEqual(weights.map(({ name }) => name), ["W1", "W2", "W4"]);
  const squares = weights.flatMap(({ p }) => [...p]).reduce((sum, w) => sum + w * w, 0);
  assertNear([decayed.network.loss(x, t)], [plain.network.loss(x, t) + 0.25 * squares]);
  const [before, after] = [copy(plain.network.gradient(x, t)), copy(decayed.network.gradient(x, t))];
  plain.network.parameters.forEach(({ p, isWeight }, i) => {
    assertNear(after[i + 1].values, before[i + 1].values.map((slope, j) => slope + (isWeight ? 0.5 * p[j] : 0)));
  });
  assert.deepEqual(copy(decayed.network.trace(x, t)), copy(plain.network.trace(x, t)));
});

test("predict is of the test phase, whatever came before", () => {
  const one = () => Float64Array.of(1);
  const norm = new BatchNorm(one(), one(), Float64Array.of(2), Float64Array.of(4), 0.5, 0);
  const affine = new Affine(matrix([[1, 0]]), new Float64Array(2));
  const network = new Network([norm, new Dropout(Uint8Array.of(1, 0), 0.25), affine]);
  const x = matrix([[4], [6]]);
  network.gradient(x, Int32Array.of(0, 1));
  assert.deepEqual(rows(network.predict(x)), [[1.5, 0], [2.25, 0]]); // 0.75 ((x - 2) / 2 + 1)
});

test("the gradient of the data is nobody's to compute", () => {
  const { network, x, t } = ofAllKinds(Float64Array);
  network.gradient(x, t);
  assert.equal(network.layers[0].dx.data.length, 0);
  const first = new Affine(noise(1, 40, 3), noise(2, 1, 3).data);
  new Network([new MaxPooling(1, 1, 1, 0), new Relu(), first], new SoftmaxWithLoss()).gradient(x, t);
  assert.equal(first.dx.data.length, 0);
});
