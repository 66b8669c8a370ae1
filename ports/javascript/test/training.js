import assert from "node:assert/strict";
import { test } from "node:test";

import { Optimizer, SGD } from "../src/optimizers.js";
import { layerInputs, products } from "../src/roofline.js";
import { elapsed } from "../src/timing.js";
import { Batch, evaluate, train, trainStep } from "../src/training.js";
import { TYPES, assertNear, copy, random } from "./helpers.js";

/** So many images of four pixels, of three kinds. @param {number} count */
function images(count) {
  const pixels = Uint8Array.from({ length: 4 * count }, (_, i) => i * 37 + ((i * i) % 101));
  return { pixels, inputs: 4, labels: Uint8Array.from({ length: count }, (_, i) => (i * i) % 3), scale: 255 };
}

for (const Type of TYPES) {
  test(`a pixel is its byte over the scale, in ${Type.name}`, () => {
    const { network } = random([4, 5, 3], "relu", Type);
    const set = images(5);
    const batch = new Batch(set, network);
    batch.draw(Int32Array.of(4, 1));
    assert.deepEqual([...batch.t], [1, 1]);
    const expected = [...set.pixels.subarray(16, 20), ...set.pixels.subarray(4, 8)].map((byte) => byte / 255);
    assert.deepEqual(batch.x.data, Type.from(expected));
  });

  test(`training is steps on batches, in ${Type.name}`, () => {
    const [one, other] = [random([4, 5, 3], "relu", Type).network, random([4, 5, 3], "relu", Type).network];
    const set = images(20);
    const batches = [Int32Array.of(3, 1, 4, 1), Int32Array.of(5, 9, 2, 6)];
    const losses = train(one, set, batches, new Optimizer(new SGD(0.5), one));
    const optimizer = new Optimizer(new SGD(0.5), other);
    const expected = batches.map((rows) => {
      const batch = new Batch(set, other);
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
  const batch = new Batch(set, network);
  batch.draw(Int32Array.from(set.labels.keys()));
  const { loss, accuracy } = evaluate(network, set);
  assertNear([loss], [network.loss(batch.x, batch.t)]);
  assert.equal(accuracy, network.accuracy(batch.x, batch.t));
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
  const { dW } = network.affines[1];
  products(network, layerInputs(network, x, [1, 2]));
  assert.equal(network.affines[1].dW, dW);
  assert.deepEqual([copy(network.params()), copy(network.gradient(x, t))], before);
});
