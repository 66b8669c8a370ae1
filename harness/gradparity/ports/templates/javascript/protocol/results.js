/** What functions of my_network.js have returned, as arrays of the case's dtype; what is none is told by its name. */

import { RequestError } from "./request.js";

export function told(value) {
  if (value instanceof Promise) return "a Promise (no function may be async)";
  return typeof value === "object" && value !== null ? value.constructor?.name ?? "an object" : String(value);
}

function refuse(message) {
  throw new RequestError(message);
}

/** What a function has returned, if that is an object at all. */
export function object(name, result) {
  if (typeof result === "object" && result !== null && !(result instanceof Promise)) return result;
  return refuse(`${name}: expected an object, came ${told(result)}`);
}

export function scalar(Type, name, value) {
  if (typeof value !== "number") refuse(`${name}: expected a number, came ${told(value)}`);
  return { shape: [], data: Type.of(value) };
}

export function vector(Type, name, values) {
  const data = numbers(Type, name, values);
  return { shape: [data.length], data };
}

export function matrix(Type, name, result) {
  const { rows, columns, data } = object(name, result);
  if (data?.length !== rows * columns) {
    refuse(`${name}: expected a matrix { rows, columns, data } with rows * columns elements`);
  }
  return { shape: [rows, columns], data: numbers(Type, name, data) };
}

export function matrices(Type, results) {
  return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, matrix(Type, name, result)]));
}

/** An array of any dimensions: a vector, a matrix, or { shape, data }. */
export function anyArray(Type, name, result) {
  if (Array.isArray(result) || ArrayBuffer.isView(result)) return vector(Type, name, result);
  if (!Array.isArray(object(name, result).shape)) return matrix(Type, name, result);
  const { shape, data } = result;
  if (data?.length !== shape.reduce((product, n) => product * n, 1)) {
    refuse(`${name}: expected an array { shape, data } with as many elements as the shape says`);
  }
  return { shape, data: numbers(Type, name, data) };
}

/** Of every layer W1, b1, W2, ..., or dW1, db1, ... */
export function parameters(Type, prefix, W, b) {
  for (const [name, list] of [["W", W], ["b", b]]) {
    if (!Array.isArray(list)) refuse(`${prefix}${name}: expected an array, one for each layer, came ${told(list)}`);
  }
  const pairs = W.map((_, l) => [
    [`${prefix}W${l + 1}`, matrix(Type, `${prefix}W${l + 1}`, W[l])],
    [`${prefix}b${l + 1}`, vector(Type, `${prefix}b${l + 1}`, b[l])],
  ]);
  return Object.fromEntries(pairs.flat());
}

/** As numbers of the type; from what is none, Type.from would make NaN. */
function numbers(Type, name, values) {
  if (!ArrayBuffer.isView(values)) {
    if (!Array.isArray(values)) refuse(`${name}: expected an array of numbers, came ${told(values)}`);
    const wrong = values.findIndex((value) => typeof value !== "number");
    if (wrong >= 0) refuse(`${name}: expected numbers, came ${told(values[wrong])} as element ${wrong}`);
  }
  return Type.from(values);
}
