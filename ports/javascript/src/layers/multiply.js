import { EMPTY, fit } from "../matrix.js";

/** @typedef {import("../matrix.js").Floats} Floats */
/** @typedef {import("../matrix.js").Matrix} Matrix */

/** x * y, element by element. */
export class Multiply {
  x = EMPTY;
  y = EMPTY;
  out = EMPTY;
  dx = EMPTY;
  dy = EMPTY;

  /**
   * The product of two matrices of one shape.
   *
   * @param {Matrix} x
   * @param {Matrix} y
   */
  forward(x, y) {
    this.x = x;
    this.y = y;
    this.out = fit(this.out, x);
    multiply(x.data, y.data, this.out.data);
    return this.out;
  }

  /**
   * dx and dy, kept: each factor's gradient is the other factor times dout.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.dx = fit(this.dx, dout);
    this.dy = fit(this.dy, dout);
    multiply(dout.data, this.y.data, this.dx.data);
    multiply(dout.data, this.x.data, this.dy.data);
  }
}

/**
 * @param {Floats} x
 * @param {Floats} y
 * @param {Floats} out
 */
function multiply(x, y, out) {
  for (let i = 0; i < out.length; i++) {
    out[i] = x[i] * y[i];
  }
}
