import { EMPTY, Indexed, fit, places, zeros } from "../matrix.js";
import { product } from "../product.js";
import { Layer } from "./layer.js";
import { Windows, outSizes } from "./windows.js";

/** @typedef {import("../matrix.js").Floats} Floats */
/** @typedef {import("../matrix.js").Matrix} Matrix */

/**
 * Each filter laid on each window of the images, products summed; the filter is not flipped. Then a bias each.
 *
 * It is three matrix products, in which the windows are columns. `product` reads them from the images themselves, a
 * block at a time, and writes the result to where it is in (batch, filters, height, width). Source: sections 7.2 and
 * 7.4.3.
 */
export class Convolution extends Layer {
  kind = "convolution";
  weights = ["W"];
  x = EMPTY;
  /** @type {Windows | undefined} */
  #windows;
  /** Where a result's filters begin in an image, and where each pixel of all images is. */
  #filterAt = new Int32Array(0);
  #pixelAt = new Int32Array(0);

  /**
   * W is (filters, channels, height, width), b is (filters,). Windows begin `stride` pixels apart; `pad` rows and
   * columns of zeros stand on all four sides.
   *
   * @param {Matrix} W
   * @param {Floats} b
   */
  constructor(W, b, stride = 1, pad = 0) {
    super();
    this.W = W;
    this.b = b;
    this.stride = stride;
    this.pad = pad;
    this.dW = fit(EMPTY, W);
    this.db = zeros(b);
    this.params = { W, b };
    this.gradients = { dW: this.dW, db: this.db };
    /** Of the last forward pass, the windows of x, each a column. */
    this.col = new Indexed(EMPTY.data, this.#filterAt, this.#pixelAt);
  }

  /** @param {number[]} shape */
  outShape(shape) {
    const [filters, , ...window] = this.W.shape;
    return [shape[0], filters, ...outSizes(shape, window, this.stride, this.pad)];
  }

  /**
   * x is (batch, channels, height, width); the result is (batch, filters, out height, out width).
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.x = x;
    this.out = fit(this.out, x, this.outShape(x.shape));
    const windows = this.#windowsOf(x);
    this.col = new Indexed(windows.padded(x), windows.offsets, windows.starts);
    product(this.W, this.col, this.byFilter(this.out));
    const [batch, filters, height, width] = this.out.shape;
    const out = this.out.data;
    let i = 0;
    for (let image = 0; image < batch; image++) {
      for (let filter = 0; filter < filters; filter++) {
        const b = this.b[filter];
        for (const end = i + height * width; i < end; i++) {
          out[i] += b;
        }
      }
    }
    return this.out;
  }

  /**
   * dx, of the shape of x; keeps dW and db too. dout is (batch, filters, out height, out width).
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.backwardParameters(dout);
    product(this.W.T, this.byFilter(dout), this.dcol(), true);
    this.#windowsOf(this.x).unpadded(this.dx);
    return this.dx;
  }

  /**
   * dW and db alone.
   *
   * @param {Matrix} dout
   */
  backwardParameters(dout) {
    product(this.byFilter(dout), this.col.T, this.dW);
    const [batch, filters, height, width] = dout.shape;
    const from = dout.data;
    this.db.fill(0);
    let i = 0;
    for (let image = 0; image < batch; image++) {
      for (let filter = 0; filter < filters; filter++) {
        let sum = 0;
        for (const end = i + height * width; i < end; i++) {
          sum += from[i];
        }
        this.db[filter] += sum;
      }
    }
  }

  /**
   * A result or its gradient as a matrix, (filters, batch * out height * out width).
   *
   * @param {Matrix} out
   */
  byFilter(out) {
    return new Indexed(out.data, this.#filterAt, this.#pixelAt);
  }

  /** The windows of dx, each a column, all of zeros: what overlaps is added up there. */
  dcol() {
    this.dx = fit(this.dx, this.x);
    const windows = this.#windowsOf(this.x);
    return new Indexed(windows.gradient(this.dx), windows.offsets, windows.starts);
  }

  /**
   * The windows of images of this shape, made anew when that is another one than before.
   *
   * @param {Matrix} x
   */
  #windowsOf({ shape }) {
    if (!this.#windows?.fits(shape)) {
      const [batch, filters, height, width] = this.outShape(shape);
      const plane = height * width;
      this.#filterAt = places([filters], [plane]);
      this.#pixelAt = places([batch, plane], [filters * plane, 1]);
      this.#windows = new Windows(shape, this.W.shape.slice(2), this.stride, this.pad);
    }
    return this.#windows;
  }
}
