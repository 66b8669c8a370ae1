//! Derivatives by evaluating the loss alone, as a check on those that backward computes.

use ndarray::{Array, ArrayViewD, Dimension, IxDyn};

use crate::layers::{Real, Target};
use crate::network::{Named, Network};

/// (loss(p + step) - loss(p - step)) / (2 step) for every parameter: dW1, db1, ..., in their dtype.
///
/// Each parameter is moved in place and put back exactly. Source: "Deep Learning from Scratch", section 4.3.
pub fn central_difference<T: Real>(
    network: &mut Network<T>,
    x: ArrayViewD<T>,
    t: &Target<T>,
    h: T,
) -> Named<'static, T> {
    let parameters = network.nodes.iter().flat_map(|node| {
        node.layer.params().iter().map(|p| (format!("d{}{}", p.name, node.number), p.value.raw_dim()))
    });
    let parameters: Vec<_> = parameters.collect();

    let mut slope = |k: usize, i: usize| {
        let value = *element(network, k, i);
        *element(network, k, i) = value + h;
        let above = network.loss(x.view(), t);
        *element(network, k, i) = value - h;
        let below = network.loss(x.view(), t);
        *element(network, k, i) = value;
        (above - below) / (h + h)
    };

    let each_element = |(k, (name, shape)): (usize, (String, IxDyn))| {
        let slopes = (0..shape.size()).map(|i| slope(k, i)).collect();
        let gradient = Array::from_shape_vec(shape, slopes).expect("as many slopes as elements");
        (name, gradient.into())
    };
    parameters.into_iter().enumerate().map(each_element).collect()
}

/// Element `i` of parameter `k`, row by row.
fn element<T: Real>(network: &mut Network<T>, k: usize, i: usize) -> &mut T {
    let (elements, _) = network.params_mut().nth(k).expect("it is one of the parameters").elements();
    &mut elements[i]
}
