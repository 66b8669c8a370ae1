import { EMPTY, fit, real, zeros } from "../matrix.js";
import { Layer } from "./layer.js";

/** @typedef {import("../matrix.js").Floats} Floats */
/** @typedef {import("../matrix.js").Matrix} Matrix */

/**
 * gamma (x - mean) / sqrt(var + epsilon) + beta, column by column over the batch.
 *
 * In training mean and variance are those of the batch (the variance is the mean of the squares, not n - 1), and the
 * running ones follow: `running <- momentum running + (1 - momentum) of the batch`. In the test the running ones are
 * used, and stay. Source: section 6.3; S. Ioffe and C. Szegedy (2015).
 */
export class BatchNorm extends Layer {
  kind = "batch_norm";
  x = EMPTY;

  /**
   * All four arrays are (features,). The book's epsilon is 10e-7.
   *
   * @param {Floats} gamma
   * @param {Floats} beta
   * @param {Floats} runningMean
   * @param {Floats} runningVar
   */
  constructor(gamma, beta, runningMean, runningVar, momentum = 0.9, epsilon = 1e-6) {
    super();
    this.gamma = gamma;
    this.beta = beta;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.dgamma = zeros(gamma);
    this.dbeta = zeros(beta);
    this.params = { gamma, beta };
    this.gradients = { dgamma: this.dgamma, dbeta: this.dbeta };
    this.state = { running_mean: runningMean, running_var: runningVar };
    this.moved = { running_mean: zeros(runningMean), running_var: zeros(runningVar) };
    /** Of the last forward pass, as exact as this language computes. */
    this.mean = new Float64Array(gamma.length);
    this.variance = new Float64Array(gamma.length);
    this.std = new Float64Array(gamma.length);
  }

  /**
   * x is (batch, features); the same shape comes back.
   *
   * @param {Matrix} x
   */
  forward(x) {
    this.x = x;
    this.out = fit(this.out, x);
    const { gamma, beta, mean, variance, std, state } = this;
    if (this.training) {
      this.#measure(x);
      this.#follow();
    } else {
      mean.set(state.running_mean);
      variance.set(state.running_var);
    }
    const epsilon = real(this.epsilon, gamma);
    for (let j = 0; j < std.length; j++) {
      std[j] = Math.sqrt(variance[j] + epsilon);
    }
    const { data, columns } = x;
    const out = this.out.data;
    for (let row = 0; row < out.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        out[row + j] = (gamma[j] * (data[row + j] - mean[j])) / std[j] + beta[j];
      }
    }
    return this.out;
  }

  /**
   * dx, of the shape of x; keeps dgamma and dbeta too. In training mean and variance depend on x as well.
   *
   * @param {Matrix} dout
   */
  backward(dout) {
    this.backwardParameters(dout);
    this.dx = fit(this.dx, dout);
    const { gamma, dgamma, dbeta, mean, std } = this;
    const { data: from, rows, columns } = dout;
    const x = this.x.data;
    const dx = this.dx.data;
    const share = this.training ? 1 / rows : 0; // of each row in its column's mean and variance
    for (let row = 0; row < dx.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        const xn = (x[row + j] - mean[j]) / std[j];
        const throughMeanAndVar = share * (dbeta[j] + xn * dgamma[j]);
        dx[row + j] = (gamma[j] / std[j]) * (from[row + j] - throughMeanAndVar);
      }
    }
    return this.dx;
  }

  /**
   * dgamma and dbeta alone.
   *
   * @param {Matrix} dout
   */
  backwardParameters({ data: from, columns }) {
    const { dgamma, dbeta, mean, std } = this;
    const x = this.x.data;
    dgamma.fill(0);
    dbeta.fill(0);
    for (let row = 0; row < from.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        dgamma[j] += (from[row + j] * (x[row + j] - mean[j])) / std[j];
        dbeta[j] += from[row + j];
      }
    }
  }

  /**
   * Mean and variance of each column.
   *
   * @param {Matrix} x
   */
  #measure({ data, rows, columns }) {
    const { mean, variance } = this;
    mean.fill(0);
    for (let row = 0; row < data.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        mean[j] += data[row + j];
      }
    }
    divide(mean, rows);
    variance.fill(0);
    for (let row = 0; row < data.length; row += columns) {
      for (let j = 0; j < columns; j++) {
        const xc = data[row + j] - mean[j];
        variance[j] += xc * xc;
      }
    }
    divide(variance, rows);
  }

  /** Where the running mean and variance go with those of this batch. */
  #follow() {
    const { mean, variance, state, moved } = this;
    const old = real(this.momentum, this.gamma);
    const rest = real(1 - this.momentum, this.gamma);
    for (let j = 0; j < mean.length; j++) {
      moved.running_mean[j] = old * state.running_mean[j] + rest * mean[j];
      moved.running_var[j] = old * state.running_var[j] + rest * variance[j];
    }
  }
}

/**
 * @param {Float64Array} sums
 * @param {number} rows
 */
function divide(sums, rows) {
  for (let j = 0; j < sums.length; j++) {
    sums[j] /= rows;
  }
}
