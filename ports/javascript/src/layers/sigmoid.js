import { fit } from "../matrix.js";
import { Layer } from "./layer.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/** 1 / (1 + exp(-x)). */
export class Sigmoid extends Layer {
  kind = "sigmoid";

  /**
   * The same shape comes back. Overflow of exp(-x) to infinity gives the right limit, 0.
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.out = fit(this.out, x);
    const from = x.data;
    const out = this.out.data;
    for (let i = 0; i < out.length; i++) {
      out[i] = 1 / (1 + Math.exp(-from[i]));
    }
    return this.out;
  }

  /**
   * dx, of the shape of x.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.dx = fit(this.dx, dout);
    const from = dout.data;
    const out = this.out.data;
    const dx = this.dx.data;
    for (let i = 0; i < dx.length; i++) {
      dx[i] = from[i] * out[i] * (1 - out[i]);
    }
    return this.dx;
  }
}
