/** The kinds of layers by name, and how a layer of each is made of what a request holds. */

import {
  Affine,
  BatchNorm,
  Convolution,
  Dropout,
  MaxPooling,
  Relu,
  Sigmoid,
  SoftmaxWithLoss,
  SquaredError,
  Tanh,
} from "./layers/index.js";
import { size } from "./matrix.js";
import { matrix } from "./operands.js";
import { RequestError, Unsupported, number, shaped, wholeNumber } from "./request.js";
import { tuple } from "./wire.js";

/** @typedef {import("./layers/index.js").Layer} Layer */
/** @typedef {import("./request.js").FloatType} FloatType */
/** @typedef {import("./wire.js").Message} Message */

/** The layers that a network is made of: each from what the request holds of it, and the shape of its x. */
const MAKERS = new Map(
  /** @type {[string, (its: Its, shape: number[]) => Layer][]} */ ([
    ["relu", () => new Relu()],
    ["sigmoid", () => new Sigmoid()],
    ["tanh", () => new Tanh()],
    ["affine", affine],
    ["batch_norm", batchNorm],
    ["dropout", dropout],
    ["convolution", convolution],
    ["max_pooling", maxPooling],
  ]),
);

export const LAYERS = [...MAKERS.keys()];
export const LOSSES = ["softmax_with_loss", "squared_error"];

/** What a request holds of one layer. In that of a network its numbers have a prefix, and its arrays a suffix. */
export class Its {
  #request;
  #Type;
  #prefix;
  #suffix;

  /**
   * @param {Message} request
   * @param {FloatType} Type
   * @param {string} name what errors call the layer
   * @param {number} [outputs] of an affine layer, where that is known
   */
  constructor(request, Type, name, prefix = "", suffix = "", outputs) {
    this.#request = request;
    this.#Type = Type;
    this.#prefix = prefix;
    this.#suffix = suffix;
    this.name = name;
    this.outputs = outputs;
  }

  /** @param {string} name */
  number(name) {
    return number(this.#request, this.#prefix + name);
  }

  /** @param {string} name */
  wholeNumber(name, least = 1) {
    return wholeNumber(this.#request, this.#prefix + name, least);
  }

  /** @param {string} name @param {(number | undefined)[]} shape */
  matrix(name, ...shape) {
    return matrix(this.#request, name + this.#suffix, this.#Type, shape);
  }

  /** @param {string} name @param {number} size */
  vector(name, size) {
    return shaped(this.#request, name + this.#suffix, this.#Type, [size]).data;
  }

  /** @param {number[]} shape */
  mask(shape) {
    return shaped(this.#request, `mask${this.#suffix}`, Uint8Array, shape).data;
  }

  /**
   * The error of an x that the layer cannot take.
   *
   * @param {string} expected
   * @param {number[]} shape
   */
  refusal(expected, shape) {
    return new RequestError(`${this.name}: expected ${expected}, came ${tuple(shape)}`);
  }
}

/**
 * A layer of this kind for an x of this shape.
 *
 * @param {string} kind
 * @param {Its} its
 * @param {number[]} shape
 */
export function makeLayer(kind, its, shape) {
  const make = MAKERS.get(kind);
  if (make === undefined) {
    throw new Unsupported(`no layer ${kind}`);
  }
  return make(its, shape);
}

/**
 * The loss of this kind.
 *
 * @param {string} kind
 * @param {Message} request
 */
export function makeLoss(kind, request) {
  return kind === "squared_error" ? new SquaredError() : new SoftmaxWithLoss(number(request, "epsilon"));
}

/** @param {Its} its @param {number[]} shape */
function affine(its, shape) {
  if (shape.length !== 2 && shape.length !== 4) {
    throw its.refusal("x as (batch, inputs) or (batch, channels, height, width)", shape);
  }
  const W = its.matrix("W", size(shape.slice(1)), its.outputs);
  return new Affine(W, its.vector("b", W.columns));
}

/** @param {Its} its @param {number[]} shape */
function batchNorm(its, shape) {
  if (shape.length !== 2) {
    throw its.refusal("x as (batch, features)", shape);
  }
  const [gamma, beta, mean, variance] = ["gamma", "beta", "running_mean", "running_var"].map((name) =>
    its.vector(name, shape[1]),
  );
  return new BatchNorm(gamma, beta, mean, variance, its.number("momentum"), its.number("epsilon"));
}

/** @param {Its} its @param {number[]} shape */
function dropout(its, shape) {
  return new Dropout(its.mask(shape), its.number("ratio"));
}

/** @param {Its} its @param {number[]} shape */
function convolution(its, shape) {
  checkImages(its, shape);
  const W = its.matrix("W", undefined, shape[1], undefined, undefined);
  const layer = new Convolution(W, its.vector("b", W.rows), its.wholeNumber("stride"), its.wholeNumber("pad", 0));
  checkWindows(its, shape, W.shape.slice(2), layer.pad);
  return layer;
}

/** @param {Its} its @param {number[]} shape */
function maxPooling(its, shape) {
  checkImages(its, shape);
  const [height, width, stride] = ["height", "width", "stride"].map((name) => its.wholeNumber(name));
  const layer = new MaxPooling(height, width, stride, its.wholeNumber("pad", 0));
  checkWindows(its, shape, layer.window, layer.pad);
  return layer;
}

/** @param {Its} its @param {number[]} shape */
function checkImages(its, shape) {
  if (shape.length !== 4) {
    throw its.refusal("x as (batch, channels, height, width)", shape);
  }
}

/** @param {Its} its @param {number[]} shape @param {number[]} window @param {number} pad */
function checkWindows(its, shape, window, pad) {
  const most = shape.slice(2).map((n) => n + 2 * pad);
  if (window.some((n, axis) => n < 1 || n > most[axis])) {
    throw its.refusal(`windows from (1, 1) to ${tuple(most)}`, window);
  }
}
