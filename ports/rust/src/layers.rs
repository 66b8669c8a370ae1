//! The layers, one file each. Each has `forward` and `backward`; what backward needs of its own results, forward keeps.
//!
//! Every layer computes in the dtype of its arguments (float32 or float64) and leaves its arguments as they are. A layer
//! owns the arrays that it computes, lends views of them, and uses them again in the next call. Its input stays with
//! the caller: where `backward` needs that, it is passed again.
//!
//! Source: Koki Saitoh, "Deep Learning from Scratch", chapters 4 to 7.

mod add;
mod affine;
mod batch_norm;
mod convolution;
mod dropout;
mod layer;
mod max_pooling;
mod multiply;
mod relu;
mod sigmoid;
mod softmax_with_loss;
mod squared_error;
mod tanh;
mod target;
mod windows;

pub use add::Add;
pub use affine::Affine;
pub use batch_norm::BatchNorm;
pub use convolution::Convolution;
pub use dropout::Dropout;
pub use layer::{Layer, Loss, Param, Pass, Phase, Running, images, images_mut, rows, rows_mut};
pub use max_pooling::MaxPooling;
pub use multiply::Multiply;
pub use relu::Relu;
pub use sigmoid::Sigmoid;
pub use softmax_with_loss::SoftmaxWithLoss;
pub use squared_error::SquaredError;
pub use tanh::Tanh;
pub use target::{Target, argmax};
pub use windows::Windows;

use ndarray::{Array, ArrayViewMut, Dimension, IntoDimension, NdFloat};
use num_traits::{FromPrimitive, Zero};
use pulp::Arch;

use crate::exp::Exponential;

/// float32 or float64.
pub trait Real: NdFloat + FromPrimitive + Default + Exponential {}
impl Real for f32 {}
impl Real for f64 {}

/// The number of this dtype that is nearest to value.
pub fn real<T: Real>(value: f64) -> T {
    T::from_f64(value).expect("float32 and float64 come of any number")
}

/// A number of elements in this dtype.
pub fn count<T: Real>(n: usize) -> T {
    T::from_usize(n).expect("a count is a number")
}

/// Gives a work array this shape: a new array only where the shape changed.
pub fn fit<T: Clone + Zero, D: Dimension>(work: &mut Array<T, D>, shape: impl IntoDimension<Dim = D>) {
    let shape = shape.into_dimension();
    if work.raw_dim() != shape {
        *work = Array::zeros(shape);
    }
}

/// Each element x becomes f(x), by the widest instructions of this machine.
fn replace<T: Real, D: Dimension>(mut work: ArrayViewMut<T, D>, f: impl Fn(T) -> T) {
    let elements = work.as_slice_mut().expect("work arrays are in C order");
    Arch::new().dispatch(|| elements.iter_mut().for_each(|x| *x = f(*x)));
}
