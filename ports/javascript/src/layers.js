/**
 * The layers. Each has `forward` and `backward`; what backward needs, forward keeps.
 *
 * Every layer computes in the dtype of its arguments (float32 or float64) and leaves its arguments as they are. Its
 * results live in arrays of its own, which the next call fills again: copy what has to outlive that.
 *
 * Source: Koki Saitoh, "Deep Learning from Scratch", chapter 5.
 */

import { EMPTY, argmax, fit, real, zeros } from "./matrix.js";
import { product } from "./product.js";

/** @typedef {import("./matrix.js").Floats} Floats */
/** @typedef {import("./matrix.js").Matrix} Matrix */

/** x * y, element by element. */
export class Multiply {
  x = EMPTY;
  y = EMPTY;
  out = EMPTY;
  dx = EMPTY;
  dy = EMPTY;

  /**
   * The product of two matrices of one shape.
   *
   * @param {Matrix} x
   * @param {Matrix} y
   */
  forward(x, y) {
    this.x = x;
    this.y = y;
    this.out = fit(this.out, x);
    multiply(x.data, y.data, this.out.data);
    return this.out;
  }

  /**
   * dx and dy, kept: each factor's gradient is the other factor times dout.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.dx = fit(this.dx, dout);
    this.dy = fit(this.dy, dout);
    multiply(dout.data, this.y.data, this.dx.data);
    multiply(dout.data, this.x.data, this.dy.data);
  }
}

/**
 * @param {Floats} x
 * @param {Floats} y
 * @param {Floats} out
 */
function multiply(x, y, out) {
  for (let i = 0; i < out.length; i++) {
    out[i] = x[i] * y[i];
  }
}

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

/** max(x, 0), with gradient 0 at 0. NaN stays NaN. */
export class Relu {
  out = EMPTY;
  dx = EMPTY;

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

/** 1 / (1 + exp(-x)). */
export class Sigmoid {
  out = EMPTY;
  dx = EMPTY;

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

/** tanh(x), with the slope 1 - tanh(x)^2. */
export class Tanh {
  out = EMPTY;
  dx = EMPTY;

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

/** x W + b: W is (inputs, outputs), b is (outputs,). */
export class Affine {
  x = EMPTY;
  out = EMPTY;
  dx = EMPTY;

  /**
   * @param {Matrix} W
   * @param {Floats} b
   */
  constructor(W, b) {
    this.W = W;
    this.b = b;
    this.dW = fit(EMPTY, W);
    this.db = zeros(b);
  }

  /**
   * x is (batch, inputs); the result is (batch, outputs).
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.x = x;
    this.out = fit(this.out, x, x.rows, this.W.columns);
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
   * dx, (batch, inputs); keeps dW and db too. dout is (batch, outputs).
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
   * dW and db alone: all that a network's first layer owes, as nobody asks for the gradient of the data.
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

/**
 * What the network ought to say: one-hot rows, (batch, classes), or labels, (batch,), from 0 to classes - 1.
 *
 * @typedef {Matrix | Int32Array} Target
 */

/**
 * The label of each row of the batch.
 *
 * @param {Target} t
 */
export function labels(t) {
  return t instanceof Int32Array ? t : Int32Array.from({ length: t.rows }, (_, row) => argmax(t, row));
}

/**
 * softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.
 *
 * The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one. `epsilon`
 * is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
 */
export class SoftmaxWithLoss {
  /** @type {Int32Array} */
  labels = new Int32Array(0);
  loss = NaN;
  y = EMPTY;
  dx = EMPTY;

  constructor(epsilon = 0) {
    this.epsilon = epsilon;
  }

  /**
   * The loss. x is (batch, classes).
   *
   * @param {Matrix} x
   * @param {Target} t
   */
  forward(x, t) {
    this.labels = labels(t);
    this.y = fit(this.y, x);
    const { data: from, rows, columns } = x;
    const y = this.y.data;
    const epsilon = real(this.epsilon, from);
    let sum = 0;
    for (let row = 0; row < rows; row++) {
      const start = row * columns;
      const end = start + columns;
      let largest = -Infinity;
      for (let i = start; i < end; i++) {
        largest = Math.max(largest, from[i]);
      }
      let total = 0;
      for (let i = start; i < end; i++) {
        const e = Math.exp(from[i] - largest);
        y[i] = e;
        total += e;
      }
      for (let i = start; i < end; i++) {
        y[i] /= total;
      }
      const logP = from[start + this.labels[row]] - largest - Math.log(total);
      sum += epsilon === 0 ? logP : Math.log(Math.exp(logP) + epsilon);
    }
    this.loss = real(-sum / rows, from);
    return this.loss;
  }

  /** dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout. */
  backward() {
    this.dx = fit(this.dx, this.y);
    const { data: dx, rows, columns } = this.dx;
    dx.set(this.y.data);
    for (let row = 0; row < rows; row++) {
      dx[row * columns + this.labels[row]] -= 1;
    }
    for (let i = 0; i < dx.length; i++) {
      dx[i] /= rows;
    }
    return this.dx;
  }
}
