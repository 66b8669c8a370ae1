//! x W + b. Source: section 5.6.1.

use ndarray::{ArrayD, ArrayView1, ArrayView2, ArrayViewD, aview1};

use super::{Layer, Param, Pass, Real, fit, rows, rows_mut};
use crate::product::{product, product_into};
use crate::roofline::Products;

/// x W + b: W is (inputs, outputs), b is (outputs,). Images are taken as rows, in the order of their elements.
pub struct Affine<T> {
    pub params: [Param<T>; 2],
    pub out: ArrayD<T>,
    pub dx: ArrayD<T>,
}

impl<T: Real> Affine<T> {
    /// Copies the parameters.
    pub fn new(W: ArrayView2<T>, b: ArrayView1<T>) -> Self {
        let params = [Param::new("W", W.into_dyn(), true), Param::new("b", b.into_dyn(), false)];
        Affine { params, out: Default::default(), dx: Default::default() }
    }
}

impl<T: Real> Layer<T> for Affine<T> {
    /// x is (batch, inputs) or (batch, channels, height, width); the result is (batch, outputs).
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let ([W, b], x) = (&self.params, rows(x));
        let mut out = rows_mut(pass.fit(&mut self.out, &[x.nrows(), b.value.len()]));
        product(x, W.matrix(), out.view_mut());
        out += &aview1(b.vector());
        pass.of(self.out.view())
    }

    fn backward(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        self.backward_parameters(x.view(), dout.view(), pass);
        fit(&mut self.dx, x.raw_dim());
        let [W, _] = &self.params;
        product(rows(dout), W.matrix().t(), rows_mut(self.dx.view_mut()));
        self.dx.view()
    }

    fn backward_parameters(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) {
        let [W, b] = &mut self.params;
        let dout = rows(dout);
        product_into(rows(x).t(), dout, rows_mut(W.gradient.view_mut()), !pass.is_first());
        let mut db = b.gradient_vector();
        if pass.is_first() {
            db.fill(T::zero());
        }
        dout.rows().into_iter().for_each(|row| db += &row);
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }

    fn params(&self) -> &[Param<T>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<T>] {
        &mut self.params
    }
    fn products_mut(&mut self) -> Option<&mut dyn Products<T>> {
        Some(self)
    }
}
