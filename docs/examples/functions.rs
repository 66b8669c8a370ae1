//! The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
//!
//! An `Array` has a `shape`, and `data` row by row. `let [n, d] = a.dims();` takes the shape of a matrix,
//! `a[[i, j]]` is an element of it, and `v[i]` one of a vector. `Array::zeros([n, d])`,
//! `Array::full([n], false)` and `Array::new([n, d], data)` make arrays.
//! A panic is reported as the error that it is.

use crate::protocol::array::Array;

/// YOURS: the type of all numbers, f64 or f32.
pub type Real = f64;

const TAU: Real = std::f64::consts::TAU as Real;

fn dot(a: &[Real], b: &[Real]) -> Real {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The sum of two arrays of one shape.
fn sum(a: &Array, b: &Array) -> Array {
    Array::new(
        a.shape.clone(),
        a.data.iter().zip(&b.data).map(|(a, b)| a + b).collect(),
    )
}

fn transposed(a: &Array) -> Array {
    let [n, m] = a.dims();
    Array::new(
        [m, n],
        (0..m)
            .flat_map(|j| (0..n).map(move |i| a[[i, j]]))
            .collect(),
    )
}

/// The product of a matrix and a matrix, or a vector.
fn product(a: &Array, b: &Array) -> Array {
    let [n, inner] = a.dims();
    let columns = b.data.len() / inner;
    let mut c = vec![0.0; n * columns];
    for (row, c) in a.data.chunks(inner).zip(c.chunks_mut(columns)) {
        for (a, b) in row.iter().zip(b.data.chunks(columns)) {
            for (c, b) in c.iter_mut().zip(b) {
                *c += a * b;
            }
        }
    }
    Array::new([&[n], &b.shape[1..]].concat(), c)
}

/// The lower triangle L of a symmetric positive definite matrix L L'.
fn cholesky(a: &Array) -> Array {
    let [n, _] = a.dims();
    let mut l = Array::zeros([n, n]);
    for j in 0..n {
        for i in j..n {
            let s: Real = a[[i, j]] - (0..j).map(|k| l[[i, k]] * l[[j, k]]).sum::<Real>();
            l[[i, j]] = if i == j { s.sqrt() } else { s / l[[j, j]] };
        }
    }
    l
}

/// The x of L L' x = b.
fn cholesky_solve(l: &Array, mut b: Vec<Real>) -> Vec<Real> {
    let n = b.len();
    for i in 0..n {
        b[i] = (b[i] - (0..i).map(|k| l[[i, k]] * b[k]).sum::<Real>()) / l[[i, i]];
    }
    for i in (0..n).rev() {
        b[i] = (b[i] - (i + 1..n).map(|k| l[[k, i]] * b[k]).sum::<Real>()) / l[[i, i]];
    }
    b
}

fn sigmoid(x: Real) -> Real {
    1.0 / (1.0 + (-x).exp())
}

/// What `kalman_step` returns.
pub struct KalmanStep {
    pub gain: Array,
    pub state: Array,
    pub covariance: Array,
}

/// One step of a Kalman filter: the prediction, the gain, and the state and covariance after z was
/// measured.
///
/// `kalman_step(x[n], P[n, n], F[n, n], H[m, n], Q[n, n], R[m, m], z[m]) -> gain[n, m], state[n],
/// covariance[n, n]`
pub fn kalman_step(
    x: &Array,
    p: &Array,
    f: &Array,
    h: &Array,
    q: &Array,
    r: &Array,
    z: &Array,
) -> KalmanStep {
    let [m, n] = h.dims();
    let x = product(f, x);
    let p = sum(&product(&product(f, p), &transposed(f)), q);
    let hp = product(h, &p);
    let s = sum(&product(&hp, &transposed(h)), r);

    // S K' = H P, and S is symmetric and positive definite.
    let l = cholesky(&s);
    let mut gain = Array::zeros([n, m]);
    for i in 0..n {
        let column: Vec<Real> = (0..m).map(|j| hp[[j, i]]).collect();
        gain.data[i * m..(i + 1) * m].copy_from_slice(&cholesky_solve(&l, column));
    }

    let predicted = product(h, &x);
    let innovation: Vec<Real> = z
        .data
        .iter()
        .zip(&predicted.data)
        .map(|(z, hx)| z - hx)
        .collect();
    let state = sum(&x, &product(&gain, &innovation.into()));
    let mut covariance = p;
    for (p, khp) in covariance.data.iter_mut().zip(product(&gain, &hp).data) {
        *p -= khp;
    }
    KalmanStep {
        gain,
        state,
        covariance,
    }
}

/// What `ridge` returns.
pub struct Ridge {
    pub loss: Real,
    pub dw: Array,
}

/// The loss of ridge regression, |y - X w|^2 / n + penalty |w|^2, and its gradient.
///
/// `ridge(X[n, d], y[n], w[d], penalty) -> loss, dw[d]`
pub fn ridge(x: &Array, y: &Array, w: &Array, penalty: Real) -> Ridge {
    let [n, d] = x.dims();
    let (mut loss, mut dw) = (0.0, vec![0.0; d]);
    for (row, y) in x.data.chunks(d).zip(&y.data) {
        let residual = dot(row, &w.data) - y;
        loss += residual * residual;
        for (dw, x) in dw.iter_mut().zip(row) {
            *dw += residual * x;
        }
    }
    for (dw, w) in dw.iter_mut().zip(&w.data) {
        *dw = 2.0 * (*dw / n as Real + penalty * w);
    }
    Ridge {
        loss: loss / n as Real + penalty * dot(&w.data, &w.data),
        dw: dw.into(),
    }
}

/// What `lstm_cell` returns.
pub struct LstmCell {
    pub c_next: Array,
    pub h_next: Array,
    pub loss: Real,
    pub dx: Array,
    pub dw: Array,
    pub du: Array,
    pub db: Array,
}

/// An LSTM cell (input, forget and output gate, candidate), and its backward pass for the gradients
/// dh and dc.
///
/// `lstm_cell(x[n, d], h[n, k], c[n, k], W[d, 4*k], U[k, 4*k], b[4*k], dh[n, k], dc[n, k]) ->
/// c_next[n, k], h_next[n, k], loss, dx[n, d], dW[d, 24], dU[k, 24], db[24]`
pub fn lstm_cell(
    x: &Array,
    h: &Array,
    c: &Array,
    w: &Array,
    u: &Array,
    b: &Array,
    dh: &Array,
    dc: &Array,
) -> LstmCell {
    let [n, k] = h.dims();
    let a = sum(&product(x, w), &product(h, u));
    let (mut c_next, mut h_next, mut da) = (
        Array::zeros([n, k]),
        Array::zeros([n, k]),
        Array::zeros([n, 4 * k]),
    );
    let mut loss = 0.0;
    for row in 0..n {
        for j in 0..k {
            let at = [row, j];
            let gate = |g: usize| a[[row, g * k + j]] + b[g * k + j];
            let (i, f, o, g) = (
                sigmoid(gate(0)),
                sigmoid(gate(1)),
                sigmoid(gate(2)),
                gate(3).tanh(),
            );
            c_next[at] = f * c[at] + i * g;
            let t = c_next[at].tanh();
            h_next[at] = o * t;
            loss += h_next[at] * dh[at] + c_next[at] * dc[at];

            let ds = dc[at] + dh[at] * o * (1.0 - t * t);
            da[[row, j]] = ds * g * i * (1.0 - i);
            da[[row, k + j]] = ds * c[at] * f * (1.0 - f);
            da[[row, 2 * k + j]] = dh[at] * t * o * (1.0 - o);
            da[[row, 3 * k + j]] = ds * i * (1.0 - g * g);
        }
    }
    let mut db = Array::zeros([4 * k]);
    for row in da.data.chunks(4 * k) {
        for (db, da) in db.data.iter_mut().zip(row) {
            *db += da;
        }
    }
    LstmCell {
        c_next,
        h_next,
        loss,
        dx: product(&da, &transposed(w)),
        dw: product(&transposed(x), &da),
        du: product(&transposed(h), &da),
        db,
    }
}

/// What `normalized_convolution` returns.
pub struct NormalizedConvolution {
    pub out: Array,
    pub loss: Real,
    pub dgamma: Array,
    pub dbeta: Array,
    pub dw: Array,
}

/// A convolution with 3 x 3 kernels, batch normalization of each channel, and the backward pass for
/// dout.
///
/// `normalized_convolution(x[n, c, h+2, w+2], W[f, c, 3, 3], gamma[f], beta[f], dout[n, f, h, w])
/// -> out[n, f, h, w], loss, dgamma[f], dbeta[f], dW[f, c, w, w]`
pub fn normalized_convolution(
    x: &Array,
    w: &Array,
    gamma: &Array,
    beta: &Array,
    dout: &Array,
) -> NormalizedConvolution {
    let [n, channels, _, _] = x.dims();
    let [_, filters, height, width] = dout.dims();
    let count = (n * height * width) as Real;
    let (mut out, mut loss) = (Array::zeros([n, filters, height, width]), 0.0);
    let (mut dgamma, mut dbeta, mut dw) = (
        Array::zeros([filters]),
        Array::zeros([filters]),
        Array::zeros([filters, channels, 3, 3]),
    );

    for filter in 0..filters {
        // The places of this filter's map, and the convolution there.
        let places = || {
            (0..n).flat_map(move |b| {
                (0..height).flat_map(move |i| (0..width).map(move |j| (b, i, j)))
            })
        };
        let z: Vec<Real> = places()
            .map(|(b, i, j)| {
                let mut z = 0.0;
                for c in 0..channels {
                    for di in 0..3 {
                        for dj in 0..3 {
                            z += x[[b, c, i + di, j + dj]] * w[[filter, c, di, dj]];
                        }
                    }
                }
                z
            })
            .collect();

        let mean = z.iter().sum::<Real>() / count;
        let variance = z.iter().map(|z| (z - mean) * (z - mean)).sum::<Real>() / count;
        let deviation = (variance + 1e-5).sqrt();
        let y: Vec<Real> = z.iter().map(|z| (z - mean) / deviation).collect();
        for ((b, i, j), y) in places().zip(&y) {
            let d = dout[[b, filter, i, j]];
            out[[b, filter, i, j]] = gamma[filter] * y + beta[filter];
            loss += out[[b, filter, i, j]] * d;
            dgamma[filter] += d * y;
            dbeta[filter] += d;
        }

        for ((b, i, j), y) in places().zip(&y) {
            let d = dout[[b, filter, i, j]];
            let dz = gamma[filter] / deviation
                * (d - dbeta[filter] / count - y * dgamma[filter] / count);
            for c in 0..channels {
                for di in 0..3 {
                    for dj in 0..3 {
                        dw[[filter, c, di, dj]] += dz * x[[b, c, i + di, j + dj]];
                    }
                }
            }
        }
    }
    NormalizedConvolution {
        out,
        loss,
        dgamma,
        dbeta,
        dw,
    }
}

/// What `attention` returns.
pub struct Attention {
    pub weights: Array,
    pub out: Array,
    pub loss: Real,
    pub dq: Array,
    pub dk: Array,
    pub dv: Array,
}

/// A head of self-attention, softmax(q k^T / sqrt(size)) v, and its backward pass for dout.
///
/// `attention(x[t, d], Q[d, k], K[d, k], V[d, k], dout[t, k]) -> weights[t, t], out[t, k], loss,
/// dQ[d, k], dK[d, k], dV[d, k]`
pub fn attention(x: &Array, q: &Array, k: &Array, v: &Array, dout: &Array) -> Attention {
    let [t, size] = dout.dims();
    let scale = 1.0 / (size as Real).sqrt();
    let (query, key, value) = (product(x, q), product(x, k), product(x, v));

    let mut weights = product(&query, &transposed(&key));
    for row in weights.data.chunks_mut(t) {
        let max = row.iter().copied().fold(Real::NEG_INFINITY, Real::max);
        for w in row.iter_mut() {
            *w = ((*w - max) * scale).exp();
        }
        let total: Real = row.iter().sum();
        for w in row.iter_mut() {
            *w /= total;
        }
    }
    let out = product(&weights, &value);

    let mut dscores = product(dout, &transposed(&value));
    for (dscores, weights) in dscores.data.chunks_mut(t).zip(weights.data.chunks(t)) {
        let mean = dot(dscores, weights);
        for (d, w) in dscores.iter_mut().zip(weights) {
            *d = w * (*d - mean) * scale;
        }
    }
    let xt = transposed(x);
    Attention {
        loss: dot(&out.data, &dout.data),
        dq: product(&xt, &product(&dscores, &key)),
        dk: product(&xt, &product(&transposed(&dscores), &query)),
        dv: product(&xt, &product(&transposed(&weights), dout)),
        weights,
        out,
    }
}

/// What `fourier` returns.
pub struct Fourier {
    pub real: Array,
    pub imaginary: Array,
}

/// The discrete Fourier transform by its definition, sum of x[j] exp(-2 pi i j k / n).
///
/// `fourier(x[n]) -> real[n], imaginary[n]`
pub fn fourier(x: &Array) -> Fourier {
    let [n] = x.dims();
    let roots: Vec<(Real, Real)> = (0..n)
        .map(|j| (-TAU * j as Real / n as Real).sin_cos())
        .collect();
    let (mut real, mut imaginary) = (Array::zeros([n]), Array::zeros([n]));
    for k in 0..n {
        for j in 0..n {
            let (sin, cos) = roots[j * k % n];
            real[k] += x[j] * cos;
            imaginary[k] += x[j] * sin;
        }
    }
    Fourier { real, imaginary }
}

/// A Gaussian kernel density estimate at each point.
///
/// `density(points[m], data[n], bandwidth) -> density[m]`
pub fn density(points: &Array, data: &Array, bandwidth: Real) -> Array {
    let height = 1.0 / (data.data.len() as Real * bandwidth * TAU.sqrt());
    let at = |point: &Real| {
        let kernel = |x: &Real| (-0.5 * ((point - x) / bandwidth).powi(2)).exp();
        height * data.data.iter().map(kernel).sum::<Real>()
    };
    points.data.iter().map(at).collect::<Vec<_>>().into()
}
