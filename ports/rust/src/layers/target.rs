//! What a loss compares with.

use ndarray::{Array1, Array2, ArrayView1};

use super::Real;

/// What the network ought to say: one-hot rows, (batch, classes), or labels, (batch,), from 0 to
/// classes - 1: a loss panics at any other.
pub enum Target<T> {
    OneHot(Array2<T>),
    Labels(Array1<i32>),
}

impl<T: Real> Target<T> {
    /// The label of each row of the batch.
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        let rows = match self {
            Target::OneHot(t) => t.nrows(),
            Target::Labels(t) => t.len(),
        };
        (0..rows).map(|row| match self {
            Target::OneHot(t) => argmax(t.row(row)),
            Target::Labels(t) => t[row] as usize,
        })
    }
}

/// Where the largest element is; the first, in a tie, and NaN is the largest of all.
pub fn argmax<T: Real>(row: ArrayView1<T>) -> usize {
    let is_less = |a: T, b: T| a < b || b.is_nan() && !a.is_nan();
    (1..row.len()).fold(0, |best, i| if is_less(row[best], row[i]) { i } else { best })
}
