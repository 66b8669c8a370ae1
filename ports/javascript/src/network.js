/**
 * A network: affine layers with relu, sigmoid or tanh between them, and softmax with cross-entropy at the end.
 *
 * Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any number of layers.
 */

import { Affine, Relu, Sigmoid, SoftmaxWithLoss, Tanh, labels } from "./layers.js";
import { argmax } from "./matrix.js";

/** @typedef {import("./layers.js").Target} Target */
/** @typedef {import("./matrix.js").Floats} Floats */
/** @typedef {import("./matrix.js").Matrix} Matrix */

/**
 * Scalars, vectors and matrices by name, in order. They are lent: the next call fills them again.
 *
 * @typedef {Map<string, number | Floats | Matrix>} Named
 */

/**
 * A fresh activation of this name: relu, sigmoid or tanh.
 *
 * @param {string} name
 */
export function activation(name) {
  switch (name) {
    case "relu":
      return new Relu();
    case "sigmoid":
      return new Sigmoid();
    case "tanh":
      return new Tanh();
    default:
      throw new RangeError(`expected the activation relu, sigmoid or tanh, came ${name}`);
  }
}

/** As many affine layers as weights, with an activation between each two. */
export class Network {
  #activation;

  /**
   * weights[i] is (sizes[i], sizes[i + 1]), biases[i] is (sizes[i + 1],), all of one dtype; they are not copied.
   *
   * @param {Matrix[]} weights
   * @param {Floats[]} biases
   */
  constructor(weights, biases, activationName = "relu", epsilon = 0) {
    activation(activationName); // a single layer has none, but its name must be right all the same
    this.affines = weights.map((W, i) => new Affine(W, biases[i]));
    this.activations = this.affines.slice(1).map(() => activation(activationName));
    this.last = new SoftmaxWithLoss(epsilon);
    this.#activation = activationName;
    /** The elements of every parameter, and of its gradient as computed last: of W1 and dW1, of b1 and db1, ... */
    this.paramsAndGradient = this.affines.flatMap(({ W, dW, b, db }) => [
      { p: W.data, dp: dW.data },
      { p: b, dp: db },
    ]);
  }

  /** The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies. */
  params() {
    /** @type {Named} */
    const params = new Map();
    for (const [i, { W, b }] of this.affines.entries()) {
      params.set(`W${i + 1}`, W).set(`b${i + 1}`, b);
    }
    return params;
  }

  /** How many there are to tell apart. */
  get classes() {
    return this.affines[this.affines.length - 1].W.columns;
  }

  /**
   * The logits, (batch, classes), of x, (batch, inputs).
   *
   * @param {Matrix} x
   */
  predict(x) {
    const depth = this.activations.length;
    for (let i = 0; i < depth; i++) {
      x = this.activations[i].forward(this.affines[i].forward(x));
    }
    return this.affines[depth].forward(x);
  }

  /**
   * The mean cross-entropy against t.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  loss(x, t) {
    return this.last.forward(this.predict(x), t);
  }

  /**
   * The share of rows whose largest logit (the first, in a tie) is at the label.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  accuracy(x, t) {
    return right(this.predict(x), labels(t)) / x.rows;
  }

  /**
   * The loss, and the gradient of every parameter: loss, dW1, db1, dW2, ...
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  gradient(x, t) {
    /** @type {Named} */
    const gradient = new Map([["loss", this.backpropagate(x, t)]]);
    for (const [i, { dW, db }] of this.affines.entries()) {
      gradient.set(`dW${i + 1}`, dW).set(`db${i + 1}`, db);
    }
    return gradient;
  }

  /**
   * The loss; each affine layer keeps the gradient of its parameters.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  backpropagate(x, t) {
    const loss = this.loss(x, t);
    this.affines[0].backwardParameters(this.#backwardToFirst());
    return loss;
  }

  /**
   * Every intermediate array of one forward and backward pass, in the order in which they arise.
   *
   * Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx, affine2.dW,
   * affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  trace(x, t) {
    const loss = this.loss(x, t);
    this.affines[0].backward(this.#backwardToFirst());
    const kind = this.#activation;
    /** @type {Named} */
    const record = new Map();
    for (const [i, { out }] of this.affines.entries()) {
      record.set(`affine${i + 1}.out`, out);
      if (i < this.activations.length) {
        record.set(`${kind}${i + 1}.out`, this.activations[i].out);
      }
    }
    record.set("softmax.y", this.last.y).set("loss", loss);
    record.set("softmax.dx", this.last.dx);
    for (const [i, { dx, dW, db }] of [...this.affines.entries()].reverse()) {
      if (i < this.activations.length) {
        record.set(`${kind}${i + 1}.dx`, this.activations[i].dx);
      }
      record
        .set(`affine${i + 1}.dx`, dx)
        .set(`affine${i + 1}.dW`, dW)
        .set(`affine${i + 1}.db`, db);
    }
    return record;
  }

  /** Goes backward from the loss through all layers but the first; what is that one's dout. */
  #backwardToFirst() {
    let dout = this.last.backward();
    for (let i = this.activations.length - 1; i >= 0; i--) {
      dout = this.activations[i].backward(this.affines[i + 1].backward(dout));
    }
    return dout;
  }
}

/**
 * How many rows have their largest logit (the first, in a tie) at the label.
 *
 * @param {Matrix} logits
 * @param {Int32Array} labels
 */
export function right(logits, labels) {
  return labels.reduce((count, label, row) => count + Number(argmax(logits, row) === label), 0);
}
