//! Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt.

use std::mem::swap;

use ndarray::{Array1, Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewD, Axis};
use pulp::Arch;

use crate::layers::{Real, Target, fit, real};
use crate::network::Network;
use crate::optimizers::Optimizer;

/// Of a set that is evaluated as a whole: few enough for the cache, many enough for the products.
const ROWS_AT_A_TIME: usize = 250;

/// A set of images, (n, inputs), and labels, (n,), from 0. A pixel is byte / scale.
///
/// They are held once, as the bytes that came: rows in any dtype come of them, and a batch has less to fetch from memory
/// than it would have in floats.
pub struct Images {
    pub pixels: Array2<u8>,
    pub labels: Array1<u8>,
    pub scale: f64,
}

impl Images {
    /// An empty batch, to be filled with rows of this set: images of this shape, (inputs,) or (channels, height, width).
    pub fn batch<T: Real>(&self, shape: &[usize]) -> Batch<'_, T> {
        let none = [&[0], shape].concat();
        Batch { images: self, x: ArrayD::zeros(none), t: Target::Labels(Array1::default(0)) }
    }
}

/// Rows of images in the dtype of a network, and their labels, in arrays that each drawing uses again.
pub struct Batch<'a, T> {
    images: &'a Images,
    x: ArrayD<T>,
    t: Target<T>,
}

impl<T: Real> Batch<'_, T> {
    /// x, (rows, inputs) or (rows, channels, height, width), and the labels of these rows. Panics at a row that the set
    /// does not have.
    pub fn draw(&mut self, rows: ArrayView1<i32>) -> (ArrayViewD<'_, T>, &Target<T>) {
        let Batch { images, x, t } = self;
        let (arch, scale) = (Arch::new(), real::<T>(images.scale));
        if x.shape()[0] != rows.len() {
            *x = ArrayD::zeros([&[rows.len()], &x.shape()[1..]].concat());
        }
        let pixels = x.as_slice_mut().expect("a batch is in C order").chunks_exact_mut(images.pixels.ncols().max(1));
        for (x, &row) in pixels.zip(rows) {
            // By the widest instructions of this machine, a division is faster than to look its result up.
            let bytes = images.pixels.row(row as usize).to_slice().expect("images are in C order");
            let pixel = |byte| T::from_u8(byte).expect("a byte is a number") / scale;
            arch.dispatch(|| x.iter_mut().zip(bytes).for_each(|(x, &byte)| *x = pixel(byte)));
        }
        let Target::Labels(labels) = t else { unreachable!("a batch is made with labels") };
        fit(labels, rows.len());
        labels.iter_mut().zip(rows).for_each(|(label, &row)| *label = images.labels[row as usize].into());
        (x.view(), t)
    }
}

/// The gradient, then the update of every parameter, and the running statistics as this pass moves them on; the loss
/// before it.
pub fn train_step<T: Real>(
    network: &mut Network<T>,
    x: ArrayViewD<T>,
    t: &Target<T>,
    optimizer: &mut Optimizer<T>,
) -> T {
    let loss = network.backpropagate(x, t);
    optimizer.update(network);
    network.state_mut().for_each(|running| swap(&mut running.value, &mut running.next));
    loss
}

/// One update for each row of batches, (steps, batch), rows of images of this shape: the loss before each, (steps,).
///
/// Each mask of the network has its arrays, one for each step, in `masks`. The images must fit the network, and the rows
/// the images.
pub fn train<T: Real>(
    network: &mut Network<T>,
    images: &Images,
    shape: &[usize],
    batches: ArrayView2<i32>,
    masks: &[ArrayViewD<u8>],
    optimizer: &mut Optimizer<T>,
) -> Array1<T> {
    let mut batch = images.batch(shape);
    let step = |(i, rows)| {
        for (mask, steps) in network.masks_mut().zip(masks) {
            let drawn = steps.index_axis(Axis(0), i);
            fit(mask, drawn.raw_dim());
            mask.assign(&drawn);
        }
        let (x, t) = batch.draw(rows);
        train_step(network, x, t, optimizer)
    };
    batches.rows().into_iter().enumerate().map(step).collect()
}

/// The mean loss over the set, without weight decay, and the share of labels that the network gets right. The images are
/// of this shape.
pub fn evaluate<T: Real>(network: &mut Network<T>, images: &Images, shape: &[usize]) -> (T, f64) {
    let (mut loss, mut right) = (0.0, 0);
    let mut batch = images.batch(shape);
    let all = Array1::from_iter(0..images.labels.len() as i32);
    for rows in all.axis_chunks_iter(Axis(0), ROWS_AT_A_TIME) {
        let (x, t) = batch.draw(rows);
        network.predict(x);
        loss += network.compare(t).to_f64().expect("a loss is a number") * rows.len() as f64;
        right += network.right(t);
    }
    let count = all.len() as f64;
    (real(loss / count), right as f64 / count)
}
