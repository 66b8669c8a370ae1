/** The operations of the protocol: each takes the port and a request, with its arrays decoded, and gives the reply. */

import { Case, TIMED } from "./case.js";
import { Add, Affine, Multiply, SoftmaxWithLoss } from "./layers.js";
import { Matrix } from "./matrix.js";
import { activation } from "./network.js";
import { OPTIMIZERS, matrix, rule, target, toArrays } from "./operands.js";
import { RequestError, Unsupported, field, find, floatType, number, ok, shaped, wholeNumber } from "./request.js";
import { elapsed } from "./timing.js";

/** @typedef {import("./network.js").Named} Named */
/** @typedef {import("./request.js").FloatType} FloatType */
/** @typedef {import("./training.js").Images} Images */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").NDArray} NDArray */

const LAYERS = ["multiply", "add", "relu", "sigmoid", "affine", "softmax_with_loss"];
const SETS = ["train", "validation", "test"];

/**
 * What lives from one request to the next: the arrays of the last load or layer, the loaded case, and the sets of
 * images, which outlive a case.
 */
export class Port {
  /** @type {Map<string, NDArray> | undefined} */
  inputs;
  /** @type {Case | undefined} */
  case;
  /** @type {Map<string, Images>} */
  sets = new Map();

  /** The case, where there is one. */
  get loaded() {
    if (this.case === undefined) {
      throw new RequestError("nothing is loaded yet: send load first");
    }
    return this.case;
  }

  /**
   * The images of this set, where there are any.
   *
   * @param {string} set
   */
  images(set) {
    const images = this.sets.get(set);
    if (images === undefined) {
      throw new RequestError(`there is no set ${set} yet: send data first`);
    }
    return images;
  }
}

/**
 * Every operation by its name, in the order in which hello lists them.
 *
 * @type {Map<string, (port: Port, request: Message) => Message>}
 */
export const OPERATIONS = new Map([
  ["hello", hello],
  ["load", load],
  ["layer", layer],
  ["inputs", inputs],
  ["predict", (port) => ok(port.loaded.predict())],
  ["accuracy", (port) => ok(port.loaded.accuracy())],
  ["gradient", (port) => ok(port.loaded.gradient())],
  ["numerical_gradient", (port, request) => ok(port.loaded.numericalGradient(number(request, "step")))],
  ["trace", (port) => ok(port.loaded.trace())],
  ["null", () => ok()],
  ["time", time],
  ["data", data],
  ["train", train],
  ["params", (port) => ok(port.loaded.params())],
  ["evaluate", (port, request) => ok(port.loaded.evaluate(port.images(field(request, "set"))))],
  ["update", update],
]);

/** @returns {Message} */
function hello() {
  const fields = {
    name: "javascript",
    language: "JavaScript",
    version: `Node.js ${process.versions.node}, V8 ${process.versions.v8}`,
    blas: "plain JavaScript",
    threads: "1",
    dtypes: "float32,float64",
    layers: LAYERS.join(),
    operations: [...OPERATIONS.keys()].join(),
    optimizers: OPTIMIZERS.join(),
    epsilon: "any",
  };
  return { word: "ok", fields: new Map(Object.entries(fields)), arrays: new Map() };
}

/**
 * @param {Port} port
 * @param {Message} request
 */
function load(port, request) {
  port.case = undefined; // a load that fails leaves nothing of the one before
  port.inputs = undefined;
  port.case = new Case(request);
  port.inputs = request.arrays;
  return ok();
}

/**
 * @param {Port} port
 * @param {Message} request
 */
function layer(port, request) {
  const { run, results } = layerPass(request);
  run();
  port.inputs = request.arrays;
  return ok(results());
}

/** @param {Port} port */
function inputs({ inputs }) {
  if (inputs === undefined) {
    throw new RequestError("nothing came yet: send load or layer first");
  }
  return ok(inputs);
}

/**
 * @param {Port} port
 * @param {Message} request
 */
function time(port, request) {
  const calls = wholeNumber(request, "calls");
  const samples = wholeNumber(request, "samples");
  const operation = field(request, "operation");
  let nanoseconds;
  if (operation === "null") {
    nanoseconds = elapsed(() => {}, calls, samples);
  } else if (operation === "layer") {
    nanoseconds = elapsed(layerPass(request).run, calls, samples);
  } else if (TIMED.includes(operation)) {
    nanoseconds = port.loaded.time(request, calls, samples);
  } else {
    throw new Unsupported(`no operation ${operation} to time`);
  }
  return ok(toArrays(new Map([["nanoseconds", nanoseconds]]), Float64Array));
}

/**
 * @param {Port} port
 * @param {Message} request
 */
function data(port, request) {
  const set = field(request, "set");
  if (!SETS.includes(set)) {
    throw new RequestError(`expected the set ${SETS.join(", ")}, came ${set}`);
  }
  const images = shaped(request, "images", Uint8Array, [undefined, undefined]);
  const [count, inputs] = images.shape;
  const labels = shaped(request, "labels", Uint8Array, [count]).data;
  port.sets.set(set, { pixels: images.data, inputs, labels, scale: number(request, "scale") });
  return ok();
}

/**
 * @param {Port} port
 * @param {Message} request
 */
function train(port, request) {
  const batches = shaped(request, "batches", Int32Array, [undefined, undefined]);
  return ok(port.loaded.train(rule(request), port.images("train"), batches));
}

/**
 * p and the optimizer's state after one update.
 *
 * @param {Port} _
 * @param {Message} request
 */
function update(_, request) {
  const optimizer = rule(request);
  const iteration = wholeNumber(request, "iteration");
  const Type = floatType(request, "p");
  const { shape } = find(request, "p");
  const [p, dp, ...state] = ["p", "dp", ...optimizer.stateNames].map((name) => shaped(request, name, Type, shape).data);
  optimizer.updateOne(p, dp, state, iteration);
  const after = [p, ...state];
  return ok(new Map(["p", ...optimizer.stateNames].map((name, i) => [name, { shape, data: after[i] }])));
}

/**
 * A layer made beforehand, with the arrays of the request: what there is to run, forward and then backward, and then to
 * tell.
 *
 * @param {Message} request
 * @returns {{ run: () => void, results: () => Map<string, NDArray> }}
 */
function layerPass(request) {
  const kind = field(request, "kind");
  const Type = floatType(request, "x");
  switch (kind) {
    case "multiply":
    case "add": {
      const layer = kind === "multiply" ? new Multiply() : new Add();
      const [x, y, dout] = alike(request, Type, "x", "y", "dout");
      return {
        run() {
          layer.forward(x, y);
          layer.backward(dout);
        },
        results: () => likeX(request, { out: layer.out, dx: layer.dx, dy: layer.dy }),
      };
    }
    case "relu":
    case "sigmoid": {
      const layer = activation(kind);
      const [x, dout] = alike(request, Type, "x", "dout");
      return {
        run() {
          layer.forward(x);
          layer.backward(dout);
        },
        results: () => likeX(request, { out: layer.out, dx: layer.dx }),
      };
    }
    case "affine": {
      const x = matrix(request, "x", Type);
      const W = matrix(request, "W", Type, x.columns);
      const layer = new Affine(W, shaped(request, "b", Type, [W.columns]).data);
      const dout = matrix(request, "dout", Type, x.rows, W.columns);
      return {
        run() {
          layer.forward(x);
          layer.backward(dout);
        },
        results() {
          const { out, dx, dW, db } = layer;
          return toArrays(new Map(Object.entries({ out, dx, dW, db })), Type);
        },
      };
    }
    case "softmax_with_loss": {
      const layer = new SoftmaxWithLoss(number(request, "epsilon"));
      const x = matrix(request, "x", Type);
      const t = target(request, Type, x.rows, x.columns);
      return {
        run() {
          layer.forward(x, t);
          layer.backward();
        },
        results() {
          const { loss, y, dx } = layer;
          return toArrays(new Map(Object.entries({ loss, y, dx })), Type);
        },
      };
    }
    default:
      throw new RequestError(`expected a layer of kind ${LAYERS.join(", ")}, came ${kind}`);
  }
}

/**
 * These arrays of the request, all of the shape of the first, whatever that is, each as one long row.
 *
 * @param {Message} request
 * @param {FloatType} Type
 * @param {string[]} names
 */
function alike(request, Type, ...names) {
  const { shape } = find(request, names[0]);
  return names.map((name) => {
    const { data } = shaped(request, name, Type, shape);
    return new Matrix(data, 1, data.length);
  });
}

/**
 * The way back: results in the shape of x.
 *
 * @param {Message} request
 * @param {Record<string, Matrix>} results
 */
function likeX(request, results) {
  const { shape } = find(request, "x");
  return new Map(Object.entries(results).map(([name, { data }]) => [name, { shape, data }]));
}
