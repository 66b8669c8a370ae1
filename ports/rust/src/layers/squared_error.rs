//! Half the sum of squares, as a mean over the batch. Source: section 4.2.1; as a network's last layer, 5.6.3.

use ndarray::{Array2, ArrayView2};

use super::{Loss, Real, Target, count, fit};

/// The loss of an output layer that changes nothing: sum((x - t)^2) / 2 of each row, and the mean of the rows.
#[derive(Default)]
pub struct SquaredError<T> {
    difference: Array2<T>,
    dx: Array2<T>,
}

impl<T: Real> Loss<T> for SquaredError<T> {
    fn forward(&mut self, x: ArrayView2<T>, t: &Target<T>) -> T {
        fit(&mut self.difference, x.raw_dim());
        self.difference.assign(&x);
        for (mut row, label) in self.difference.rows_mut().into_iter().zip(t.labels()) {
            row[label] -= T::one();
        }
        let squares = self.difference.fold(T::zero(), |sum, &difference| sum + difference * difference);
        squares / count(2 * x.nrows())
    }

    /// dx = (x - t) / batch.
    fn backward(&mut self) -> ArrayView2<'_, T> {
        fit(&mut self.dx, self.difference.raw_dim());
        self.dx.assign(&self.difference);
        self.dx /= count::<T>(self.difference.nrows());
        self.dx.view()
    }

    fn dx(&self) -> ArrayView2<'_, T> {
        self.dx.view()
    }
}
