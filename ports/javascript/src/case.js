/** The loaded case: a network, its batch, and what may be asked of it. */

import { Network } from "./network.js";
import { centralDifference } from "./numerical.js";
import { matrix, rule, target, toArrays } from "./operands.js";
import { Optimizer } from "./optimizers.js";
import { RequestError, field, namedType, number, scalar, shaped, wholeNumbers } from "./request.js";
import { layerInputs, products } from "./roofline.js";
import { elapsed } from "./timing.js";
import { evaluate, train, trainStep } from "./training.js";

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
  /** Of the last train. @type {Optimizer | undefined} */
  #optimizer;

  /**
   * The arrays of the request, which must fit its sizes, are not copied.
   *
   * @param {Message} request
   */
  constructor(request) {
    const sizes = wholeNumbers(request, "sizes");
    if (sizes.length < 2) {
      throw new RequestError(`expected sizes as inputs,...,classes, came ${field(request, "sizes")}`);
    }
    this.#Type = namedType(request);
    this.#x = matrix(request, "x", this.#Type, undefined, sizes[0]);
    this.#t = target(request, this.#Type, this.#x.rows, sizes[sizes.length - 1]);
    const outputs = sizes.slice(1);
    this.#network = new Network(
      outputs.map((size, i) => matrix(request, `W${i + 1}`, this.#Type, sizes[i], size)),
      outputs.map((size, i) => shaped(request, `b${i + 1}`, this.#Type, [size]).data),
      field(request, "activation"),
      number(request, "epsilon"),
    );
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
   * @param {Rule} rule
   * @param {Images} images
   * @param {{ shape: number[], data: Int32Array }} rows
   */
  train(rule, images, { shape: [steps, size], data }) {
    this.#check(images);
    const count = images.labels.length;
    const wrong = data.find((row) => row < 0 || row >= count);
    if (wrong !== undefined) {
      throw new RequestError(`array batches: expected rows from 0, of ${count} images, came ${wrong}`);
    }
    const batches = Array.from({ length: steps }, (_, step) => data.subarray(step * size, (step + 1) * size));
    if (this.#optimizer === undefined || !isSame(this.#optimizer.rule, rule)) {
      this.#optimizer = new Optimizer(rule, this.#network);
    }
    const optimizer = this.#optimizer;
    const start = process.hrtime.bigint();
    const loss = train(this.#network, images, batches, optimizer);
    const nanoseconds = Number(process.hrtime.bigint() - start);
    return this.#send(new Map([["loss", loss]])).set("nanoseconds", scalar(nanoseconds, Float64Array));
  }

  /** @param {Images} images */
  evaluate(images) {
    this.#check(images);
    const { loss, accuracy } = evaluate(this.#network, images);
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
        const before = network.paramsAndGradient.map(({ p }) => p.slice());
        const optimizer = new Optimizer(rule(request), network);
        const nanoseconds = elapsed(() => trainStep(network, x, t, optimizer), calls, samples);
        network.paramsAndGradient.forEach(({ p }, i) => p.set(before[i]));
        return nanoseconds;
      }
      case "products": {
        const affines = wholeNumbers(request, "affines");
        const depth = network.affines.length;
        if (affines.some((i) => i > depth)) {
          throw new RequestError(`expected affines from 1 to ${depth}, came ${affines}`);
        }
        const inputs = layerInputs(network, x, affines);
        return elapsed(() => products(network, inputs), calls, samples);
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
    const { classes } = this.#network;
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
