//! The loaded case: a network in one dtype, its batch, and what may be asked of it whatever the dtype.

use std::hint::black_box;

use ndarray::{Array1, ArrayD, ArrayView2, ArrayViewD, IxDyn, aview0};

use crate::layers::{Real, Target, real};
use crate::network::Network;
use crate::numerical::central_difference;
use crate::operands::{all, named, rule, shaped};
use crate::optimizers::{Optimizer, Rule};
use crate::request::{Element, Refusal, field, number, numbers};
use crate::roofline::{product_operands, products};
use crate::specs;
use crate::timing::elapsed;
use crate::training::{Images, evaluate, train, train_step};
use crate::wire::{Arrays, Message};

/// A loaded case, whatever its dtype.
pub trait Case {
    fn inputs(&self) -> Arrays;
    fn predict(&mut self) -> Arrays;
    fn accuracy(&mut self) -> Arrays;
    fn gradient(&mut self) -> Arrays;
    fn numerical_gradient(&mut self, step: f64) -> Arrays;
    fn trace(&mut self) -> Arrays;
    fn params(&self) -> Arrays;
    /// Goes on from the parameters as they are, and from the optimizer's state where the rule is the same as before. The
    /// arrays have a mask for each step of each dropout layer.
    fn train(
        &mut self,
        rule: Rule,
        images: &Images,
        batches: ArrayView2<i32>,
        masks: &Arrays,
    ) -> Result<Arrays, String>;
    fn evaluate(&mut self, images: &Images) -> Result<Arrays, String>;
    /// Nanoseconds, (samples,). All is as it was afterwards, the parameters too.
    fn time(&mut self, timed: Timed, calls: usize, samples: usize) -> Result<Vec<f64>, String>;
}

/// What to time of a loaded case.
pub enum Timed {
    Predict,
    Gradient,
    NumericalGradient { step: f64 },
    TrainStep { rule: Rule },
    Products { affines: Vec<usize> },
}

impl Timed {
    /// As the request says.
    pub fn of(request: &Message) -> Result<Self, Refusal> {
        match field(request, "operation")? {
            "predict" => Ok(Timed::Predict),
            "gradient" => Ok(Timed::Gradient),
            "numerical_gradient" => Ok(Timed::NumericalGradient { step: number(request, "step")? }),
            "train_step" => Ok(Timed::TrainStep { rule: rule(request)? }),
            "products" => Ok(Timed::Products { affines: numbers(request, "affines")? }),
            other => Err(Refusal::Unsupported(format!("no operation {other} to time"))),
        }
    }
}

/// A case in its dtype.
pub struct Loaded<T> {
    x: ArrayD<T>,
    t: Target<T>,
    network: Network<T>,
    classes: usize,
    optimizer: Option<Optimizer<T>>, // of the last train
}

impl<T: Real + Element> Loaded<T> {
    /// Copies the arrays of the request, which must fit its layers.
    pub fn new(request: &Message) -> Result<Self, Refusal> {
        let specs::Case { x, t, network, classes } = specs::case(request)?;
        Ok(Loaded { x, t, network, classes, optimizer: None })
    }

    /// An error where the network cannot take these images, or has too few classes for their labels.
    fn check(&self, images: &Images) -> Result<(), String> {
        let (inputs, classes) = (self.image_shape().iter().product(), self.classes);
        let came = images.pixels.ncols();
        if came != inputs {
            return Err(format!("expected images of {inputs} pixels, came {came}"));
        }
        match images.labels.iter().max() {
            Some(&label) if usize::from(label) >= classes => {
                Err(format!("expected labels of images from 0 to {}, came {label}", classes - 1))
            }
            _ => Ok(()),
        }
    }

    /// Of one image as the network takes it.
    fn image_shape(&self) -> &[usize] {
        &self.x.shape()[1..]
    }

    /// The masks of each step, (steps, batch, ...), of every dropout layer.
    fn masks<'a>(&self, batches: ArrayView2<i32>, arrays: &'a Arrays) -> Result<Vec<ArrayViewD<'a, u8>>, String> {
        let of_layer = |(number, mask): (usize, &ArrayD<u8>)| {
            let shape = [&[batches.nrows(), batches.ncols()], &mask.shape()[1..]].concat();
            shaped::<u8, IxDyn>(arrays, &format!("mask{number}"), shape)
        };
        self.network.masks().map(of_layer).collect()
    }
}

impl<T: Real + Element> Case for Loaded<T> {
    fn inputs(&self) -> Arrays {
        let t = match &self.t {
            Target::OneHot(t) => named("t", t.view()),
            Target::Labels(t) => named("t", t.view()),
        };
        let mut inputs = vec![named("x", self.x.view()), t];
        for node in &self.network.nodes {
            inputs.extend(all(node.held()));
            inputs.extend(node.layer.mask().map(|mask| named(&format!("mask{}", node.number), mask.view())));
        }
        inputs
    }

    fn predict(&mut self) -> Arrays {
        vec![named("out", self.network.predict(self.x.view()))]
    }

    fn accuracy(&mut self) -> Arrays {
        vec![named("accuracy", aview0(&self.network.accuracy(self.x.view(), &self.t)))]
    }

    fn gradient(&mut self) -> Arrays {
        all(self.network.gradient(self.x.view(), &self.t))
    }

    fn numerical_gradient(&mut self, step: f64) -> Arrays {
        all(central_difference(&mut self.network, self.x.view(), &self.t, real(step)))
    }

    fn trace(&mut self) -> Arrays {
        all(self.network.trace(self.x.view(), &self.t))
    }

    fn params(&self) -> Arrays {
        all(self.network.held())
    }

    fn train(
        &mut self,
        rule: Rule,
        images: &Images,
        batches: ArrayView2<i32>,
        masks: &Arrays,
    ) -> Result<Arrays, String> {
        self.check(images)?;
        let count = images.pixels.nrows();
        if let Some(row) = batches.iter().find(|&&row| !usize::try_from(row).is_ok_and(|row| row < count)) {
            return Err(format!("array batches: expected rows from 0, of {count} images, came {row}"));
        }
        let masks = self.masks(batches, masks)?;
        let before = self.optimizer.take().filter(|before| before.rule == rule);
        let optimizer = self.optimizer.insert(before.unwrap_or_else(|| Optimizer::new(rule, &self.network)));
        let (network, shape) = (&mut self.network, &self.x.shape()[1..]);
        let of_x: Vec<_> = network.masks().map(|(_, mask)| mask.clone()).collect();
        let mut loss = Array1::default(0);
        let nanoseconds = elapsed(|| loss = train(network, images, shape, batches, &masks, optimizer), 1, 1);
        network.masks_mut().zip(of_x).for_each(|(mask, of_x)| *mask = of_x);
        Ok(vec![named("loss", loss.view()), named("nanoseconds", aview0(&nanoseconds[0]))])
    }

    fn evaluate(&mut self, images: &Images) -> Result<Arrays, String> {
        self.check(images)?;
        let (loss, accuracy) = evaluate(&mut self.network, images, &self.x.shape()[1..]);
        Ok(vec![named("loss", aview0(&loss)), named("accuracy", aview0(&accuracy))])
    }

    fn time(&mut self, timed: Timed, calls: usize, samples: usize) -> Result<Vec<f64>, String> {
        let Loaded { x, t, network, .. } = self;
        let x = || x.view();
        match timed {
            Timed::Predict => Ok(elapsed(|| _ = black_box(network.predict(x())), calls, samples)),
            Timed::Gradient => Ok(elapsed(|| _ = black_box(network.gradient(x(), t)), calls, samples)),
            Timed::NumericalGradient { step } => {
                let step = real(step);
                Ok(elapsed(|| _ = black_box(central_difference(network, x(), t, step)), calls, samples))
            }
            Timed::TrainStep { rule } => {
                let params: Vec<_> = network.params().map(|p| p.value.clone()).collect();
                let state: Vec<_> = network.state_mut().map(|running| running.value.clone()).collect();
                let mut optimizer = Optimizer::new(rule, network);
                let step = || _ = black_box(train_step(network, x(), t, &mut optimizer));
                let nanoseconds = elapsed(step, calls, samples);
                network.params_mut().zip(params).for_each(|(p, before)| p.value = before);
                network.state_mut().zip(state).for_each(|(running, before)| running.value = before);
                Ok(nanoseconds)
            }
            Timed::Products { affines } => {
                let operands = product_operands(network, x(), &affines)?;
                Ok(elapsed(|| products(network, &operands), calls, samples))
            }
        }
    }
}
