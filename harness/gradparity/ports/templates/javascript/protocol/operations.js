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
import { matrices, matrix, object, parameters, scalar, told, vector } from "./results.js";
import { elapsed } from "./timing.js";

const LAYERS = new Map([
  ["affine", "affine"],
  ["relu", "relu"],
  ["sigmoid", "sigmoid"],
  ["softmax_with_loss", "softmaxWithLoss"],
]);

/** What lives from one request to the next. */
export class Port {
  /** The arrays that came last, to be given back by inputs. */
  inputs = new Map();
  /** { net, x, t, Type } */
  case;
  sets = new Map();

  get loaded() {
    if (this.case === undefined) throw new RequestError("nothing is loaded yet: send load first");
    return this.case;
  }

  /** The set of this name, which must fit the loaded network. */
  images(name) {
    const { net } = this.loaded;
    const set = this.sets.get(name);
    if (set?.inputs !== net.W[0].rows || set.labels.some((label) => label >= net.W.at(-1).columns)) {
      throw new RequestError(`expected the set ${name}, with images and labels that fit the loaded network`);
    }
    return set;
  }
}

export const OPERATIONS = new Map([
  ["hello", hello],
  ["load", load],
  ["layer", layer],
  ["inputs", (port) => ok(port.inputs)],
  ["predict", (port) => reply({ out: predicted(port.loaded) })],
  ["accuracy", (port) => reply({ accuracy: right(predicted(port.loaded), port.loaded.t) })],
  ["gradient", gradient],
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
  if (has("predict")) operations.push("predict", "accuracy");
  if (has("gradient")) operations.push("gradient");
  if (has("sgd")) operations.push("update");
  if (has("predict", "gradient", "sgd")) operations.push("data", "train", "params", "evaluate");
  const fields = {
    name: "PORT_NAME",
    language: "JavaScript",
    version: `Node ${process.versions.node}`,
    blas: "none",
    threads: "1",
    dtypes: mine.dtypes.join(),
    layers: layers.join(),
    operations: operations.join(),
    optimizers: has("sgd") ? "sgd" : "",
    epsilon: `${mine.lossEpsilon}`,
  };
  return { word: "ok", fields: new Map(Object.entries(fields)), arrays: new Map() };
}

/** A matrix of the request, as my_network.js has them: the very array, so that inputs tells what was changed in it. */
function given(request, name, Type, rows, columns) {
  shaped(request, name, Type, [rows, columns]);
  const array = find(request, name);
  return Object.assign(array, { rows: array.shape[0], columns: array.shape[1] });
}

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
  const sizes = wholeNumbers(request, "sizes");
  const outputs = sizes.slice(1);
  const W = outputs.map((size, l) => given(request, `W${l + 1}`, Type, sizes[l], size));
  const b = outputs.map((size, l) => shaped(request, `b${l + 1}`, Type, [size]).data);
  const net = { W, b, activation: field(request, "activation"), epsilon: number(request, "epsilon") };
  const supported = mine.supports(net);
  if (typeof supported !== "boolean") {
    throw new RequestError(`supports: expected true or false, came ${told(supported)}`);
  }
  if (!supported) throw new Unsupported("no such network: supports in my_network.js says so");
  const x = given(request, "x", Type, undefined, sizes[0]);
  port.case = { net, x, t: labels(request, Type, x, sizes.at(-1)), Type };
  port.inputs = request.arrays;
  return ok();
}

/** A layer's call with the arrays of the request, and how its results travel. */
function layerCall(request) {
  const kind = field(request, "kind");
  if (!LAYERS.has(kind)) throw new Unsupported(`no layer ${kind}`);
  need(LAYERS.get(kind));
  const layer = mine[LAYERS.get(kind)];
  const Type = floatType(request, "x");
  const x = given(request, "x", Type);
  if (kind === "affine") {
    const W = given(request, "W", Type, x.columns);
    const b = shaped(request, "b", Type, [W.columns]).data;
    const dout = given(request, "dout", Type, x.rows, W.columns);
    const results = ({ out, dx, dW, db }) => ({ ...matrices(Type, { out, dx, dW }), db: vector(Type, "db", db) });
    return { call: () => layer(x, W, b, dout), results };
  }
  if (kind === "softmax_with_loss") {
    const [t, epsilon] = [labels(request, Type, x, x.columns), number(request, "epsilon")];
    const results = ({ loss, y, dx }) => ({ loss: scalar(Type, "loss", loss), ...matrices(Type, { y, dx }) });
    return { call: () => layer(x, t, epsilon), results };
  }
  const dout = given(request, "dout", Type, x.rows, x.columns);
  return { call: () => layer(x, dout), results: ({ out, dx }) => matrices(Type, { out, dx }) };
}

function layer(port, request) {
  const { call, results } = layerCall(request);
  port.inputs = request.arrays;
  return reply(results(object(field(request, "kind"), call())));
}

function predicted({ net, x, Type }) {
  need("predict");
  return matrix(Type, "the result", mine.predict(net, x));
}

/** The share of rows whose largest logit, the first in a tie, is at the label. */
function right({ shape: [rows, columns], data }, t) {
  const largest = (row) => row.indexOf(row.reduce((a, b) => Math.max(a, b)));
  const hits = t.filter((label, i) => largest(data.subarray(i * columns, (i + 1) * columns)) === label);
  return scalar(Float64Array, "accuracy", hits.length / rows);
}

function gradient(port) {
  const { net, x, t, Type } = port.loaded;
  need("gradient");
  const { loss, dW, db } = object("the result", mine.gradient(net, x, t));
  return reply({ loss: scalar(Type, "loss", loss), ...parameters(Type, "d", dW, db) });
}

/** A gradient, and the update of every parameter; the loss. */
function step(net, x, t, rate) {
  const { loss, dW, db } = mine.gradient(net, x, t);
  net.W.forEach((W, l) => {
    mine.sgd(W.data, dW[l].data, rate);
    mine.sgd(net.b[l], db[l], rate);
  });
  return loss;
}

function rateOf(request) {
  const optimizer = field(request, "optimizer");
  if (optimizer !== "sgd") throw new Unsupported(`no optimizer ${optimizer}`);
  need("sgd");
  return number(request, "learning_rate");
}

function timed(port, request) {
  const operation = field(request, "operation");
  if (operation === "null") return () => {};
  if (operation === "layer") return layerCall(request).call;
  const { net, x, t } = port.loaded;
  if (operation === "predict") {
    need("predict");
    return () => mine.predict(net, x);
  }
  if (operation === "gradient") {
    need("gradient");
    return () => mine.gradient(net, x, t);
  }
  if (operation !== "train_step") throw new Unsupported(`no operation ${operation} to time`);
  need("gradient");
  const rate = rateOf(request);
  const copy = { ...net, W: net.W.map((W) => ({ ...W, data: W.data.slice() })), b: net.b.map((b) => b.slice()) };
  return () => step(copy, x, t, rate);
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

/** These rows of the set as a batch of this type. */
function batch({ pixels, inputs, labels, scale }, rows, Type) {
  const wrong = rows.find((row) => row < 0 || row >= labels.length);
  if (wrong !== undefined) throw new RequestError(`expected rows of the set, came ${wrong}`);
  const x = { rows: rows.length, columns: inputs, data: new Type(rows.length * inputs) };
  rows.forEach((row, i) => {
    for (let j = 0; j < inputs; j++) x.data[i * inputs + j] = pixels[row * inputs + j] / scale;
  });
  return { x, t: Int32Array.from(rows, (row) => labels[row]) };
}

function train(port, request) {
  const { net, Type } = port.loaded;
  need("gradient");
  const rate = rateOf(request);
  const set = port.images("train");
  const { shape: [steps, size], data } = shaped(request, "batches", Int32Array, [undefined, undefined]);
  const losses = new Type(steps);
  const [nanoseconds] = elapsed(() => {
    for (let i = 0; i < steps; i++) {
      const { x, t } = batch(set, data.subarray(i * size, (i + 1) * size), Type);
      losses[i] = step(net, x, t, rate);
    }
  }, 1, 1);
  return reply({
    loss: vector(Type, "loss", losses),
    nanoseconds: scalar(Float64Array, "nanoseconds", nanoseconds),
  });
}

function params(port) {
  const { net, Type } = port.loaded;
  return reply(parameters(Type, "", net.W, net.b));
}

function evaluate(port, request) {
  need("predict", "gradient");
  const { net, Type } = port.loaded;
  const set = port.images(field(request, "set"));
  const { x, t } = batch(set, [...set.labels.keys()], Type);
  const { loss } = mine.gradient(net, x, t);
  return reply({ loss: scalar(Type, "loss", loss), accuracy: right(predicted({ net, x, Type }), t) });
}

function update(port, request) {
  const rate = rateOf(request);
  const p = find(request, "p");
  const { data } = shaped(request, "dp", floatType(request, "p"), p.shape);
  mine.sgd(p.data, data, rate);
  return reply({ p });
}
