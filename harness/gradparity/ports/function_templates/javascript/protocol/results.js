/** What functions of functions.js have returned, as arrays to send; what is none is told by its name. */

import { RequestError } from "./request.js";
import { tuple } from "./wire.js";

function told(value) {
  if (value instanceof Promise) return "a Promise (no function may be async)";
  return typeof value === "object" && value !== null ? value.constructor?.name ?? "an object" : String(value);
}

function refuse(message) {
  throw new RequestError(message);
}

/** The results in their order; those of floats are of this type. */
export function packed(name, made, results, Float) {
  if (typeof made !== "object" || made === null || made instanceof Promise) {
    refuse(`${name}: expected an object of results, came ${told(made)}`);
  }
  const types = { float: Float, integer: Int32Array, boolean: Uint8Array };
  const array = ({ name, key, kind }) => [name, toArray(key, made[key], types[kind])];
  return new Map(results.map(array));
}

function toArray(name, value, Type) {
  const number = typeof value === "number" || typeof value === "boolean";
  const { shape, data } = number ? { shape: [], data: [value] } : value ?? {};
  const isArray = ArrayBuffer.isView(data) || Array.isArray(data);
  if (!Array.isArray(shape) || !isArray) refuse(`${name}: expected { shape, data } or a number, came ${told(value)}`);
  const size = shape.reduce((product, n) => product * n, 1);
  if (data.length !== size) {
    refuse(`${name}: expected ${size} elements, as its shape is ${tuple(shape)}, came ${data.length}`);
  }
  const elements = Type.from(data);
  // What is no number would be NaN, or 0.
  const fits = Type === Uint8Array || Type === Int32Array
    ? (element, i) => Number(element) === elements[i]
    : (element) => typeof element === "number";
  const wrong = data.findIndex((element, i) => !fits(element, i));
  if (wrong >= 0) refuse(`${name}: expected elements of ${Type.name}, came ${told(data[wrong])} as element ${wrong}`);
  return { shape, data: elements };
}
