import { EMPTY, fit } from "../matrix.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/** x + y, element by element. */
export class Add {
  out = EMPTY;
  dx = EMPTY;
  dy = EMPTY;

  /**
   * The sum of two matrices of one shape.
   *
   * @param {Matrix} x
   * @param {Matrix} y
   */
  forward(x, y) {
    this.out = fit(this.out, x);
    const a = x.data;
    const b = y.data;
    const out = this.out.data;
    for (let i = 0; i < out.length; i++) {
      out[i] = a[i] + b[i];
    }
    return this.out;
  }

  /**
   * dx and dy, kept: both are dout.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.dx = fit(this.dx, dout);
    this.dy = fit(this.dy, dout);
    this.dx.data.set(dout.data);
    this.dy.data.set(dout.data);
  }
}
