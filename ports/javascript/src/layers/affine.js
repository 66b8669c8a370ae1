import { EMPTY, fit, zeros } from "../matrix.js";
import { product } from "../product.js";
import { Layer } from "./layer.js";

/** @typedef {import("../matrix.js").Floats} Floats */
/** @typedef {import("../matrix.js").Matrix} Matrix */

/** x W + b: W is (inputs, outputs), b is (outputs,). An image is a row, in the order of its elements. */
export class Affine extends Layer {
  kind = "affine";
  weights = ["W"];
  x = EMPTY;

  /**
   * @param {Matrix} W
   * @param {Floats} b
   */
  constructor(W, b) {
    super();
    this.W = W;
    this.b = b;
    this.dW = fit(EMPTY, W);
    this.db = zeros(b);
    this.params = { W, b };
    this.gradients = { dW: this.dW, db: this.db };
  }

  /** @param {number[]} shape */
  outShape([batch]) {
    return [batch, this.W.columns];
  }

  /**
   * x is (batch, inputs) or (batch, channels, height, width); the result is (batch, outputs).
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.x = x;
    this.out = fit(this.out, x, this.outShape(x.shape));
    product(x, this.W, this.out);
    const { data: out, columns } = this.out;
    const b = this.b;
    for (let row = 0; row < out.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        out[row + j] += b[j];
      }
    }
    return this.out;
  }

  /**
   * dx, of the shape of x; keeps dW and db too. dout is (batch, outputs).
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.backwardParameters(dout);
    this.dx = fit(this.dx, this.x);
    product(dout, this.W.T, this.dx);
    return this.dx;
  }

  /**
   * dW and db alone.
   *
   * @param {Matrix} dout
   */
  backwardParameters(dout) {
    product(this.x.T, dout, this.dW);
    const { data, columns } = dout;
    const db = this.db;
    db.fill(0);
    for (let row = 0; row < data.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        db[j] += data[row + j];
      }
    }
  }
}
