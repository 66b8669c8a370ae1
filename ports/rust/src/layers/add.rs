//! x + y. Source: section 5.4.2.

use ndarray::{Array, ArrayView, Dimension, Ix2, Zip};

use super::{Real, fit};

/// x + y, element by element.
#[derive(Default)]
pub struct Add<T, D: Dimension = Ix2> {
    pub out: Array<T, D>,
    pub dx: Array<T, D>,
    pub dy: Array<T, D>,
}

impl<T: Real, D: Dimension> Add<T, D> {
    /// The sum of two arrays of one shape.
    pub fn forward(&mut self, x: ArrayView<T, D>, y: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        Zip::from(&mut self.out).and(x).and(y).for_each(|out, &x, &y| *out = x + y);
        self.out.view()
    }

    /// dx and dy, kept: both are dout.
    pub fn backward(&mut self, dout: ArrayView<T, D>) {
        for dx in [&mut self.dx, &mut self.dy] {
            fit(dx, dout.raw_dim());
            dx.assign(&dout);
        }
    }
}
