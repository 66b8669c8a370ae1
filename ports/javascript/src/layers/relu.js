import { fit } from "../matrix.js";
import { Layer } from "./layer.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/** max(x, 0), with gradient 0 at 0. NaN stays NaN. */
export class Relu extends Layer {
  kind = "relu";

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
      out[i] = from[i] <= 0 ? 0 : from[i];
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
      const inactive = out[i] <= 0; // which is where x is
      dx[i] = inactive ? 0 : from[i];
    }
    return this.dx;
  }
}
