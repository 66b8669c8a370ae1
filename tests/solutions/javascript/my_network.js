/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * A matrix is { rows, columns, data }, row by row: element (i, j) is data[i * columns + j]. A vector is an array of
 * numbers. What comes is in typed arrays, Float64Array or Float32Array; what you return may be in plain ones. Labels
 * count from 0. Leave the arguments as they are. An exception is reported as the error that it is.
 */

// YOURS: add "float32" if your code can compute in it: in Float32Array, or with Math.fround.
export const dtypes = ["float64", "float32"];

// YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
export const lossEpsilon = "any";

// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
export const written = ["affine", "relu", "sigmoid", "softmaxWithLoss", "predict", "gradient", "sgd"];

function zeros(rows, columns, like) {
  return { rows, columns, data: new like.data.constructor(rows * columns) };
}

function map(a, each) {
  return { ...a, data: a.data.map(each) };
}

/** The sum over k of left(i, k) right(k, j). */
function product(rows, inner, columns, like, left, right) {
  const out = zeros(rows, columns, like);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left(i, k) * right(k, j);
      out.data[i * columns + j] = sum;
    }
  }
  return out;
}

const at = (a) => (i, j) => a.data[i * a.columns + j];
const turned = (a) => (i, j) => a.data[j * a.columns + i];

function affineForward(x, W, b) {
  const out = product(x.rows, x.columns, W.columns, x, at(x), at(W));
  return map(out, (value, k) => value + b[k % W.columns]);
}

function affineBackward(x, W, dout) {
  const dx = product(x.rows, W.columns, W.rows, x, at(dout), turned(W));
  const dW = product(W.rows, x.rows, W.columns, x, turned(x), at(dout));
  const ones = { rows: 1, columns: x.rows, data: new Float64Array(x.rows).fill(1) };
  const db = product(1, x.rows, W.columns, x, at(ones), at(dout)).data;
  return { dx, dW, db };
}

// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
// net.W.length === 2 && net.activation === "relu". Cases with others are reported as not implemented. net: see below
export function supports(net) {
  return true;
}

// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
export function affine(x, W, b, dout) {
  return { out: affineForward(x, W, b), ...affineBackward(x, W, dout) };
}

// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
export function relu(x, dout) {
  return { out: map(x, (v) => (v <= 0 ? 0 : v)), dx: map(dout, (d, k) => (x.data[k] <= 0 ? 0 : d)) };
}

// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
export function sigmoid(x, dout) {
  const out = map(x, (v) => 1 / (1 + Math.exp(-v)));
  return { out, dx: map(dout, (d, k) => d * out.data[k] * (1 - out.data[k])) };
}

// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
// x, y, dx (batch, classes); t: an Int32Array (batch). Where epsilon is 0, as in most cases, take the logarithm as
// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
export function softmaxWithLoss(x, t, epsilon) {
  const y = zeros(x.rows, x.columns, x);
  let loss = 0;
  for (let i = 0; i < x.rows; i++) {
    const row = x.data.subarray(i * x.columns, (i + 1) * x.columns);
    const largest = Math.max(...row);
    const sum = row.reduce((total, v) => total + Math.exp(v - largest), 0);
    y.data.set(
      row.map((v) => Math.exp(v - largest) / sum),
      i * x.columns,
    );
    const logP = row[t[i]] - largest - Math.log(sum);
    loss -= epsilon > 0 ? Math.log(Math.exp(logP) + epsilon) : logP;
  }
  const dx = map(y, (p, k) => (p - (k % x.columns === t[Math.floor(k / x.columns)])) / x.rows);
  return { loss: loss / x.rows, y, dx };
}

const activations = { relu, sigmoid };

/*
 * The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
 *
 *     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
 *     net.activation       "relu" or "sigmoid"
 *     net.epsilon          as above
 */

/** The pre-activations of all layers, and their inputs. */
function forward(net, x) {
  const inputs = [];
  const outs = net.W.map((W, l) => {
    inputs.push(x);
    const out = affineForward(x, W, net.b[l]);
    x = activations[net.activation](out, out).out;
    return out;
  });
  return { inputs, outs };
}

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
export function predict(net, x) {
  return forward(net, x).outs.at(-1);
}

// YOURS: the mean loss, and the gradient of each W[l] and b[l]. x (batch, inputs); t (batch)
export function gradient(net, x, t) {
  const { inputs, outs } = forward(net, x);
  let { loss, dx: dout } = softmaxWithLoss(outs.at(-1), t, net.epsilon);
  const dW = [];
  const db = [];
  for (let l = net.W.length - 1; l >= 0; l--) {
    const back = affineBackward(inputs[l], net.W[l], dout);
    dW[l] = back.dW;
    db[l] = back.db;
    if (l > 0) dout = activations[net.activation](outs[l - 1], back.dx).dx;
  }
  return { loss, dW, db };
}

// YOURS: p <- p - rate dp, in place. Both are typed arrays of one length.
export function sgd(p, dp, rate) {
  for (let k = 0; k < p.length; k++) p[k] -= rate * dp[k];
}
