//! The layers. Each has `forward` and `backward`; what backward needs of its own results, forward keeps.
//!
//! Every layer computes in the dtype of its arguments (float32 or float64) and leaves its arguments as they are. A layer
//! owns the arrays that it computes, lends views of them, and uses them again in the next call. Its input stays with
//! the caller: where `backward` needs that, it is passed again.
//!
//! Source: Koki Saitoh, "Deep Learning from Scratch", chapter 5.

use ndarray::{
    Array, Array1, Array2, ArrayView, ArrayView1, ArrayView2, Axis, Dimension, IntoDimension, Ix2, NdFloat, Zip,
};
use num_traits::FromPrimitive;
use pulp::Arch;

use crate::exp::Exponential;
use crate::product::product;

/// float32 or float64.
pub trait Real: NdFloat + FromPrimitive + Default + Exponential {}
impl Real for f32 {}
impl Real for f64 {}

/// The number of this dtype that is nearest to value.
pub fn real<T: Real>(value: f64) -> T {
    T::from_f64(value).expect("float32 and float64 come of any number")
}

/// x * y, element by element.
#[derive(Default)]
pub struct Multiply<T, D: Dimension = Ix2> {
    pub out: Array<T, D>,
    pub dx: Array<T, D>,
    pub dy: Array<T, D>,
}

impl<T: Real, D: Dimension> Multiply<T, D> {
    /// The product of two arrays of one shape.
    pub fn forward(&mut self, x: ArrayView<T, D>, y: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        Zip::from(&mut self.out).and(x).and(y).for_each(|out, &x, &y| *out = x * y);
        self.out.view()
    }

    /// dx and dy, kept: each factor's gradient is the other factor times dout.
    pub fn backward(&mut self, x: ArrayView<T, D>, y: ArrayView<T, D>, dout: ArrayView<T, D>) {
        fit(&mut self.dx, dout.raw_dim());
        fit(&mut self.dy, dout.raw_dim());
        Zip::from(&mut self.dx).and(&dout).and(y).for_each(|dx, &dout, &y| *dx = dout * y);
        Zip::from(&mut self.dy).and(&dout).and(x).for_each(|dy, &dout, &x| *dy = dout * x);
    }
}

/// x + y, element by element.
#[derive(Default)]
pub struct Add<T, D: Dimension = Ix2> {
    pub out: Array<T, D>,
    pub dx: Array<T, D>,
    pub dy: Array<T, D>,
}

impl<T: Real, D: Dimension> Add<T, D> {
    /// The sum of two arrays of one shape.
    pub fn forward(&mut self, x: ArrayView<T, D>, y: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        Zip::from(&mut self.out).and(x).and(y).for_each(|out, &x, &y| *out = x + y);
        self.out.view()
    }

    /// dx and dy, kept: both are dout.
    pub fn backward(&mut self, dout: ArrayView<T, D>) {
        for dx in [&mut self.dx, &mut self.dy] {
            fit(dx, dout.raw_dim());
            dx.assign(&dout);
        }
    }
}

/// A layer that maps each element by itself.
pub trait Activation<T: Real, D: Dimension = Ix2> {
    /// x of any shape; the same shape comes back.
    fn forward(&mut self, x: ArrayView<T, D>) -> ArrayView<'_, T, D>;

    /// dx, of the shape of x.
    fn backward(&mut self, dout: ArrayView<T, D>) -> ArrayView<'_, T, D>;

    /// What forward gave last.
    fn out(&self) -> ArrayView<'_, T, D>;

    /// What backward gave last.
    fn dx(&self) -> ArrayView<'_, T, D>;
}

/// max(x, 0), with gradient 0 at 0. NaN stays NaN.
#[derive(Default)]
pub struct Relu<T, D: Dimension = Ix2> {
    out: Array<T, D>,
    dx: Array<T, D>,
}

impl<T: Real, D: Dimension> Activation<T, D> for Relu<T, D> {
    fn forward(&mut self, x: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        Zip::from(&mut self.out).and(x).for_each(|out, &x| *out = if x <= T::zero() { T::zero() } else { x });
        self.out.view()
    }

    fn backward(&mut self, dout: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.dx, dout.raw_dim());
        let inactive = |out: T| out <= T::zero(); // which is where x is
        Zip::from(&mut self.dx).and(dout).and(&self.out).for_each(|dx, &dout, &out| {
            *dx = if inactive(out) { T::zero() } else { dout };
        });
        self.dx.view()
    }

    fn out(&self) -> ArrayView<'_, T, D> {
        self.out.view()
    }

    fn dx(&self) -> ArrayView<'_, T, D> {
        self.dx.view()
    }
}

/// 1 / (1 + exp(-x)).
#[derive(Default)]
pub struct Sigmoid<T, D: Dimension = Ix2> {
    out: Array<T, D>,
    dx: Array<T, D>,
}

impl<T: Real, D: Dimension> Activation<T, D> for Sigmoid<T, D> {
    fn forward(&mut self, x: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        self.out.assign(&x);
        replace(&mut self.out, |x| T::one() / (T::one() + (-x).exponential()));
        self.out.view()
    }

    fn backward(&mut self, dout: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.dx, dout.raw_dim());
        Zip::from(&mut self.dx)
            .and(dout)
            .and(&self.out)
            .for_each(|dx, &dout, &out| *dx = dout * out * (T::one() - out));
        self.dx.view()
    }

    fn out(&self) -> ArrayView<'_, T, D> {
        self.out.view()
    }

    fn dx(&self) -> ArrayView<'_, T, D> {
        self.dx.view()
    }
}

/// tanh(x), with the slope 1 - tanh(x)^2.
#[derive(Default)]
pub struct Tanh<T, D: Dimension = Ix2> {
    out: Array<T, D>,
    dx: Array<T, D>,
}

impl<T: Real, D: Dimension> Activation<T, D> for Tanh<T, D> {
    fn forward(&mut self, x: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.out, x.raw_dim());
        self.out.assign(&x);
        replace(&mut self.out, |x| x.hyperbolic_tangent());
        self.out.view()
    }

    fn backward(&mut self, dout: ArrayView<T, D>) -> ArrayView<'_, T, D> {
        fit(&mut self.dx, dout.raw_dim());
        Zip::from(&mut self.dx)
            .and(dout)
            .and(&self.out)
            .for_each(|dx, &dout, &out| *dx = dout * (T::one() - out * out));
        self.dx.view()
    }

    fn out(&self) -> ArrayView<'_, T, D> {
        self.out.view()
    }

    fn dx(&self) -> ArrayView<'_, T, D> {
        self.dx.view()
    }
}

/// x W + b: W is (inputs, outputs), b is (outputs,).
pub struct Affine<T> {
    pub W: Array2<T>,
    pub b: Array1<T>,
    pub out: Array2<T>,
    pub dx: Array2<T>,
    pub dW: Array2<T>,
    pub db: Array1<T>,
}

impl<T: Real> Affine<T> {
    /// Copies the parameters, in C order.
    pub fn new(W: ArrayView2<T>, b: ArrayView1<T>) -> Self {
        let (dW, db) = (Array2::zeros(W.raw_dim()), Array1::zeros(b.raw_dim()));
        let (W, b) = (W.as_standard_layout().into_owned(), b.to_owned());
        Affine { W, b, out: Array2::default((0, 0)), dx: Array2::default((0, 0)), dW, db }
    }

    /// x is (batch, inputs); the result is (batch, outputs).
    pub fn forward(&mut self, x: ArrayView2<T>) -> ArrayView2<'_, T> {
        fit(&mut self.out, (x.nrows(), self.b.len()));
        product(x, self.W.view(), self.out.view_mut());
        self.out += &self.b;
        self.out.view()
    }

    /// dx, (batch, inputs); keeps dW and db too. dout is (batch, outputs).
    pub fn backward(&mut self, x: ArrayView2<T>, dout: ArrayView2<T>) -> ArrayView2<'_, T> {
        self.backward_parameters(x, dout);
        fit(&mut self.dx, x.raw_dim());
        product(dout, self.W.t(), self.dx.view_mut());
        self.dx.view()
    }

    /// dW and db alone: all that a network's first layer owes, as nobody asks for the gradient of the data.
    pub fn backward_parameters(&mut self, x: ArrayView2<T>, dout: ArrayView2<T>) {
        product(x.t(), dout, self.dW.view_mut());
        self.db.fill(T::zero());
        dout.rows().into_iter().for_each(|row| self.db += &row);
    }
}

/// What the network ought to say: one-hot rows, (batch, classes), or labels, (batch,), from 0 to
/// classes - 1: softmax panics at any other.
pub enum Target<T> {
    OneHot(Array2<T>),
    Labels(Array1<i32>),
}

impl<T: Real> Target<T> {
    /// The label of each row of the batch.
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        let rows = match self {
            Target::OneHot(t) => t.nrows(),
            Target::Labels(t) => t.len(),
        };
        (0..rows).map(|row| match self {
            Target::OneHot(t) => argmax(t.row(row)),
            Target::Labels(t) => t[row] as usize,
        })
    }
}

/// Where the largest element is; the first, in a tie.
pub fn argmax<T: Real>(row: ArrayView1<T>) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

/// softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.
///
/// The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one. `epsilon`
/// is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
#[derive(Default)]
pub struct SoftmaxWithLoss<T> {
    epsilon: T,
    labels: Vec<usize>,
    z: Array2<T>,
    pub loss: T,
    pub y: Array2<T>,
    pub dx: Array2<T>,
}

impl<T: Real> SoftmaxWithLoss<T> {
    /// With this epsilon in the loss.
    pub fn new(epsilon: T) -> Self {
        SoftmaxWithLoss { epsilon, ..Self::default() }
    }

    /// The loss. x is (batch, classes).
    pub fn forward(&mut self, x: ArrayView2<T>, t: &Target<T>) -> T {
        self.labels.clear();
        self.labels.extend(t.labels());
        fit(&mut self.z, x.raw_dim());
        fit(&mut self.y, x.raw_dim());
        for (x, z) in x.rows().into_iter().zip(self.z.rows_mut()) {
            let max = x.fold(T::neg_infinity(), |max, &x| max.max(x));
            Zip::from(z).and(x).for_each(|z, &x| *z = x - max);
        }
        self.y.assign(&self.z);
        replace(&mut self.y, |z| z.exponential());
        let mut sum = T::zero();
        for ((z, mut y), &label) in self.z.rows().into_iter().zip(self.y.rows_mut()).zip(&self.labels) {
            let total = y.sum();
            y /= total;
            let log_p = z[label] - total.ln();
            sum += if self.epsilon == T::zero() { log_p } else { (log_p.exp() + self.epsilon).ln() };
        }
        self.loss = -sum / count(x.nrows());
        self.loss
    }

    /// dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout.
    pub fn backward(&mut self) -> ArrayView2<'_, T> {
        fit(&mut self.dx, self.y.raw_dim());
        self.dx.assign(&self.y);
        for (mut dx, &label) in self.dx.axis_iter_mut(Axis(0)).zip(&self.labels) {
            dx[label] -= T::one();
        }
        self.dx /= count::<T>(self.labels.len());
        self.dx.view()
    }
}

fn count<T: Real>(n: usize) -> T {
    T::from_usize(n).expect("a count is a number")
}

/// Gives a work array this shape: a new array only where the shape changed.
pub fn fit<T: Real, D: Dimension>(work: &mut Array<T, D>, shape: impl IntoDimension<Dim = D>) {
    let shape = shape.into_dimension();
    if work.raw_dim() != shape {
        *work = Array::zeros(shape);
    }
}

/// Each element x becomes f(x), by the widest instructions of this machine.
fn replace<T: Real, D: Dimension>(work: &mut Array<T, D>, f: impl Fn(T) -> T) {
    let elements = work.as_slice_mut().expect("work arrays are in C order");
    Arch::new().dispatch(|| elements.iter_mut().for_each(|x| *x = f(*x)));
}
