/** What a request holds, checked: fields as text and numbers, arrays in their shape; and replies. */

import { dtypeOf, tuple } from "./wire.js";

/** @typedef {Float64Array | Float32Array} Floats */
/** @typedef {new (size: number) => Floats} FloatType Float32Array or Float64Array. */
/** @typedef {import("./wire.js").Elements} Elements */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").NDArray} NDArray */

/** The request is wrong: what was expected of it, and what came. */
export class RequestError extends Error {}

/** This port does not implement what is asked for. */
export class Unsupported extends Error {}

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
 * This field as a whole number from `least`.
 *
 * @param {Message} request
 * @param {string} name
 */
export function wholeNumber(request, name, least = 1) {
  const [value, ...more] = wholeNumbers(request, name, least);
  if (more.length > 0) {
    throw new RequestError(`expected one number as ${name}, came ${field(request, name)}`);
  }
  return value;
}

/**
 * This field as whole numbers from `least`, joined by commas.
 *
 * @param {Message} request
 * @param {string} name
 */
export function wholeNumbers(request, name, least = 1) {
  const text = field(request, name);
  const values = text.split(",").map((part) => (part === "" ? NaN : Number(part)));
  if (!values.every((value) => Number.isSafeInteger(value) && value >= least)) {
    throw new RequestError(`expected whole numbers from ${least} as ${name}, came ${text}`);
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
 * t: one-hot rows of this type, or labels of classes that there are.
 *
 * @param {Message} request
 * @param {FloatType} Type
 * @param {number} batch
 * @param {number} classes
 */
export function oneHotOrLabels(request, Type, batch, classes) {
  if (!(find(request, "t").data instanceof Int32Array)) {
    return shaped(request, "t", Type, [batch, classes]);
  }
  const t = shaped(request, "t", Int32Array, [batch]);
  const wrong = t.data.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new RequestError(`array t: expected labels from 0 to ${classes - 1}, came ${wrong}`);
  }
  return t;
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
 * The reply with these arrays.
 *
 * @param {Map<string, NDArray>} arrays
 * @returns {Message}
 */
export function ok(arrays = new Map()) {
  return { word: "ok", fields: new Map(), arrays };
}
