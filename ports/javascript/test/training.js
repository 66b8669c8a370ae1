import assert from "node:assert/strict";
import { test } from "node:test";

import { Affine, BatchNorm, Convolution, Dropout } from "../src/layers/index.js";
import { Matrix } from "../src/matrix.js";
import { Network } from "../src/network.js";
import { Optimizer, SGD } from "../src/optimizers.js";
import { productOperands, products } from "../src/roofline.js";
import { elapsed } from "../src/timing.js";
import { Batch, evaluate, train, trainStep } from "../src/training.js";
import { TYPES, assertNear, copy, noise, random } from "./helpers.js";

/** So many images of four pixels, of three kinds. @param {number} count */
function images(count) {
  const pixels = Uint8Array.from({ length: 4 * count }, (_, i) => i * 37 + ((i * i) % 101));
  return { pixels, inputs: 4, labels: Uint8Array.from({ length: count }, (_, i) => (i * i) % 3), scale: 255 };
}

for (const Type of TYPES) {
  test(`a pixel is its byte over the scale, in ${Type.name}`, () => {
    const set = images(5);
    const batch = new Batch(set, noise(1, 1, 4, Type));
    batch.draw(Int32Array.of(4, 1));
    assert.deepEqual([...batch.t], [1, 1]);
    const expected = [...set.pixels.subarray(16, 20), ...set.pixels.subarray(4, 8)].map((byte) => byte / 255);
    assert.deepEqual(batch.x.data, Type.from(expected));
  });

  test(`training is steps on batches, in ${Type.name}`, () => {
    const [one, other] = [random([4, 5, 3], "relu", Type).network, random([4, 5, 3], "relu", Type).network];
    const set = images(20);
    const batches = [Int32Array.of(3, 1, 4, 1), Int32Array.of(5, 9, 2, 6)];
    const losses = train(one, new Batch(set, noise(1, 1, 4, Type)), batches, new Optimizer(new SGD(0.5), one));
    const optimizer = new Optimizer(new SGD(0.5), other);
    const expected = batches.map((rows) => {
      const batch = new Batch(set, noise(1, 1, 4, Type));
      batch.draw(rows);
      return trainStep(other, batch.x, batch.t, optimizer);
    });
    assert.deepEqual(losses, Type.from(expected));
    assert.deepEqual(copy(one.params()), copy(other.params()));
  });
}

test("a set is evaluated as a whole, however long", () => {
  const { network } = random([4, 5, 3], "relu");
  const set = images(2500);
  const batch = new Batch(set, noise(1, 1, 4));
  batch.draw(Int32Array.from(set.labels.keys()));
  const { loss, accuracy } = evaluate(network, new Batch(set, batch.x));
  assertNear([loss], [network.loss(batch.x, batch.t)]);
  assert.equal(accuracy, network.accuracy(batch.x, batch.t));
});

test("each step has its masks, and moves running statistics on", () => {
  const make = () => {
    const norm = new BatchNorm(noise(3, 1, 3).data, noise(4, 1, 3).data, new Float64Array(3), new Float64Array(3), 0.5);
    const dropout = new Dropout(new Uint8Array(6));
    const affines = [1, 2].map((seed) => new Affine(noise(seed, seed === 1 ? 4 : 3, 3), noise(seed + 5, 1, 3).data));
    return { dropout, norm, network: new Network([affines[0], norm, dropout, affines[1]]) };
  };
  const [one, other] = [make(), make()];
  const steps = [Int32Array.of(3, 1), Int32Array.of(5, 9)];
  const masks = [Uint8Array.of(1, 1, 0, 1, 0, 1), Uint8Array.of(0, 1, 1, 0, 1, 1)];
  const batch = new Batch(images(20), noise(1, 1, 4));
  train(one.network, batch, steps, new Optimizer(new SGD(0.5), one.network), [{ layer: one.dropout, steps: masks }]);
  const optimizer = new Optimizer(new SGD(0.5), other.network);
  for (const [step, rows] of steps.entries()) {
    other.dropout.mask = masks[step];
    batch.draw(rows);
    const before = other.norm.state.running_mean.slice();
    other.network.predict(batch.x);
    other.network.gradient(batch.x, batch.t);
    assert.deepEqual(other.norm.state.running_mean, before);
    trainStep(other.network, batch.x, batch.t, optimizer);
    assert.notDeepEqual(other.norm.state.running_mean, before);
  }
  assert.deepEqual(copy(one.network.params()), copy(other.network.params()));
});

test("images are drawn in the shape that a network takes", () => {
  const batch = new Batch(images(5), new Matrix(new Float64Array(4), [1, 1, 2, 2]));
  batch.draw(Int32Array.of(4, 1, 2));
  assert.deepEqual(batch.x.shape, [3, 1, 2, 2]);
  const W = new Matrix(Float64Array.of(1, 2, 3, 4), [1, 1, 2, 2]);
  const network = new Network([new Convolution(W, new Float64Array(1))]);
  const [a, b, c, d] = [...images(5).pixels.subarray(16, 20)].map((byte) => byte / 255);
  assertNear([network.predict(batch.x).data[0]], [a + 2 * b + 3 * c + 4 * d]);
});

test("so many calls are measured so many times", () => {
  let count = 0;
  const nanoseconds = elapsed(() => count++, 3, 4);
  assert.equal(count, 12);
  assert.ok(nanoseconds.length === 4 && nanoseconds.every((sample) => sample > 0));
});

test("the products alone leave the parameters, and write where the gradient does", () => {
  const { network, x, t } = random([4, 5, 3], "relu");
  const before = [copy(network.params()), copy(network.gradient(x, t))];
  const { dp } = network.parameters[2];
  dp.fill(0);
  products([...productOperands(network, x).values()].flat());
  assert.ok(dp.some((slope) => slope !== 0));
  assert.deepEqual([copy(network.params()), copy(network.gradient(x, t))], before);
});
