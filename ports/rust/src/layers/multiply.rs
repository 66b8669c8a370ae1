//! x * y. Source: section 5.4.1.

use ndarray::{Array, ArrayView, Dimension, Ix2, Zip};

use super::{Real, fit};

/// x * y, element by element.
#[derive(Default)]
pub struct Multiply<T, D: Dimension = Ix2> {
    pub out: Array<T, D>,
    pub dx: Array<T, D>,
    pub dy: Array<T, D>,
}

impl<T: Real, D: Dimension> Multiply<T, D> {
    /// The product of two arrays of one shape.
    pub fn forward(&mut self, x: ArrayView<T, D>, y: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        Zip::from(&mut self.out).and(x).and(y).for_each(|out, &x, &y| *out = x * y);
        self.out.view()
    }

    /// dx and dy, kept: each factor's gradient is the other factor times dout.
    pub fn backward(&mut self, x: ArrayView<T, D>, y: ArrayView<T, D>, dout: ArrayView<T, D>) {
        fit(&mut self.dx, dout.raw_dim());
        fit(&mut self.dy, dout.raw_dim());
        Zip::from(&mut self.dx).and(&dout).and(y).for_each(|dx, &dout, &y| *dx = dout * y);
        Zip::from(&mut self.dy).and(&dout).and(x).for_each(|dy, &dout, &x| *dy = dout * x);
    }
}
