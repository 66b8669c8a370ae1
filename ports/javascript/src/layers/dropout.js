import { fit, real } from "../matrix.js";
import { Layer } from "./layer.js";

/** @typedef {import("../matrix.js").Matrix} Matrix */

/**
 * In training x times a mask of 0 and 1; in the test x times 1 - ratio, the share that training keeps.
 *
 * The mask is given, so that no random generator has to be shared. Source: section 6.4.3; N. Srivastava et al. (2014).
 */
export class Dropout extends Layer {
  kind = "dropout";

  /**
   * The mask has an element for each of x.
   *
   * @param {Uint8Array} mask
   */
  constructor(mask, ratio = 0.5) {
    super();
    this.mask = mask;
    this.ratio = ratio;
  }

  /**
   * x of any shape; the same shape comes back.
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.out = fit(this.out, x);
    this.#keep(x, this.out);
    return this.out;
  }

  /**
   * dx, of the shape of x.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.dx = fit(this.dx, dout);
    this.#keep(dout, this.dx);
    return this.dx;
  }

  /**
   * @param {Matrix} from
   * @param {Matrix} to
   */
  #keep({ data: from }, { data: to }) {
    const mask = this.mask;
    const kept = real(1 - this.ratio, from);
    for (let i = 0; i < to.length; i++) {
      to[i] = from[i] * (this.training ? mask[i] : kept);
    }
  }
}
