//! What a benchmark sets beside a gradient: its matrix products alone.

use ndarray::{Array3, ArrayD, ArrayViewD};

use crate::layers::{Affine, Convolution, Real, fit, images, images_mut, rows, rows_mut};
use crate::network::{Network, Node, output};
use crate::product::{product, product_into};

/// A layer that multiplies matrices.
pub trait Products<T> {
    /// What it multiplies by W: of an affine layer x, of a convolution the windows of each image, made of x.
    fn operand(&self, x: ArrayViewD<T>) -> ArrayD<T>;

    /// x W, then xᵀ dout, then, where `data`, dout Wᵀ, into the layer's arrays. Its own output stands for dout.
    fn products(&mut self, operand: ArrayViewD<T>, data: bool);
}

impl<T: Real> Products<T> for Affine<T> {
    fn operand(&self, x: ArrayViewD<T>) -> ArrayD<T> {
        x.to_owned()
    }

    fn products(&mut self, operand: ArrayViewD<T>, data: bool) {
        let Affine { params: [W, _], out, dx } = self;
        let (x, mut out) = (rows(operand.view()), rows_mut(out.view_mut()));
        product(x, W.matrix(), out.view_mut());
        product(x.t(), out.view(), rows_mut(W.gradient.view_mut()));
        if data {
            fit(dx, operand.raw_dim());
            product(out.view(), W.matrix().t(), rows_mut(dx.view_mut()));
        }
    }
}

impl<T: Real> Products<T> for Convolution<T> {
    fn operand(&self, x: ArrayViewD<T>) -> ArrayD<T> {
        let (x, mut col, mut room) = (images(x), self.col.clone(), self.windows.room());
        let mut windows = Array3::zeros((x.dim().0, col.nrows(), col.ncols()));
        for (x, mut all) in x.outer_iter().zip(windows.outer_iter_mut()) {
            self.windows.im2col(x, &mut room, &mut col);
            all.assign(&col);
        }
        windows.into_dyn()
    }

    fn products(&mut self, operand: ArrayViewD<T>, data: bool) {
        let Convolution { params: [W, _], out, col: dcol, .. } = self;
        let (windows, mut out) = (images(operand), images_mut(out.view_mut()));
        for (col, out) in windows.outer_iter().zip(out.outer_iter_mut()) {
            product(W.matrix(), col, out);
        }
        W.gradient.fill(T::zero());
        for (col, dout) in windows.outer_iter().zip(out.outer_iter()) {
            product_into(dout, col.t(), rows_mut(W.gradient.view_mut()), true);
            if data {
                product(W.matrix().t(), dout, dcol.view_mut());
            }
        }
    }
}

/// The matrix products of one gradient, and nothing else of it: what no implementation on this library can beat.
///
/// `operands` are those of `product_operands`. Layer 1 owes no gradient of the data.
pub fn products<T: Real>(network: &mut Network<T>, operands: &[Operand<T>]) {
    for Operand { node, x } in operands {
        let Node { number, layer, .. } = &mut network.nodes[*node];
        layer.products_mut().expect("an operand is of a layer with products").products(x.view(), *number > 1);
    }
}

/// What a layer multiplies by W, and which node of the network it is.
pub struct Operand<T> {
    pub node: usize,
    pub x: ArrayD<T>,
}

/// The operands of the affine and convolution layers of these numbers, in the forward pass of x. An error for any other
/// number.
pub fn product_operands<T: Real>(
    network: &mut Network<T>,
    x: ArrayViewD<T>,
    numbers: &[usize],
) -> Result<Vec<Operand<T>>, String> {
    network.predict(x.view());
    let multiplies =
        |(node, Node { number, layer, .. }): (usize, &mut Node<T>)| layer.products_mut().map(|_| (*number, node));
    let known: Vec<_> = network.nodes.iter_mut().enumerate().filter_map(multiplies).collect();
    let operand = |i: &usize| {
        let Some(&(_, node)) = known.iter().find(|(number, _)| number == i) else {
            let known: Vec<_> = known.iter().map(|(number, _)| number.to_string()).collect();
            return Err(format!("expected affines of {}, came {i}", known.join(", ")));
        };
        let (before, rest) = network.nodes.split_at_mut(node);
        let layer = rest[0].layer.products_mut().expect("it is one of those that multiply");
        Ok(Operand { node, x: layer.operand(output(before, &x)) })
    };
    numbers.iter().map(operand).collect()
}
