//! The loaded network, whichever of the two: of affine layers with one activation, or of any layers.

use super::array::Array;
use super::layer::KINDS;
use super::optimizer::{Optimizer, State};
use super::reading::{as_rows, elements, has, mask, need, refuse, sized, tensor, unsupported, vector, Found};
use super::request::{field, number, numbers, Refusal};
use super::wire::{Arrays, Message};
use crate::my_network::{self as mine, Layer, Matrix, Network, Real};

/// x as the network takes it: rows in that of affine layers, or else images or rows.
pub struct Batch {
    pub rows: Matrix,
    pub x: Array,
    pub t: Vec<usize>,
}

/// An array of a network, by its name on the wire.
pub struct Held<'a> {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: &'a mut Vec<Real>,
    pub learnt: bool,
}

impl<'a> Held<'a> {
    fn new(name: String, array: &'a mut Array, learnt: bool) -> Self {
        Held { name, shape: array.shape.clone(), data: &mut array.data, learnt }
    }
}

/// Of a dropout layer, the masks of all steps of training.
pub struct Masks {
    layer: usize,
    shape: Vec<usize>,
    data: Vec<u8>,
}

#[derive(Clone)]
pub struct Model {
    /// Of any layers: then `net` is empty, or else `layers`.
    pub any: bool,
    net: Network,
    layers: Vec<Layer>,
    /// Of each layer, its number as the wire counts them.
    numbers: Vec<usize>,
    weight_decay: Real,
}

impl Model {
    /// The network of the request.
    pub fn new(request: &Message) -> Result<Self, Refusal> {
        let net = Network {
            w: vec![],
            b: vec![],
            relu: false,
            epsilon: number(request, "epsilon")?,
            activation: String::new(),
        };
        let any = field(request, "layers").is_ok();
        let mut model = Model { any, net, layers: vec![], numbers: vec![], weight_decay: 0.0 };
        let supported = if any {
            model.read_layers(request)?;
            mine::supports_layers(&model.layers)
        } else {
            model.read_affines(request)?;
            mine::supports(&model.net)
        };
        if !supported {
            return unsupported(format!("no such network: {} in src/my_network.rs says so", model.of("supports")));
        }
        Ok(model)
    }

    fn read_affines(&mut self, request: &Message) -> Result<(), Refusal> {
        let (arrays, sizes) = (&request.arrays, numbers::<usize>(request, "sizes")?);
        self.net.activation = field(request, "activation")?.into();
        self.net.relu = self.net.activation == "relu";
        for l in 1..sizes.len() {
            self.net.w.push(sized(arrays, &format!("W{l}"), sizes[l - 1], sizes[l])?);
            self.net.b.push(vector(arrays, &format!("b{l}"), sizes[l])?);
        }
        Ok(())
    }

    fn read_layers(&mut self, request: &Message) -> Result<(), Refusal> {
        if !has("predict_layers") || !has("gradient_layers") {
            let what = "fill in predict_layers and gradient_layers in src/my_network.rs, and add both to WRITTEN there";
            return unsupported(format!("no networks of any layers: {what}"));
        }
        self.weight_decay = number(request, "weight_decay")?;
        let mut number = 0;
        for kind in field(request, "layers")?.split(',') {
            if !KINDS.contains(&kind) {
                return unsupported(format!("no layer {kind}"));
            }
            number += usize::from(["affine", "convolution", "batch_norm"].contains(&kind));
            self.numbers.push(number);
            self.layers.push(read_layer(request, kind, number)?);
        }
        Ok(())
    }

    /// The name of the function for this kind of networks.
    pub fn of(&self, name: &str) -> String {
        if self.any {
            format!("{name}_layers")
        } else {
            name.into()
        }
    }

    pub fn batch(&self, x: Array, t: Vec<usize>) -> Batch {
        if self.any {
            return Batch { rows: Matrix { rows: 0, columns: 0, data: vec![] }, x, t };
        }
        Batch { rows: as_rows(x), x: Array::zeros([0]), t }
    }

    /// All arrays that `params` gives, in order.
    pub fn held(&mut self) -> Vec<Held<'_>> {
        let mut held = vec![];
        for (l, (w, b)) in self.net.w.iter_mut().zip(&mut self.net.b).enumerate() {
            let shape = vec![w.rows, w.columns];
            held.push(Held { name: format!("W{}", l + 1), shape, data: &mut w.data, learnt: true });
            held.push(Held { name: format!("b{}", l + 1), shape: vec![b.len()], data: b, learnt: true });
        }
        for (layer, number) in self.layers.iter_mut().zip(&self.numbers) {
            let mut add = |name: &str, array, learnt| held.push(Held::new(format!("{name}{number}"), array, learnt));
            match layer.kind.as_str() {
                "affine" | "convolution" => {
                    add("W", &mut layer.w, true);
                    add("b", &mut layer.b, true);
                }
                "batch_norm" => {
                    add("gamma", &mut layer.gamma, true);
                    add("beta", &mut layer.beta, true);
                    add("running_mean", &mut layer.running_mean, false);
                    add("running_var", &mut layer.running_var, false);
                }
                _ => {}
            }
        }
        held
    }

    /// Those of them that are learnt.
    pub fn learnt(&mut self) -> Vec<Held<'_>> {
        let mut held = self.held();
        held.retain(|one| one.learnt);
        held
    }

    pub fn predict(&self, batch: &Batch) -> Matrix {
        if self.any {
            mine::predict_layers(&self.layers, &batch.x)
        } else {
            mine::predict(&self.net, &batch.rows)
        }
    }

    pub fn accuracy(&self, batch: &Batch) -> f64 {
        let Batch { rows, x, t } = batch;
        if self.any {
            mine::accuracy_layers(&self.layers, x, t)
        } else {
            mine::accuracy(&self.net, rows, t)
        }
    }

    /// The loss, and the gradients of the parameters in their order. In a network of any layers, this may move the
    /// running statistics on.
    pub fn gradient(&mut self, batch: &Batch) -> (Real, Vec<Array>) {
        let Batch { rows, x, t } = batch;
        if self.any {
            return mine::gradient_layers(&mut self.layers, x, t, self.weight_decay, self.net.epsilon);
        }
        let (loss, dw, db) = mine::gradient(&self.net, rows, t);
        (loss, in_order(dw, db))
    }

    pub fn numerical_gradient(&self, batch: &Batch, step: Real) -> Vec<Array> {
        let (dw, db) = mine::numerical_gradient(&self.net, &batch.rows, &batch.t, step);
        in_order(dw, db)
    }

    /// The gradients as they travel.
    pub fn named_gradients(&mut self, gradients: Vec<Array>) -> Arrays {
        let learnt = self.learnt();
        check(&learnt, &gradients);
        learnt.iter().zip(gradients).map(|(one, gradient)| gradient.named(&format!("d{}", one.name))).collect()
    }

    /// A gradient, and the update of every parameter; the loss. The states are made where there are none yet.
    pub fn step(&mut self, batch: &Batch, optimizer: &Optimizer, states: &mut Vec<State>, iteration: f64) -> Real {
        let (loss, gradients) = self.gradient(batch);
        let learnt = self.learnt();
        check(&learnt, &gradients);
        for (i, (Held { name, data: p, .. }, gradient)) in learnt.into_iter().zip(&gradients).enumerate() {
            let (expected, came) = (p.len(), gradient.data.len());
            assert!(came == expected, "expected d{name} to have {expected} elements, came {came}");
            if states.len() == i {
                states.push(vec![vec![0.0; expected]; optimizer.state.len()]);
            }
            (optimizer.update)(p, &gradient.data, &mut states[i], iteration);
        }
        loss
    }

    /// The loss in the test phase, of logits.
    pub fn loss(&mut self, batch: &Batch, logits: &Matrix) -> Result<Real, Refusal> {
        if !self.any {
            return Ok(self.gradient(batch).0);
        }
        let kind = self.layers.last().map_or("", |layer| &layer.kind);
        need(kind)?;
        Ok(match kind {
            "squared_error" => mine::squared_error(logits, &batch.t).0,
            _ => mine::softmax_with_loss(logits, &batch.t, self.net.epsilon).0,
        })
    }

    /// The masks that came with a request for training.
    pub fn masks(&self, arrays: &Arrays, steps: usize) -> Result<Vec<Masks>, Refusal> {
        let mut masks = vec![];
        for (layer, number) in (0..self.layers.len()).zip(&self.numbers) {
            if self.layers[layer].kind != "dropout" {
                continue;
            }
            let name = format!("mask{number}");
            let (data, shape) = elements(arrays, &name)?;
            if shape.first() != Some(&steps) {
                return refuse(format!("expected a mask for each step, came {name} of shape {shape:?}"));
            }
            masks.push(Masks { layer, shape: shape[1..].to_vec(), data });
        }
        Ok(masks)
    }

    /// Gives each dropout layer its mask of this step.
    pub fn hold(&mut self, masks: &[Masks], step: usize) {
        for Masks { layer, shape, data } in masks {
            let size: usize = shape.iter().product();
            let data = data[step * size..][..size].iter().map(|&kept| Real::from(kept)).collect();
            self.layers[*layer].mask = Array { shape: shape.clone(), data };
        }
    }
}

fn read_layer(request: &Message, kind: &str, number: usize) -> Result<Layer, Refusal> {
    let none = || Array::zeros([0]);
    let mut layer = Layer {
        kind: kind.into(),
        w: none(),
        b: none(),
        stride: 0,
        pad: 0,
        height: 0,
        width: 0,
        gamma: none(),
        beta: none(),
        running_mean: none(),
        running_var: none(),
        momentum: 0.0,
        epsilon: 0.0,
        mask: none(),
        ratio: 0.0,
    };
    let held = |name| tensor(&request.arrays, &format!("{name}{number}"));
    let size = |name| super::request::number::<usize>(request, &format!("{kind}{number}.{name}"));
    let real = |name| super::request::number::<f64>(request, &format!("{kind}{number}.{name}"));
    if ["affine", "convolution"].contains(&kind) {
        (layer.w, layer.b) = (held("W")?, held("b")?);
    }
    if ["convolution", "max_pooling"].contains(&kind) {
        (layer.stride, layer.pad) = (size("stride")?, size("pad")?);
    }
    if kind == "max_pooling" {
        (layer.height, layer.width) = (size("height")?, size("width")?);
    }
    if kind == "batch_norm" {
        (layer.gamma, layer.beta) = (held("gamma")?, held("beta")?);
        (layer.running_mean, layer.running_var) = (held("running_mean")?, held("running_var")?);
        (layer.momentum, layer.epsilon) = (real("momentum")?, real("epsilon")?);
    }
    if kind == "dropout" {
        (layer.mask, layer.ratio) = (mask(&request.arrays, &format!("mask{number}"))?, real("ratio")?);
    }
    Ok(layer)
}

fn in_order(dw: Vec<Matrix>, db: Vec<Vec<Real>>) -> Vec<Array> {
    assert!(dw.len() == db.len(), "expected as many db as dw, came {} and {}", db.len(), dw.len());
    let pair = |(dw, db): (Matrix, Vec<Real>)| [Array { shape: vec![dw.rows, dw.columns], data: dw.data }, db.into()];
    dw.into_iter().zip(db).flat_map(pair).collect()
}

fn check(learnt: &[Held], gradients: &[Array]) {
    let names: Vec<_> = learnt.iter().map(|one| format!("d{}", one.name)).collect();
    let (expected, came) = (names.join(", "), gradients.len());
    assert!(came == names.len(), "expected the gradients {expected}, came {came} of them");
}
