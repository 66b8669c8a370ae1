//! Optimizers: each updates the parameters in place, given their gradient.
//!
//! Source: "Deep Learning from Scratch", section 6.1.

use ndarray::{ArrayViewD, ArrayViewMutD};

use crate::layers::Real;

/// Stochastic gradient descent: p <- p - learning_rate * dp.
pub struct SGD<T> {
    pub learning_rate: T,
}

impl<T: Real> SGD<T> {
    /// params are W1, b1, ..., changed in place; gradient has dW1, db1, ... of their shapes.
    pub fn update(&self, params: Vec<ArrayViewMutD<T>>, gradient: Vec<ArrayViewD<T>>) {
        for (mut p, dp) in params.into_iter().zip(gradient) {
            p.zip_mut_with(&dp, |p, &dp| *p -= self.learning_rate * dp);
        }
    }
}
