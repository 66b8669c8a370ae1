//! Max pooling. Source: sections 7.3 and 7.4.4.

use ndarray::{ArrayD, ArrayViewD};

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
        let [height, width] = windows.out();
        let shape = [x.shape()[0], x.shape()[1], height, width];
        let (mut out, mut largest) = (images_mut(pass.fit(out, &shape)), images_mut(pass.fit(largest, &shape)));
        let each = out.outer_iter_mut().zip(largest.outer_iter_mut());
        for (x, (mut out, mut largest)) in images(x).outer_iter().zip(each) {
            let x = windows.padded(x.to_slice().expect("images are in C order"), room);
            let (out, largest) = (out.as_slice_mut().expect("C order"), largest.as_slice_mut().expect("C order"));
            find_largest(windows, x, out, largest);
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
fn find_largest<T: Real>(windows: &Windows, x: &[T], out: &mut [T], largest: &mut [u32]) {
    let ([_, height, width], [rows, columns], stride) = (windows.padded_shape(), windows.out(), windows.stride);
    let out = out.chunks_exact_mut(columns).zip(largest.chunks_exact_mut(columns));
    let starts = x.chunks_exact(height * width).flat_map(|x| (0..rows).map(move |row| (x, row * stride * width)));
    for ((x, start), (out, largest)) in starts.zip(out) {
        let row = out.iter_mut().zip(largest);
        if (windows.size, stride) == ([2, 2], 2) {
            // The usual windows, written so that the compiler takes several at a time.
            let ((above, _), (below, _)) = (x[start..].as_chunks(), x[start + width..].as_chunks());
            for (i, ((out, largest), (&[a, b], &[c, d]))) in row.zip(above.iter().zip(below)).enumerate() {
                let at = start as u32 + 2 * i as u32;
                let found = larger(larger((a, at), b, at + 1), c, at + width as u32);
                (*out, *largest) = larger(found, d, at + width as u32 + 1);
            }
            continue;
        }
        for ((out, largest), start) in row.zip((start..).step_by(stride)) {
            let places = (0..windows.size[0]).flat_map(|i| start + i * width..start + i * width + windows.size[1]);
            (*out, *largest) = places.fold((x[start], start as u32), |found, at| larger(found, x[at], at as u32));
        }
    }
}

/// x and its place, where it is larger than what was found before: by selection, without a branch.
#[inline(always)]
fn larger<T: Real>((best, place): (T, u32), x: T, at: u32) -> (T, u32) {
    let larger = (x > best) | (x.is_nan() & !best.is_nan());
    (if larger { x } else { best }, if larger { at } else { place })
}
