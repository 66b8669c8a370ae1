import { fit } from "../matrix.js";
import { Layer } from "./layer.js";
import { Windows, outSizes } from "./windows.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/**
 * The largest number of each window, channel by channel. Zeros that `pad` puts around an image take part.
 *
 * The gradient goes to the number that was the largest: of equal ones to the first, row by row. Where windows overlap,
 * gradients add up. Source: sections 7.3 and 7.4.4.
 */
export class MaxPooling extends Layer {
  kind = "max_pooling";
  /** @type {Windows | undefined} */
  #windows;
  /** Where the largest number of each window is, in the images with their zeros. */
  #largest = new Int32Array(0);
  /** @type {number[]} */
  #shape = [];

  /**
   * Windows of so many rows and columns begin `stride` pixels apart.
   *
   * @param {number} height
   * @param {number} width
   */
  constructor(height, width, stride = 2, pad = 0) {
    super();
    this.window = [height, width];
    this.stride = stride;
    this.pad = pad;
  }

  /** @param {number[]} shape */
  outShape(shape) {
    return [...shape.slice(0, 2), ...outSizes(shape, this.window, this.stride, this.pad)];
  }

  /**
   * x is (batch, channels, height, width); the result is (batch, channels, out height, out width).
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.#shape = x.shape;
    this.out = fit(this.out, x, this.outShape(x.shape));
    const windows = this.#windowsOf(x.shape);
    const { starts, offsets } = windows;
    const from = windows.padded(x);
    const out = this.out.data;
    const largest = this.#largest;
    for (let i = 0; i < out.length; i++) {
      const start = starts[i];
      let best = start;
      let value = from[best];
      for (let k = 1; k < offsets.length; k++) {
        const place = (start + offsets[k]) | 0;
        const isLarger = Number(!(from[place] <= value)) & Number(!Number.isNaN(value)); // NaN is larger, as in NumPy
        best ^= (best ^ place) & -isLarger; // place, if it is: a branch would be guessed wrong too often
        value = from[best];
      }
      largest[i] = best;
      out[i] = value;
    }
    return this.out;
  }

  /**
   * dx, of the shape of x. dout is of the shape of the result.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.dx = fit(this.dx, dout, this.#shape);
    const windows = this.#windowsOf(this.#shape);
    const dx = windows.gradient(this.dx);
    const largest = this.#largest;
    const from = dout.data;
    for (let i = 0; i < from.length; i++) {
      dx[largest[i]] += from[i];
    }
    windows.unpadded(this.dx);
    return this.dx;
  }

  /**
   * The windows of images of this shape, of one channel each: made anew when the shape is another one than before.
   *
   * @param {number[]} shape
   */
  #windowsOf([batch, channels, ...image]) {
    const planes = [batch * channels, 1, ...image];
    if (!this.#windows?.fits(planes)) {
      this.#windows = new Windows(planes, this.window, this.stride, this.pad);
      this.#largest = new Int32Array(this.#windows.starts.length);
    }
    return this.#windows;
  }
}
