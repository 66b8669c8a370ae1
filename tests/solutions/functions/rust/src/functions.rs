//! The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
//!
//! An `Array` has a `shape`, and `data` row by row. `let [n, d] = a.dims();` takes the shape of a matrix,
//! `a[[i, j]]` is an element of it, and `v[i]` one of a vector. `Array::zeros([n, d])`,
//! `Array::full([n], false)` and `Array::new([n, d], data)` make arrays.
//! A panic is reported as the error that it is.

use crate::protocol::array::Array;

/// YOURS: the type of all numbers, f64 or f32.
pub type Real = f64;

/// What `ridge` returns.
pub struct Ridge {
    pub w: Array,
    pub loss: Real,
}

/// Ridge regression with its gradient.
///
/// `ridge(X[n, d], y[n], penalty) -> w[d], loss`
pub fn ridge(x: &Array, y: &Array, penalty: Real) -> Ridge {
    let [n, d] = x.dims();
    let mut a = Array::zeros([d, d + 1]); // X'X + penalty I, and X'y beside it
    for i in 0..d {
        for k in 0..n {
            for j in 0..d {
                a[[i, j]] += x[[k, i]] * x[[k, j]];
            }
            a[[i, d]] += x[[k, i]] * y[k];
        }
        a[[i, i]] += penalty;
    }
    for i in 0..d {
        for row in i + 1..d {
            let factor = a[[row, i]] / a[[i, i]];
            for j in i..=d {
                a[[row, j]] -= factor * a[[i, j]];
            }
        }
    }
    let mut w = Array::zeros([d]);
    for i in (0..d).rev() {
        let known: Real = (i + 1..d).map(|j| a[[i, j]] * w[j]).sum();
        w[i] = (a[[i, d]] - known) / a[[i, i]];
    }
    let residual = |k: usize| (0..d).map(|j| x[[k, j]] * w[j]).sum::<Real>() - y[k];
    let errors: Real = (0..n).map(|k| residual(k).powi(2)).sum();
    let loss = errors + penalty * w.data.iter().map(|w| w * w).sum::<Real>();
    Ridge { w, loss }
}

/// What `outer3` returns.
pub struct Outer3 {
    pub out: Array,
    pub total: Real,
}

/// a[i] b[j] c[k], and the sum.
///
/// `outer3(a[n], b[m], c[k]) -> out[n, m, k], total`
pub fn outer3(a: &Array, b: &Array, c: &Array) -> Outer3 {
    let [n, m, k] = [a, b, c].map(|v| v.data.len());
    let mut out = Array::zeros([n, m, k]);
    for i in 0..n {
        for j in 0..m {
            for l in 0..k {
                out[[i, j, l]] = a[i] * b[j] * c[l];
            }
        }
    }
    let total = out.data.iter().sum();
    Outer3 { out, total }
}

/// What `pick` returns.
pub struct Pick {
    pub out: Array,
    pub count: i32,
    pub kept: Array<bool>,
}

/// The rows of x that keep names, and how many.
///
/// `pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]`
pub fn pick(x: &Array, keep: &Array<bool>, order: &Array<i32>) -> Pick {
    let size: usize = x.shape[1..].iter().product();
    let mut out = Array::zeros(&x.shape[..]);
    for i in (0..x.shape[0]).filter(|&i| keep[i]) {
        out.data[i * size..][..size].copy_from_slice(&x.data[order[i] as usize * size..][..size]);
    }
    let count = keep.data.iter().filter(|&&kept| kept).count() as i32;
    let kept = keep.clone();
    Pick { out, count, kept }
}
