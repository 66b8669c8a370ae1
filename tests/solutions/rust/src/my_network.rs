//! Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//!
//! Labels count from 0. A panic is reported as the error that it is.

/// YOURS: the type of all numbers, f64 or f32.
pub type Real = f64;

/// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
pub const LOSS_EPSILON: &str = "any";

/// YOURS: the functions below that you have written, such as "affine", "relu". The others are not called.
pub const WRITTEN: &[&str] = &["affine", "relu", "sigmoid", "softmax_with_loss", "predict", "gradient", "sgd"];

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

/// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
/// net.w.len() == 2 && net.relu. Cases with others are reported as not implemented.
pub fn supports(net: &Network) -> bool {
    true
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

/// The inputs of all layers, and their pre-activations.
fn forward(net: &Network, x: &Matrix) -> (Vec<Matrix>, Vec<Matrix>) {
    let (mut inputs, mut outs) = (vec![x.clone()], vec![]);
    for (l, (w, b)) in net.w.iter().zip(&net.b).enumerate() {
        let out = affine_forward(&inputs[l], w, b);
        inputs.push(if net.relu { relu(&out, &out).0 } else { sigmoid(&out, &out).0 });
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
            let activation = if net.relu { relu } else { sigmoid };
            dout = activation(&outs[l - 1], &dx).1;
        }
    }
    (loss, dw, db)
}

/// YOURS: p <- p - rate dp, in place. Both of one length.
pub fn sgd(p: &mut [Real], dp: &[Real], rate: Real) {
    for (p, dp) in p.iter_mut().zip(dp) {
        *p -= rate * dp;
    }
}
