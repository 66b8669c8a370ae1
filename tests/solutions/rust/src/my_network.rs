//! Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//!
//! Labels count from 0. A panic is reported as the error that it is. Begin with one function, and name it in WRITTEN:
//! all others can wait, or stay as they are.

use crate::protocol::array::Array;

/// YOURS: the type of all numbers, f64 or f32.
pub type Real = f64;

/// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
pub const LOSS_EPSILON: &str = "any";

/// YOURS: "any" if your numerical_gradient takes the step that it is given; "1e-4", as text, if it always takes that,
/// as the book's.
pub const NUMERICAL_STEP: &str = "any";

/// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
pub const WRITTEN: &[&str] = &[
    "affine",
    "relu",
    "sigmoid",
    "softmax_with_loss",
    "tanh",
    "squared_error",
    "batch_norm",
    "dropout",
    "convolution",
    "max_pooling",
    "predict",
    "gradient",
    "accuracy",
    "numerical_gradient",
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "rmsprop",
    "adam",
    "predict_layers",
    "gradient_layers",
    "accuracy_layers",
];

/// Row by row: element (i, j) is data[i * columns + j].
#[derive(Clone)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub data: Vec<Real>,
}

// Images are an Array: x.shape, of four dimensions, and x.data, row by row. x[[n, c, i, j]] is an element;
// Array::zeros([n, c, h, w]) and Array::new([n, c, h, w], data) make arrays.

// Layers, each by itself.

fn zeros(rows: usize, columns: usize) -> Matrix {
    Matrix { rows, columns, data: vec![0.0; rows * columns] }
}

fn map2(x: &Matrix, y: &Matrix, each: impl Fn(Real, Real) -> Real) -> Matrix {
    Matrix { data: x.data.iter().zip(&y.data).map(|(&x, &y)| each(x, y)).collect(), ..*x }
}

fn affine_forward(x: &Matrix, w: &Matrix, b: &[Real]) -> Matrix {
    let mut out = zeros(x.rows, w.columns);
    for (row, sums) in x.data.chunks(x.columns).zip(out.data.chunks_mut(w.columns)) {
        sums.copy_from_slice(b);
        for (value, weights) in row.iter().zip(w.data.chunks(w.columns)) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
    }
    out
}

fn affine_backward(x: &Matrix, w: &Matrix, dout: &Matrix) -> (Matrix, Matrix, Vec<Real>) {
    let (mut dx, mut dw, mut db) = (zeros(x.rows, x.columns), zeros(w.rows, w.columns), vec![0.0; w.columns]);
    for i in 0..x.rows {
        for j in 0..w.columns {
            let d = dout.data[i * w.columns + j];
            db[j] += d;
            for k in 0..w.rows {
                dx.data[i * x.columns + k] += d * w.data[k * w.columns + j];
                dw.data[k * w.columns + j] += d * x.data[i * x.columns + k];
            }
        }
    }
    (dx, dw, db)
}

/// YOURS: out = x w + b, and for a given dout the gradients dx, dw and db. Returns (out, dx, dw, db).
///
/// x, dx (batch, inputs); w, dw (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
pub fn affine(x: &Matrix, w: &Matrix, b: &[Real], dout: &Matrix) -> (Matrix, Matrix, Matrix, Vec<Real>) {
    let (dx, dw, db) = affine_backward(x, w, dout);
    (affine_forward(x, w, b), dx, dw, db)
}

/// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns (out, dx).
pub fn relu(x: &Matrix, dout: &Matrix) -> (Matrix, Matrix) {
    (map2(x, x, |x, _| if x <= 0.0 { 0.0 } else { x }), map2(x, dout, |x, d| if x <= 0.0 { 0.0 } else { d }))
}

/// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns (out, dx).
pub fn sigmoid(x: &Matrix, dout: &Matrix) -> (Matrix, Matrix) {
    let out = map2(x, x, |x, _| 1.0 / (1.0 + (-x).exp()));
    let dx = map2(&out, dout, |y, d| d * y * (1.0 - y));
    (out, dx)
}

/// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
/// Returns (loss, y, dx).
///
/// x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
/// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
pub fn softmax_with_loss(x: &Matrix, t: &[usize], epsilon: Real) -> (Real, Matrix, Matrix) {
    let (mut y, mut dx, mut loss) = (zeros(x.rows, x.columns), zeros(x.rows, x.columns), 0.0);
    for (i, &label) in t.iter().enumerate() {
        let row = i * x.columns..(i + 1) * x.columns;
        let x_row = &x.data[row.clone()];
        let largest = x_row.iter().cloned().fold(Real::NEG_INFINITY, Real::max);
        let sum: Real = x_row.iter().map(|v| (v - largest).exp()).sum();
        for (j, at) in row.enumerate() {
            y.data[at] = (x.data[at] - largest).exp() / sum;
            dx.data[at] = (y.data[at] - if j == label { 1.0 } else { 0.0 }) / x.rows as Real;
        }
        let log_p = x_row[label] - largest - sum.ln();
        loss -= if epsilon > 0.0 { (log_p.exp() + epsilon).ln() } else { log_p };
    }
    (loss / x.rows as Real, y, dx)
}

/// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns (out, dx).
pub fn tanh(x: &Matrix, dout: &Matrix) -> (Matrix, Matrix) {
    let out = map2(x, x, |x, _| x.tanh());
    let dx = map2(&out, dout, |y, d| d * (1.0 - y * y));
    (out, dx)
}

/// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch. Returns (loss, dx).
///
/// x, dx (batch, classes); t (batch)
pub fn squared_error(x: &Matrix, t: &[usize]) -> (Real, Matrix) {
    let (mut dx, mut loss, n) = (x.clone(), 0.0, x.rows as Real);
    for (row, &label) in dx.data.chunks_mut(x.columns).zip(t) {
        row[label] -= 1.0;
        for difference in row {
            loss += *difference * *difference;
            *difference /= n;
        }
    }
    (loss / 2.0 / n, dx)
}

/// YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
/// Returns (out, running_mean, running_var, dx, dgamma, dbeta); the running ones are not looked at if not training.
///
/// If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
/// running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
/// stand for mean and var, as constants. x, dx, dout, out (batch, features); the other arrays (features)
pub fn batch_norm(
    x: &Matrix,
    gamma: &[Real],
    beta: &[Real],
    running_mean: &[Real],
    running_var: &[Real],
    momentum: f64,
    epsilon: f64,
    training: bool,
    dout: &Matrix,
) -> (Matrix, Vec<Real>, Vec<Real>, Matrix, Vec<Real>, Vec<Real>) {
    let (n, before, now) = (x.rows as Real, momentum as Real, (1.0 - momentum) as Real);
    let (mut out, mut dx) = (zeros(x.rows, x.columns), zeros(x.rows, x.columns));
    let (mut new_mean, mut new_var) = (running_mean.to_vec(), running_var.to_vec());
    let (mut dgamma, mut dbeta) = (vec![0.0; x.columns], vec![0.0; x.columns]);
    for j in 0..x.columns {
        let column = (j..x.data.len()).step_by(x.columns);
        let (mut mean, mut var) = (running_mean[j], running_var[j]);
        if training {
            mean = column.clone().map(|at| x.data[at]).sum::<Real>() / n;
            var = column.clone().map(|at| (x.data[at] - mean).powi(2)).sum::<Real>() / n;
            new_mean[j] = before * running_mean[j] + now * mean;
            new_var[j] = before * running_var[j] + now * var;
        }
        let deviation = (var + epsilon as Real).sqrt();
        for at in column.clone() {
            let normal = (x.data[at] - mean) / deviation;
            out.data[at] = gamma[j] * normal + beta[j];
            dgamma[j] += dout.data[at] * normal;
            dbeta[j] += dout.data[at];
        }
        for at in column {
            let normal = (x.data[at] - mean) / deviation;
            let through = if training { (dbeta[j] + normal * dgamma[j]) / n } else { 0.0 };
            dx.data[at] = gamma[j] * (dout.data[at] - through) / deviation;
        }
    }
    (out, new_mean, new_var, dx, dgamma, dbeta)
}

/// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
/// 1 where x is kept and 0 where not. All of one shape. Returns (out, dx).
pub fn dropout(x: &Matrix, mask: &Matrix, ratio: f64, training: bool, dout: &Matrix) -> (Matrix, Matrix) {
    let kept = (1.0 - ratio) as Real;
    if training {
        return (map2(x, mask, |x, m| x * m), map2(dout, mask, |d, m| d * m));
    }
    (map2(x, x, |x, _| x * kept), map2(dout, dout, |d, _| d * kept))
}

fn windows(length: usize, window: usize, stride: usize, pad: usize) -> usize {
    (length + 2 * pad - window) / stride + 1
}

fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| (i, j)))
}

/// Where in x an element of a window is; None in the zeros around it.
fn inside(x: &Array, row: usize, column: usize, pad: usize) -> Option<(usize, usize)> {
    let (row, column) = (row.checked_sub(pad)?, column.checked_sub(pad)?);
    (row < x.shape[2] && column < x.shape[3]).then_some((row, column))
}

/// YOURS: out = the sum of each filter w[f] times each window of x, unflipped, plus b[f]; the gradients dx, dw, db.
/// Returns (out, dx, dw, db).
///
/// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
/// width); w, dw (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
/// height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down.
pub fn convolution(
    x: &Array,
    w: &Array,
    b: &[Real],
    stride: usize,
    pad: usize,
    dout: &Array,
) -> (Array, Array, Array, Vec<Real>) {
    let ([batch, filters, rows, columns], [_, channels, height, width]) = (dout.dims(), w.dims());
    let (mut out, mut dx, mut dw) = (dout.clone(), Array::zeros(x.shape.clone()), Array::zeros(w.shape.clone()));
    let mut db = vec![0.0; filters];
    for (n, f) in pairs(batch, filters) {
        for (i, j) in pairs(rows, columns) {
            let (d, mut sum) = (dout[[n, f, i, j]], b[f]);
            for (u, v) in pairs(height, width) {
                let Some((row, column)) = inside(x, i * stride + u, j * stride + v, pad) else { continue };
                for c in 0..channels {
                    sum += x[[n, c, row, column]] * w[[f, c, u, v]];
                    dx[[n, c, row, column]] += d * w[[f, c, u, v]];
                    dw[[f, c, u, v]] += d * x[[n, c, row, column]];
                }
            }
            out[[n, f, i, j]] = sum;
            db[f] += d;
        }
    }
    (out, dx, dw, db)
}

/// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. Returns
/// (out, dx).
///
/// dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
/// take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
/// convolution.
pub fn max_pooling(x: &Array, height: usize, width: usize, stride: usize, pad: usize, dout: &Array) -> (Array, Array) {
    let [batch, channels, rows, columns] = dout.dims();
    let (mut out, mut dx) = (dout.clone(), Array::zeros(x.shape.clone()));
    for (n, c) in pairs(batch, channels) {
        for (i, j) in pairs(rows, columns) {
            let mut largest: Option<(Real, Option<(usize, usize)>)> = None;
            for (u, v) in pairs(height, width) {
                let at = inside(x, i * stride + u, j * stride + v, pad);
                let value = at.map_or(0.0, |(row, column)| x[[n, c, row, column]]);
                if largest.is_none_or(|(other, _)| value > other) {
                    largest = Some((value, at));
                }
            }
            let (value, at) = largest.expect("a window is not empty");
            out[[n, c, i, j]] = value;
            if let Some((row, column)) = at {
                dx[[n, c, row, column]] += dout[[n, c, i, j]];
            }
        }
    }
    (out, dx)
}

// The network.

/// Affine layers with an activation between them, and softmax with cross-entropy at the end.
#[derive(Clone)]
pub struct Network {
    /// w[l]: (inputs of layer l, outputs of layer l)
    pub w: Vec<Matrix>,
    /// b[l]: (outputs of layer l)
    pub b: Vec<Vec<Real>>,
    /// The activation: relu, or else sigmoid.
    pub relu: bool,
    /// Of the loss: see softmax_with_loss.
    pub epsilon: Real,
    /// "relu" or "sigmoid"; "tanh" if that is in WRITTEN.
    pub activation: String,
}

/// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
/// net.w.len() == 2 && net.relu. Cases with others are reported as not implemented.
pub fn supports(net: &Network) -> bool {
    true
}

fn activation(kind: &str) -> fn(&Matrix, &Matrix) -> (Matrix, Matrix) {
    match kind {
        "relu" => relu,
        "tanh" => tanh,
        _ => sigmoid,
    }
}

/// The inputs of all layers, and their pre-activations.
fn forward(net: &Network, x: &Matrix) -> (Vec<Matrix>, Vec<Matrix>) {
    let (mut inputs, mut outs) = (vec![x.clone()], vec![]);
    for (l, (w, b)) in net.w.iter().zip(&net.b).enumerate() {
        let out = affine_forward(&inputs[l], w, b);
        inputs.push(activation(&net.activation)(&out, &out).0);
        outs.push(out);
    }
    (inputs, outs)
}

/// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
pub fn predict(net: &Network, x: &Matrix) -> Matrix {
    forward(net, x).1.pop().expect("a network has a layer")
}

/// YOURS: the mean loss, and the gradient of each w[l] and b[l]. Returns (loss, dw, db). x (batch, inputs); t (batch)
pub fn gradient(net: &Network, x: &Matrix, t: &[usize]) -> (Real, Vec<Matrix>, Vec<Vec<Real>>) {
    let (inputs, outs) = forward(net, x);
    let (loss, _, mut dout) = softmax_with_loss(&outs[outs.len() - 1], t, net.epsilon);
    let (mut dw, mut db) = (net.w.clone(), net.b.clone());
    for l in (0..net.w.len()).rev() {
        let dx;
        (dx, dw[l], db[l]) = affine_backward(&inputs[l], &net.w[l], &dout);
        if l > 0 {
            dout = activation(&net.activation)(&outs[l - 1], &dx).1;
        }
    }
    (loss, dw, db)
}

fn share(logits: &Matrix, t: &[usize]) -> f64 {
    let is_less = |a: Real, b: Real| a < b || b.is_nan() && !a.is_nan();
    let largest = |row: &[Real]| (1..row.len()).fold(0, |best, j| if is_less(row[best], row[j]) { j } else { best });
    let right = logits.data.chunks(logits.columns).zip(t).filter(|(row, &label)| largest(row) == label).count();
    right as f64 / t.len() as f64
}

/// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label.
pub fn accuracy(net: &Network, x: &Matrix, t: &[usize]) -> f64 {
    share(&predict(net, x), t)
}

/// The slope of the loss along each element of one parameter.
fn slopes(
    net: &mut Network,
    parameter: impl Fn(&mut Network) -> &mut Vec<Real>,
    x: &Matrix,
    t: &[usize],
    step: Real,
) -> Vec<Real> {
    let count = parameter(net).len();
    let mut loss_at = |i: usize, by: Real| {
        let kept = parameter(net)[i];
        parameter(net)[i] = kept + by;
        let loss = softmax_with_loss(&predict(net, x), t, net.epsilon).0;
        parameter(net)[i] = kept;
        loss
    };
    (0..count).map(|i| (loss_at(i, step) - loss_at(i, -step)) / (2.0 * step)).collect()
}

/// YOURS: the gradient from the loss alone, like that of gradient: for each element p of each w[l] and b[l]
/// (loss at p + step - loss at p - step) / (2 step). Returns (dw, db).
pub fn numerical_gradient(net: &Network, x: &Matrix, t: &[usize], step: Real) -> (Vec<Matrix>, Vec<Vec<Real>>) {
    let mut net = net.clone();
    let (mut dw, mut db) = (net.w.clone(), net.b.clone());
    for l in 0..dw.len() {
        dw[l].data = slopes(&mut net, |net| &mut net.w[l].data, x, t, step);
        db[l] = slopes(&mut net, |net| &mut net.b[l], x, t, step);
    }
    (dw, db)
}

// Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
// dp is its gradient; all are of one length. One optimizer is enough to train.

/// YOURS: p <- p - rate dp.
pub fn sgd(p: &mut [Real], dp: &[Real], rate: Real) {
    for (p, dp) in p.iter_mut().zip(dp) {
        *p -= rate * dp;
    }
}

/// YOURS: v <- momentum v - rate dp; p <- p + v.
pub fn momentum(p: &mut [Real], dp: &[Real], v: &mut [Real], rate: f64, momentum: f64) {
    let (rate, momentum) = (rate as Real, momentum as Real);
    for i in 0..p.len() {
        v[i] = momentum * v[i] - rate * dp[i];
        p[i] += v[i];
    }
}

/// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
pub fn nesterov(p: &mut [Real], dp: &[Real], v: &mut [Real], rate: f64, momentum: f64) {
    let (rate, momentum) = (rate as Real, momentum as Real);
    for i in 0..p.len() {
        v[i] = momentum * v[i] - rate * dp[i];
        p[i] += momentum * v[i] - rate * dp[i];
    }
}

/// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
pub fn adagrad(p: &mut [Real], dp: &[Real], h: &mut [Real], rate: f64) {
    let rate = rate as Real;
    for i in 0..p.len() {
        h[i] += dp[i] * dp[i];
        p[i] -= rate * dp[i] / (h[i].sqrt() + 1e-7);
    }
}

/// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
pub fn rmsprop(p: &mut [Real], dp: &[Real], h: &mut [Real], rate: f64, decay: f64) {
    let (rate, old, new) = (rate as Real, decay as Real, (1.0 - decay) as Real);
    for i in 0..p.len() {
        h[i] = old * h[i] + new * dp[i] * dp[i];
        p[i] -= rate * dp[i] / (h[i].sqrt() + 1e-7);
    }
}

/// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
/// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1; it is an f64 for
/// powf, as powi is less exact.
pub fn adam(
    p: &mut [Real],
    dp: &[Real],
    m: &mut [Real],
    v: &mut [Real],
    rate: f64,
    beta1: f64,
    beta2: f64,
    iteration: f64,
) {
    let rate = (rate * (1.0 - beta2.powf(iteration)).sqrt() / (1.0 - beta1.powf(iteration))) as Real;
    let (new_m, new_v) = ((1.0 - beta1) as Real, (1.0 - beta2) as Real);
    for i in 0..p.len() {
        m[i] += new_m * (dp[i] - m[i]);
        v[i] += new_v * (dp[i] * dp[i] - v[i]);
        p[i] -= rate * m[i] / (v[i].sqrt() + 1e-7);
    }
}

// Networks of any layers that are in WRITTEN: write both predict_layers and gradient_layers. x is (batch, inputs) or
// (batch, channels, height, width). affine takes each image as a row: its elements in the order of data.

/// A layer: its kind, and what the function of that kind above is given; the rest is empty.
#[derive(Clone)]
pub struct Layer {
    /// "affine", ...; the last is the loss, as "squared_error"
    pub kind: String,
    // Of affine and convolution:
    pub w: Array,
    pub b: Array,
    // Of convolution and max_pooling:
    pub stride: usize,
    pub pad: usize,
    // Of max_pooling:
    pub height: usize,
    pub width: usize,
    // Of batch_norm:
    pub gamma: Array,
    pub beta: Array,
    pub running_mean: Array,
    pub running_var: Array,
    pub momentum: f64,
    pub epsilon: f64,
    // Of dropout:
    pub mask: Array,
    pub ratio: f64,
}

/// YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
pub fn supports_layers(layers: &[Layer]) -> bool {
    true
}

fn as_rows(x: &Array) -> Matrix {
    Matrix { rows: x.shape[0], columns: x.data.len() / x.shape[0], data: x.data.clone() }
}

/// The shape of a layer's result, for which it is given a dout.
fn shape_after(layer: &Layer, x: &[usize]) -> Vec<usize> {
    let (channels, height, width) = match layer.kind.as_str() {
        "affine" => return vec![x[0], layer.w.shape[1]],
        "convolution" => (layer.w.shape[0], layer.w.shape[2], layer.w.shape[3]),
        "max_pooling" => (x[1], layer.height, layer.width),
        _ => return x.to_vec(),
    };
    let size = |length, window| windows(length, window, layer.stride, layer.pad);
    vec![x[0], channels, size(x[2], height), size(x[3], width)]
}

/// Calls the layer's function: its result, dx, and the gradients of its parameters; of batch_norm then what runs on.
fn pass(layer: &Layer, x: &Array, dout: &Array, training: bool) -> (Array, Array, Vec<Array>) {
    let shaped = |like: &Array, data: Vec<Real>| Array::new(like.shape.clone(), data);
    let Layer { w, b, .. } = layer;
    if layer.kind == "convolution" {
        let (out, dx, dw, db) = convolution(x, w, &b.data, layer.stride, layer.pad, dout);
        return (out, dx, vec![dw, db.into()]);
    }
    if layer.kind == "max_pooling" {
        let (out, dx) = max_pooling(x, layer.height, layer.width, layer.stride, layer.pad, dout);
        return (out, dx, vec![]);
    }
    let (rows, drows) = (as_rows(x), as_rows(dout));
    let (out, dx, gradients) = match layer.kind.as_str() {
        "affine" => {
            let (out, dx, dw, db) = affine(&rows, &as_rows(w), &b.data, &drows);
            (out, dx, vec![shaped(w, dw.data), db.into()])
        }
        "batch_norm" => {
            let [gamma, beta] = [&layer.gamma.data, &layer.beta.data];
            let [mean, var] = [&layer.running_mean.data, &layer.running_var.data];
            let (out, mean, var, dx, dgamma, dbeta) =
                batch_norm(&rows, gamma, beta, mean, var, layer.momentum, layer.epsilon, training, &drows);
            (out, dx, vec![dgamma.into(), dbeta.into(), mean.into(), var.into()])
        }
        "dropout" => {
            let mask = as_rows(&layer.mask);
            let (out, dx) = dropout(&rows, &mask, layer.ratio, training, &drows);
            (out, dx, vec![])
        }
        kind => {
            let (out, dx) = activation(kind)(&rows, &drows);
            (out, dx, vec![])
        }
    };
    (shaped(dout, out.data), shaped(x, dx.data), gradients)
}

/// The inputs of all layers, and the last result before the loss.
fn forward_layers(layers: &[Layer], x: &Array, training: bool) -> Vec<Array> {
    let mut passed = vec![x.clone()];
    for (l, layer) in layers[..layers.len() - 1].iter().enumerate() {
        let nothing = Array::zeros(shape_after(layer, &passed[l].shape));
        passed.push(pass(layer, &passed[l], &nothing, training).0);
    }
    passed
}

/// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
pub fn predict_layers(layers: &[Layer], x: &Array) -> Matrix {
    as_rows(&forward_layers(layers, x, false)[layers.len() - 1])
}

/// YOURS: the loss, and the gradients in the order of the layers: dw, db, and dgamma, dbeta of batch_norm. Returns
/// (loss, gradients).
///
/// Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
/// all w, and weight_decay w to each dw. If you move running_mean and running_var on in each training step, do it here,
/// in layers.
pub fn gradient_layers(
    layers: &mut [Layer],
    x: &Array,
    t: &[usize],
    weight_decay: Real,
    epsilon: Real,
) -> (Real, Vec<Array>) {
    let passed = forward_layers(layers, x, true);
    let last = layers.len() - 1;
    let logits = as_rows(&passed[last]);
    let (mut loss, dx) = if layers[last].kind == "squared_error" {
        squared_error(&logits, t)
    } else {
        let (loss, _, dx) = softmax_with_loss(&logits, t, epsilon);
        (loss, dx)
    };
    let (mut dout, mut gradients) = (Array::new([dx.rows, dx.columns], dx.data), vec![]);
    for (layer, x) in layers[..last].iter_mut().zip(&passed[..last]).rev() {
        let (_, dx, mut found) = pass(layer, x, &dout, true);
        if layer.kind == "batch_norm" {
            layer.running_var = found.pop().expect("four arrays");
            layer.running_mean = found.pop().expect("four arrays");
        } else if let Some(dw) = found.first_mut() {
            loss += weight_decay / 2.0 * layer.w.data.iter().map(|w| w * w).sum::<Real>();
            for (dw, w) in dw.data.iter_mut().zip(&layer.w.data) {
                *dw += weight_decay * w;
            }
        }
        gradients.splice(..0, found);
        dout = dx;
    }
    (loss, gradients)
}

/// YOURS: as accuracy.
pub fn accuracy_layers(layers: &[Layer], x: &Array, t: &[usize]) -> f64 {
    share(&predict_layers(layers, x), t)
}
