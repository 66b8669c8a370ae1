import { EMPTY, fit, real } from "../matrix.js";
import { labels } from "./target.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */
/** @typedef {import("./target.js").Target} Target */

/**
 * Half the sum of the squares of x - t in each row, and the mean of the rows.
 *
 * Source: section 4.2.1; as a network's last layer, 5.6.3.
 */
export class SquaredError {
  kind = "squared_error";
  loss = NaN;
  difference = EMPTY;
  dx = EMPTY;

  /**
   * The loss. x is (batch, classes).
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  forward(x, t) {
    this.difference = fit(this.difference, x);
    const { data: difference, rows, columns } = this.difference;
    difference.set(x.data);
    labels(t).forEach((label, row) => {
      difference[row * columns + label] -= 1;
    });
    let sum = 0;
    for (let i = 0; i < difference.length; i++) {
      sum += difference[i] * difference[i];
    }
    this.loss = real(sum / rows / 2, difference);
    return this.loss;
  }

  /** dx = (x - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout. */
  backward() {
    this.dx = fit(this.dx, this.difference);
    const { data: dx, rows } = this.dx;
    const difference = this.difference.data;
    for (let i = 0; i < dx.length; i++) {
      dx[i] = difference[i] / rows;
    }
    return this.dx;
  }
}
