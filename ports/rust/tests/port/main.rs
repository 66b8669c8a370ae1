//! The tests of the port, one file for each of the sources.

#![allow(non_snake_case)]

mod allocations;
mod exp;
mod layers;
mod network;
mod numerical;
mod operations;
mod optimizers;
mod product;
mod serve;
mod timing;
mod training;
mod wire;

use gradparity_port::layers::Real;
use ndarray::{Array, ArrayView, Dimension, IntoDimension};

/// An array of numbers between -1 and 1 that look random, the same in every run.
fn noise<T: Real, D: Dimension>(seed: u64, shape: impl IntoDimension<Dim = D>) -> Array<T, D> {
    let mut state = seed;
    Array::from_shape_simple_fn(shape.into_dimension(), || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        T::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0).unwrap()
    })
}

/// The largest |a - b|, over the largest |b|.
fn difference<T: Real, D: Dimension>(a: ArrayView<T, D>, b: ArrayView<T, D>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    let largest = |a: ArrayView<T, D>| a.iter().fold(T::zero(), |m, x| if x.abs() > m { x.abs() } else { m });
    (largest((&a - &b).view()) / largest(b)).to_f64().unwrap()
}
