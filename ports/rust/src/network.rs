//! A network: affine layers with relu, sigmoid or tanh between them, and softmax with cross-entropy at the end.
//!
//! Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any number of layers.

use ndarray::{ArrayView, ArrayView1, ArrayView2, CowArray, Dimension, Ix2, IxDyn, arr0};

use crate::layers::{Activation, Affine, Real, Relu, Sigmoid, SoftmaxWithLoss, Tanh, Target, argmax};

/// Arrays by name, in order; lent by whoever computed them, where they are not made on the spot.
pub type Named<'a, T> = Vec<(String, CowArray<'a, T, IxDyn>)>;

/// A fresh activation of this name: relu, sigmoid or tanh. An error that says so for any other.
pub fn activation<T: Real, D: Dimension + 'static>(name: &str) -> Result<Box<dyn Activation<T, D>>, String> {
    match name {
        "relu" => Ok(Box::new(Relu::default())),
        "sigmoid" => Ok(Box::new(Sigmoid::default())),
        "tanh" => Ok(Box::new(Tanh::default())),
        _ => Err(format!("expected the activation relu, sigmoid or tanh, came {name}")),
    }
}

/// As many affine layers as weights, with an activation between each two.
pub struct Network<T> {
    pub affines: Vec<Affine<T>>,
    pub activations: Vec<Box<dyn Activation<T>>>,
    last: SoftmaxWithLoss<T>,
    activation: String,
}

impl<T: Real> Network<T> {
    /// Each layer's weights, `(sizes[i], sizes[i + 1])`, and biases, `(sizes[i + 1],)`, are copied.
    ///
    /// An error for an activation other than "relu", "sigmoid" or "tanh".
    pub fn new(
        parameters: &[(ArrayView2<T>, ArrayView1<T>)],
        activation_name: &str,
        epsilon: T,
    ) -> Result<Self, String> {
        activation::<T, Ix2>(activation_name)?; // a single layer has none, but its name must be right all the same
        let affines: Vec<_> = parameters.iter().map(|&(W, b)| Affine::new(W, b)).collect();
        let activations = affines.iter().skip(1).map(|_| activation(activation_name)).collect::<Result<_, _>>()?;
        Ok(Network { affines, activations, last: SoftmaxWithLoss::new(epsilon), activation: activation_name.into() })
    }

    /// The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies.
    pub fn params(&self) -> Named<'_, T> {
        let pairs = (1..).zip(&self.affines);
        pairs.flat_map(|(i, a)| [named(format!("W{i}"), a.W.view()), named(format!("b{i}"), a.b.view())]).collect()
    }

    /// The elements of parameter `k` of `params`, row by row, to be changed.
    pub fn param_mut(&mut self, k: usize) -> &mut [T] {
        let affine = &mut self.affines[k / 2];
        let elements = if k.is_multiple_of(2) { affine.W.as_slice_mut() } else { affine.b.as_slice_mut() };
        elements.expect("parameters are in C order")
    }

    /// The elements of every parameter, row by row, to be changed, and of its gradient as it was computed last: those of
    /// W1 and dW1, of b1 and db1, of W2 and dW2, ...
    pub fn params_and_gradient(&mut self) -> impl Iterator<Item = (&mut [T], &[T])> {
        let pairs = self.affines.iter_mut().flat_map(|Affine { W, b, dW, db, .. }| {
            [(W.as_slice_mut(), dW.as_slice()), (b.as_slice_mut(), db.as_slice())]
        });
        pairs.map(|(p, dp)| p.zip(dp).expect("parameters and their gradient are in C order"))
    }

    /// How many there are to tell apart.
    pub fn classes(&self) -> usize {
        self.affines.last().expect("a network has a layer").b.len()
    }

    /// The logits, (batch, classes), of x, (batch, inputs).
    pub fn predict(&mut self, x: ArrayView2<T>) -> ArrayView2<'_, T> {
        logits(&mut self.affines, &mut self.activations, x)
    }

    /// The mean cross-entropy against t.
    pub fn loss(&mut self, x: ArrayView2<T>, t: &Target<T>) -> T {
        self.last.forward(logits(&mut self.affines, &mut self.activations, x), t)
    }

    /// The share of rows whose largest logit (the first, in a tie) is at the label.
    pub fn accuracy(&mut self, x: ArrayView2<T>, t: &Target<T>) -> f64 {
        self.predict(x);
        self.right(t) as f64 / x.nrows() as f64
    }

    /// How many rows of the last pass have their largest logit (the first, in a tie) at the label.
    pub fn right(&self, t: &Target<T>) -> usize {
        let logits = &self.affines.last().expect("a network has a layer").out;
        logits.rows().into_iter().zip(t.labels()).filter(|(row, label)| argmax(*row) == *label).count()
    }

    /// The loss, and the gradient of every parameter: loss, dW1, db1, dW2, ...
    pub fn gradient(&mut self, x: ArrayView2<T>, t: &Target<T>) -> Named<'_, T> {
        let loss = self.backpropagate(x, t);
        let mut gradient = vec![scalar("loss", loss)];
        for (i, affine) in (1..).zip(&self.affines) {
            gradient.push(named(format!("dW{i}"), affine.dW.view()));
            gradient.push(named(format!("db{i}"), affine.db.view()));
        }
        gradient
    }

    /// The loss; each affine layer keeps the gradient of its parameters.
    pub fn backpropagate(&mut self, x: ArrayView2<T>, t: &Target<T>) -> T {
        let loss = self.loss(x, t);
        let (first, dout) = self.backward_to_first();
        first.backward_parameters(x, dout);
        loss
    }

    /// Every intermediate array of one forward and backward pass, in the order in which they arise.
    ///
    /// Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx, affine2.dW,
    /// affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db.
    pub fn trace(&mut self, x: ArrayView2<T>, t: &Target<T>) -> Named<'_, T> {
        let loss = self.loss(x, t);
        let (first, dout) = self.backward_to_first();
        first.backward(x, dout);
        let (kind, mut record) = (&self.activation, Vec::new());
        for (i, affine) in (1..).zip(&self.affines) {
            record.push(named(format!("affine{i}.out"), affine.out.view()));
            record.extend(self.activations.get(i - 1).map(|a| named(format!("{kind}{i}.out"), a.out())));
        }
        record.extend([named("softmax.y".into(), self.last.y.view()), scalar("loss", loss)]);
        record.push(named("softmax.dx".into(), self.last.dx.view()));
        for i in (1..=self.affines.len()).rev() {
            let affine = &self.affines[i - 1];
            record.extend(self.activations.get(i - 1).map(|a| named(format!("{kind}{i}.dx"), a.dx())));
            record.push(named(format!("affine{i}.dx"), affine.dx.view()));
            record.push(named(format!("affine{i}.dW"), affine.dW.view()));
            record.push(named(format!("affine{i}.db"), affine.db.view()));
        }
        record
    }

    /// Goes backward from the loss through all layers but the first; that one, and its dout.
    fn backward_to_first(&mut self) -> (&mut Affine<T>, ArrayView2<'_, T>) {
        let (first, rest) = self.affines.split_first_mut().expect("a network has a layer");
        let mut dout = self.last.backward();
        for (affine, activation) in rest.iter_mut().zip(&mut self.activations).rev() {
            let dx = affine.backward(activation.out(), dout);
            dout = activation.backward(dx);
        }
        (first, dout)
    }
}

/// The forward pass; apart from the network, so that the loss can take the logits on.
fn logits<'a, T: Real>(
    affines: &'a mut [Affine<T>],
    activations: &'a mut [Box<dyn Activation<T>>],
    x: ArrayView2<T>,
) -> ArrayView2<'a, T> {
    let mut x = x.reborrow(); // from here on it may be a layer's array, too
    let (last, rest) = affines.split_last_mut().expect("a network has a layer");
    for (affine, activation) in rest.iter_mut().zip(activations) {
        x = activation.forward(affine.forward(x));
    }
    last.forward(x)
}

fn named<T: Real, D: Dimension>(name: String, array: ArrayView<T, D>) -> (String, CowArray<T, IxDyn>) {
    (name, array.into_dyn().into())
}

fn scalar<T: Real>(name: &str, value: T) -> (String, CowArray<'static, T, IxDyn>) {
    (name.into(), arr0(value).into_dyn().into())
}
