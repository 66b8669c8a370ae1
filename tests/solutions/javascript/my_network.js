/*
 * Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
 *
 * A matrix is { rows, columns, data }, row by row: element (i, j) is data[i * columns + j]. A vector is an array of
 * numbers. What comes is in typed arrays, Float64Array or Float32Array; what you return may be in plain ones. Labels
 * count from 0. Leave the arguments as they are. An exception is reported as the error that it is. Begin with one
 * function, and name it in "written": all others can wait, or stay as they are.
 */

// YOURS: add "float32" if your code can compute in it: in Float32Array, or with Math.fround.
export const dtypes = ["float64", "float32"];

// YOURS: "any" if your loss adds the epsilon that it is given; 1e-7 if it always adds that, as the book's does.
export const lossEpsilon = "any";

// YOURS: "any" if your numericalGradient takes the step that it is given; 1e-4 if it always takes that, as the book's
// does.
export const numericalStep = "any";

// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
export const written = [
  "affine", "relu", "sigmoid", "softmaxWithLoss", "tanh", "squaredError", "batchNorm", "dropout", "convolution",
  "maxPooling", "predict", "gradient", "accuracy", "numericalGradient", "sgd", "momentum", "nesterov", "adagrad",
  "rmsprop", "adam", "predictLayers", "gradientLayers", "accuracyLayers",
];

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

/* Layers, each by itself. */

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

// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape.
export function tanh(x, dout) {
  const out = map(x, Math.tanh);
  return { out, dx: map(dout, (d, k) => d * (1 - out.data[k] ** 2)) };
}

// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
// x, dx (batch, classes); t: an Int32Array (batch)
export function squaredError(x, t) {
  const difference = map(x, (v, k) => v - (k % x.columns === t[Math.floor(k / x.columns)]));
  const loss = difference.data.reduce((sum, v) => sum + v * v, 0) / (2 * x.rows);
  return { loss, dx: map(difference, (v) => v / x.rows) };
}

/** The mean of each column of what `each` gives for an element and its column. */
function columnMeans({ rows, columns, data }, each) {
  const means = new Array(columns).fill(0);
  data.forEach((value, k) => (means[k % columns] += each(value, k % columns, k) / rows));
  return means;
}

// YOURS: out = gamma (x - mean) / sqrt(variance + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
// If training, mean and variance are those of the batch (the mean of (x - mean)^2), dx goes through them too, and
// runningMean <- momentum runningMean + (1 - momentum) mean, runningVar likewise with the variance. If not, the running
// ones stand for them, as constants, and what is returned for them is not looked at. Return new arrays.
// x, dx, dout, out (batch, features); the others (features)
export function batchNorm(x, gamma, beta, runningMean, runningVar, momentum, epsilon, training, dout) {
  const { columns } = x;
  let [mean, variance] = [runningMean, runningVar];
  if (training) {
    mean = columnMeans(x, (v) => v);
    variance = columnMeans(x, (v, j) => (v - mean[j]) ** 2);
    runningMean = mean.map((m, j) => momentum * runningMean[j] + (1 - momentum) * m);
    runningVar = variance.map((v, j) => momentum * runningVar[j] + (1 - momentum) * v);
  }
  const std = Array.from(variance, (v) => Math.sqrt(v + epsilon));
  const xn = Array.from(x.data, (v, k) => (v - mean[k % columns]) / std[k % columns]);
  const dMean = columnMeans(dout, (d) => d);
  const dxnMean = columnMeans(dout, (d, _, k) => d * xn[k]);
  const through = (j, k) => (training ? dMean[j] + xn[k] * dxnMean[j] : 0);
  return {
    out: map(x, (_, k) => gamma[k % columns] * xn[k] + beta[k % columns]),
    runningMean,
    runningVar,
    dx: map(dout, (d, k) => (gamma[k % columns] / std[k % columns]) * (d - through(k % columns, k))),
    dgamma: dxnMean.map((m) => m * x.rows),
    dbeta: dMean.map((m) => m * x.rows),
  };
}

// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio).
// The mask is given, 1 where x is kept and 0 where not. All of one shape.
export function dropout(x, mask, ratio, training, dout) {
  const kept = (k) => (training ? mask.data[k] : 1 - ratio);
  return { out: map(x, (v, k) => v * kept(k)), dx: map(dout, (d, k) => d * kept(k)) };
}

// An array of 4 dimensions is { shape, data }, row by row: element (n, c, i, j) is
// data[((n * shape[1] + c) * shape[2] + i) * shape[3] + j].

/** The shape of the result, of so many channels. */
function shapeAfter(x, channels, height, width, stride, pad) {
  const [batch, , rows, columns] = x.shape;
  const after = (size, window) => Math.floor((size + 2 * pad - window) / stride) + 1;
  return [batch, channels, after(rows, height), after(columns, width)];
}

function zerosOf(shape, like) {
  return { shape, data: new like.data.constructor(shape.reduce((product, n) => product * n, 1)) };
}

const index = ({ shape: [, C, H, W] }, n, c, i, j) => ((n * C + c) * H + i) * W + j;

/** Calls `each` for each pixel of a window, row by row: where it is in x, or undefined in the padding. */
function inWindow(x, n, c, i, j, height, width, stride, pad, each) {
  for (let p = 0; p < height; p++) {
    for (let q = 0; q < width; q++) {
      const [row, column] = [i * stride + p - pad, j * stride + q - pad];
      const within = row >= 0 && row < x.shape[2] && column >= 0 && column < x.shape[3];
      each(within ? index(x, n, c, row, column) : undefined, p, q);
    }
  }
}

/** Calls `each` for each element of an array of 4 dimensions. */
function forEach({ shape: [N, C, H, W] }, each) {
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let i = 0; i < H; i++) {
        for (let j = 0; j < W; j++) each(n, c, i, j);
      }
    }
  }
}

// YOURS: out = the sum of each filter of W times each window of x, unflipped, plus its b; the gradients dx, dW, db.
// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
// width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
// height, out width), out height = (height + 2 pad - window height) / stride, rounded down, + 1
export function convolution(x, W, b, stride, pad, dout) {
  const [filters, channels, height, width] = W.shape;
  const out = zerosOf(shapeAfter(x, filters, height, width, stride, pad), x);
  const [dx, dW, db] = [zerosOf(x.shape, x), zerosOf(W.shape, x), new Float64Array(filters)];
  forEach(out, (n, f, i, j) => {
    const k = index(out, n, f, i, j);
    const d = dout.data[k];
    let sum = b[f];
    for (let c = 0; c < channels; c++) {
      inWindow(x, n, c, i, j, height, width, stride, pad, (at, p, q) => {
        if (at === undefined) return;
        const w = index(W, f, c, p, q);
        sum += x.data[at] * W.data[w];
        dx.data[at] += d * W.data[w];
        dW.data[w] += d * x.data[at];
      });
    }
    out.data[k] = sum;
    db[f] += d;
  });
  return { out, dx, dW, db };
}

// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx.
// dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
// take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
// convolution
export function maxPooling(x, height, width, stride, pad, dout) {
  const out = zerosOf(shapeAfter(x, x.shape[1], height, width, stride, pad), x);
  const dx = zerosOf(x.shape, x);
  forEach(out, (n, c, i, j) => {
    let largest = -Infinity;
    let where;
    inWindow(x, n, c, i, j, height, width, stride, pad, (at) => {
      const value = at === undefined ? 0 : x.data[at];
      if (value > largest) [largest, where] = [value, at];
    });
    const k = index(out, n, c, i, j);
    out.data[k] = largest;
    if (where !== undefined) dx.data[where] += dout.data[k];
  });
  return { out, dx };
}

/*
 * The network: affine layers with an activation between them, and softmax with cross-entropy at the end.
 *
 *     net.W[l], net.b[l]   (inputs of layer l, outputs of layer l) and (outputs of layer l)
 *     net.activation       "relu" or "sigmoid"; "tanh" if that is in "written"
 *     net.epsilon          as above
 */

const activations = { relu, sigmoid, tanh };

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

// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
// net.W.length === 2 && net.activation === "relu". Cases with others are reported as not implemented.
export function supports(net) {
  return true;
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

function shareOf({ rows, columns, data }, t) {
  let hits = 0;
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    const largest = Math.max(...row);
    if (row.findIndex((v) => v === largest || Number.isNaN(v)) === t[i]) hits++;
  }
  return hits / rows;
}

// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label, a number.
export function accuracy(net, x, t) {
  return shareOf(predict(net, x), t);
}

// YOURS: the gradient from the loss alone, as arrays like those of gradient.
// For each element p of each W[l] and b[l] it is (loss at p + step - loss at p - step) / (2 step). If you change p in
// place, put it back exactly.
export function numericalGradient(net, x, t, step) {
  const loss = () => softmaxWithLoss(predict(net, x), t, net.epsilon).loss;
  const slopes = (p) =>
    p.map((value, i) => {
      p[i] = value + step;
      const above = loss();
      p[i] = value - step;
      const below = loss();
      p[i] = value;
      return (above - below) / (2 * step);
    });
  return { dW: net.W.map((W) => ({ ...W, data: slopes(W.data) })), db: net.b.map(slopes) };
}

/*
 * Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
 * dp is its gradient; all are typed arrays of one length. One optimizer is enough to train.
 */

// YOURS: p <- p - rate dp.
export function sgd(p, dp, rate) {
  for (let k = 0; k < p.length; k++) p[k] -= rate * dp[k];
}

// YOURS: v <- momentum v - rate dp; p <- p + v.
export function momentum(p, dp, v, rate, momentum) {
  for (let k = 0; k < p.length; k++) {
    v[k] = momentum * v[k] - rate * dp[k];
    p[k] += v[k];
  }
}

// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
export function nesterov(p, dp, v, rate, momentum) {
  for (let k = 0; k < p.length; k++) {
    v[k] = momentum * v[k] - rate * dp[k];
    p[k] += momentum * v[k] - rate * dp[k];
  }
}

// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
export function adagrad(p, dp, h, rate) {
  for (let k = 0; k < p.length; k++) {
    h[k] += dp[k] * dp[k];
    p[k] -= (rate * dp[k]) / (Math.sqrt(h[k]) + 1e-7);
  }
}

// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
export function rmsprop(p, dp, h, rate, decay) {
  for (let k = 0; k < p.length; k++) {
    h[k] = decay * h[k] + (1 - decay) * dp[k] * dp[k];
    p[k] -= (rate * dp[k]) / (Math.sqrt(h[k]) + 1e-7);
  }
}

// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
export function adam(p, dp, m, v, rate, beta1, beta2, iteration) {
  const now = (rate * Math.sqrt(1 - beta2 ** iteration)) / (1 - beta1 ** iteration);
  for (let k = 0; k < p.length; k++) {
    m[k] += (1 - beta1) * (dp[k] - m[k]);
    v[k] += (1 - beta2) * (dp[k] * dp[k] - v[k]);
    p[k] -= (now * m[k]) / (Math.sqrt(v[k]) + 1e-7);
  }
}

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

/** What the layer's function returns; without a dout, forward alone counts. */
function layerPass(layer, x, dout, training) {
  const { W, b, stride, pad, height, width } = layer;
  switch (layer.kind) {
    case "affine": {
      const rows = { rows: x.shape?.[0] ?? x.rows, columns: W.rows, data: x.data };
      const came = affine(rows, W, b, dout ?? zeros(rows.rows, W.columns, x));
      return { ...came, dx: { ...x, data: came.dx.data } };
    }
    case "convolution":
      dout ??= zerosOf(shapeAfter(x, W.shape[0], W.shape[2], W.shape[3], stride, pad), x);
      return convolution(x, W, b, stride, pad, dout);
    case "maxPooling":
      dout ??= zerosOf(shapeAfter(x, x.shape[1], height, width, stride, pad), x);
      return maxPooling(x, height, width, stride, pad, dout);
    case "batchNorm": {
      const { gamma, beta, runningMean, runningVar, momentum, epsilon } = layer;
      return batchNorm(x, gamma, beta, runningMean, runningVar, momentum, epsilon, training, dout ?? x);
    }
    case "dropout":
      return dropout(x, layer.mask, layer.ratio, training, dout ?? x);
    default:
      return activations[layer.kind](x, dout ?? x);
  }
}

/** The inputs of all layers, and the result of the last one before the loss. */
function forwardLayers(layers, x, training) {
  const inputs = [];
  for (const layer of layers.slice(0, -1)) {
    inputs.push(x);
    x = layerPass(layer, x, undefined, training).out;
  }
  return { inputs, out: x };
}

// YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
export function supportsLayers(layers) {
  return true;
}

// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batchNorm.
export function predictLayers(layers, x) {
  return forwardLayers(layers, x, false).out;
}

// YOURS: the loss, and an array of the gradients in the order of the layers: dW, db, and dgamma, dbeta of batchNorm.
// Training. To the loss of the last layer (which takes epsilon) add weightDecay / 2 times the sum of the squares of all
// W, and weightDecay W to each dW. If you move runningMean and runningVar on in each training step, do it here: change
// them, or put new arrays in their place.
export function gradientLayers(layers, x, t, weightDecay, epsilon) {
  const { inputs, out } = forwardLayers(layers, x, true);
  const squared = layers.at(-1).kind === "squaredError";
  let { loss, dx: dout } = squared ? squaredError(out, t) : softmaxWithLoss(out, t, epsilon);
  const gradients = [];
  for (let l = inputs.length - 1; l >= 0; l--) {
    const layer = layers[l];
    const came = layerPass(layer, inputs[l], dout, true);
    dout = came.dx;
    if (layer.kind === "batchNorm") {
      Object.assign(layer, { runningMean: came.runningMean, runningVar: came.runningVar });
      gradients.unshift(came.dgamma, came.dbeta);
    } else if (layer.W !== undefined) {
      const { data } = layer.W;
      loss += (weightDecay / 2) * data.reduce((sum, w) => sum + w * w, 0);
      gradients.unshift(map(came.dW, (d, k) => d + weightDecay * data[k]), came.db);
    }
  }
  return { loss, gradients };
}

// YOURS: as accuracy.
export function accuracyLayers(layers, x, t) {
  return shareOf(predictLayers(layers, x), t);
}
