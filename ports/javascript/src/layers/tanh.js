import { fit } from "../matrix.js";
import { Layer } from "./layer.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/** tanh(x), with the slope 1 - tanh(x)^2. */
export class Tanh extends Layer {
  kind = "tanh";

  /**
   * The same shape comes back.
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.out = fit(this.out, x);
    const from = x.data;
    const out = this.out.data;
    for (let i = 0; i < out.length; i++) {
      out[i] = Math.tanh(from[i]);
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
      dx[i] = from[i] * (1 - out[i] * out[i]);
    }
    return this.dx;
  }
}
