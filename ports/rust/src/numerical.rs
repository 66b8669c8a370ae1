//! Derivatives by evaluating the loss alone, as a check on those that backward computes.

use ndarray::{Array, ArrayView2, Dimension};

use crate::layers::{Real, Target};
use crate::network::{Named, Network};

/// (loss(p + step) - loss(p - step)) / (2 step) for every parameter: dW1, db1, ..., in their dtype.
///
/// Each parameter is moved in place and put back exactly. Source: "Deep Learning from Scratch", section 4.3.
pub fn central_difference<T: Real>(
    network: &mut Network<T>,
    x: ArrayView2<T>,
    t: &Target<T>,
    h: T,
) -> Named<'static, T> {
    let parameters: Vec<_> = network.params().into_iter().map(|(name, p)| (name, p.raw_dim())).collect();

    let mut slope = |k: usize, i: usize| {
        let value = network.param_mut(k)[i];
        network.param_mut(k)[i] = value + h;
        let above = network.loss(x, t);
        network.param_mut(k)[i] = value - h;
        let below = network.loss(x, t);
        network.param_mut(k)[i] = value;
        (above - below) / (h + h)
    };

    let each_element = |(k, (name, shape)): (usize, (String, ndarray::IxDyn))| {
        let slopes = (0..shape.size()).map(|i| slope(k, i)).collect();
        let gradient = Array::from_shape_vec(shape, slopes).expect("as many slopes as elements");
        (format!("d{name}"), gradient.into())
    };
    parameters.into_iter().enumerate().map(each_element).collect()
}
