import { EMPTY, fit, isSame, places } from "../matrix.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/**
 * How many windows there are below and beside each other, in images of this shape: (height + 2 pad - window) / stride +
 * 1, rounded down, and so in width.
 *
 * @param {number[]} shape (batch, channels, height, width)
 * @param {number[]} window (height, width)
 * @param {number} stride
 * @param {number} pad
 */
export function outSizes([, , ...image], window, stride, pad) {
  return image.map((n, axis) => Math.floor((n + 2 * pad - window[axis]) / stride) + 1);
}

/**
 * Where the windows of a filter lie in images with zeros around them: element k of window i is at `starts[i] +
 * offsets[k]`. So no window need be copied. Source: section 7.4.2, which copies them (im2col).
 */
export class Windows {
  #shape;
  #pad;
  #paddedShape;
  /** Where each element of the images is among the zeros. */
  #inner;
  #padded = EMPTY;
  #gradient = EMPTY;

  /**
   * Windows begin `stride` pixels apart; `pad` rows and columns of zeros stand on all four sides.
   *
   * @param {number[]} shape (batch, channels, height, width)
   * @param {number[]} window (height, width)
   * @param {number} stride
   * @param {number} pad
   */
  constructor(shape, window, stride, pad) {
    const [batch, channels, height, width] = shape;
    const [rows, columns] = outSizes(shape, window, stride, pad);
    const line = width + 2 * pad;
    const plane = (height + 2 * pad) * line;
    const border = pad * line + pad;
    this.#shape = shape;
    this.#pad = pad;
    this.#paddedShape = [batch, channels, height + 2 * pad, line];
    this.#inner = pad > 0 ? places([batch * channels, height, width], [plane, line, 1]).map((at) => at + border) : [];
    this.starts = places([batch, rows, columns], [channels * plane, stride * line, stride]);
    this.offsets = places([channels, ...window], [plane, line, 1]);
  }

  /**
   * Whether these are the windows of images of this shape.
   *
   * @param {number[]} shape
   */
  fits(shape) {
    return isSame(this.#shape, shape);
  }

  /**
   * The elements of the images, with zeros around each: x's own where there is no padding.
   *
   * @param {Matrix} x
   */
  padded(x) {
    if (this.#pad === 0) {
      return x.data;
    }
    this.#padded = fit(this.#padded, x, this.#paddedShape); // nothing else is ever written, so its border stays 0
    const inner = this.#inner;
    const from = x.data;
    const to = this.#padded.data;
    for (let i = 0; i < from.length; i++) {
      to[inner[i]] = from[i];
    }
    return to;
  }

  /**
   * Zeros to add gradients up in, window by window; `unpadded` then gives dx.
   *
   * @param {Matrix} dx
   */
  gradient(dx) {
    this.#gradient = this.#pad === 0 ? dx : fit(this.#gradient, dx, this.#paddedShape);
    return this.#gradient.data.fill(0);
  }

  /**
   * Fills dx from the gradient: what fell on the zeros around the images is left out.
   *
   * @param {Matrix} dx
   */
  unpadded(dx) {
    const inner = this.#inner;
    const from = this.#gradient.data;
    const to = dx.data;
    for (let i = 0; i < inner.length; i++) {
      to[i] = from[inner[i]];
    }
  }
}
