//! Batch normalization. Source: section 6.3; S. Ioffe and C. Szegedy (2015).

use ndarray::{Array1, Array2, ArrayD, ArrayView1, ArrayView2, ArrayViewD, ArrayViewMut1, Zip, aview1};

use super::{Layer, Param, Pass, Phase, Real, Running, count, fit, real, rows, rows_mut};

/// gamma (x - mean) / sqrt(var + epsilon) + beta, column by column over the batch.
///
/// In training mean and variance are those of the batch (the variance is the mean of the squares, not n - 1), and the
/// running ones follow: running <- momentum running + (1 - momentum) of the batch. In the test the running ones are
/// used, and stay.
pub struct BatchNorm<T> {
    momentum: f64,
    epsilon: T,
    params: [Param<T>; 2],
    state: [Running<T>; 2],
    mean: Array1<T>,
    std: Array1<T>,
    xn: Array2<T>,
    out: ArrayD<T>,
    dx: ArrayD<T>,
}

impl<T: Real> BatchNorm<T> {
    /// Copies gamma and beta, the running mean and variance, each (features,).
    pub fn new(params: [ArrayView1<T>; 2], running: [ArrayView1<T>; 2], momentum: f64, epsilon: f64) -> Self {
        let ([gamma, beta], [mean, var]) = (params, running);
        BatchNorm {
            momentum,
            epsilon: real(epsilon),
            params: [Param::new("gamma", gamma.into_dyn(), false), Param::new("beta", beta.into_dyn(), false)],
            state: [Running::new("running_mean", mean), Running::new("running_var", var)],
            mean: mean.to_owned(),
            std: var.to_owned(),
            xn: Default::default(),
            out: Default::default(),
            dx: Default::default(),
        }
    }
}

impl<T: Real> Layer<T> for BatchNorm<T> {
    /// x is (batch, features), the whole batch; the same shape comes back.
    fn forward(&mut self, x: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        let BatchNorm { mean, std, epsilon, .. } = self;
        let [running_mean, running_var] = &mut self.state;
        let mut out = rows_mut(pass.fit(&mut self.out, x.shape()));
        let x = rows(x);
        let n = count::<T>(x.nrows());
        let (old, new): (T, T) = (real(self.momentum), real(1.0 - self.momentum));
        match pass.phase {
            Phase::Train => {
                sum_columns(&x, mean.view_mut());
                *mean /= n;
                let var = std;
                var.fill(T::zero());
                for x in x.rows() {
                    Zip::from(&mut *var).and(x).and(&*mean).for_each(|var, &x, &mean| *var += (x - mean) * (x - mean));
                }
                *var /= n;
                for (running, batch) in [(running_mean, &*mean), (running_var, &*var)] {
                    let Running { value, next, .. } = running;
                    Zip::from(next).and(value).and(batch).for_each(|next, &mut running, &batch| {
                        *next = old * running + new * batch;
                    });
                }
            }
            Phase::Test => {
                mean.assign(&running_mean.value);
                std.assign(&running_var.value);
            }
        }
        self.std.mapv_inplace(|var| (var + *epsilon).sqrt());
        let [gamma, beta] = &self.params;
        fit(&mut self.xn, x.raw_dim());
        for ((x, xn), out) in x.rows().into_iter().zip(self.xn.rows_mut()).zip(out.rows_mut()) {
            Zip::from(xn).and(x).and(&self.mean).and(&self.std).and(out).for_each(|xn, &x, &mean, &std, out| {
                *xn = (x - mean) / std;
                *out = *xn;
            });
        }
        out *= &vector(&gamma.value);
        out += &vector(&beta.value);
        pass.of(self.out.view())
    }

    /// In training mean and variance depend on x as well.
    fn backward(&mut self, _: ArrayViewD<T>, dout: ArrayViewD<T>, pass: &Pass) -> ArrayViewD<'_, T> {
        fit(&mut self.dx, dout.raw_dim());
        let (dout, mut dx) = (rows(dout), rows_mut(self.dx.view_mut()));
        let [gamma, beta] = &mut self.params;
        sum_columns(&dout, beta.gradient_vector());
        Zip::from(&mut dx).and(&dout).and(&self.xn).for_each(|dx, &dout, &xn| *dx = xn * dout);
        sum_columns(&dx.view(), gamma.gradient_vector());
        dx.assign(&dout);
        if pass.phase == Phase::Train {
            let n = count::<T>(dout.nrows());
            let (dgamma, dbeta) = (vector(&gamma.gradient), vector(&beta.gradient));
            for (dx, xn) in dx.rows_mut().into_iter().zip(self.xn.rows()) {
                let columns = Zip::from(dx).and(xn).and(dgamma).and(dbeta);
                columns.for_each(|dx, &xn, &dgamma, &dbeta| *dx -= (dbeta + xn * dgamma) / n);
            }
        }
        dx *= &vector(&gamma.value);
        dx /= &self.std;
        self.dx.view()
    }

    fn out(&self) -> ArrayViewD<'_, T> {
        self.out.view()
    }

    fn dx(&self) -> ArrayViewD<'_, T> {
        self.dx.view()
    }

    fn params(&self) -> &[Param<T>] {
        &self.params
    }

    fn params_mut(&mut self) -> &mut [Param<T>] {
        &mut self.params
    }

    fn state(&self) -> &[Running<T>] {
        &self.state
    }

    fn state_mut(&mut self) -> &mut [Running<T>] {
        &mut self.state
    }
}

fn sum_columns<T: Real>(x: &ArrayView2<T>, mut sum: ArrayViewMut1<T>) {
    sum.fill(T::zero());
    x.rows().into_iter().for_each(|row| sum += &row);
}

fn vector<T: Real>(x: &ArrayD<T>) -> ArrayView1<'_, T> {
    aview1(x.as_slice().expect("parameters and their gradient are in C order"))
}
