/**
 * Optimizers: each updates the parameters in place, given their gradient, and keeps what it needs from step to step.
 *
 * Their numbers are rounded to the dtype of the parameters before use.
 *
 * Source: "Deep Learning from Scratch", section 6.1; there, as here, the 1e-7 that keeps a division from 0 stands
 * outside the square root.
 */

import { real, zeros } from "./matrix.js";

/** @typedef {import("./matrix.js").Floats} Floats */
/** @typedef {import("./network.js").Network} Network */

const TINY = 1e-7;

/**
 * What an update does, and its numbers. `stateNames` are the arrays that it keeps of each parameter, of the parameter's
 * size and zero at first. `updateOne` updates one parameter, and its state, in place; the iteration counts from 1.
 *
 * @typedef {object} Rule
 * @property {string[]} stateNames
 * @property {(p: Floats, dp: Floats, state: Floats[], iteration: number) => void} updateOne
 */

/**
 * Stochastic gradient descent: p <- p - learningRate dp.
 *
 * @implements {Rule}
 */
export class SGD {
  /** @type {string[]} */
  stateNames = [];

  constructor(learningRate = 0.01) {
    this.learningRate = learningRate;
  }

  /**
   * @param {Floats} p
   * @param {Floats} dp
   */
  updateOne(p, dp) {
    const rate = real(this.learningRate, p);
    for (let i = 0; i < p.length; i++) {
      p[i] -= rate * dp[i];
    }
  }
}

/**
 * v <- momentum v - learningRate dp; p <- p + v. Source: B. Polyak (1964).
 *
 * @implements {Rule}
 */
export class Momentum {
  stateNames = ["v"];

  constructor(learningRate = 0.01, momentum = 0.9) {
    this.learningRate = learningRate;
    this.momentum = momentum;
  }

  /**
   * @param {Floats} p
   * @param {Floats} dp
   * @param {Floats[]} state
   */
  updateOne(p, dp, [v]) {
    const rate = real(this.learningRate, p);
    const momentum = real(this.momentum, p);
    for (let i = 0; i < p.length; i++) {
      v[i] = momentum * v[i] - rate * dp[i];
      p[i] += v[i];
    }
  }
}

/**
 * v <- momentum v - learningRate dp; p <- p + momentum v - learningRate dp, where p is the point looked ahead to.
 *
 * Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent networks" (2012), 3.5.
 *
 * @implements {Rule}
 */
export class Nesterov extends Momentum {
  /**
   * @param {Floats} p
   * @param {Floats} dp
   * @param {Floats[]} state
   */
  updateOne(p, dp, [v]) {
    const rate = real(this.learningRate, p);
    const momentum = real(this.momentum, p);
    for (let i = 0; i < p.length; i++) {
      v[i] = momentum * v[i] - rate * dp[i];
      p[i] += momentum * v[i] - rate * dp[i];
    }
  }
}

/**
 * h <- h + dp dp; p <- p - learningRate dp / (sqrt(h) + 1e-7). Source: J. Duchi et al. (2011).
 *
 * @implements {Rule}
 */
export class AdaGrad {
  stateNames = ["h"];

  constructor(learningRate = 0.01) {
    this.learningRate = learningRate;
  }

  /**
   * @param {Floats} p
   * @param {Floats} dp
   * @param {Floats[]} state
   */
  updateOne(p, dp, [h]) {
    const rate = real(this.learningRate, p);
    const tiny = real(TINY, p);
    for (let i = 0; i < p.length; i++) {
      h[i] += dp[i] * dp[i];
      p[i] -= (rate * dp[i]) / (Math.sqrt(h[i]) + tiny);
    }
  }
}

/**
 * h <- decay h + (1 - decay) dp dp; p <- p - learningRate dp / (sqrt(h) + 1e-7).
 *
 * Source: T. Tieleman, G. Hinton, Coursera lecture 6.5 (2012).
 *
 * @implements {Rule}
 */
export class RMSProp {
  stateNames = ["h"];

  constructor(learningRate = 0.01, decay = 0.99) {
    this.learningRate = learningRate;
    this.decay = decay;
  }

  /**
   * @param {Floats} p
   * @param {Floats} dp
   * @param {Floats[]} state
   */
  updateOne(p, dp, [h]) {
    const rate = real(this.learningRate, p);
    const decay = real(this.decay, p);
    const rest = real(1 - this.decay, p);
    const tiny = real(TINY, p);
    for (let i = 0; i < p.length; i++) {
      h[i] = decay * h[i] + rest * dp[i] * dp[i];
      p[i] -= (rate * dp[i]) / (Math.sqrt(h[i]) + tiny);
    }
  }
}

/**
 * m, v: means of dp and dp dp; p <- p - rate m / (sqrt(v) + 1e-7), where rate undoes that both began at 0.
 *
 * Source: D. Kingma, J. Ba, "Adam" (2015), in the order of the end of section 2.
 *
 * @implements {Rule}
 */
export class Adam {
  stateNames = ["m", "v"];

  constructor(learningRate = 0.001, beta1 = 0.9, beta2 = 0.999) {
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
  }

  /**
   * @param {Floats} p
   * @param {Floats} dp
   * @param {Floats[]} state
   * @param {number} iteration
   */
  updateOne(p, dp, [m, v], iteration) {
    const { learningRate, beta1, beta2 } = this;
    const rate = real((learningRate * Math.sqrt(1 - beta2 ** iteration)) / (1 - beta1 ** iteration), p);
    const rest1 = real(1 - beta1, p);
    const rest2 = real(1 - beta2, p);
    const tiny = real(TINY, p);
    for (let i = 0; i < p.length; i++) {
      m[i] += rest1 * (dp[i] - m[i]);
      v[i] += rest2 * (dp[i] * dp[i] - v[i]);
      p[i] -= (rate * m[i]) / (Math.sqrt(v[i]) + tiny);
    }
  }
}

/** A rule at work on a network: it has the state of each parameter, and counts the updates. */
export class Optimizer {
  #iteration = 0;
  /** Of each parameter, by the rule's stateNames, the elements. */
  #state;

  /**
   * Fit for this network and others of its sizes.
   *
   * @param {Rule} rule
   * @param {Network} network
   */
  constructor(rule, network) {
    this.rule = rule;
    this.#state = network.parameters.map(({ p }) => rule.stateNames.map(() => zeros(p)));
  }

  /**
   * Updates every parameter in place, by the gradient that the network computed last.
   *
   * @param {Network} network
   */
  update(network) {
    this.#iteration += 1;
    for (const [i, { p, dp }] of network.parameters.entries()) {
      this.rule.updateOne(p, dp, this.#state[i], this.#iteration);
    }
  }
}
