/** The protocol's operations: each takes the port and a request, and answers it by calls of my_network.js. */

import * as mine from "../my_network.js";
import {
  RequestError,
  Unsupported,
  field,
  find,
  floatType,
  namedType,
  number,
  ok,
  oneHotOrLabels,
  shaped,
  wholeNumber,
  wholeNumbers,
} from "./request.js";
import { anyArray, matrix, object, parameters, scalar, told, vector } from "./results.js";
import { elapsed } from "./timing.js";

const LAYERS = new Map([
  ["affine", "affine"],
  ["relu", "relu"],
  ["sigmoid", "sigmoid"],
  ["softmax_with_loss", "softmaxWithLoss"],
  ["tanh", "tanh"],
  ["squared_error", "squaredError"],
  ["batch_norm", "batchNorm"],
  ["dropout", "dropout"],
  ["convolution", "convolution"],
  ["max_pooling", "maxPooling"],
]);
const LOSSES = ["softmax_with_loss", "squared_error"];
const OF_IMAGES = ["convolution", "max_pooling"];
/** What a layer of a kind holds: its parameters, and other arrays; and its numbers. */
const LEARNT = { affine: ["W", "b"], convolution: ["W", "b"], batch_norm: ["gamma", "beta"] };
const RUNNING = ["running_mean", "running_var"];
const KEPT = { ...LEARNT, batch_norm: [...LEARNT.batch_norm, ...RUNNING] };
const HELD = { ...KEPT, dropout: ["mask"] };
const NUMBERS = {
  batch_norm: ["momentum", "epsilon"],
  dropout: ["ratio"],
  convolution: ["stride", "pad"],
  max_pooling: ["height", "width", "stride", "pad"],
};
/** What an optimizer's function is given after p and dp: the state, and the numbers of the request. */
const OPTIMIZERS = {
  sgd: { state: [], numbers: ["learning_rate"] },
  momentum: { state: ["v"], numbers: ["learning_rate", "momentum"] },
  nesterov: { state: ["v"], numbers: ["learning_rate", "momentum"] },
  adagrad: { state: ["h"], numbers: ["learning_rate"] },
  rmsprop: { state: ["h"], numbers: ["learning_rate", "decay"] },
  adam: { state: ["m", "v"], numbers: ["learning_rate", "beta1", "beta2"] },
};

/** The name of an array in my_network.js. */
const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** The elements of a parameter, which is a matrix, an array of 4 dimensions or a vector. */
const elements = (p) => p.data ?? p;

/** A network of affine layers with one activation: what my_network.js does with it. */
class Affines {
  predict = "predict";
  accuracy = "accuracy";
  gradient = "gradient";
  supports = "supports";

  constructor(net) {
    this.net = net;
  }

  /** What a function is given that must leave the network as it was. */
  get own() {
    return this.net;
  }

  /** One with parameters of its own. */
  get clone() {
    const { W, b } = this.net;
    return new Affines({ ...this.net, W: W.map((W) => ({ ...W, data: W.data.slice() })), b: b.map((b) => b.slice()) });
  }

  /** The parameters by name. */
  get learnt() {
    return this.net.W.flatMap((W, l) => [[`W${l + 1}`, W], [`b${l + 1}`, this.net.b[l]]]);
  }

  /** What params gives. */
  get kept() {
    return this.learnt;
  }

  gradientCall(x, t) {
    need("gradient");
    return () => mine.gradient(this.net, x, t);
  }

  /** The same for a step of training. */
  trainingCall(x, t) {
    return this.gradientCall(x, t);
  }

  /** The gradients of what that has returned, by name. */
  gradients(Type, { dW, db }) {
    return parameters(Type, "d", dW, db);
  }

  /** The same as it came, for an update. */
  slopes({ dW, db }) {
    return dW.flatMap((dW, l) => [dW, db[l]]);
  }

  lossInTest(x, t) {
    return object("the result", this.gradientCall(x, t)()).loss;
  }
}

/** A network of any layers, with the number of each. */
class Layers {
  predict = "predictLayers";
  accuracy = "accuracyLayers";
  gradient = "gradientLayers";
  supports = "supportsLayers";

  constructor(layers, numbered, weightDecay, epsilon) {
    Object.assign(this, { layers, numbered, weightDecay, epsilon });
  }

  /** Layers for a function that must leave the network as it was: it may move the running ones on. */
  get own() {
    return this.#copied(RUNNING);
  }

  get clone() {
    return new Layers(this.#copied(Object.values(KEPT).flat()), this.numbered, this.weightDecay, this.epsilon);
  }

  #copied(names) {
    const copy = (a) => (a.data === undefined ? a.slice() : { ...a, data: a.data.slice() });
    return this.layers.map((layer) => {
      const held = names.map(camel).filter((name) => layer[name] !== undefined);
      return { ...layer, ...Object.fromEntries(held.map((name) => [name, copy(layer[name])])) };
    });
  }

  #named(kinds) {
    const kind = (layer) => [...LAYERS.keys()].find((kind) => LAYERS.get(kind) === layer.kind);
    return this.layers.flatMap((layer, l) =>
      (kinds[kind(layer)] ?? []).map((name) => [`${name}${this.numbered[l]}`, layer[camel(name)]]),
    );
  }

  get learnt() {
    return this.#named(LEARNT);
  }

  get kept() {
    return this.#named(KEPT);
  }

  gradientCall(x, t) {
    need("gradientLayers");
    const own = this.own;
    return () => mine.gradientLayers(own, x, t, this.weightDecay, this.epsilon);
  }

  /** For a step of training with these masks: what is moved on in the layers stays. */
  trainingCall(x, t, masks) {
    this.layers.forEach((layer, l) => {
      if (layer.kind === "dropout") layer.mask = masks(`mask${this.numbered[l]}`);
    });
    return () => mine.gradientLayers(this.layers, x, t, this.weightDecay, this.epsilon);
  }

  gradients(Type, result) {
    const came = this.slopes(result);
    const names = this.learnt.map(([name]) => `d${name}`);
    return Object.fromEntries(names.map((name, i) => [name, anyArray(Type, name, came[i])]));
  }

  slopes({ gradients }) {
    const { length } = this.learnt;
    if (Array.isArray(gradients) && gradients.length === length) return gradients;
    const came = Array.isArray(gradients) ? gradients.length : told(gradients);
    throw new RequestError(`gradients: expected an array of ${length}, came ${came}`);
  }

  /** Without weight decay, of these logits. */
  lossInTest(x, t, logits) {
    const { kind } = this.layers.at(-1);
    need(kind);
    return object(kind, mine[kind](logits, t, this.epsilon)).loss;
  }
}

/** The optimizer that a request names, with a state for each parameter that it has updated. */
class Optimizer {
  kept = new Map();
  iteration = 0;

  constructor(request) {
    this.name = field(request, "optimizer");
    if (!Object.hasOwn(OPTIMIZERS, this.name)) throw new Unsupported(`no optimizer ${this.name}`);
    need(this.name);
    const { state, numbers } = OPTIMIZERS[this.name];
    this.state = state;
    this.numbers = numbers.map((name) => number(request, name));
    this.fields = JSON.stringify([...request.fields]);
  }

  /** Parameters by name, and their gradients in the same order. */
  update(params, slopes) {
    this.iteration++;
    params.forEach(([name, p], i) => {
      const data = elements(p);
      if (!this.kept.has(name)) this.kept.set(name, this.state.map(() => new data.constructor(data.length)));
      this.updateOne(data, elements(slopes[i]), this.kept.get(name));
    });
  }

  /** In place. */
  updateOne(p, dp, state) {
    mine[this.name](p, dp, ...state, ...this.numbers, ...(this.name === "adam" ? [this.iteration] : []));
  }
}

/** What lives from one request to the next. */
export class Port {
  /** The arrays that came last, to be given back by inputs. */
  inputs = new Map();
  /** { net, x, t, Type } */
  case;
  /** That of the last train since load. */
  optimizer;
  sets = new Map();

  get loaded() {
    if (this.case === undefined) throw new RequestError("nothing is loaded yet: send load first");
    return this.case;
  }

  /** The set of this name, which must fit the loaded network. */
  images(name) {
    const { net, x } = this.loaded;
    const set = this.sets.get(name);
    if (set?.inputs !== x.data.length / x.shape[0] || set.labels.some((label) => label >= classes(net))) {
      throw new RequestError(`expected the set ${name}, with images and labels that fit the loaded network`);
    }
    return set;
  }
}

const classes = (net) => elements(net.learnt.at(-1)[1]).length;

export const OPERATIONS = new Map([
  ["hello", hello],
  ["load", load],
  ["layer", layer],
  ["inputs", (port) => ok(port.inputs)],
  ["predict", (port) => reply({ out: predicted(port.loaded) })],
  ["accuracy", ({ loaded: { net, x, t } }) => reply({ accuracy: share(net, x, t) })],
  ["gradient", gradient],
  ["numerical_gradient", numericalGradient],
  ["null", () => ok()],
  ["time", time],
  ["data", data],
  ["train", train],
  ["params", params],
  ["evaluate", evaluate],
  ["update", update],
]);

function reply(arrays) {
  return ok(new Map(Object.entries(arrays)));
}

function has(...names) {
  return names.every((name) => mine.written.includes(name));
}

function need(...names) {
  const lacking = names.find((name) => !has(name));
  if (lacking === undefined) return;
  throw new Unsupported(`${lacking} is not written yet: fill it in in my_network.js, and add it to "written" there`);
}

function hello() {
  const unknown = mine.written.find((name) => typeof mine[name] !== "function");
  if (unknown !== undefined) {
    throw new RequestError(`"written" in my_network.js: expected functions of that file, came ${unknown}`);
  }
  if (!Array.isArray(mine.dtypes) || mine.dtypes.some((name) => name !== "float64" && name !== "float32")) {
    const expected = '"float64", "float32" or both in an array';
    throw new RequestError(`"dtypes" in my_network.js: expected ${expected}, came ${mine.dtypes}`);
  }
  const layers = [...LAYERS.keys()].filter((kind) => has(LAYERS.get(kind)));
  const operations = ["hello", "load"];
  if (mine.written.length > 0) operations.push("inputs", "null", "time");
  if (layers.length > 0) operations.push("layer");
  const optimizers = Object.keys(OPTIMIZERS).filter((name) => has(name));
  const anyLayers = has("predictLayers", "gradientLayers");
  if (has("predict") || anyLayers) operations.push("predict");
  if (has("accuracy") || (anyLayers && has("accuracyLayers"))) operations.push("accuracy");
  if (has("gradient") || anyLayers) operations.push("gradient");
  if (has("numericalGradient")) operations.push("numerical_gradient");
  if (optimizers.length > 0) operations.push("update");
  if (optimizers.length > 0 && (has("predict", "gradient") || anyLayers)) {
    operations.push("data", "train", "params", "evaluate");
  }
  const fields = {
    name: "PORT_NAME",
    language: "JavaScript",
    version: `Node ${process.versions.node}`,
    blas: "none",
    threads: "1",
    dtypes: mine.dtypes.join(),
    layers: layers.join(),
    operations: operations.join(),
    optimizers: optimizers.join(),
    epsilon: `${mine.lossEpsilon}`,
    step: `${ownStep()}`,
    ...(anyLayers ? { networks: "any" } : {}),
  };
  return { word: "ok", fields: new Map(Object.entries(fields)), arrays: new Map() };
}

function ownStep() {
  return mine.numericalStep ?? "any";
}

/** A matrix of the request, as my_network.js has them: the very array, so that inputs tells what was changed in it. */
function given(request, name, Type, rows, columns) {
  shaped(request, name, Type, [rows, columns]);
  const array = find(request, name);
  return Object.assign(array, { rows: array.shape[0], columns: array.shape[1] });
}

/** An array of the request, as my_network.js has them: a vector, a matrix, or of 4 dimensions, { shape, data }. */
function held(request, name, Type) {
  const { shape, data } = shaped(request, name, Type, find(request, name).shape);
  if (shape.length === 1) return data;
  return shape.length === 2 ? given(request, name, Type) : find(request, name);
}

/** The same, with each image as a row. */
function rowsOf(request, name, Type) {
  const { shape, data } = shaped(request, name, Type, find(request, name).shape);
  if (shape.length < 4) return held(request, name, Type);
  return { rows: shape[0], columns: data.length / shape[0], data };
}

const ofMask = (name, Type) => (name.startsWith("mask") ? Uint8Array : Type);

/** t as labels. */
function labels(request, Type, { rows }, classes) {
  const { data } = oneHotOrLabels(request, Type, rows, classes);
  const label = (_, i) => data.subarray(i * classes).findIndex((value) => value !== 0);
  return data instanceof Int32Array ? data : Int32Array.from({ length: rows }, label);
}

function load(port, request) {
  port.case = undefined; // a load that fails leaves nothing of the one before
  const dtype = field(request, "dtype");
  if (!mine.dtypes.includes(dtype)) throw new Unsupported(`no ${dtype}`);
  const Type = namedType(request);
  const net = request.fields.has("layers") ? layersIn(request, Type) : affinesIn(request, Type);
  const supported = (mine[net.supports] ?? (() => true))(net.own);
  if (typeof supported !== "boolean") {
    throw new RequestError(`${net.supports}: expected true or false, came ${told(supported)}`);
  }
  if (!supported) throw new Unsupported(`no such network: ${net.supports} in my_network.js says so`);
  const x = net instanceof Affines ? given(request, "x", Type, undefined, net.net.W[0].rows) : held(request, "x", Type);
  port.case = { net, x, t: labels(request, Type, { rows: x.shape[0] }, classes(net)), Type };
  port.inputs = request.arrays;
  port.optimizer = undefined;
  return ok();
}

function affinesIn(request, Type) {
  const sizes = wholeNumbers(request, "sizes");
  const outputs = sizes.slice(1);
  const W = outputs.map((size, l) => given(request, `W${l + 1}`, Type, sizes[l], size));
  const b = outputs.map((size, l) => shaped(request, `b${l + 1}`, Type, [size]).data);
  return new Affines({ W, b, activation: field(request, "activation"), epsilon: number(request, "epsilon") });
}

function layersIn(request, Type) {
  if (!has("predictLayers", "gradientLayers")) {
    throw new Unsupported("no networks of any layers: predictLayers and gradientLayers are not written yet");
  }
  let counted = 0;
  const numbered = [];
  const layers = field(request, "layers").split(",").map((kind) => {
    if (!LAYERS.has(kind)) throw new Unsupported(`no layer ${kind}`);
    if (kind in LEARNT) counted++;
    numbered.push(counted);
    const numbers = (NUMBERS[kind] ?? []).map((name) => [name, number(request, `${kind}${counted}.${name}`)]);
    const array = (name) => held(request, `${name}${counted}`, ofMask(name, Type));
    const arrays = (HELD[kind] ?? []).map((name) => [camel(name), array(name)]);
    return { kind: LAYERS.get(kind), ...Object.fromEntries([...numbers, ...arrays]) };
  });
  return new Layers(layers, numbered, number(request, "weight_decay"), number(request, "epsilon"));
}

/** A layer's call with the arrays of the request, and how its results travel. */
function layerCall(request) {
  const kind = field(request, "kind");
  if (!LAYERS.has(kind)) throw new Unsupported(`no layer ${kind}`);
  need(LAYERS.get(kind));
  const layer = mine[LAYERS.get(kind)];
  const Type = floatType(request, "x");
  if (LOSSES.includes(kind)) {
    const x = given(request, "x", Type);
    const t = labels(request, Type, x, x.columns);
    const results = ({ loss, y, dx }) => ({
      loss: scalar(Type, "loss", loss),
      ...(kind === "softmax_with_loss" ? { y: matrix(Type, "y", y) } : {}),
      dx: matrix(Type, "dx", dx),
    });
    if (kind === "squared_error") return { call: () => layer(x, t), results };
    const epsilon = number(request, "epsilon");
    return { call: () => layer(x, t, epsilon), results };
  }
  const read = OF_IMAGES.includes(kind) ? held : rowsOf;
  const [x, dout] = [read(request, "x", Type), read(request, "dout", Type)];
  const arrays = (HELD[kind] ?? []).map((name) => (name === "mask" ? rowsOf : held)(request, name, ofMask(name, Type)));
  if (kind === "affine") given(request, "W", Type, x.columns);
  const own = [...arrays, ...(NUMBERS[kind] ?? []).map((name) => number(request, name))];
  const training = request.fields.get("phase") !== "test";
  if (kind === "batch_norm" || kind === "dropout") own.push(training);
  return { call: () => layer(x, ...own, dout), results: (came) => layerResults(request, kind, training, Type, came) };
}

/** What is given as rows goes back in the shape of x. */
function layerResults(request, kind, training, Type, came) {
  const { shape } = find(request, "x");
  const images = OF_IMAGES.includes(kind) ? anyArray : matrix;
  const back = (array) => (shape.length === 4 && images === matrix ? { shape, data: array.data } : array);
  const results = { out: images(Type, "out", came.out) };
  if (kind !== "affine") results.out = back(results.out);
  if (kind === "batch_norm" && training) {
    for (const name of RUNNING) results[name] = vector(Type, camel(name), came[camel(name)]);
  }
  results.dx = back(images(Type, "dx", came.dx));
  for (const name of (LEARNT[kind] ?? []).map((name) => `d${name}`)) {
    results[name] = (name !== "dW" ? vector : images)(Type, name, came[name]);
  }
  return results;
}

function layer(port, request) {
  const { call, results } = layerCall(request);
  port.inputs = request.arrays;
  return reply(results(object(field(request, "kind"), call())));
}

function predicted({ net, x, Type }) {
  need(net.predict);
  return matrix(Type, "the result", mine[net.predict](net.own, x));
}

/** What accuracy has returned. */
function share(net, x, t) {
  need(net.accuracy);
  return scalar(Float64Array, net.accuracy, mine[net.accuracy](net.own, x, t));
}

/** The share of rows whose largest logit, the first in a tie, is at the label; NaN is larger than any number. */
function right({ shape: [rows, columns], data }, t) {
  const largest = (row) => {
    const max = row.reduce((a, b) => Math.max(a, b));
    return row.findIndex((v) => v === max || Number.isNaN(v));
  };
  const hits = t.filter((label, i) => largest(data.subarray(i * columns, (i + 1) * columns)) === label);
  return scalar(Float64Array, "accuracy", hits.length / rows);
}

function gradient(port) {
  const { net, x, t, Type } = port.loaded;
  const came = object("the result", net.gradientCall(x, t)());
  return reply({ loss: scalar(Type, "loss", came.loss), ...net.gradients(Type, came) });
}

function numericalCall(port, request) {
  const { net, x, t } = port.loaded;
  if (net instanceof Layers) throw new Unsupported("no numerical gradient of networks of any layers");
  need("numericalGradient");
  const step = ownStep() === "any" ? number(request, "step") : Number(ownStep());
  return () => mine.numericalGradient(net.own, x, t, step);
}

function numericalGradient(port, request) {
  const call = numericalCall(port, request);
  return reply(port.loaded.net.gradients(port.loaded.Type, object("the result", call())));
}

/** A gradient, and the update of every parameter; the loss. */
function step(net, call, optimizer) {
  const came = object("the result", call());
  optimizer.update(net.learnt, net.slopes(came));
  return came.loss;
}

function timed(port, request) {
  const operation = field(request, "operation");
  if (operation === "null") return () => {};
  if (operation === "layer") return layerCall(request).call;
  const { net, x, t } = port.loaded;
  if (operation === "predict") {
    need(net.predict);
    const [predict, own] = [mine[net.predict], net.own];
    return () => predict(own, x);
  }
  if (operation === "gradient") return net.gradientCall(x, t);
  if (operation === "numerical_gradient") return numericalCall(port, request);
  if (operation !== "train_step") throw new Unsupported(`no operation ${operation} to time`);
  const clone = net.clone;
  const [call, optimizer] = [clone.gradientCall(x, t), new Optimizer(request)];
  return () => step(clone, call, optimizer);
}

function time(port, request) {
  const nanoseconds = elapsed(timed(port, request), wholeNumber(request, "calls"), wholeNumber(request, "samples"));
  return reply({ nanoseconds: vector(Float64Array, "nanoseconds", nanoseconds) });
}

function data(port, request) {
  const { shape: [count, inputs], data: pixels } = shaped(request, "images", Uint8Array, [undefined, undefined]);
  const labels = shaped(request, "labels", Uint8Array, [count]).data;
  port.sets.set(field(request, "set"), { pixels, inputs, labels, scale: number(request, "scale") });
  return ok();
}

/** These rows of the set as a batch that is like this one. */
function batch({ pixels, inputs, labels, scale }, rows, Type, { shape }) {
  const wrong = rows.find((row) => row < 0 || row >= labels.length);
  if (wrong !== undefined) throw new RequestError(`expected rows of the set, came ${wrong}`);
  const x = { shape: [rows.length, ...shape.slice(1)], data: new Type(rows.length * inputs) };
  if (shape.length === 2) Object.assign(x, { rows: rows.length, columns: inputs });
  rows.forEach((row, i) => {
    for (let j = 0; j < inputs; j++) x.data[i * inputs + j] = pixels[row * inputs + j] / scale;
  });
  return { x, t: Int32Array.from(rows, (row) => labels[row]) };
}

/** The mask of this step, of those of all steps. */
function maskOf(request, name, i) {
  const { shape: [steps, ...shape], data } = find(request, name);
  const size = data.length / steps;
  const mask = { shape, data: data.slice(i * size, (i + 1) * size) };
  return shape.length === 2 ? { ...mask, rows: shape[0], columns: shape[1] } : mask;
}

function train(port, request) {
  const { net, Type, x: like } = port.loaded;
  need(net.gradient);
  let optimizer = new Optimizer(request);
  if (port.optimizer?.fields === optimizer.fields) ({ optimizer } = port);
  const set = port.images("train");
  const { shape: [steps, size], data } = shaped(request, "batches", Int32Array, [undefined, undefined]);
  port.optimizer = optimizer;
  const losses = new Type(steps);
  const [nanoseconds] = elapsed(() => {
    for (let i = 0; i < steps; i++) {
      const { x, t } = batch(set, data.subarray(i * size, (i + 1) * size), Type, like);
      const call = net.trainingCall(x, t, (name) => maskOf(request, name, i));
      losses[i] = step(net, call, optimizer);
    }
  }, 1, 1);
  return reply({
    loss: vector(Type, "loss", losses),
    nanoseconds: scalar(Float64Array, "nanoseconds", nanoseconds),
  });
}

function params(port) {
  const { net, Type } = port.loaded;
  return reply(Object.fromEntries(net.kept.map(([name, array]) => [name, anyArray(Type, name, array)])));
}

function evaluate(port, request) {
  const { net, Type, x: like } = port.loaded;
  const set = port.images(field(request, "set"));
  const { x, t } = batch(set, [...set.labels.keys()], Type, like);
  const out = predicted({ net, x, Type });
  const [rows, columns] = out.shape;
  const loss = net.lossInTest(x, t, { rows, columns, ...out });
  const accuracy = has(net.accuracy) ? share(net, x, t) : right(out, t);
  return reply({ loss: scalar(Type, "loss", loss), accuracy });
}

function update(port, request) {
  const optimizer = new Optimizer(request);
  optimizer.iteration = wholeNumber(request, "iteration");
  const p = find(request, "p");
  const Type = floatType(request, "p");
  const [dp, ...state] = ["dp", ...optimizer.state].map((name) => shaped(request, name, Type, p.shape).data);
  optimizer.updateOne(p.data, dp, state);
  return reply({ p, ...Object.fromEntries(optimizer.state.map((name) => [name, find(request, name)])) });
}
