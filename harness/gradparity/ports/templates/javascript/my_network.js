/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * A matrix is { rows, columns, data }, row by row: element (i, j) is data[i * columns + j]. A vector is an array of
 * numbers. What comes is in typed arrays, Float64Array or Float32Array; what you return may be in plain ones. Labels
 * count from 0. Leave the arguments as they are. An exception is reported as the error that it is.
 */

// YOURS: add "float32" if your code can compute in it: in Float32Array, or with Math.fround.
export const dtypes = ["float64"];

// YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
export const lossEpsilon = "any";

// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
export const written = [];

// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
// net.W.length === 2 && net.activation === "relu". Cases with others are reported as not implemented. net: see below
export function supports(net) {
  return true;
}

// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db.
// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
export function affine(x, W, b, dout) {
  return { out: undefined, dx: undefined, dW: undefined, db: undefined };
}

// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape.
export function relu(x, dout) {
  return { out: undefined, dx: undefined };
}

// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape.
export function sigmoid(x, dout) {
  return { out: undefined, dx: undefined };
}

// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
// x, y, dx (batch, classes); t: an Int32Array (batch). Where epsilon is 0, as in most cases, take the logarithm as
// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
export function softmaxWithLoss(x, t, epsilon) {
  return { loss: undefined, y: undefined, dx: undefined };
}

/*
 * The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
 *
 *     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
 *     net.activation       "relu" or "sigmoid"
 *     net.epsilon          as above
 */

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
export function predict(net, x) {
  return undefined;
}

// YOURS: the mean loss, and the gradient of each W[l] and b[l]. x (batch, inputs); t (batch)
export function gradient(net, x, t) {
  return { loss: undefined, dW: [], db: [] };
}

// YOURS: p <- p - rate dp, in place. Both are typed arrays of one length.
export function sgd(p, dp, rate) {}
