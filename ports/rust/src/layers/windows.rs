//! Images and the windows that a filter sees of them, each window a column. Source: section 7.4.2.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::Real;

/// Where the windows lie on images of one shape: they begin `stride` pixels apart, and `pad` rows and columns of zeros
/// stand on all four sides of an image.
#[derive(Clone, Debug)]
pub struct Windows {
    /// Channels, height, width.
    pub image: [usize; 3],
    /// Height, width.
    pub size: [usize; 2],
    pub stride: usize,
    pub pad: usize,
}

impl Windows {
    /// How many rows of windows there are, and how many in a row. The windows must not be larger than the image.
    pub fn out(&self) -> [usize; 2] {
        let [_, height, width] = self.padded_shape();
        [(height - self.size[0]) / self.stride + 1, (width - self.size[1]) / self.stride + 1]
    }

    /// Channels, height, width of an image with its zeros.
    pub fn padded_shape(&self) -> [usize; 3] {
        let [channels, height, width] = self.image;
        [channels, height + 2 * self.pad, width + 2 * self.pad]
    }

    /// Room for one image with its zeros, if there are any.
    pub fn room<T: Real>(&self) -> Vec<T> {
        let size = if self.pad == 0 { 0 } else { self.padded_shape().iter().product() };
        vec![T::zero(); size]
    }

    /// The image with its zeros around it: itself, or a copy in `room`.
    pub fn padded<'a, T: Real>(&self, image: &'a [T], room: &'a mut [T]) -> &'a [T] {
        if self.pad == 0 {
            return image;
        }
        room.fill(T::zero());
        self.inner_rows(room)
            .zip(image.chunks_exact(self.image[2]))
            .for_each(|(inner, row)| inner.copy_from_slice(row));
        room
    }

    /// What `add` sums up in an image of zeros, without what falls on those of `pad`.
    pub fn summed<T: Real>(&self, image: &mut [T], room: &mut [T], add: impl FnOnce(&mut [T])) {
        if self.pad == 0 {
            image.fill(T::zero());
            return add(image);
        }
        room.fill(T::zero());
        add(room);
        self.inner_rows(room)
            .zip(image.chunks_exact_mut(self.image[2]))
            .for_each(|(inner, row)| row.copy_from_slice(inner));
    }

    /// The rows of an image within its zeros.
    fn inner_rows<'a, T>(&self, padded: &'a mut [T]) -> impl Iterator<Item = &'a mut [T]> {
        let ([_, height, width], pad) = (self.image, self.pad);
        let channels = padded.chunks_exact_mut((height + 2 * pad) * (width + 2 * pad));
        channels.flat_map(move |channel| {
            let rows = channel.chunks_exact_mut(width + 2 * pad).skip(pad).take(height);
            rows.map(move |row| &mut row[pad..pad + width])
        })
    }

    /// All windows of an image, each a column: (channels window_height window_width, out_height out_width).
    pub fn im2col<T: Real>(&self, image: ArrayView2<T>, room: &mut [T], col: &mut Array2<T>) {
        let ([_, columns], stride) = (self.out(), self.stride);
        let padded = self.padded(image.to_slice().expect("images are in C order"), room);
        let col = col.as_slice_mut().expect("work arrays are in C order");
        for (to, from) in col.chunks_exact_mut(columns).zip(self.runs()) {
            let from = &padded[from..];
            if stride == 1 {
                to.copy_from_slice(&from[..columns]);
            } else {
                to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(to, &from)| *to = from);
            }
        }
    }

    /// Adds up all windows in an image, where they overlap: the way back of a gradient.
    pub fn col2im<T: Real>(&self, col: &Array2<T>, room: &mut [T], mut image: ArrayViewMut2<T>) {
        let ([_, columns], stride) = (self.out(), self.stride);
        let col = col.as_slice().expect("work arrays are in C order");
        self.summed(image.as_slice_mut().expect("work arrays are in C order"), room, |padded| {
            for (from, to) in col.chunks_exact(columns).zip(self.runs()) {
                padded[to..].iter_mut().step_by(stride).zip(from).for_each(|(to, &from)| *to += from);
            }
        });
    }

    /// Where in a padded image each row of `out_width` elements of the columns begins.
    fn runs(&self) -> impl Iterator<Item = usize> {
        let ([channels, height, width], [window_height, window_width]) = (self.padded_shape(), self.size);
        let ([rows, _], stride) = (self.out(), self.stride);
        let taps = (0..channels).flat_map(move |c| {
            (0..window_height).flat_map(move |i| (0..window_width).map(move |j| (c * height + i) * width + j))
        });
        taps.flat_map(move |tap| (0..rows).map(move |row| tap + row * stride * width))
    }
}
