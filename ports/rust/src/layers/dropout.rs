//! Dropout. Source: section 6.4.3; N. Srivastava et al. (2014).

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Zip};

use super::{Layer, Pass, Phase, Real, fit, real};

/// In training x times a mask of 0 and 1; in the test x times 1 - ratio, the share that training keeps.
///
/// The mask is given, so that no random generator has to be shared: 1 where a number drawn from [0, 1) is above ratio.
pub struct Dropout<T> {
    mask: ArrayD<u8>,
    ratio: f64,
    out: ArrayD<T>,
    dx: ArrayD<T>,
}

impl<T: Real> Dropout<T> {
    /// Copies the mask, which has the shape of x.
    pub fn new(mask: ArrayViewD<u8>, ratio: f64) -> Self {
        Dropout { mask: mask.to_owned(), ratio, out: Default::default(), dx: Default::default() }
    }
}

impl<T: Real> Layer<T> for Dropout<T> {
    /// x of any shape; the same shape comes back.
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let out = pass.fit(&mut self.out, x.shape());
        kept(x, &self.mask, self.ratio, out, pass);
        pass.of(self.out.view())
    }

    fn backward(&mut self, _: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        fit(&mut self.dx, dout.raw_dim());
        kept(dout, &self.mask, self.ratio, self.dx.view_mut(), pass);
        self.dx.view()
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }

    fn mask(&self) -> Option<&ArrayD<u8>> {
        Some(&self.mask)
    }

    fn mask_mut(&mut self) -> Option<&mut ArrayD<u8>> {
        Some(&mut self.mask)
    }
}

/// What dropout lets through of x: forward, and of the gradient backward.
fn kept<T: Real>(x: ArrayViewD<T>, mask: &ArrayD<u8>, ratio: f64, out: ArrayViewMutD<T>, pass: &Pass) {
    match pass.phase {
        Phase::Train => {
            let mask = pass.of(mask.view());
            Zip::from(out).and(x).and(mask).for_each(|out, &x, &mask| *out = x * bit(mask));
        }
        Phase::Test => {
            let share = real(1.0 - ratio);
            Zip::from(out).and(x).for_each(|out, &x| *out = x * share);
        }
    }
}

fn bit<T: Real>(mask: u8) -> T {
    T::from_u8(mask).expect("a byte is a number")
}
