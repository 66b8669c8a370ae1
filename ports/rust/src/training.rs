//! Training: batches drawn from images of bytes, a loop of steps, and what the network has learnt.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Zip};
use pulp::Arch;

use crate::layers::{Real, Target, fit, real};
use crate::network::Network;
use crate::optimizers::Optimizer;

/// Of a set that is evaluated as a whole: few enough for the cache, many enough for the products.
const ROWS_AT_A_TIME: usize = 1000;

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
    /// An empty batch, to be filled with rows of this set.
    pub fn batch<T: Real>(&self) -> Batch<'_, T> {
        Batch { images: self, x: Array2::default((0, 0)), t: Target::Labels(Array1::default(0)) }
    }
}

/// Rows of images in the dtype of a network, and their labels, in arrays that each drawing uses again.
pub struct Batch<'a, T> {
    images: &'a Images,
    x: Array2<T>,
    t: Target<T>,
}

impl<T: Real> Batch<'_, T> {
    /// x, (rows, inputs), and the labels of these rows. Panics at a row that the set does not have.
    pub fn draw(&mut self, rows: ArrayView1<i32>) -> (ArrayView2<'_, T>, &Target<T>) {
        let Batch { images, x, t } = self;
        let (arch, scale) = (Arch::new(), real(images.scale));
        fit(x, (rows.len(), images.pixels.ncols()));
        for (x, &row) in x.rows_mut().into_iter().zip(rows) {
            // By the widest instructions of this machine, a division is faster than to look its result up.
            let pixels = Zip::from(x).and(images.pixels.row(row as usize));
            arch.dispatch(|| pixels.for_each(|x, &byte| *x = T::from_u8(byte).expect("a byte is a number") / scale));
        }
        let Target::Labels(labels) = t else { unreachable!("a batch is made with labels") };
        if labels.len() != rows.len() {
            *labels = Array1::default(rows.len());
        }
        Zip::from(labels).and(rows).for_each(|label, &row| *label = images.labels[row as usize].into());
        (x.view(), t)
    }
}

/// The gradient, then the update of every parameter; the loss before it.
pub fn train_step<T: Real>(
    network: &mut Network<T>,
    x: ArrayView2<T>,
    t: &Target<T>,
    optimizer: &mut Optimizer<T>,
) -> T {
    let loss = network.backpropagate(x, t);
    optimizer.update(network);
    loss
}

/// One update for each row of batches, (steps, batch), rows of images: the loss before each, (steps,).
///
/// The images must fit the network, and the rows the images.
pub fn train<T: Real>(
    network: &mut Network<T>,
    images: &Images,
    batches: ArrayView2<i32>,
    optimizer: &mut Optimizer<T>,
) -> Array1<T> {
    let mut batch = images.batch();
    let step = |rows| {
        let (x, t) = batch.draw(rows);
        train_step(network, x, t, optimizer)
    };
    batches.rows().into_iter().map(step).collect()
}

/// The mean loss over the set, and the share of labels that the network gets right.
pub fn evaluate<T: Real>(network: &mut Network<T>, images: &Images) -> (T, f64) {
    let (mut loss, mut right) = (0.0, 0);
    let mut batch = images.batch();
    let all = Array1::from_iter(0..images.labels.len() as i32);
    for rows in all.axis_chunks_iter(Axis(0), ROWS_AT_A_TIME) {
        let (x, t) = batch.draw(rows);
        loss += network.loss(x, t).to_f64().expect("a loss is a number") * rows.len() as f64;
        right += network.right(t);
    }
    let count = all.len() as f64;
    (real(loss / count), right as f64 / count)
}
