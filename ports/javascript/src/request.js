/** What a request holds, checked: fields as text and numbers, arrays as matrices; and results as arrays to send. */

import { Matrix } from "./matrix.js";
import { AdaGrad, Adam, Momentum, Nesterov, RMSProp, SGD } from "./optimizers.js";
import { dtypeOf, tuple } from "./wire.js";

/** @typedef {import("./matrix.js").Floats} Floats */
/** @typedef {import("./network.js").Named} Named */
/** @typedef {import("./wire.js").Elements} Elements */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").NDArray} NDArray */
/** @typedef {new (size: number) => Floats} FloatType Float32Array or Float64Array. */

/** The request is wrong: what was expected of it, and what came. */
export class RequestError extends Error {}

/** This port does not implement what is asked for. */
export class Unsupported extends Error {}

/** The optimizers by name, as `rule` knows them. */
export const OPTIMIZERS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"];

/**
 * The optimizer that the request names, with its numbers.
 *
 * @param {Message} request
 */
export function rule(request) {
  /** @param {string} name */
  const its = (name) => number(request, name);
  const optimizer = field(request, "optimizer");
  switch (optimizer) {
    case "sgd":
      return new SGD(its("learning_rate"));
    case "momentum":
      return new Momentum(its("learning_rate"), its("momentum"));
    case "nesterov":
      return new Nesterov(its("learning_rate"), its("momentum"));
    case "adagrad":
      return new AdaGrad(its("learning_rate"));
    case "rmsprop":
      return new RMSProp(its("learning_rate"), its("decay"));
    case "adam":
      return new Adam(its("learning_rate"), its("beta1"), its("beta2"));
    default:
      throw new Unsupported(`no optimizer ${optimizer}`);
  }
}

/**
 * The text of this field.
 *
 * @param {Message} request
 * @param {string} name
 */
export function field({ word, fields }, name) {
  const value = fields.get(name);
  if (value === undefined) {
    throw new RequestError(`expected the field ${name} in ${word}`);
  }
  return value;
}

/**
 * This field as a number.
 *
 * @param {Message} request
 * @param {string} name
 */
export function number(request, name) {
  const text = field(request, name);
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) {
    throw new RequestError(`expected a number as ${name}, came ${text}`);
  }
  return value;
}

/**
 * This field as a whole number from 1.
 *
 * @param {Message} request
 * @param {string} name
 */
export function wholeNumber(request, name) {
  const [value, ...more] = wholeNumbers(request, name);
  if (more.length > 0) {
    throw new RequestError(`expected one number as ${name}, came ${field(request, name)}`);
  }
  return value;
}

/**
 * This field as whole numbers from 1, joined by commas.
 *
 * @param {Message} request
 * @param {string} name
 */
export function wholeNumbers(request, name) {
  const text = field(request, name);
  const values = text.split(",").map(Number);
  if (!values.every((value) => Number.isSafeInteger(value) && value > 0)) {
    throw new RequestError(`expected whole numbers from 1 as ${name}, came ${text}`);
  }
  return values;
}

/**
 * The array of this name.
 *
 * @param {Message} request
 * @param {string} name
 */
export function find({ arrays }, name) {
  const array = arrays.get(name);
  if (array === undefined) {
    throw new RequestError(`expected an array ${name}, came ${[...arrays.keys()].join(", ") || "none"}`);
  }
  return array;
}

/**
 * The type that the field dtype names.
 *
 * @param {Message} request
 * @returns {FloatType}
 */
export function namedType(request) {
  const dtype = field(request, "dtype");
  switch (dtype) {
    case "float32":
      return Float32Array;
    case "float64":
      return Float64Array;
    default:
      throw new RequestError(`expected dtype float32 or float64, came ${dtype}`);
  }
}

/**
 * The type of the array of this name, which must be one of floats.
 *
 * @param {Message} request
 * @param {string} name
 * @returns {FloatType}
 */
export function floatType(request, name) {
  const { shape, data } = find(request, name);
  if (data instanceof Float64Array) {
    return Float64Array;
  }
  if (data instanceof Float32Array) {
    return Float32Array;
  }
  throw new RequestError(`array ${name}: expected float32 or float64, came ${dtypeOf(data).name} ${tuple(shape)}`);
}

/**
 * The array of this name, where it has this type and this shape; undefined is any size.
 *
 * @template {Elements} E
 * @param {Message} request
 * @param {string} name
 * @param {new (size: number) => E} Type
 * @param {(number | undefined)[]} shape
 */
export function shaped(request, name, Type, shape) {
  const { shape: came, data } = find(request, name);
  const fits = came.length === shape.length && came.every((n, i) => n === (shape[i] ?? n));
  if (!fits || !(data instanceof Type)) {
    const expected = `${dtypeOf(new Type(0)).name} ${tuple(shape.map((n) => n ?? "any"))}`;
    throw new RequestError(`array ${name}: expected ${expected}, came ${dtypeOf(data).name} ${tuple(came)}`);
  }
  return { shape: came, data };
}

/**
 * The matrix of this name; undefined is any size.
 *
 * @param {Message} request
 * @param {string} name
 * @param {FloatType} Type
 * @param {number} [rows]
 * @param {number} [columns]
 */
export function matrix(request, name, Type, rows, columns) {
  const { shape, data } = shaped(request, name, Type, [rows, columns]);
  return new Matrix(data, shape[0], shape[1]);
}

/**
 * t: one-hot rows of this type, or labels.
 *
 * @param {Message} request
 * @param {FloatType} Type
 * @param {number} batch
 * @param {number} classes
 */
export function target(request, Type, batch, classes) {
  if (!(find(request, "t").data instanceof Int32Array)) {
    return matrix(request, "t", Type, batch, classes);
  }
  const { data } = shaped(request, "t", Int32Array, [batch]);
  const wrong = data.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new RequestError(`array t: expected labels from 0 to ${classes - 1}, came ${wrong}`);
  }
  return data;
}

/**
 * A scalar to send.
 *
 * @param {number} value
 * @param {FloatType} Type
 * @returns {NDArray}
 */
export function scalar(value, Type) {
  return { shape: [], data: new Type(1).fill(value) };
}

/**
 * Arrays to send: the results themselves, not copies. Type is that of the scalars.
 *
 * @param {Named} results
 * @param {FloatType} Type
 */
export function toArrays(results, Type) {
  /** @type {Map<string, NDArray>} */
  const arrays = new Map();
  for (const [name, result] of results) {
    if (typeof result === "number") {
      arrays.set(name, scalar(result, Type));
    } else if (result instanceof Matrix) {
      arrays.set(name, { shape: [result.rows, result.columns], data: result.data });
    } else {
      arrays.set(name, { shape: [result.length], data: result });
    }
  }
  return arrays;
}
