import assert from "node:assert/strict";
import { test } from "node:test";

import { OPERATIONS, Port } from "../src/operations.js";
import { travelled } from "./helpers.js";

/** @typedef {Record<string, import("../src/wire.js").NDArray>} Arrays */

/**
 * Asks for what the line says.
 *
 * @param {Port} port
 * @param {string} line
 * @param {Arrays} arrays
 */
function ask(port, line, arrays = {}) {
  const [word, ...pairs] = line.split(" ");
  const fields = new Map(pairs.map((pair) => /** @type {[string, string]} */ (pair.split("="))));
  const request = travelled({ word, fields, arrays: new Map(Object.entries(arrays)) });
  const operation = OPERATIONS.get(word);
  assert.ok(operation);
  return travelled(operation(port, request));
}

/** @param {number[]} shape @param {number[]} values */
const f64 = (shape, ...values) => ({ shape, data: Float64Array.from(values) });
/** @param {number[]} shape @param {number[]} values */
const f32 = (shape, ...values) => ({ shape, data: Float32Array.from(values) });
/** @param {number[]} shape @param {number[]} values */
const i32 = (shape, ...values) => ({ shape, data: Int32Array.from(values) });
/** @param {number[]} shape @param {number[]} values */
const u8 = (shape, ...values) => ({ shape, data: Uint8Array.from(values) });

const LOAD = "load sizes=2,3,2 activation=relu dtype=float64 epsilon=0";
/** The case of docs/protocol.md. */
const CASE = {
  x: f64([1, 2], 1, -2),
  t: f64([1, 2], 0, 1),
  W1: f64([2, 3], 1, 2, -1, 0.5, 1.5, -1),
  b1: f64([3], 0.25, -0.5, 0),
  W2: f64([3, 2], 1, -1, 0.5, 0.5, -1, 2),
  b2: f64([2], 0, 0.5),
};
/** Images of 3 x 3, a network of every kind of layer, and what it holds. */
const DEEP = "load layers=convolution,max_pooling,affine,batch_norm,dropout,affine,squared_error dtype=float64 "
  + "epsilon=0 weight_decay=0.5 convolution1.stride=1 convolution1.pad=0 max_pooling1.height=2 max_pooling1.width=1 "
  + "max_pooling1.stride=1 max_pooling1.pad=0 batch_norm3.momentum=0.75 batch_norm3.epsilon=0.25 dropout3.ratio=0.5";
const DEEP_CASE = {
  x: f64([2, 1, 3, 3], 1, -2, 3, 0, 5, 1, 2, 2, -4, 0, 1, 1, -1, 3, 2, 7, 1, 1),
  t: i32([2], 1, 0),
  W1: f64([1, 1, 2, 2], 1, 0, -1, 2),
  b1: f64([1], 0.5),
  W2: f64([2, 2], 1, 2, -1, 1),
  b2: f64([2], 0, 1),
  gamma3: f64([2], 1, 2),
  beta3: f64([2], 0, 1),
  running_mean3: f64([2], 1, -1),
  running_var3: f64([2], 4, 1),
  mask3: u8([2, 2], 1, 0, 1, 1),
  W4: f64([2, 2], 1, -1, 2, 1),
  b4: f64([2], 0, 0.5),
};
const PIXELS = { images: u8([3, 9], ...Array.from({ length: 27 }, (_, i) => (i * i) % 7)), labels: u8([3], 0, 1, 1) };
const DATA = "data set=train scale=4";
const IMAGES = { images: u8([3, 2], 4, 0, 2, 1, 0, 3), labels: u8([3], 0, 1, 1) };
const TRAIN = "train optimizer=momentum learning_rate=0.5 momentum=0.5";
const BATCHES = { batches: i32([2, 2], 0, 2, 1, 2) };

/** A port with the case loaded. */
function loaded() {
  const port = new Port();
  ask(port, LOAD, CASE);
  return port;
}

test("the session of the protocol page", () => {
  const port = loaded();
  assert.deepEqual(ask(port, "predict").arrays.get("out"), f64([1, 2], -0.75, 2.25));
  assert.deepEqual(ask(port, "accuracy").arrays.get("accuracy"), f64([], 1));
  const gradient = ask(port, "gradient").arrays;
  assert.deepEqual([...gradient.keys()], ["loss", "dW1", "db1", "dW2", "db2"]);
  assert.equal(ask(port, "numerical_gradient step=1e-4").arrays.size, 4);
  assert.equal(ask(port, "trace").arrays.size, 13);
  assert.deepEqual(ask(port, "gradient").arrays, gradient);
  assert.deepEqual(ask(port, "inputs").arrays, new Map(Object.entries(CASE)));
});

test("each kind of label gives the same", () => {
  const port = new Port();
  ask(port, LOAD, { ...CASE, t: i32([1], 1) });
  assert.deepEqual(ask(port, "gradient").arrays, ask(loaded(), "gradient").arrays);
});

test("each layer answers, in any shape, and leaves its inputs and the case alone", () => {
  const port = loaded();
  const before = ask(port, "gradient").arrays;
  const requests = /** @type {const} */ ([
    [
      "multiply",
      { x: f32([2], 1, 2), y: f32([2], 3, 4), dout: f32([2], 5, 6) },
      { out: f32([2], 3, 8), dx: f32([2], 15, 24), dy: f32([2], 5, 12) },
    ],
    ["add", { x: f64([], 1), y: f64([], 2), dout: f64([], 3) }, { out: f64([], 3), dx: f64([], 3), dy: f64([], 3) }],
    ["relu", { x: f64([1, 2], -1, 2), dout: f64([1, 2], 3, 4) }, { out: f64([1, 2], 0, 2), dx: f64([1, 2], 0, 4) }],
    ["sigmoid", { x: f64([], 0), dout: f64([], 4) }, { out: f64([], 0.5), dx: f64([], 1) }],
    ["tanh", { x: f64([], 0), dout: f64([], 4) }, { out: f64([], 0), dx: f64([], 4) }],
  ]);
  for (const [kind, inputs, results] of requests) {
    assert.deepEqual(ask(port, `layer kind=${kind}`, inputs).arrays, new Map(Object.entries(results)));
    assert.deepEqual(ask(port, "inputs").arrays, new Map(Object.entries(inputs)));
  }
  assert.deepEqual(ask(port, "gradient").arrays, before);
});

test("a network of any layers answers every operation", () => {
  const port = new Port();
  ask(port, DEEP, DEEP_CASE);
  const out = ask(port, "predict").arrays;
  const gradient = ask(port, "gradient").arrays;
  const shapes = [[], [1, 1, 2, 2], [1], [2, 2], [2], [2], [2], [2, 2], [2]];
  assert.deepEqual([...gradient.values()].map(({ shape }) => shape), shapes);
  const undecayed = new Port();
  ask(undecayed, DEEP.replace("weight_decay=0.5", "weight_decay=0"), DEEP_CASE);
  assert.notDeepEqual(ask(undecayed, "gradient").arrays.get("dW4"), gradient.get("dW4"));
  assert.deepEqual(ask(undecayed, "gradient").arrays.get("db4"), gradient.get("db4"));
  ask(port, "numerical_gradient step=1e-4");
  assert.deepEqual(ask(port, "trace").arrays.get("affine2.dx")?.shape, [2, 1, 1, 2]);
  for (const what of ["gradient", "products affines=1,2,4", "train_step optimizer=sgd learning_rate=0.1"]) {
    ask(port, `time calls=2 samples=1 operation=${what}`);
  }
  assert.deepEqual([ask(port, "predict").arrays, ask(port, "gradient").arrays], [out, gradient]);
  assert.deepEqual(ask(port, "inputs").arrays, new Map(Object.entries(DEEP_CASE)));
  ask(port, DATA, PIXELS);
  ask(port, TRAIN, { ...BATCHES, mask3: u8([2, 2, 2], 1, 1, 0, 1, 1, 1, 1, 0) });
  assert.deepEqual(ask(port, "inputs").arrays.get("mask3"), DEEP_CASE.mask3);
  const { arrays } = ask(port, "params");
  assert.deepEqual([...arrays.keys()].slice(4, 8), ["gamma3", "beta3", "running_mean3", "running_var3"]);
  assert.notDeepEqual(arrays.get("running_mean3"), DEEP_CASE.running_mean3);
  assert.ok(ask(port, "evaluate set=train").arrays.has("accuracy"));
});

test("a layer with two phases does what the request says", () => {
  const arrays = { x: f64([1, 2], 1, -2), mask: u8([1, 2], 0, 1), dout: f64([1, 2], 4, 8) };
  const { arrays: training } = ask(new Port(), "layer kind=dropout ratio=0.25 phase=train", arrays);
  assert.deepEqual([...training.values()], [f64([1, 2], 0, -2), f64([1, 2], 0, 8)]);
  const { arrays: test } = ask(new Port(), "layer kind=dropout ratio=0.25 phase=test", arrays);
  assert.deepEqual([...test.values()], [f64([1, 2], 0.75, -1.5), f64([1, 2], 3, 6)]);
});

test("timing leaves the case as it was", () => {
  const port = loaded();
  const before = [ask(port, "gradient").arrays, ask(port, "inputs").arrays];
  for (const what of ["null", "predict", "gradient", "numerical_gradient step=1e-4", "products affines=1,2",
    "train_step optimizer=adam learning_rate=0.1 beta1=0.9 beta2=0.999"]) {
    const { data } = /** @type {import("../src/wire.js").NDArray} */ (
      ask(port, `time calls=2 samples=3 operation=${what}`).arrays.get("nanoseconds")
    );
    assert.ok(data.length === 3 && data.every((sample) => sample > 0), what);
    assert.deepEqual([ask(port, "gradient").arrays, ask(port, "inputs").arrays], before, what);
  }
});

test("training goes on where it was, with the same optimizer", () => {
  const [port, other] = [loaded(), loaded()];
  ask(port, DATA, IMAGES);
  ask(other, DATA, IMAGES);
  ask(port, TRAIN, BATCHES);
  ask(other, TRAIN, { batches: i32([1, 2], 0, 2) });
  ask(other, TRAIN, { batches: i32([1, 2], 1, 2) });
  assert.deepEqual(ask(port, "params").arrays, ask(other, "params").arrays);
  ask(port, TRAIN, BATCHES);
  ask(other, TRAIN.replace("momentum=0.5", "momentum=0.25"), BATCHES); // another one: its state is new
  assert.notDeepEqual(ask(port, "params").arrays, ask(other, "params").arrays);
  ask(port, LOAD, CASE);
  ask(port, TRAIN, BATCHES); // the sets outlive a load, the state does not
  const fresh = loaded();
  ask(fresh, DATA, IMAGES);
  ask(fresh, TRAIN, BATCHES);
  assert.deepEqual(ask(port, "params").arrays, ask(fresh, "params").arrays);
});

test("what is wrong with a request is told", () => {
  const relu = { x: f64([1, 2], 1, 2), dout: f64([2], 1, 2) };
  const logits = { x: f64([1, 2], 1, 2), t: i32([1], 2) };
  const { W2: _, ...lacking } = CASE;
  for (const [line, arrays, message] of /** @type {[string, Arrays, string][]} */ ([
    ["layer kind=affine", {}, "expected an array x, came none"],
    ["layer", relu, "expected the field kind in layer"],
    ["layer kind=elu", relu, "no layer elu"],
    ["layer kind=relu", relu, "array dout: expected float64 (1, 2), came float64 (2,)"],
    ["layer kind=relu", { x: i32([1], 1) }, "array x: expected float32 or float64, came int32 (1,)"],
    ["layer kind=softmax_with_loss epsilon=0", logits, "array t: expected labels from 0 to 1, came 2"],
    [LOAD, lacking, "expected an array W2, came x, t, W1, b1, b2"],
    [LOAD.replace("2,3,2", "2,4,2"), CASE, "array W1: expected float64 (2, 4), came float64 (2, 3)"],
    [LOAD.replace("2,3,2", "2"), CASE, "expected sizes as inputs,...,classes, came 2"],
    [LOAD.replace("64", "16"), CASE, "expected dtype float32 or float64, came float16"],
    [LOAD.replace("relu", "elu"), CASE, "expected the activation relu, sigmoid or tanh, came elu"],
    [LOAD.replace("epsilon=0", "epsilon=none"), CASE, "expected a number as epsilon, came none"],
    ["time operation=trace calls=1 samples=1", {}, "no operation trace to time"],
    ["time operation=gradient calls=0.5 samples=1", {}, "expected whole numbers from 1 as calls, came 0.5"],
    ["time operation=products calls=1 samples=1 affines=1,3", {}, "expected affines of 1,2, came 1,3"],
    ["update optimizer=lion", {}, "no optimizer lion"],
    ["evaluate set=test", {}, "there is no set test yet: send data first"],
    ["data set=more", IMAGES, "expected the set train, validation, test, came more"],
    [TRAIN, { batches: i32([1, 1], 3) }, "array batches: expected rows from 0, of 3 images, came 3"],
  ])) {
    const port = loaded();
    ask(port, DATA, IMAGES);
    assert.throws(() => ask(port, line, arrays), { message });
  }
  const images = { x: f64([1, 1, 2, 2], 1, 2, 3, 4), dout: f64([1], 0) };
  const filter = { x: f64([1, 2], 1, 2), W: f64([1, 1, 2, 2], 1, 2, 3, 4), b: f64([1], 0) };
  const norm = { x: images.x, gamma: f64([1], 1) };
  const { mask3: mask, ...unmasked } = DEEP_CASE;
  const pooling = "layer kind=max_pooling height=3 width=2 stride=1";
  for (const [line, arrays, message] of /** @type {[string, Arrays, string][]} */ ([
    [`${pooling} pad=0`, images, "max_pooling: expected windows from (1, 1) to (2, 2), came (3, 2)"],
    [`${pooling} pad=1`, images, "array dout: expected float64 (1, 1, 2, 3), came float64 (1,)"],
    [`${pooling} pad=-1`, images, "expected whole numbers from 0 as pad, came -1"],
    ["layer kind=convolution stride=1 pad=0", filter,
      "convolution: expected x as (batch, channels, height, width), came (1, 2)"],
    ["layer kind=batch_norm momentum=0.5 epsilon=0 phase=test", norm,
      "batch_norm: expected x as (batch, features), came (1, 1, 2, 2)"],
    ["layer kind=dropout ratio=0.5 phase=once", { ...images, mask: u8([1, 1, 2, 2], 0, 1, 1, 0) },
      "expected the phase train or test, came once"],
    [DEEP.replace(" max_pooling1.pad=0", ""), DEEP_CASE, "expected the field max_pooling1.pad in load"],
    [DEEP.replace("max_pooling1.height=2", "max_pooling1.height=3"), DEEP_CASE,
      "max_pooling1: expected windows from (1, 1) to (2, 2), came (3, 1)"],
    [DEEP.replace(",squared_error", ""), DEEP_CASE,
      "expected layers, and at their end alone softmax_with_loss or squared_error, came "
        + "convolution,max_pooling,affine,batch_norm,dropout,affine"],
    [DEEP.replace("max_pooling,", "mean_pooling,"), DEEP_CASE, "no layer mean_pooling in a network"],
    [DEEP, { ...DEEP_CASE, gamma3: f64([3], 1, 2, 3) }, "array gamma3: expected float64 (2,), came float64 (3,)"],
    [DEEP, { ...unmasked, mask3: f64([2, 2], 1, 0, 1, 1) }, "array mask3: expected uint8 (2, 2), came float64 (2, 2)"],
    ["load layers=relu,squared_error dtype=float64", { x: images.x },
      "squared_error: expected (batch, classes), came (1, 1, 2, 2)"],
    ["time operation=products calls=1 samples=1 affines=1,3", {}, "expected affines of 1,2,4, came 1,3"],
    [TRAIN, BATCHES, "expected an array mask3, came batches"],
    [TRAIN, { ...BATCHES, mask3: mask }, "array mask3: expected uint8 (2, 2, 2), came uint8 (2, 2)"],
  ])) {
    const port = new Port();
    ask(port, DEEP, DEEP_CASE);
    ask(port, DATA, PIXELS);
    assert.throws(() => ask(port, line, arrays), { message });
  }
  assert.throws(() => ask(new Port(), "gradient"), { message: "nothing is loaded yet: send load first" });
});

test("a load that fails leaves nothing of the one before", () => {
  const port = loaded();
  assert.throws(() => ask(port, LOAD, {}));
  assert.throws(() => ask(port, "gradient"), { message: "nothing is loaded yet: send load first" });
});
