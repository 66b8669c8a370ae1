/** The loaded case: a network, its batch, and what may be asked of it. */

import { elements } from "./network.js";
import { makeNetwork } from "./networks.js";
import { centralDifference } from "./numerical.js";
import { rule, target, toArrays } from "./operands.js";
import { Optimizer } from "./optimizers.js";
import { RequestError, field, namedType, number, scalar, shaped, wholeNumbers } from "./request.js";
import { productOperands, products } from "./roofline.js";
import { elapsed } from "./timing.js";
import { Batch, evaluate, train, trainStep } from "./training.js";

/** @typedef {import("./optimizers.js").Rule} Rule */
/** @typedef {import("./training.js").Images} Images */
/** @typedef {import("./wire.js").Message} Message */

/** What `time` can measure of a case. */
export const TIMED = ["predict", "gradient", "numerical_gradient", "train_step", "products"];

/** A network with its batch, all in one dtype. */
export class Case {
  #Type;
  #x;
  #t;
  #network;
  #classes;
  /** The dropout layers, with the name and the shape of each mask. */
  #dropouts;
  /** Of the last train. @type {Optimizer | undefined} */
  #optimizer;

  /**
   * The arrays of the request, which must fit its layers, are not copied.
   *
   * @param {Message} request
   */
  constructor(request) {
    this.#Type = namedType(request);
    const { x, network, classes, masks } = makeNetwork(request, this.#Type);
    this.#x = x;
    this.#t = target(request, this.#Type, x.rows, classes);
    this.#network = network;
    this.#classes = classes;
    this.#dropouts = masks;
  }

  predict() {
    return this.#send(new Map([["out", this.#network.predict(this.#x)]]));
  }

  accuracy() {
    return new Map([["accuracy", scalar(this.#network.accuracy(this.#x, this.#t), Float64Array)]]);
  }

  gradient() {
    return this.#send(this.#network.gradient(this.#x, this.#t));
  }

  /** @param {number} step */
  numericalGradient(step) {
    return this.#send(centralDifference(this.#network, this.#x, this.#t, step));
  }

  trace() {
    return this.#send(this.#network.trace(this.#x, this.#t));
  }

  params() {
    return this.#send(this.#network.params());
  }

  /**
   * Goes on from the parameters as they are, and from the optimizer's state where the rule is the same as before.
   *
   * The request has the rows of each step, and the masks of the dropout layers.
   *
   * @param {Message} request
   * @param {Images} images
   */
  train(request, images) {
    const its = rule(request);
    this.#check(images);
    const { shape, data } = shaped(request, "batches", Int32Array, [undefined, undefined]);
    const [steps, size] = shape;
    const count = images.labels.length;
    const wrong = data.find((row) => row < 0 || row >= count);
    if (wrong !== undefined) {
      throw new RequestError(`array batches: expected rows from 0, of ${count} images, came ${wrong}`);
    }
    const masks = this.#dropouts.map(({ name, layer, shape: [, ...row] }) => ({
      layer,
      steps: eachStep(shaped(request, name, Uint8Array, [steps, size, ...row]).data, steps),
    }));
    if (this.#optimizer === undefined || !isSame(this.#optimizer.rule, its)) {
      this.#optimizer = new Optimizer(its, this.#network);
    }
    const optimizer = this.#optimizer;
    const batch = new Batch(images, this.#x);
    const loaded = masks.map(({ layer }) => layer.mask);
    const start = process.hrtime.bigint();
    const loss = train(this.#network, batch, eachStep(data, steps), optimizer, masks);
    const nanoseconds = Number(process.hrtime.bigint() - start);
    masks.forEach(({ layer }, i) => (layer.mask = loaded[i]));
    return this.#send(new Map([["loss", loss]])).set("nanoseconds", scalar(nanoseconds, Float64Array));
  }

  /** @param {Images} images */
  evaluate(images) {
    this.#check(images);
    const { loss, accuracy } = evaluate(this.#network, new Batch(images, this.#x));
    return new Map([
      ["loss", scalar(loss, this.#Type)],
      ["accuracy", scalar(accuracy, Float64Array)],
    ]);
  }

  /**
   * Nanoseconds, (samples,), of what the request names, one of `TIMED`. All is as it was afterwards, the parameters
   * too.
   *
   * @param {Message} request
   * @param {number} calls
   * @param {number} samples
   */
  time(request, calls, samples) {
    const network = this.#network;
    const x = this.#x;
    const t = this.#t;
    const operation = field(request, "operation");
    switch (operation) {
      case "predict":
        return elapsed(() => network.predict(x), calls, samples);
      case "gradient":
        return elapsed(() => network.gradient(x, t), calls, samples);
      case "numerical_gradient": {
        const step = number(request, "step");
        return elapsed(() => centralDifference(network, x, t, step), calls, samples);
      }
      case "train_step": {
        const held = [...network.params().values()].map((array) => elements(array));
        const before = held.map((array) => array.slice());
        const optimizer = new Optimizer(rule(request), network);
        const nanoseconds = elapsed(() => trainStep(network, x, t, optimizer), calls, samples);
        held.forEach((array, i) => array.set(before[i]));
        return nanoseconds;
      }
      case "products": {
        const affines = wholeNumbers(request, "affines");
        const operands = productOperands(network, x);
        const chosen = affines.flatMap((i) => {
          const its = operands.get(i);
          if (its === undefined) {
            throw new RequestError(`expected affines of ${[...operands.keys()]}, came ${affines}`);
          }
          return its;
        });
        return elapsed(() => products(chosen), calls, samples);
      }
      default:
        throw new RangeError(`expected one of ${TIMED}, came ${operation}`);
    }
  }

  /**
   * Refuses images that the network cannot take, or has too few classes for.
   *
   * @param {Images} images
   */
  #check({ inputs, labels }) {
    const { columns } = this.#x;
    const classes = this.#classes;
    if (inputs !== columns) {
      throw new RequestError(`expected images of ${columns} pixels, came ${inputs}`);
    }
    const wrong = labels.find((label) => label >= classes);
    if (wrong !== undefined) {
      throw new RequestError(`expected labels of images from 0 to ${classes - 1}, came ${wrong}`);
    }
  }

  /** @param {import("./network.js").Named} results */
  #send(results) {
    return toArrays(results, this.#Type);
  }
}

/**
 * The same rule, with the same numbers.
 *
 * @param {Rule} one
 * @param {Rule} other
 */
function isSame(one, other) {
  return one.constructor === other.constructor && JSON.stringify(one) === JSON.stringify(other);
}

/**
 * The same share of the elements for each step, one after the other.
 *
 * @template {Int32Array | Uint8Array} E
 * @param {E} data
 * @param {number} steps
 */
function eachStep(data, steps) {
  const size = data.length / steps;
  return Array.from({ length: steps }, (_, step) => /** @type {E} */ (data.subarray(step * size, (step + 1) * size)));
}
