//! Softmax, and the mean cross-entropy. Source: section 5.6.3.

use ndarray::{Array2, ArrayView2, Axis, Zip};

use super::{Loss, Real, Target, count, fit, replace};

/// softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.
///
/// The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one. `epsilon`
/// is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
#[derive(Default)]
pub struct SoftmaxWithLoss<T> {
    epsilon: T,
    labels: Vec<usize>,
    z: Array2<T>,
    y: Array2<T>,
    dx: Array2<T>,
}

impl<T: Real> SoftmaxWithLoss<T> {
    /// With this epsilon in the loss.
    pub fn new(epsilon: T) -> Self {
        SoftmaxWithLoss { epsilon, ..Self::default() }
    }
}

impl<T: Real> Loss<T> for SoftmaxWithLoss<T> {
    fn forward(&mut self, x: ArrayView2<T>, t: &Target<T>) -> T {
        self.labels.clear();
        self.labels.extend(t.labels());
        fit(&mut self.z, x.raw_dim());
        fit(&mut self.y, x.raw_dim());
        for (x, z) in x.rows().into_iter().zip(self.z.rows_mut()) {
            let max = x.fold(T::neg_infinity(), |max, &x| max.max(x));
            Zip::from(z).and(x).for_each(|z, &x| *z = x - max);
        }
        self.y.assign(&self.z);
        replace(self.y.view_mut(), |z| z.exponential());
        let mut sum = T::zero();
        for ((z, mut y), &label) in self.z.rows().into_iter().zip(self.y.rows_mut()).zip(&self.labels) {
            let total = y.sum();
            y /= total;
            let log_p = z[label] - total.ln();
            sum += if self.epsilon == T::zero() { log_p } else { (log_p.exp() + self.epsilon).ln() };
        }
        -sum / count(x.nrows())
    }

    /// dx = (y - t) / batch.
    fn backward(&mut self) -> ArrayView2<'_, T> {
        fit(&mut self.dx, self.y.raw_dim());
        self.dx.assign(&self.y);
        for (mut dx, &label) in self.dx.axis_iter_mut(Axis(0)).zip(&self.labels) {
            dx[label] -= T::one();
        }
        self.dx /= count::<T>(self.labels.len());
        self.dx.view()
    }

    fn dx(&self) -> ArrayView2<'_, T> {
        self.dx.view()
    }

    fn y(&self) -> Option<ArrayView2<'_, T>> {
        Some(self.y.view())
    }
}
