import assert from "node:assert/strict";
import { test } from "node:test";

import { AdaGrad, Adam, Momentum, Nesterov, Optimizer, RMSProp, SGD } from "../src/optimizers.js";
import { trainStep } from "../src/training.js";
import { TYPES, assertNear, copy, random } from "./helpers.js";

const root = Math.sqrt;
// 1/16 sqrt(1 - 7/8) / (1 - 3/4), then 1/16 sqrt(1 - 49/64) / (1 - 9/16)
const [rate1, rate2] = [(0.0625 * root(0.125)) / 0.25, (0.0625 * root(15 / 64)) / (7 / 16)];

/** Each rule, with numbers that float32 has too; p and the state after two updates of p = 1, by dp = 2 and then -1. */
const RULES = /** @type {const} */ ([
  [new SGD(0.5), 0.5, []],
  [new Momentum(0.25, 0.5), 0.5, [0]], // v: -1/2, then -1/4 + 1/4
  [new Nesterov(0.25, 0.5), 0.5, [0]], // 1 - 3/4 + 1/4
  [new AdaGrad(0.125), 1 - 0.25 / (2 + 1e-7) + 0.125 / (root(5) + 1e-7), [5]],
  [new RMSProp(0.0625, 0.75), 1 - 0.125 / (1 + 1e-7) + 0.0625 / (1 + 1e-7), [1]], // h: 1, then 3/4 + 1/4
  // m: 1/2, then 1/2 - 3/8; v: 1/2, then 1/2 + 1/16
  [
    new Adam(0.0625, 0.75, 0.875),
    1 - (rate1 * 0.5) / (root(0.5) + 1e-7) - (rate2 * 0.125) / (0.75 + 1e-7),
    [0.125, 0.5625],
  ],
]);

for (const [rule, expected, expectedState] of RULES) {
  for (const Type of TYPES) {
    test(`${rule.constructor.name} follows its formula, in ${Type.name}`, () => {
      const p = Type.of(1);
      const state = rule.stateNames.map(() => new Type(1));
      rule.updateOne(p, Type.of(2), state, 1);
      rule.updateOne(p, Type.of(-1), state, 2);
      assertNear([...p, ...state.flatMap((array) => [...array])], [expected, ...expectedState], 1e-6);
    });

    test(`${rule.constructor.name} moves every parameter of a network, in ${Type.name}`, () => {
      const { network, x, t } = random([4, 5, 3], "sigmoid", Type);
      const optimizer = new Optimizer(rule, network);
      const before = copy(network.params());
      const loss = trainStep(network, x, t, optimizer);
      copy(network.params()).forEach(({ values }, i) => assert.notDeepEqual(values, before[i].values));
      for (let step = 0; step < 100; step++) {
        trainStep(network, x, t, optimizer);
      }
      assert.ok(network.loss(x, t) < loss / 2);
    });
  }
}

test("1 - beta is rounded once", () => {
  const state = [new Float32Array(1), new Float32Array(1)];
  new Adam(0.001, 0.9, 0.999).updateOne(new Float32Array(1), Float32Array.of(1), state, 1);
  assert.deepEqual(state, [Float32Array.of(1 - 0.9), Float32Array.of(1 - 0.999)]);
});
