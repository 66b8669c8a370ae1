//! max(x, 0). Source: section 5.5.1.

use ndarray::{ArrayD, ArrayViewD, Zip};

use super::{Layer, Pass, Real, fit};

/// max(x, 0), with gradient 0 at 0. NaN stays NaN.
#[derive(Default)]
pub struct Relu<T> {
    out: ArrayD<T>,
    dx: ArrayD<T>,
}

impl<T: Real> Layer<T> for Relu<T> {
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let mut out = pass.fit(&mut self.out, x.shape());
        Zip::from(&mut out).and(x).for_each(|out, &x| *out = if x <= T::zero() { T::zero() } else { x });
        pass.of(self.out.view())
    }

    fn backward(&mut self, _: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        fit(&mut self.dx, dout.raw_dim());
        let inactive = |out: T| out <= T::zero(); // which is where x is
        Zip::from(&mut self.dx).and(dout).and(pass.of(self.out.view())).for_each(|dx, &dout, &out| {
            *dx = if inactive(out) { T::zero() } else { dout };
        });
        self.dx.view()
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }
}
