//! The loaded case: a network in one dtype, its batch, and what may be asked of it whatever the dtype.

use std::hint::black_box;

use ndarray::{Array1, Array2, ArrayView2, Ix2, aview0};

use crate::layers::{Real, Target, real};
use crate::network::Network;
use crate::numerical::central_difference;
use crate::operands::{all, named, rule, shaped, target, view};
use crate::optimizers::{Optimizer, Rule};
use crate::request::{Element, Refusal, field, number, numbers};
use crate::roofline::{layer_inputs, products};
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
    /// Goes on from the parameters as they are, and from the optimizer's state where the rule is the same as before.
    fn train(&mut self, rule: Rule, images: &Images, batches: ArrayView2<i32>) -> Result<Arrays, String>;
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
    x: Array2<T>,
    t: Target<T>,
    network: Network<T>,
    optimizer: Option<Optimizer<T>>, // of the last train
}

impl<T: Real + Element> Loaded<T> {
    /// Copies the arrays of the request, which must fit its sizes.
    pub fn new(request: &Message) -> Result<Self, String> {
        let (arrays, sizes) = (&request.arrays, numbers::<usize>(request, "sizes")?);
        if sizes.len() < 2 {
            return Err(format!("expected sizes as inputs,...,classes, came {}", field(request, "sizes")?));
        }
        let batch = view::<T, Ix2>(arrays, "x")?.nrows();
        let x = shaped(arrays, "x", (batch, sizes[0]))?.as_standard_layout().into_owned();
        let t = target(arrays, batch, sizes[sizes.len() - 1])?;
        let layer = |(i, pair): (usize, &[usize])| {
            Ok((shaped(arrays, &format!("W{i}"), (pair[0], pair[1]))?, shaped(arrays, &format!("b{i}"), pair[1])?))
        };
        let parameters = (1..).zip(sizes.windows(2)).map(layer).collect::<Result<Vec<_>, String>>()?;
        let network = Network::new(&parameters, field(request, "activation")?, real(number(request, "epsilon")?))?;
        Ok(Loaded { x, t, network, optimizer: None })
    }

    /// An error where the network cannot take these images, or has too few classes for their labels.
    fn check(&self, images: &Images) -> Result<(), String> {
        let (inputs, classes) = (self.x.ncols(), self.network.classes());
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
}

impl<T: Real + Element> Case for Loaded<T> {
    fn inputs(&self) -> Arrays {
        let t = match &self.t {
            Target::OneHot(t) => named("t", t.view()),
            Target::Labels(t) => named("t", t.view()),
        };
        [named("x", self.x.view()), t].into_iter().chain(all(self.network.params())).collect()
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
        all(self.network.params())
    }

    fn train(&mut self, rule: Rule, images: &Images, batches: ArrayView2<i32>) -> Result<Arrays, String> {
        self.check(images)?;
        let count = images.pixels.nrows();
        if let Some(row) = batches.iter().find(|&&row| !usize::try_from(row).is_ok_and(|row| row < count)) {
            return Err(format!("array batches: expected rows from 0, of {count} images, came {row}"));
        }
        let before = self.optimizer.take().filter(|before| before.rule == rule);
        let optimizer = self.optimizer.insert(before.unwrap_or_else(|| Optimizer::new(rule, &self.network)));
        let mut loss = Array1::default(0);
        let nanoseconds = elapsed(|| loss = train(&mut self.network, images, batches, optimizer), 1, 1);
        Ok(vec![named("loss", loss.view()), named("nanoseconds", aview0(&nanoseconds[0]))])
    }

    fn evaluate(&mut self, images: &Images) -> Result<Arrays, String> {
        self.check(images)?;
        let (loss, accuracy) = evaluate(&mut self.network, images);
        Ok(vec![named("loss", aview0(&loss)), named("accuracy", aview0(&accuracy))])
    }

    fn time(&mut self, timed: Timed, calls: usize, samples: usize) -> Result<Vec<f64>, String> {
        let Loaded { x, t, network, .. } = self;
        let x = x.view();
        match timed {
            Timed::Predict => Ok(elapsed(|| _ = black_box(network.predict(x)), calls, samples)),
            Timed::Gradient => Ok(elapsed(|| _ = black_box(network.gradient(x, t)), calls, samples)),
            Timed::NumericalGradient { step } => {
                let step = real(step);
                Ok(elapsed(|| _ = black_box(central_difference(network, x, t, step)), calls, samples))
            }
            Timed::TrainStep { rule } => {
                let before: Vec<_> = network.params_and_gradient().map(|(p, _)| p.to_vec()).collect();
                let mut optimizer = Optimizer::new(rule, network);
                let nanoseconds = elapsed(|| _ = black_box(train_step(network, x, t, &mut optimizer)), calls, samples);
                network.params_and_gradient().zip(before).for_each(|((p, _), before)| p.copy_from_slice(&before));
                Ok(nanoseconds)
            }
            Timed::Products { affines } => {
                let depth = network.affines.len();
                if let Some(other) = affines.iter().find(|i| !(1..=depth).contains(*i)) {
                    return Err(format!("expected affines from 1 to {depth}, came {other}"));
                }
                let inputs = layer_inputs(network, x, &affines);
                Ok(elapsed(|| products(network, &inputs), calls, samples))
            }
        }
    }
}
