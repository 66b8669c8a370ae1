//! What the layers of a network have in common.

use std::ops::Range;

use ndarray::{
    Array1, ArrayD, ArrayView1, ArrayView2, ArrayView3, ArrayViewD, ArrayViewMut1, ArrayViewMut2, ArrayViewMut3,
    ArrayViewMutD, Axis, Slice,
};
use num_traits::Zero;

use super::{Real, Target, fit};
use crate::roofline::Products;

/// A step of a network: forward, and back again.
///
/// `out` and what else backward needs are kept for the whole batch, even where a pass is of some rows alone.
pub trait Layer<T: Real> {
    /// The layer's result for x, the rows of this pass: those rows of `out`.
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T>;

    /// dx, of the shape of x; keeps the gradients of the parameters too. x is what forward was given.
    fn backward(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T>;

    /// The gradients of the parameters alone: all that a network's first layer owes, as nobody asks for the data's.
    fn backward_parameters(&mut self, x: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) {
        self.backward(x, dout, pass);
    }

    /// What forward gave last, of the whole batch.
    fn out(&self) -> ArrayViewD<'_, T>;

    /// What backward gave last, of the rows of that pass.
    fn dx(&self) -> ArrayViewD<'_, T>;

    /// What is learnt.
    fn params(&self) -> &[Param<T>] {
        &[]
    }

    /// The same, to be changed.
    fn params_mut(&mut self) -> &mut [Param<T>] {
        &mut []
    }

    /// What training moves on beside the parameters.
    fn state(&self) -> &[Running<T>] {
        &[]
    }

    /// The same, to be changed.
    fn state_mut(&mut self) -> &mut [Running<T>] {
        &mut []
    }

    /// This layer, where it multiplies matrices.
    fn products_mut(&mut self) -> Option<&mut dyn Products<T>> {
        None
    }

    /// The mask of dropout, which whoever makes the network draws.
    fn mask(&self) -> Option<&ArrayD<u8>> {
        None
    }

    /// The same, to be changed.
    fn mask_mut(&mut self) -> Option<&mut ArrayD<u8>> {
        None
    }
}

/// The end of a network. Nothing follows it, so that its gradient needs no dout.
pub trait Loss<T> {
    /// The mean over the batch. x is (batch, classes).
    fn forward(&mut self, x: ArrayView2<T>, t: &Target<T>) -> T;

    /// dx, (batch, classes).
    fn backward(&mut self) -> ArrayView2<'_, T>;

    /// What backward gave last.
    fn dx(&self) -> ArrayView2<'_, T>;

    /// The probabilities, where it has any.
    fn y(&self) -> Option<ArrayView2<'_, T>> {
        None
    }
}

/// An array that is learnt, and its gradient as backward computed it last; both in C order.
pub struct Param<T> {
    pub name: &'static str,
    pub value: ArrayD<T>,
    pub gradient: ArrayD<T>,
    /// Whether weight decay makes it smaller.
    pub decays: bool,
}

impl<T: Real> Param<T> {
    /// Copies the value.
    pub fn new(name: &'static str, value: ArrayViewD<T>, decays: bool) -> Self {
        let gradient = ArrayD::zeros(value.raw_dim());
        Param { name, value: value.as_standard_layout().into_owned(), gradient, decays }
    }

    /// The value as a matrix: the filters of a convolution are its rows.
    pub fn matrix(&self) -> ArrayView2<'_, T> {
        rows(self.value.view())
    }

    /// The elements, row by row.
    pub fn vector(&self) -> &[T] {
        self.value.as_slice().expect("parameters are in C order")
    }

    /// The elements of the gradient, row by row, to be changed.
    pub fn gradient_vector(&mut self) -> ArrayViewMut1<'_, T> {
        self.gradient.as_slice_mut().expect("a gradient is in C order").into()
    }

    /// The elements row by row, to be changed, and those of the gradient.
    pub fn elements(&mut self) -> (&mut [T], &[T]) {
        let both = self.value.as_slice_mut().zip(self.gradient.as_slice());
        both.expect("parameters and their gradient are in C order")
    }
}

/// An average over the batches of training, and what the last pass would make of it: training alone takes that over.
pub struct Running<T> {
    pub name: &'static str,
    pub value: Array1<T>,
    pub next: Array1<T>,
}

impl<T: Real> Running<T> {
    /// Copies the value.
    pub fn new(name: &'static str, value: ArrayView1<T>) -> Self {
        Running { name, value: value.to_owned(), next: value.to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    Train,
    Test,
}

/// One call of forward or backward: in which phase, and of which rows of a batch.
pub struct Pass {
    pub phase: Phase,
    rows: Range<usize>,
    batch: usize,
}

impl Pass {
    /// Of a batch of so many rows, at once.
    pub fn whole(phase: Phase, batch: usize) -> Self {
        Pass { phase, rows: 0..batch, batch }
    }

    /// Of a batch of so many rows, in parts of `size` rows.
    pub fn parts(phase: Phase, batch: usize, size: usize) -> impl Iterator<Item = Self> {
        (0..batch).step_by(size).map(move |from| Pass { phase, rows: from..batch.min(from + size), batch })
    }

    /// Whether it is the first part: what adds up over the parts begins anew.
    pub fn is_first(&self) -> bool {
        self.rows.start == 0
    }

    /// The rows of this pass, of an array of the whole batch.
    pub fn of<'a, T>(&self, whole: ArrayViewD<'a, T>) -> ArrayViewD<'a, T> {
        if self.rows.len() == self.batch {
            whole
        } else {
            whole.slice_axis_move(Axis(0), Slice::from(self.rows.clone()))
        }
    }

    /// The rows of this pass of a work array, which gets room for the whole batch; each row of the shape of those in x.
    pub fn fit<'a, U: Clone + Zero>(&self, work: &'a mut ArrayD<U>, shape: &[usize]) -> ArrayViewMutD<'a, U> {
        if self.rows.len() == self.batch {
            fit(work, shape);
            return work.view_mut();
        }
        if work.shape().split_first() != Some((&self.batch, &shape[1..])) {
            *work = ArrayD::zeros([&[self.batch], &shape[1..]].concat());
        }
        work.slice_axis_mut(Axis(0), Slice::from(self.rows.clone()))
    }
}

/// Each row's elements in a row: images (batch, channels, height, width) become (batch, inputs), filters likewise.
pub fn rows<T>(x: ArrayViewD<T>) -> ArrayView2<T> {
    let shape = flat(x.shape());
    if x.ndim() == 2 { x.into_dimensionality() } else { x.into_shape_with_order(shape) }.expect("images are in C order")
}

/// The same, to be changed.
pub fn rows_mut<T>(x: ArrayViewMutD<T>) -> ArrayViewMut2<T> {
    let shape = flat(x.shape());
    x.into_shape_with_order(shape).expect("work arrays are in C order")
}

/// Each channel's pixels in a row: (batch, channels, height, width) becomes (batch, channels, pixels).
pub fn images<T>(x: ArrayViewD<T>) -> ArrayView3<T> {
    let shape = (x.shape()[0], x.shape()[1], x.shape()[2..].iter().product());
    x.into_shape_with_order(shape).expect("images are in C order")
}

/// The same, to be changed.
pub fn images_mut<T>(x: ArrayViewMutD<T>) -> ArrayViewMut3<T> {
    let shape = (x.shape()[0], x.shape()[1], x.shape()[2..].iter().product());
    x.into_shape_with_order(shape).expect("work arrays are in C order")
}

fn flat(shape: &[usize]) -> (usize, usize) {
    (shape[0], shape[1..].iter().product())
}
