/*
 * The plumbing between gradparity and my_network.js. You need not open this file.
 *
 * Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
 * docs/protocol.md is the specification.
 */

import { readSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";

import * as mine from "./my_network.js";

Error.stackTraceLimit = 50; // from here on: see port.toml

const TYPES = { "<f8": Float64Array, "<f4": Float32Array, "<i4": Int32Array, "|u1": Uint8Array };
const REALS = { float64: Float64Array, float32: Float32Array };
const LAYERS = { affine: "affine", relu: "relu", sigmoid: "sigmoid", softmax_with_loss: "softmaxWithLoss" };

/** What a request is answered with, where that is not ok. */
class Refusal extends Error {
  constructor(word, message) {
    super(message);
    this.word = word;
  }
}

const refuse = (message) => {
  throw new Refusal("error", message);
};
const unsupported = (message) => {
  throw new Refusal("unsupported", message);
};

// Reading and writing. An array is { shape, data }, row by row; a matrix of my_network.js has rows and columns.

/** What the call gives, once its pipe is ready. */
function patiently(call) {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a millisecond
    }
  }
}

let waiting = Buffer.alloc(0);

/** Fills the bytes; false where stdin ends before. */
function fill(bytes) {
  let filled = waiting.copy(bytes);
  waiting = waiting.subarray(filled);
  while (filled < bytes.length) {
    const count = patiently(() => readSync(0, bytes.subarray(filled)));
    if (count === 0) return false;
    filled += count;
  }
  return true;
}

function readLine() {
  const chunk = Buffer.alloc(65536);
  let end;
  while ((end = waiting.indexOf("\n")) < 0) {
    const count = patiently(() => readSync(0, chunk));
    if (count === 0) return undefined;
    waiting = Buffer.concat([waiting, chunk.subarray(0, count)]);
  }
  const line = waiting.toString("utf8", 0, end);
  waiting = waiting.subarray(end + 1);
  return line;
}

function bytes(count) {
  const buffer = new Uint8Array(count);
  if (!fill(buffer)) throw new Error("stdin ended inside an array");
  return buffer;
}

function readArray() {
  const start = Buffer.from(bytes(10));
  if (start.toString("latin1", 0, 6) !== "\x93NUMPY") throw new Error("expected an .npy record");
  const header = Buffer.from(bytes(start.readUInt16LE(8) + (start[6] > 1 ? 2 : 0))).toString("latin1");
  const [, descr, order, sizes] = /'descr': '(.*?)', 'fortran_order': (True|False), 'shape': \((.*?)\)/.exec(header);
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  const Type = TYPES[descr];
  const size = shape.reduce((product, n) => product * n, 1);
  let data = new Type(bytes(size * Type.BYTES_PER_ELEMENT).buffer);
  if (order === "True" && shape.length === 2) {
    const [rows, columns] = shape;
    data = data.map((_, at) => data[(at % columns) * rows + Math.floor(at / columns)]);
  }
  return { shape, data, rows: shape[0], columns: shape[1] };
}

function readRequest() {
  const line = readLine();
  if (line === undefined) return undefined;
  const [word, ...pairs] = line.split(" ");
  const fields = Object.fromEntries(pairs.map((pair) => pair.split("=", 2)));
  const names = fields.arrays?.split(",") ?? [];
  return { word, fields, arrays: Object.fromEntries(names.map((name) => [name, readArray()])) };
}

function write(buffer) {
  for (let at = 0; at < buffer.length; ) at += patiently(() => writeSync(3, buffer.subarray(at)));
}

function quote(value) {
  return value.replace(/[^!-$&-~]/gu, encodeURIComponent);
}

function writeReply({ word = "ok", fields = {}, arrays = {} }) {
  const names = Object.keys(arrays);
  const words = [word, ...Object.entries(fields).map(([key, value]) => `${key}=${quote(value)}`)];
  if (names.length > 0) words.push(`arrays=${names.join(",")}`);
  const pieces = [Buffer.from(`${words.join(" ")}\n`)];
  for (const { shape, data } of Object.values(arrays)) {
    const descr = Object.keys(TYPES).find((name) => data instanceof TYPES[name]);
    const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`;
    pieces.push(Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n`, "latin1"));
    pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  write(Buffer.concat(pieces));
}

// What my_network.js gives, as arrays of the case's dtype.

/** As numbers of the type; from what is none, Type.from would make NaN. */
function numbers(Type, name, values) {
  if (!ArrayBuffer.isView(values)) {
    if (!Array.isArray(values)) refuse(`${name}: expected an array of numbers, came ${told(values)}`);
    const wrong = values.findIndex((value) => typeof value !== "number");
    if (wrong >= 0) refuse(`${name}: expected numbers, came ${told(values[wrong])} as element ${wrong}`);
  }
  return Type.from(values);
}

function told(value) {
  if (value instanceof Promise) return "a Promise (no function may be async)";
  return typeof value === "object" && value !== null ? value.constructor?.name ?? "an object" : String(value);
}

function scalar(Type, name, value) {
  if (typeof value !== "number") refuse(`${name}: expected a number, came ${told(value)}`);
  return { shape: [], data: Type.of(value) };
}

function vector(Type, name, values) {
  const data = numbers(Type, name, values);
  return { shape: [data.length], data };
}

function matrix(Type, name, result) {
  const { rows, columns, data } = object(name, result);
  if (data?.length !== rows * columns) {
    refuse(`${name}: expected a matrix { rows, columns, data } with rows * columns elements`);
  }
  return { shape: [rows, columns], data: numbers(Type, name, data) };
}

function parameters(Type, prefix, W, b) {
  for (const [name, list] of [["W", W], ["b", b]]) {
    if (!Array.isArray(list)) refuse(`${prefix}${name}: expected an array, one for each layer, came ${told(list)}`);
  }
  const pairs = W.map((_, l) => [
    [`${prefix}W${l + 1}`, matrix(Type, `${prefix}W${l + 1}`, W[l])],
    [`${prefix}b${l + 1}`, vector(Type, `${prefix}b${l + 1}`, b[l])],
  ]);
  return Object.fromEntries(pairs.flat());
}

/** What a function has returned, if that is an object at all. */
function object(name, result) {
  if (typeof result === "object" && result !== null && !(result instanceof Promise)) return result;
  return refuse(`${name}: expected an object, came ${told(result)}`);
}

// The operations.

let last = {}; // the arrays that came last, to be given back by inputs
let loaded; // { net, x, t, Type }
const sets = {};

function need(...names) {
  for (const name of names.filter((name) => !mine.written.includes(name))) {
    unsupported(`${name} is not written yet: fill it in in my_network.js, and add it to "written" there`);
  }
}

function field({ word, fields }, key) {
  return fields[key] ?? refuse(`expected the field ${key} in the request ${word}`);
}

function theCase() {
  return loaded ?? refuse("expected a case to be loaded");
}

/** An array of the request, of this shape where one is given. */
function given({ word, arrays }, name, ...shape) {
  const array = arrays[name] ?? refuse(`expected the array ${name} in the request ${word}`);
  if (shape.length > 0 && shape.join() !== array.shape.join()) {
    refuse(`expected ${name} to be of shape (${shape}), came (${array.shape})`);
  }
  return array;
}

/** Labels as numbers, from numbers or from one-hot rows. */
function labels(t) {
  if (t.shape.length === 1) return t.data;
  const label = (_, i) => t.data.subarray(i * t.columns).findIndex((value) => value !== 0);
  return Int32Array.from({ length: t.rows }, label);
}

/** A layer's function, its arguments, and how its results travel. */
function layer(request) {
  const kind = field(request, "kind");
  need(LAYERS[kind] ?? unsupported(`no layer ${kind}`));
  const call = mine[LAYERS[kind]];
  const x = given(request, "x");
  const Type = x.data.constructor;
  const outputs = kind === "affine" ? given(request, "W").columns : x.columns;
  const dout = kind === "softmax_with_loss" ? undefined : given(request, "dout", x.rows, outputs);
  last = request.arrays;
  if (kind === "affine") {
    const inputs = [x, given(request, "W", x.columns, outputs), given(request, "b", outputs).data, dout];
    const shown = ({ out, dx, dW, db }) => ({ ...matrices(Type, { out, dx, dW }), db: vector(Type, "db", db) });
    return { call: () => call(...inputs), shown };
  }
  if (kind === "softmax_with_loss") {
    const inputs = [x, labels(given(request, "t")), Number(field(request, "epsilon"))];
    const shown = ({ loss, y, dx }) => ({ loss: scalar(Type, "loss", loss), ...matrices(Type, { y, dx }) });
    return { call: () => call(...inputs), shown };
  }
  return { call: () => call(x, dout), shown: ({ out, dx }) => matrices(Type, { out, dx }) };
}

function matrices(Type, results) {
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, matrix(Type, name, result)]));
}

function accuracy(out, t) {
  let right = 0;
  t.forEach((label, i) => {
    const row = out.data.slice(i * out.columns, (i + 1) * out.columns);
    right += row.indexOf(row.reduce((a, b) => Math.max(a, b))) === label;
  });
  return scalar(Float64Array, "accuracy", right / t.length);
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
  if (optimizer !== "sgd") unsupported(`no optimizer ${optimizer}`);
  need("sgd");
  return Number(field(request, "learning_rate"));
}

/** The set of this name, which must fit the loaded network. */
function images(name) {
  const set = sets[name];
  const { net } = theCase();
  if (set?.pixels.columns !== net.W[0].rows || set.labels.some((label) => label >= net.W.at(-1).columns)) {
    refuse(`expected the set ${name}, with images and labels that fit the loaded network`);
  }
  return set;
}

/** These rows of the set as a batch of this type. */
function batch({ pixels, labels, scale }, rows, Type) {
  if (rows.some((row) => !(row >= 0 && row < labels.length))) refuse(`expected rows of the set, came ${rows}`);
  const { columns } = pixels;
  const x = { rows: rows.length, columns, data: new Type(rows.length * columns) };
  rows.forEach((row, i) => {
    for (let j = 0; j < columns; j++) x.data[i * columns + j] = pixels.data[row * columns + j] / scale;
  });
  return { x, t: Int32Array.from(rows, (row) => labels[row]) };
}

function timed(request) {
  const [operation, calls, samples] = ["operation", "calls", "samples"].map((key) => field(request, key));
  const { net, x, t } = operation === "null" || operation === "layer" ? {} : theCase();
  let call = () => {};
  if (operation === "layer") {
    call = layer(request).call;
  } else if (operation === "predict") {
    need("predict");
    call = () => mine.predict(net, x);
  } else if (operation === "gradient") {
    need("gradient");
    call = () => mine.gradient(net, x, t);
  } else if (operation === "train_step") {
    need("gradient");
    const rate = rateOf(request);
    const copy = { ...net, W: net.W.map((W) => ({ ...W, data: W.data.slice() })), b: net.b.map((b) => b.slice()) };
    call = () => step(copy, x, t, rate);
  } else if (operation !== "null") {
    unsupported(`no operation ${operation} to time`);
  }
  const took = new Float64Array(Number(samples));
  const repeats = Number(calls);
  for (let i = 0; i < took.length; i++) {
    const begin = process.hrtime.bigint();
    for (let k = 0; k < repeats; k++) call();
    took[i] = Number(process.hrtime.bigint() - begin);
  }
  return took;
}

const OPERATIONS = {
  hello() {
    const has = (...names) => names.every((name) => mine.written.includes(name));
    const unknown = mine.written.find((name) => typeof mine[name] !== "function");
    if (unknown !== undefined) refuse(`"written" in my_network.js: expected functions of that file, came ${unknown}`);
    if (!Array.isArray(mine.dtypes) || mine.dtypes.some((name) => !(name in REALS))) {
      refuse(`"dtypes" in my_network.js: expected "float64", "float32" or both in an array, came ${mine.dtypes}`);
    }
    const layers = Object.keys(LAYERS).filter((kind) => has(LAYERS[kind]));
    const operations = ["hello", "load"];
    if (mine.written.length > 0) operations.push("inputs", "null", "time");
    if (layers.length > 0) operations.push("layer");
    if (has("predict")) operations.push("predict", "accuracy");
    if (has("gradient")) operations.push("gradient");
    if (has("sgd")) operations.push("update");
    if (has("predict", "gradient", "sgd")) operations.push("data", "train", "params", "evaluate");
    const version = `Node ${process.versions.node}`;
    const about = { name: "PORT_NAME", language: "JavaScript", version, blas: "none", threads: "1" };
    const lists = { dtypes: mine.dtypes, layers, operations, optimizers: has("sgd") ? ["sgd"] : [] };
    const joined = Object.entries(lists).map(([name, list]) => [name, list.join(",")]);
    return { fields: { ...about, ...Object.fromEntries(joined), epsilon: `${mine.lossEpsilon}` } };
  },
  load(request) {
    const keys = ["sizes", "activation", "dtype", "epsilon"];
    const [sizes, activation, dtype, epsilon] = keys.map((key) => field(request, key));
    if (!mine.dtypes.includes(dtype)) unsupported(`no ${dtype}`);
    const widths = sizes.split(",").map(Number);
    const W = widths.slice(1).map((outputs, l) => given(request, `W${l + 1}`, widths[l], outputs));
    const b = widths.slice(1).map((outputs, l) => given(request, `b${l + 1}`, outputs).data);
    const net = { W, b, activation, epsilon: Number(epsilon) };
    const supported = mine.supports(net);
    if (typeof supported !== "boolean") refuse(`supports: expected true or false, came ${told(supported)}`);
    if (!supported) unsupported("no such network: supports in my_network.js says so");
    loaded = { net, x: given(request, "x"), t: labels(given(request, "t")), Type: REALS[dtype] };
    last = request.arrays;
    return {};
  },
  layer(request) {
    const { call, shown } = layer(request);
    return { arrays: shown(object(field(request, "kind"), call())) };
  },
  inputs: () => ({ arrays: last }),
  null: () => ({}),
  predict() {
    const { net, x, Type } = theCase();
    need("predict");
    return { arrays: { out: matrix(Type, "the result", mine.predict(net, x)) } };
  },
  accuracy() {
    const { net, x, t } = theCase();
    need("predict");
    return { arrays: { accuracy: accuracy(mine.predict(net, x), t) } };
  },
  gradient() {
    const { net, x, t, Type } = theCase();
    need("gradient");
    const { loss, dW, db } = object("the result", mine.gradient(net, x, t));
    return { arrays: { loss: scalar(Type, "loss", loss), ...parameters(Type, "d", dW, db) } };
  },
  time: (request) => ({ arrays: { nanoseconds: vector(Float64Array, "nanoseconds", timed(request)) } }),
  data(request) {
    const [name, scale] = [field(request, "set"), Number(field(request, "scale"))];
    sets[name] = { pixels: given(request, "images"), labels: given(request, "labels").data, scale };
    return {};
  },
  train(request) {
    const { net, Type } = theCase();
    need("gradient");
    const rate = rateOf(request);
    const set = images("train");
    const batches = given(request, "batches");
    const begin = process.hrtime.bigint();
    const losses = Type.from({ length: batches.rows }, (_, i) => {
      const { x, t } = batch(set, batches.data.subarray(i * batches.columns, (i + 1) * batches.columns), Type);
      return step(net, x, t, rate);
    });
    const nanoseconds = scalar(Float64Array, "nanoseconds", Number(process.hrtime.bigint() - begin));
    return { arrays: { loss: vector(Type, "loss", losses), nanoseconds } };
  },
  params() {
    const { net, Type } = theCase();
    return { arrays: parameters(Type, "", net.W, net.b) };
  },
  evaluate(request) {
    need("predict", "gradient");
    const { net, Type } = theCase();
    const set = images(field(request, "set"));
    const { x, t } = batch(set, [...set.labels.keys()], Type);
    const { loss } = mine.gradient(net, x, t);
    return { arrays: { loss: scalar(Type, "loss", loss), accuracy: accuracy(mine.predict(net, x), t) } };
  },
  update(request) {
    const rate = rateOf(request);
    const p = given(request, "p");
    mine.sgd(p.data, given(request, "dp", ...p.shape).data, rate);
    return { arrays: { p } };
  },
};

/** The error, and where it was thrown: the lines of your files, the innermost last. */
function traced(error) {
  const frames = String(error?.stack).split("\n").filter((line) => /^ +at .*:\d+:\d+\)?$/.test(line));
  const yours = frames.filter((line) => !line.includes(import.meta.url) && !line.includes("node:"));
  const here = new URL(".", import.meta.url);
  const short = (line) => line.replace(here.href, "").replace(fileURLToPath(here), ""); // of CommonJS: a path
  return [String(error), ...yours.slice(0, 5).reverse().map(short)].join("\n");
}

function answer(request) {
  try {
    const operation = OPERATIONS[request.word] ?? unsupported(`no operation ${request.word}`);
    return operation(request);
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(traced(error));
    return { word: error?.word ?? "error", fields: { message: String(error?.message ?? error).slice(0, 1000) } };
  }
}

for (let request; (request = readRequest()) !== undefined; ) {
  writeReply(answer(request));
}
