import { EMPTY } from "../matrix.js";

/** @typedef {import("../matrix.js").Floats} Floats */
/** @typedef {import("../matrix.js").Matrix} Matrix */

/** What the layers of a network have in common. */
export class Layer {
  kind = "";
  /** The phase: layers such as dropout do something else in the test. */
  training = true;
  /** What is learnt, by name: the arrays themselves. @type {Record<string, Floats | Matrix>} */
  params = {};
  /** The gradient of each, "d" and its name, after backward. @type {Record<string, Floats | Matrix>} */
  gradients = {};
  /** Those params that weight decay makes smaller. @type {string[]} */
  weights = [];
  /** What training moves on beside the params. @type {Record<string, Floats>} */
  state = {};
  /** The state as the last forward pass in training would leave it. @type {Record<string, Floats>} */
  moved = {};
  out = EMPTY;
  dx = EMPTY;

  /**
   * The shape of the result, from that of x.
   *
   * @param {number[]} shape
   */
  outShape(shape) {
    return shape;
  }

  /**
   * The layer's result.
   *
   * @param {Matrix} _x
   * @returns {Matrix}
   */
  forward(_x) {
    throw new Error(`${this.kind} has no forward`);
  }

  /**
   * The gradient of x, from that of the result.
   *
   * @param {Matrix} _dout
   * @returns {Matrix}
   */
  backward(_dout) {
    throw new Error(`${this.kind} has no backward`);
  }

  /**
   * The gradients of the params alone: all that a network's first layer owes, as nobody asks for the data's.
   *
   * @param {Matrix} dout
   */
  backwardParameters(dout) {
    this.backward(dout);
  }

  /** Takes over the state that the last forward pass led to. */
  moveOn() {
    for (const [name, array] of Object.entries(this.state)) {
      array.set(this.moved[name]);
    }
  }
}
