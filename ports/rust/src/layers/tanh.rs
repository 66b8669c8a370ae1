//! tanh. Source: its volume 2, section 5.3.

use ndarray::{ArrayD, ArrayViewD, Zip};

use super::{Layer, Pass, Real, fit, replace};

/// tanh(x), with the slope 1 - tanh(x)^2.
#[derive(Default)]
pub struct Tanh<T> {
    out: ArrayD<T>,
    dx: ArrayD<T>,
}

impl<T: Real> Layer<T> for Tanh<T> {
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let mut out = pass.fit(&mut self.out, x.shape());
        out.assign(&x);
        replace(out, |x| x.hyperbolic_tangent());
        pass.of(self.out.view())
    }

    fn backward(&mut self, _: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        fit(&mut self.dx, dout.raw_dim());
        Zip::from(&mut self.dx)
            .and(dout)
            .and(pass.of(self.out.view()))
            .for_each(|dx, &dout, &out| *dx = dout * (T::one() - out * out));
        self.dx.view()
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }
}
