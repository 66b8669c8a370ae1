import assert from "node:assert/strict";
import { test } from "node:test";

import { Network } from "../src/network.js";
import { centralDifference } from "../src/numerical.js";
import { TYPES, assertNear, copy, matrix, noise, random, rows } from "./helpers.js";

test("the example of the reference", () => {
  const one = () => matrix([[1, 0], [0, 1]]);
  const network = new Network([one(), one()], [new Float64Array(2), new Float64Array(2)]);
  const x = matrix([[2, 1]]);
  assert.deepEqual(rows(network.predict(x)), [[2, 1]]);
  assert.equal(network.loss(x, Int32Array.of(0)), 0.31326168751822286);
  assert.equal(network.accuracy(x, Int32Array.of(1)), 0);
  assert.equal(network.accuracy(x, matrix([[1, 0]])), 1);
});

test("twice gives the same bits", () => {
  for (const activation of ["relu", "sigmoid"]) {
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

test("only two activations are known, even where there is none", () => {
  const message = "expected the activation relu or sigmoid, came tanh";
  assert.throws(() => new Network([noise(1, 2, 2)], [new Float64Array(2)], "tanh"), { message });
});

for (const [Type, step, limit] of /** @type {const} */ ([[Float64Array, 1e-6, 1e-7], [Float32Array, 1e-3, 1e-2]])) {
  test(`backward gives what central differences give, in ${Type.name}`, () => {
    for (const activation of ["relu", "sigmoid"]) {
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
    assert.ok(network.paramsAndGradient.every(({ dp }) => dp instanceof Type));
    assert.ok(Type === Float64Array || Object.is(network.loss(x, t), Math.fround(network.loss(x, t))));
  }
});
