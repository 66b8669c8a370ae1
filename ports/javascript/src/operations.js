/** The operations of the protocol: each takes the port and a request, with its arrays decoded, and gives the reply. */

import { Case, TIMED } from "./case.js";
import { Its, LAYERS, LOSSES, makeLayer, makeLoss } from "./kinds.js";
import { Add, Multiply, SoftmaxWithLoss } from "./layers/index.js";
import { OPTIMIZERS, matrix, rule, target, toArrays } from "./operands.js";
import { RequestError, Unsupported, field, find, floatType, number, ok, shaped, wholeNumber } from "./request.js";
import { elapsed } from "./timing.js";

/** @typedef {import("./network.js").Named} Named */
/** @typedef {import("./request.js").FloatType} FloatType */
/** @typedef {import("./training.js").Images} Images */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").NDArray} NDArray */

const OF_TWO = ["multiply", "add"];
const WITH_PHASE = ["batch_norm", "dropout"];
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
    layers: [...OF_TWO, ...LAYERS, ...LOSSES].join(),
    operations: [...OPERATIONS.keys()].join(),
    optimizers: OPTIMIZERS.join(),
    epsilon: "any",
    networks: "any",
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
  return ok(port.loaded.train(request, port.images("train")));
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
 * @typedef {{ run: () => void, results: () => Map<string, NDArray> }} Pass
 */

/**
 * @param {Message} request
 * @returns {Pass}
 */
function layerPass(request) {
  const kind = field(request, "kind");
  const Type = floatType(request, "x");
  if (OF_TWO.includes(kind)) {
    return passOfTwo(request, kind, Type);
  }
  return LOSSES.includes(kind) ? passOfLoss(request, kind, Type) : passOfOne(request, kind, Type);
}

/**
 * @param {Message} request
 * @param {string} kind
 * @param {FloatType} Type
 * @returns {Pass}
 */
function passOfTwo(request, kind, Type) {
  const layer = kind === "multiply" ? new Multiply() : new Add();
  const { shape } = find(request, "x");
  const [x, y, dout] = ["x", "y", "dout"].map((name) => matrix(request, name, Type, shape));
  return {
    run() {
      layer.forward(x, y);
      layer.backward(dout);
    },
    results() {
      const { out, dx, dy } = layer;
      return new Map(Object.entries({ out, dx, dy }));
    },
  };
}

/**
 * @param {Message} request
 * @param {string} kind
 * @param {FloatType} Type
 * @returns {Pass}
 */
function passOfLoss(request, kind, Type) {
  const last = makeLoss(kind, request);
  const x = matrix(request, "x", Type, [undefined, undefined]);
  const t = target(request, Type, x.rows, x.columns);
  return {
    run() {
      last.forward(x, t);
      last.backward();
    },
    results() {
      const { loss, dx } = last;
      return toArrays(
        new Map(Object.entries(last instanceof SoftmaxWithLoss ? { loss, y: last.y, dx } : { loss, dx })),
        Type,
      );
    },
  };
}

/**
 * @param {Message} request
 * @param {string} kind
 * @param {FloatType} Type
 * @returns {Pass}
 */
function passOfOne(request, kind, Type) {
  const { shape } = find(request, "x");
  const layer = makeLayer(kind, new Its(request, Type, kind), shape);
  layer.training = !WITH_PHASE.includes(kind) || isTraining(request);
  const x = matrix(request, "x", Type, shape);
  const dout = matrix(request, "dout", Type, layer.outShape(shape));
  return {
    run() {
      layer.forward(x);
      layer.backward(dout);
    },
    results() {
      const { out, training, moved, dx, gradients } = layer;
      return toArrays(new Map(Object.entries({ out, ...(training && moved), dx, ...gradients })), Type);
    },
  };
}

/** @param {Message} request */
function isTraining(request) {
  const phase = field(request, "phase");
  if (phase !== "train" && phase !== "test") {
    throw new RequestError(`expected the phase train or test, came ${phase}`);
  }
  return phase === "train";
}
