/**
 * A network: layers, one after the other, and a loss at the end.
 *
 * Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.
 */

import { SoftmaxWithLoss, labels } from "./layers/index.js";
import { Matrix, argmax, real } from "./matrix.js";

/** @typedef {import("./layers/index.js").Layer} Layer */
/** @typedef {import("./layers/index.js").SquaredError} SquaredError */
/** @typedef {import("./layers/target.js").Target} Target */
/** @typedef {import("./matrix.js").Floats} Floats */

/**
 * Scalars, vectors and matrices by name, in order. They are lent: the next call fills them again.
 *
 * @typedef {Map<string, number | Floats | Matrix>} Named
 */

/**
 * Layers in the order in which they are applied. A layer's name is its kind, and a number that counts those with
 * params.
 *
 * `loss`, `gradient` and `trace` are of the training phase, `predict` and `accuracy` of the test.
 */
export class Network {
  /** Where the layers begin that a gradient goes back through: at the first with params. */
  #first;

  /**
   * `weightDecay` times half the squares of all weights is added to the loss (section 6.4.2).
   *
   * @param {Layer[]} layers
   * @param {SoftmaxWithLoss | SquaredError} last
   */
  constructor(layers, last = new SoftmaxWithLoss(), weightDecay = 0) {
    this.layers = layers;
    this.last = last;
    this.weightDecay = weightDecay;
    this.#first = layers.findIndex(isLearning);
    let number = 0;
    /** Of each layer. */
    this.numbers = layers.map((layer) => (isLearning(layer) ? ++number : number));
    /** Every parameter, with its elements and those of its gradient as computed last: W1 and dW1, b1 and db1, ... */
    this.parameters = layers.flatMap((layer, i) =>
      Object.entries(layer.params).map(([name, value]) => ({
        name: `${name}${this.numbers[i]}`,
        value,
        gradient: layer.gradients[`d${name}`],
        p: elements(value),
        dp: elements(layer.gradients[`d${name}`]),
        isWeight: layer.weights.includes(name),
      })),
    );
  }

  /** What was learnt, by name: W1, b1, gamma2, beta2, running_mean2, ...: the arrays themselves, not copies. */
  params() {
    /** @type {Map<string, Floats | Matrix>} */
    const params = new Map();
    for (const [i, layer] of this.layers.entries()) {
      for (const [name, value] of Object.entries({ ...layer.params, ...layer.state })) {
        params.set(`${name}${this.numbers[i]}`, value);
      }
    }
    return params;
  }

  /**
   * The logits, (batch, classes), of x, (batch, inputs) or (batch, channels, height, width).
   *
   * @param {Matrix} x
   */
  predict(x) {
    return this.#forward(x, false);
  }

  /**
   * The mean loss against t, and what weight decay adds.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  loss(x, t) {
    const loss = this.last.forward(this.#forward(x, true), t);
    return this.weightDecay === 0 ? loss : real(loss + this.#penalty(), x.data);
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
    for (const { name, gradient: slope } of this.parameters) {
      gradient.set(`d${name}`, slope);
    }
    return gradient;
  }

  /**
   * The loss; each layer keeps the gradient of its parameters.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  backpropagate(x, t) {
    const loss = this.loss(x, t);
    let dout = this.last.backward();
    for (let i = this.layers.length - 1; i > this.#first; i--) {
      dout = this.layers[i].backward(dout);
    }
    this.layers[this.#first]?.backwardParameters(dout);
    this.#decay();
    return loss;
  }

  /**
   * Every intermediate array of one forward and backward pass, in the order in which they arise.
   *
   * Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx, affine2.dW,
   * affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db. A layer with a state has
   * that after its out, as this pass would leave it. Weight decay is in none of them: each is a layer's own.
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  trace(x, t) {
    const { last } = this;
    const layers = [...this.layers.entries()].map(([i, layer]) => ({ name: `${layer.kind}${this.numbers[i]}`, layer }));
    /** @type {Named} */
    const record = new Map();
    /** @param {string} name @param {Record<string, number | Floats | Matrix>} arrays */
    const note = (name, arrays) =>
      Object.entries(arrays).forEach(([key, array]) => record.set(`${name}.${key}`, array));

    const loss = last.forward(this.#forward(x, true), t);
    layers.forEach(({ name, layer: { out, moved } }) => note(name, { out, ...moved }));
    const lastName = last.kind.replace("_with_loss", "");
    note(lastName, last instanceof SoftmaxWithLoss ? { y: last.y } : {});
    record.set("loss", loss);
    let dout = last.backward();
    note(lastName, { dx: dout });
    for (const { name, layer } of layers.reverse()) {
      dout = layer.backward(dout);
      note(name, { dx: dout, ...layer.gradients });
    }
    return record;
  }

  /** Takes over the state to which the last pass in training led. */
  moveOn() {
    this.layers.forEach((layer) => layer.moveOn());
  }

  /**
   * @param {Matrix} x
   * @param {boolean} training
   */
  #forward(x, training) {
    for (const layer of this.layers) {
      layer.training = training;
      x = layer.forward(x);
    }
    return x;
  }

  /** What weight decay adds to the loss. */
  #penalty() {
    let penalty = 0;
    for (const { p, isWeight } of this.parameters) {
      penalty += isWeight ? real(this.weightDecay / 2, p) * sumOfSquares(p) : 0;
    }
    return penalty;
  }

  /** Adds what weight decay adds to the gradients of the weights. */
  #decay() {
    if (this.weightDecay === 0) {
      return;
    }
    for (const { p, dp, isWeight } of this.parameters) {
      const decay = real(this.weightDecay, p);
      for (let i = 0; isWeight && i < p.length; i++) {
        dp[i] += decay * p[i];
      }
    }
  }
}

/** @param {Layer} layer */
function isLearning({ params }) {
  return Object.keys(params).length > 0;
}

/**
 * The elements of a vector or a matrix.
 *
 * @param {Floats | Matrix} array
 */
export function elements(array) {
  return array instanceof Matrix ? array.data : array;
}

/** @param {Floats} array */
function sumOfSquares(array) {
  let sum = 0;
  for (let i = 0; i < array.length; i++) {
    sum += array[i] * array[i];
  }
  return sum;
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
