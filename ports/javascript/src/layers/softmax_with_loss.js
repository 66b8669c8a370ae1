import { EMPTY, fit, real } from "../matrix.js";
import { labels } from "./target.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */
/** @typedef {import("./target.js").Target} Target */

/**
 * softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.
 *
 * The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one. `epsilon`
 * is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
 */
export class SoftmaxWithLoss {
  kind = "softmax_with_loss";
  /** @type {Int32Array} */
  labels = new Int32Array(0);
  loss = NaN;
  y = EMPTY;
  dx = EMPTY;

  constructor(epsilon = 0) {
    this.epsilon = epsilon;
  }

  /**
   * The loss. x is (batch, classes).
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  forward(x, t) {
    this.labels = labels(t);
    this.y = fit(this.y, x);
    const { data: from, rows, columns } = x;
    const y = this.y.data;
    const epsilon = real(this.epsilon, from);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      const end = start + columns;
      let largest = -Infinity;
      for (let i = start; i < end; i++) {
        largest = Math.max(largest, from[i]);
      }
      let total = 0;
      for (let i = start; i < end; i++) {
        const e = Math.exp(from[i] - largest);
        y[i] = e;
        total += e;
      }
      for (let i = start; i < end; i++) {
        y[i] /= total;
      }
      const logP = from[start + this.labels[row]] - largest - Math.log(total);
      sum += epsilon === 0 ? logP : Math.log(Math.exp(logP) + epsilon);
    }
    this.loss = real(-sum / rows, from);
    return this.loss;
  }

  /** dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout. */
  backward() {
    this.dx = fit(this.dx, this.y);
    const { data: dx, rows, columns } = this.dx;
    dx.set(this.y.data);
    for (let row = 0; row < rows; row++) {
      dx[row * columns + this.labels[row]] -= 1;
    }
    for (let i = 0; i < dx.length; i++) {
      dx[i] /= rows;
    }
    return this.dx;
  }
}
