//! A network: layers in the order in which they are applied, and a loss at the end.
//!
//! Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.

use std::mem::take;

use ndarray::{ArrayD, ArrayView, ArrayViewD, CowArray, Dimension, IxDyn, Zip, arr0, aview1};

use crate::layers::{Layer, Loss, Param, Pass, Phase, Real, Running, Target, argmax, real, rows};

/// Arrays by name, in order; lent by whoever computed them, where they are not made on the spot.
pub type Named<'a, T> = Vec<(String, CowArray<'a, T, IxDyn>)>;

/// A layer of a network. The number counts those with parameters: affine1, relu1, affine2.
pub struct Node<T> {
    pub kind: String,
    pub number: usize,
    pub layer: Box<dyn Layer<T>>,
}

impl<T: Real> Node<T> {
    /// The parameters and the state of the layer by name.
    pub fn held(&self) -> Named<'_, T> {
        let Node { number, layer, .. } = self;
        let params = layer.params().iter().map(|p| named(format!("{}{number}", p.name), p.value.view()));
        let state = layer.state().iter().map(|s| named(format!("{}{number}", s.name), s.value.view()));
        params.chain(state).collect()
    }
}

/// Layers, and a loss.
///
/// The layers up to the last convolution or pooling have large arrays and take each image by itself, so image after image
/// goes through all of them, forward and backward: what one layer makes is still in the cache when the next reads it.
pub struct Network<T> {
    pub nodes: Vec<Node<T>>,
    front: usize, // so many take each image by itself
    last_kind: String,
    last: Box<dyn Loss<T>>,
    weight_decay: f64,
}

impl<T: Real> Network<T> {
    /// Weight decay times half the squares of all weights is added to the loss (section 6.4.2). The last layer's result
    /// is (batch, classes).
    pub fn new(nodes: Vec<Node<T>>, last_kind: &str, last: Box<dyn Loss<T>>, weight_decay: f64) -> Self {
        let of_images = |node: &Node<T>| ["convolution", "max_pooling"].contains(&node.kind.as_str());
        let front = nodes.iter().rposition(of_images).map_or(0, |i| i + 1);
        Network { nodes, front, last_kind: last_kind.into(), last, weight_decay }
    }

    /// The parameters, layer by layer.
    pub fn params(&self) -> impl Iterator<Item = &Param<T>> {
        self.nodes.iter().flat_map(|node| node.layer.params())
    }

    /// The same, to be changed.
    pub fn params_mut(&mut self) -> impl Iterator<Item = &mut Param<T>> {
        self.nodes.iter_mut().flat_map(|node| node.layer.params_mut())
    }

    /// What training moves on beside the parameters, to be changed.
    pub fn state_mut(&mut self) -> impl Iterator<Item = &mut Running<T>> {
        self.nodes.iter_mut().flat_map(|node| node.layer.state_mut())
    }

    /// The masks, each with the number of its layer.
    pub fn masks(&self) -> impl Iterator<Item = (usize, &ArrayD<u8>)> {
        self.nodes.iter().filter_map(|node| Some((node.number, node.layer.mask()?)))
    }

    /// The masks, to be changed.
    pub fn masks_mut(&mut self) -> impl Iterator<Item = &mut ArrayD<u8>> {
        self.nodes.iter_mut().filter_map(|node| node.layer.mask_mut())
    }

    /// The parameters and the state by name, W1, b1, gamma2, beta2, running_mean2, ...: the arrays themselves.
    pub fn held(&self) -> Named<'_, T> {
        self.nodes.iter().flat_map(Node::held).collect()
    }

    /// The logits, (batch, classes), of x, (batch, inputs) or (batch, channels, height, width).
    pub fn predict(&mut self, x: ArrayViewD<T>) -> ArrayViewD<'_, T> {
        self.forward(x, Phase::Test, 1);
        self.logits()
    }

    /// The mean loss against t in the training phase, and what weight decay adds.
    pub fn loss(&mut self, x: ArrayViewD<T>, t: &Target<T>) -> T {
        self.forward(x, Phase::Train, 1);
        self.compare(t) + self.penalty()
    }

    /// The mean loss of the last pass against t, without weight decay.
    pub fn compare(&mut self, t: &Target<T>) -> T {
        let logits = self.nodes.last().expect("a network has a layer").layer.out();
        self.last.forward(rows(logits), t)
    }

    /// The share of rows whose largest logit (the first, in a tie) is at the label.
    pub fn accuracy(&mut self, x: ArrayViewD<T>, t: &Target<T>) -> f64 {
        let batch = x.shape()[0];
        self.predict(x);
        self.right(t) as f64 / batch as f64
    }

    /// How many rows of the last pass have their largest logit (the first, in a tie) at the label.
    pub fn right(&self, t: &Target<T>) -> usize {
        rows(self.logits()).rows().into_iter().zip(t.labels()).filter(|(row, label)| argmax(*row) == *label).count()
    }

    /// The loss, and the gradient of every parameter: loss, dW1, db1, dW2, ...
    pub fn gradient(&mut self, x: ArrayViewD<T>, t: &Target<T>) -> Named<'_, T> {
        let loss = self.backpropagate(x, t);
        let mut gradient = vec![scalar("loss", loss)];
        for Node { number, layer, .. } in &self.nodes {
            gradient.extend(layer.params().iter().map(|p| named(format!("d{}{number}", p.name), p.gradient.view())));
        }
        gradient
    }

    /// The loss; each layer keeps the gradient of its parameters.
    pub fn backpropagate(&mut self, x: ArrayViewD<T>, t: &Target<T>) -> T {
        let loss = self.loss(x.view(), t);
        if let Some(first) = self.nodes.iter().position(|node| !node.layer.params().is_empty()) {
            self.backward(x, first, false, 1);
        }
        let decay: T = real(self.weight_decay);
        if decay != T::zero() {
            for W in self.params_mut().filter(|p| p.decays) {
                Zip::from(&mut W.gradient).and(&W.value).for_each(|dW, &W| *dW += decay * W);
            }
        }
        loss
    }

    /// Every intermediate array of one forward and backward pass, in the order in which they arise.
    ///
    /// Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx, affine2.dW,
    /// affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db. A layer with a state has
    /// that after its out, as this pass moves it on. Weight decay is in none of them.
    pub fn trace(&mut self, x: ArrayViewD<T>, t: &Target<T>) -> Named<'_, T> {
        let batch = x.shape()[0];
        self.forward(x.view(), Phase::Train, batch);
        let loss = self.compare(t);
        self.backward(x, 0, true, batch);
        let mut record = Vec::new();
        for Node { kind, number, layer } in &self.nodes {
            record.push(named(format!("{kind}{number}.out"), layer.out()));
            record.extend(layer.state().iter().map(|s| named(format!("{kind}{number}.{}", s.name), s.next.view())));
        }
        let last = self.last_kind.trim_end_matches("_with_loss");
        record.extend(self.last.y().map(|y| named(format!("{last}.y"), y)));
        record.push(scalar("loss", loss));
        record.push(named(format!("{last}.dx"), self.last.dx()));
        for Node { kind, number, layer } in self.nodes.iter().rev() {
            record.push(named(format!("{kind}{number}.dx"), layer.dx()));
            let params = layer.params().iter();
            record.extend(params.map(|p| named(format!("{kind}{number}.d{}", p.name), p.gradient.view())));
        }
        record
    }

    /// All layers, the first ones on so many images at a time.
    fn forward(&mut self, x: ArrayViewD<T>, phase: Phase, images: usize) {
        let (front, rest) = self.nodes.split_at_mut(self.front);
        let batch = x.shape()[0];
        if !front.is_empty() {
            Pass::parts(phase, batch, images).for_each(|pass| forward(front, pass.of(x.view()), &pass));
        }
        forward(rest, output(front, &x), &Pass::whole(phase, batch));
    }

    /// All layers from the last down to `first`; dx of that one only where `data`.
    fn backward(&mut self, x: ArrayViewD<T>, first: usize, data: bool, images: usize) {
        let (nodes, rest) = self.nodes.split_at_mut(first.max(self.front));
        let (below, front) = nodes.split_at_mut(first);
        let (phase, batch) = (Phase::Train, x.shape()[0]);
        let x = output(below, &x);
        let dout = self.last.backward().into_dyn();
        let whole = Pass::whole(phase, batch);
        let dout = backward(rest, output(front, &x), dout, data || !front.is_empty(), &whole);
        if !front.is_empty() {
            for pass in Pass::parts(phase, batch, images) {
                backward(front, pass.of(x.view()), pass.of(dout.view()), data, &pass);
            }
        }
    }

    /// What weight decay adds to the loss.
    fn penalty(&self) -> T {
        let half: T = real(self.weight_decay / 2.0);
        if half == T::zero() {
            return T::zero();
        }
        let squares = |part| aview1(part).dot(&aview1(part));
        let weights = self.params().filter(|p| p.decays);
        // In parts, as a long sum of squares loses digits.
        half * weights.flat_map(|W| W.vector().chunks(1024)).map(squares).fold(T::zero(), |sum, squares| sum + squares)
    }

    fn logits(&self) -> ArrayViewD<'_, T> {
        self.nodes.last().expect("a network has a layer").layer.out()
    }
}

/// The result of the last of these layers, or x where there are none.
pub fn output<'a, T: Real>(nodes: &'a [Node<T>], x: &'a ArrayViewD<T>) -> ArrayViewD<'a, T> {
    nodes.last().map_or(x.view(), |node| node.layer.out())
}

fn forward<T: Real>(nodes: &mut [Node<T>], x: ArrayViewD<T>, pass: &Pass) {
    nodes.iter_mut().fold(x.reborrow(), |x, node| node.layer.forward(x, pass));
}

/// dx of the first of these layers where `data`, or else of the second.
fn backward<'a, T: Real>(
    nodes: &'a mut [Node<T>],
    x: ArrayViewD<T>,
    dout: ArrayViewD<'a, T>,
    data: bool,
    pass: &Pass,
) -> ArrayViewD<'a, T> {
    let (mut nodes, mut dout) = (nodes, dout);
    while let Some((node, before)) = take(&mut nodes).split_last_mut() {
        let x = before.last().map_or(x.view(), |node| pass.of(node.layer.out()));
        if data || !before.is_empty() {
            dout = node.layer.backward(x, dout, pass);
        } else {
            node.layer.backward_parameters(x, dout.view(), pass);
        }
        nodes = before;
    }
    dout
}

fn named<T: Real, D: Dimension>(name: String, array: ArrayView<T, D>) -> (String, CowArray<T, IxDyn>) {
    (name, array.into_dyn().into())
}

fn scalar<T: Real>(name: &str, value: T) -> (String, CowArray<'static, T, IxDyn>) {
    (name.into(), arr0(value).into_dyn().into())
}
