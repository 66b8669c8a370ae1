/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * A matrix is { rows, columns, data }, row by row: element (i, j) is data[i * columns + j]. A vector is an array of
 * numbers. What comes is in typed arrays, Float64Array or Float32Array; what you return may be in plain ones. Labels
 * count from 0. Leave the arguments as they are. An exception is reported as the error that it is. Begin with one
 * function, and name it in "written": all others can wait, or stay as they are.
 */

// YOURS: add "float32" if your code can compute in it: in Float32Array, or with Math.fround.
export const dtypes = ["float64"];

// YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
export const lossEpsilon = "any";

// YOURS: "any" if your numericalGradient takes the step that it is given; 1e-4 if it always takes that, as the book's
// does.
export const numericalStep = "any";

// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
export const written = [];

/* Layers, each by itself. */

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

// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape.
export function tanh(x, dout) {
  return { out: undefined, dx: undefined };
}

// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
// x, dx (batch, classes); t: an Int32Array (batch)
export function squaredError(x, t) {
  return { loss: undefined, dx: undefined };
}

// YOURS: out = gamma (x - mean) / sqrt(variance + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
// If training, mean and variance are those of the batch (the mean of (x - mean)^2), dx goes through them too, and
// runningMean <- momentum runningMean + (1 - momentum) mean, runningVar likewise with the variance. If not, the running
// ones stand for them, as constants, and what is returned for them is not looked at. Return new arrays.
// x, dx, dout, out (batch, features); the others (features)
export function batchNorm(x, gamma, beta, runningMean, runningVar, momentum, epsilon, training, dout) {
  return {
    out: undefined, runningMean: undefined, runningVar: undefined, dx: undefined, dgamma: undefined, dbeta: undefined,
  };
}

// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).
// The mask is given, 1 where x is kept and 0 where not. All of one shape.
export function dropout(x, mask, ratio, training, dout) {
  return { out: undefined, dx: undefined };
}

// An array of 4 dimensions is { shape, data }, row by row: element (n, c, i, j) is
// data[((n * shape[1] + c) * shape[2] + i) * shape[3] + j].

// YOURS: out = the sum of each filter of W times each window of x, unflipped, plus its b; the gradients dx, dW, db.
// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
// width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
// height, out width), out height = (height + 2 pad - window height) / stride, rounded down, + 1
export function convolution(x, W, b, stride, pad, dout) {
  return { out: undefined, dx: undefined, dW: undefined, db: undefined };
}

// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.
// dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
// take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
// convolution
export function maxPooling(x, height, width, stride, pad, dout) {
  return { out: undefined, dx: undefined };
}

/*
 * The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
 *
 *     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
 *     net.activation       "relu" or "sigmoid"; "tanh" if that is in "written"
 *     net.epsilon          as above
 */

// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
// net.W.length === 2 && net.activation === "relu". Cases with others are reported as not implemented.
export function supports(net) {
  return true;
}

// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
export function predict(net, x) {
  return undefined;
}

// YOURS: the mean loss, and the gradient of each W[l] and b[l]. x (batch, inputs); t (batch)
export function gradient(net, x, t) {
  return { loss: undefined, dW: [], db: [] };
}

// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label, a number.
export function accuracy(net, x, t) {
  return undefined;
}

// YOURS: the gradient from the loss alone, as arrays like those of gradient.
// For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change p in
// place, put it back exactly.
export function numericalGradient(net, x, t, step) {
  return { dW: [], db: [] };
}

/*
 * Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
 * dp is its gradient; all are typed arrays of one length. One optimizer is enough to train.
 */

// YOURS: p <- p - rate dp.
export function sgd(p, dp, rate) {}

// YOURS: v <- momentum v - rate dp; p <- p + v.
export function momentum(p, dp, v, rate, momentum) {}

// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
export function nesterov(p, dp, v, rate, momentum) {}

// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
export function adagrad(p, dp, h, rate) {}

// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
export function rmsprop(p, dp, h, rate, decay) {}

// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
export function adam(p, dp, m, v, rate, beta1, beta2, iteration) {}

/*
 * Networks of any layers that are in "written": write both predictLayers and gradientLayers.
 *
 *     layers         an array in order; the last one is the loss, "softmaxWithLoss" or "squaredError"
 *     layer.kind     the name of its function above, such as "affine"
 *     layer. ...     what that function is given: W and b of affine; W, b, stride and pad of convolution; height,
 *                    width, stride and pad of maxPooling; gamma, beta, runningMean, runningVar, momentum and epsilon
 *                    of batchNorm; mask and ratio of dropout
 *
 * x is a matrix, (batch, inputs), or of 4 dimensions, (batch, channels, height, width). affine takes each image as a
 * row: the data as they are, with rows = shape[0].
 */

// YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
export function supportsLayers(layers) {
  return true;
}

// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batchNorm.
export function predictLayers(layers, x) {
  return undefined;
}

// YOURS: the loss, and an array of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batchNorm.
// Training. To the loss of the last layer (which takes epsilon) add weightDecay / 2 times the sum of the squares of all
// W, and weightDecay W to each dW. If you move runningMean and runningVar on in each training step, do it here: change
// them, or put new arrays in their place.
export function gradientLayers(layers, x, t, weightDecay, epsilon) {
  return { loss: undefined, gradients: [] };
}

// YOURS: as accuracy.
export function accuracyLayers(layers, x, t) {
  return undefined;
}
