//! Convolution, as a matrix product. Source: sections 7.2 and 7.4.3.

use ndarray::{Array2, ArrayD, ArrayView1, ArrayView4, ArrayViewD};

use super::{Layer, Param, Pass, Real, Windows, fit, images, images_mut, rows_mut};
use crate::product::{product, product_into};
use crate::roofline::Products;

/// Each filter laid on each window of the images, products summed; the filter is not flipped. Then a bias each.
///
/// W is (filters, channels, height, width), b is (filters,). The images are taken one by one, so that the windows of
/// one stay in the cache. Backward cuts them out again, which is quicker than to fetch those of a batch from memory.
pub struct Convolution<T> {
    pub windows: Windows,
    pub params: [Param<T>; 2],
    pub out: ArrayD<T>,
    pub dx: ArrayD<T>,
    pub col: Array2<T>, // (channels window_height window_width, out_height out_width), of one image
    room: Vec<T>,
}

impl<T: Real> Convolution<T> {
    /// Copies the parameters. The windows are of the size of a filter.
    pub fn new(W: ArrayView4<T>, b: ArrayView1<T>, windows: Windows) -> Self {
        let col = (windows.image[0] * windows.size[0] * windows.size[1], windows.out().iter().product());
        Convolution {
            params: [Param::new("W", W.into_dyn(), true), Param::new("b", b.into_dyn(), false)],
            out: Default::default(),
            dx: Default::default(),
            col: Array2::zeros(col),
            room: windows.room(),
            windows,
        }
    }
}

impl<T: Real> Layer<T> for Convolution<T> {
    /// x is (batch, channels, height, width); the result is (batch, filters, out height, out width).
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let Convolution { windows, params: [W, b], col, room, out, .. } = self;
        let [height, width] = windows.out();
        let mut out = images_mut(pass.fit(out, &[x.shape()[0], b.value.len(), height, width]));
        for (x, mut out) in images(x).outer_iter().zip(out.outer_iter_mut()) {
            windows.im2col(x, room, col);
            product(W.matrix(), col.view(), out.view_mut());
            out.rows_mut().into_iter().zip(b.vector()).for_each(|(mut out, &b)| out += b);
        }
        pass.of(self.out.view())
    }

    fn backward(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        self.backward_parameters(x.view(), dout.view(), pass);
        let Convolution { windows, params: [W, _], col, room, dx, .. } = self;
        fit(dx, x.raw_dim());
        for (dout, dx) in images(dout).outer_iter().zip(images_mut(dx.view_mut()).outer_iter_mut()) {
            product(W.matrix().t(), dout, col.view_mut());
            windows.col2im(col, room, dx);
        }
        self.dx.view()
    }

    fn backward_parameters(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) {
        let Convolution { windows, params: [W, b], col, room, .. } = self;
        if pass.is_first() {
            W.gradient.fill(T::zero());
            b.gradient.fill(T::zero());
        }
        for (x, dout) in images(x).outer_iter().zip(images(dout).outer_iter()) {
            windows.im2col(x, room, col);
            product_into(dout, col.t(), rows_mut(W.gradient.view_mut()), true);
            b.gradient.iter_mut().zip(dout.rows()).for_each(|(db, dout)| *db += dout.sum());
        }
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
