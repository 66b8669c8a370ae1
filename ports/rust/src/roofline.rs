//! What a benchmark sets beside a gradient: its matrix products alone.

use ndarray::{Array2, ArrayView2};

use crate::layers::{Affine, Real, fit};
use crate::network::Network;
use crate::product::product;

/// The matrix products of one gradient, and nothing else of it: what no implementation on this library can beat.
///
/// `inputs` has the number of each affine layer, from 1, and its input, (batch, inputs). Each layer's own output stands
/// for its dout, which has the same shape; layer 1 owes no gradient of the data.
pub fn products<T: Real>(network: &mut Network<T>, inputs: &[(usize, Array2<T>)]) {
    for (i, x) in inputs {
        let Affine { W, out, dW, dx, .. } = &mut network.affines[i - 1];
        fit(out, (x.nrows(), W.ncols()));
        product(x.view(), W.view(), out.view_mut());
        product(x.t(), out.view(), dW.view_mut());
        if *i > 1 {
            fit(dx, x.raw_dim());
            product(out.view(), W.t(), dx.view_mut());
        }
    }
}

/// The inputs of these affine layers, by number from 1, in the forward pass of x.
pub fn layer_inputs<T: Real>(network: &mut Network<T>, x: ArrayView2<T>, affines: &[usize]) -> Vec<(usize, Array2<T>)> {
    network.predict(x);
    let input = |i: usize| if i == 1 { x.to_owned() } else { network.activations[i - 2].out().to_owned() };
    affines.iter().map(|&i| (i, input(i))).collect()
}
