/** What a request holds in the types of this port: matrices, labels, an optimizer; and its results as arrays to send. */

import { Matrix } from "./matrix.js";
import { AdaGrad, Adam, Momentum, Nesterov, RMSProp, SGD } from "./optimizers.js";
import { Unsupported, field, number, oneHotOrLabels, scalar, shaped } from "./request.js";

/** @typedef {import("./network.js").Named} Named */
/** @typedef {import("./request.js").FloatType} FloatType */
/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").NDArray} NDArray */

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
 * The array of this name, of this shape; undefined is any size.
 *
 * @param {Message} request
 * @param {string} name
 * @param {FloatType} Type
 * @param {(number | undefined)[]} shape
 */
export function matrix(request, name, Type, shape) {
  const { shape: came, data } = shaped(request, name, Type, shape);
  return new Matrix(data, came);
}

/**
 * t, as the layers take it.
 *
 * @param {Message} request
 * @param {FloatType} Type
 * @param {number} batch
 * @param {number} classes
 */
export function target(request, Type, batch, classes) {
  const { shape, data } = oneHotOrLabels(request, Type, batch, classes);
  return data instanceof Int32Array ? data : new Matrix(data, shape);
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
      arrays.set(name, result);
    } else {
      arrays.set(name, { shape: [result.length], data: result });
    }
  }
  return arrays;
}
