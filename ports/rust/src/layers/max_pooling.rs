//! Max pooling. Source: sections 7.3 and 7.4.4.

use ndarray::{ArrayD, ArrayViewD};
use pulp::Arch;

use super::{Layer, Pass, Real, Windows, fit, images, images_mut};

/// The largest number of each window, channel by channel. Zeros that `pad` puts around an image take part.
///
/// The gradient goes to the number that was the largest: of equal ones to the first, row by row. Where windows overlap,
/// gradients add up.
pub struct MaxPooling<T> {
    windows: Windows,
    largest: ArrayD<u32>, // where it is in its padded channel
    out: ArrayD<T>,
    dx: ArrayD<T>,
    room: Vec<T>,
}

impl<T: Real> MaxPooling<T> {
    /// For these windows, of each channel by itself.
    pub fn new(windows: Windows) -> Self {
        let room = windows.room();
        MaxPooling { windows, largest: Default::default(), out: Default::default(), dx: Default::default(), room }
    }
}

impl<T: Real> Layer<T> for MaxPooling<T> {
    /// x is (batch, channels, height, width); the result is (batch, channels, out height, out width).
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let MaxPooling { windows, largest, out, room, .. } = self;
        let ([height, width], arch) = (windows.out(), Arch::new());
        let shape = [x.shape()[0], x.shape()[1], height, width];
        let (mut out, mut largest) = (images_mut(pass.fit(out, &shape)), images_mut(pass.fit(largest, &shape)));
        let each = out.outer_iter_mut().zip(largest.outer_iter_mut());
        for (x, (mut out, mut largest)) in images(x).outer_iter().zip(each) {
            let x = windows.padded(x.to_slice().expect("images are in C order"), room);
            let (out, largest) = (out.as_slice_mut().expect("C order"), largest.as_slice_mut().expect("C order"));
            arch.dispatch(|| match windows.size {
                [2, 2] => find_largest(windows, [2, 2], x, out, largest), // the usual size, unrolled
                size => find_largest(windows, size, x, out, largest),
            });
        }
        pass.of(self.out.view())
    }

    fn backward(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let MaxPooling { windows, largest, dx, room, .. } = self;
        fit(dx, x.raw_dim());
        let [_, height, width] = windows.padded_shape();
        let (dout, largest) = (images(dout), images(pass.of(largest.view())));
        let each = dout.outer_iter().zip(largest.outer_iter());
        for (mut dx, (dout, largest)) in images_mut(dx.view_mut()).outer_iter_mut().zip(each) {
            windows.summed(dx.as_slice_mut().expect("C order"), room, |padded| {
                let channels = padded.chunks_exact_mut(height * width);
                for ((dx, dout), largest) in channels.zip(dout.rows()).zip(largest.rows()) {
                    dout.iter().zip(largest).for_each(|(&dout, &largest)| dx[largest as usize] += dout);
                }
            });
        }
        self.dx.view()
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }
}

/// The largest number of each window of a padded image, the first of equal ones, and where it is. NaN is the largest.
#[inline(always)]
fn find_largest<T: Real>(windows: &Windows, size: [usize; 2], x: &[T], out: &mut [T], largest: &mut [u32]) {
    let ([_, height, width], [rows, columns]) = (windows.padded_shape(), windows.out());
    let out = out.chunks_exact_mut(columns).zip(largest.chunks_exact_mut(columns));
    let starts = x.chunks_exact(height * width).flat_map(|x| (0..rows).map(move |row| (x, row)));
    for ((x, row), (out, largest)) in starts.zip(out) {
        for (column, (out, largest)) in out.iter_mut().zip(largest).enumerate() {
            let start = (row * width + column) * windows.stride;
            let (mut best, mut place) = (x[start], start);
            for i in 0..size[0] {
                for (j, &x) in x[start + i * width..][..size[1]].iter().enumerate() {
                    if x > best || (x.is_nan() && !best.is_nan()) {
                        (best, place) = (x, start + i * width + j);
                    }
                }
            }
            (*out, *largest) = (best, place as u32);
        }
    }
}
