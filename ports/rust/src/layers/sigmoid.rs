//! 1 / (1 + exp(-x)). Source: section 5.5.2.

use ndarray::{ArrayD, ArrayViewD, Zip};

use super::{Layer, Pass, Real, fit, replace};

/// 1 / (1 + exp(-x)).
#[derive(Default)]
pub struct Sigmoid<T> {
    out: ArrayD<T>,
    dx: ArrayD<T>,
}

impl<T: Real> Layer<T> for Sigmoid<T> {
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let mut out = pass.fit(&mut self.out, x.shape());
        out.assign(&x);
        replace(out, |x| T::one() / (T::one() + (-x).exponential()));
        pass.of(self.out.view())
    }

    fn backward(&mut self, _: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        fit(&mut self.dx, dout.raw_dim());
        Zip::from(&mut self.dx)
            .and(dout)
            .and(pass.of(self.out.view()))
            .for_each(|dx, &dout, &out| *dx = dout * out * (T::one() - out));
        self.dx.view()
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }
}
