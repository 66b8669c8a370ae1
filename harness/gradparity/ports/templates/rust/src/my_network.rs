//! Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//!
//! Labels count from 0. A panic is reported as the error that it is.

/// YOURS: the type of all numbers, f64 or f32.
pub type Real = f64;

/// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
pub const LOSS_EPSILON: &str = "any";

/// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
pub const WRITTEN: &[&str] = &[];

/// Row by row: element (i, j) is data[i * columns + j].
#[derive(Clone)]
pub struct Matrix {
    pub rows: usize,
    pub columns: usize,
    pub data: Vec<Real>,
}

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
}

/// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
/// net.w.len() == 2 && net.relu. Cases with others are reported as not implemented.
pub fn supports(net: &Network) -> bool {
    true
}

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

/// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
pub fn predict(net: &Network, x: &Matrix) -> Matrix {
    unimplemented!()
}

/// YOURS: the mean loss, and the gradient of each w[l] and b[l]. Returns (loss, dw, db). x (batch, inputs); t (batch)
pub fn gradient(net: &Network, x: &Matrix, t: &[usize]) -> (Real, Vec<Matrix>, Vec<Vec<Real>>) {
    unimplemented!()
}

/// YOURS: p <- p - rate dp, in place. Both of one length.
pub fn sgd(p: &mut [Real], dp: &[Real], rate: Real) {
    unimplemented!()
}
