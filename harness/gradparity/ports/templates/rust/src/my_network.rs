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
pub const WRITTEN: &[&str] = &[];

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

/// YOURS: out = x w + b, and for a given dout the gradients dx, dw and db. Returns (out, dx, dw, db).
///
/// x, dx (batch, inputs); w, dw (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
pub fn affine(x: &Matrix, w: &Matrix, b: &[Real], dout: &Matrix) -> (Matrix, Matrix, Matrix, Vec<Real>) {
    unimplemented!()
}

/// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns (out, dx).
pub fn relu(x: &Matrix, dout: &Matrix) -> (Matrix, Matrix) {
    unimplemented!()
}

/// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns (out, dx).
pub fn sigmoid(x: &Matrix, dout: &Matrix) -> (Matrix, Matrix) {
    unimplemented!()
}

/// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
/// Returns (loss, y, dx).
///
/// x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
/// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon).
pub fn softmax_with_loss(x: &Matrix, t: &[usize], epsilon: Real) -> (Real, Matrix, Matrix) {
    unimplemented!()
}

/// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns (out, dx).
pub fn tanh(x: &Matrix, dout: &Matrix) -> (Matrix, Matrix) {
    unimplemented!()
}

/// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch. Returns (loss, dx).
///
/// x, dx (batch, classes); t (batch)
pub fn squared_error(x: &Matrix, t: &[usize]) -> (Real, Matrix) {
    unimplemented!()
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
    unimplemented!()
}

/// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
/// 1 where x is kept and 0 where not. All of one shape. Returns (out, dx).
pub fn dropout(x: &Matrix, mask: &Matrix, ratio: f64, training: bool, dout: &Matrix) -> (Matrix, Matrix) {
    unimplemented!()
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
    unimplemented!()
}

/// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. Returns
/// (out, dx).
///
/// dout goes to that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad
/// take part. x, dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in
/// convolution.
pub fn max_pooling(x: &Array, height: usize, width: usize, stride: usize, pad: usize, dout: &Array) -> (Array, Array) {
    unimplemented!()
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

/// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
pub fn predict(net: &Network, x: &Matrix) -> Matrix {
    unimplemented!()
}

/// YOURS: the mean loss, and the gradient of each w[l] and b[l]. Returns (loss, dw, db). x (batch, inputs); t (batch)
pub fn gradient(net: &Network, x: &Matrix, t: &[usize]) -> (Real, Vec<Matrix>, Vec<Vec<Real>>) {
    unimplemented!()
}

/// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label.
pub fn accuracy(net: &Network, x: &Matrix, t: &[usize]) -> f64 {
    unimplemented!()
}

/// YOURS: the gradient from the loss alone, like that of gradient: for each element p of each w[l] and b[l]
/// (loss at p + step - loss at p - step) / (2 step). Returns (dw, db).
pub fn numerical_gradient(net: &Network, x: &Matrix, t: &[usize], step: Real) -> (Vec<Matrix>, Vec<Vec<Real>>) {
    unimplemented!()
}

// Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
// dp is its gradient; all are of one length. One optimizer is enough to train.

/// YOURS: p <- p - rate dp.
pub fn sgd(p: &mut [Real], dp: &[Real], rate: Real) {
    unimplemented!()
}

/// YOURS: v <- momentum v - rate dp; p <- p + v.
pub fn momentum(p: &mut [Real], dp: &[Real], v: &mut [Real], rate: f64, momentum: f64) {
    unimplemented!()
}

/// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
pub fn nesterov(p: &mut [Real], dp: &[Real], v: &mut [Real], rate: f64, momentum: f64) {
    unimplemented!()
}

/// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
pub fn adagrad(p: &mut [Real], dp: &[Real], h: &mut [Real], rate: f64) {
    unimplemented!()
}

/// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
pub fn rmsprop(p: &mut [Real], dp: &[Real], h: &mut [Real], rate: f64, decay: f64) {
    unimplemented!()
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
    unimplemented!()
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

/// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
pub fn predict_layers(layers: &[Layer], x: &Array) -> Matrix {
    unimplemented!()
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
    unimplemented!()
}

/// YOURS: as accuracy.
pub fn accuracy_layers(layers: &[Layer], x: &Array, t: &[usize]) -> f64 {
    unimplemented!()
}
