//! The operations of the protocol: each takes a request, with its arrays decoded, and gives named arrays in order.

use std::collections::HashMap;
use std::hint::black_box;

use ndarray::{Ix1, Ix2, IxDyn, aview1};

use crate::case::{Case, Loaded, Timed};
use crate::layer_pass::layer_pass;
use crate::layers::Real;
use crate::operands::{OPTIMIZERS, named, rule, shaped, view};
use crate::product;
use crate::request::{Element, field, find, number};
use crate::server::Outcome;
use crate::specs::LAYERS;
use crate::timing::elapsed;
use crate::training::Images;
use crate::wire::{Array, Arrays, Data, Message};

/// How a request is answered.
pub type Handler = fn(&mut Port, Message) -> Outcome;

/// Every operation by its name, in the order in which hello lists them.
pub const HANDLERS: [(&str, Handler); 16] = [
    ("hello", Port::hello),
    ("load", Port::load),
    ("layer", Port::layer),
    ("inputs", Port::inputs),
    ("predict", Port::predict),
    ("accuracy", Port::accuracy),
    ("gradient", Port::gradient),
    ("numerical_gradient", Port::numerical_gradient),
    ("trace", Port::trace),
    ("null", Port::null),
    ("time", Port::time),
    ("data", Port::data),
    ("train", Port::train),
    ("params", Port::params),
    ("evaluate", Port::evaluate),
    ("update", Port::update),
];

const SETS: [&str; 3] = ["train", "validation", "test"];
const UNLOADED: &str = "nothing is loaded yet: send load first";

/// The loaded case; the arrays of the last `layer`, where that came after it; and the sets of images by name.
#[derive(Default)]
pub struct Port {
    case: Option<Box<dyn Case>>,
    layer: Option<Arrays>,
    sets: HashMap<String, Images>,
}

impl Port {
    fn hello(&mut self, _: Message) -> Outcome {
        let fields = [
            ("name", "rust"),
            ("language", "Rust"),
            ("version", env!("RUSTC_VERSION")),
            ("blas", &product::library()),
            ("threads", "1"),
            ("dtypes", "float32,float64"),
            ("layers", &LAYERS.join(",")),
            ("operations", &HANDLERS.map(|(name, _)| name).join(",")),
            ("optimizers", &OPTIMIZERS.join(",")),
            ("epsilon", "any"),
            ("networks", "any"),
        ];
        Ok((fields.map(|(key, value)| (key.into(), value.into())).into(), vec![]))
    }

    fn load(&mut self, request: Message) -> Outcome {
        (self.case, self.layer) = (None, None); // a load that fails leaves nothing of the one before
        self.case = match field(&request, "dtype")? {
            "float32" => Some(Box::new(Loaded::<f32>::new(&request)?)),
            "float64" => Some(Box::new(Loaded::<f64>::new(&request)?)),
            other => return Err(format!("expected dtype float32 or float64, came {other}").into()),
        };
        Ok((vec![], vec![]))
    }

    fn layer(&mut self, request: Message) -> Outcome {
        let mut pass = layer_pass(&request)?;
        pass.run();
        let results = pass.results();
        drop(pass);
        self.layer = Some(request.arrays);
        Ok((vec![], results))
    }

    fn inputs(&mut self, _: Message) -> Outcome {
        let inputs = match &self.layer {
            Some(arrays) => arrays.clone(),
            None => self.case()?.inputs(),
        };
        Ok((vec![], inputs))
    }

    fn predict(&mut self, _: Message) -> Outcome {
        Ok((vec![], self.case()?.predict()))
    }

    fn accuracy(&mut self, _: Message) -> Outcome {
        Ok((vec![], self.case()?.accuracy()))
    }

    fn gradient(&mut self, _: Message) -> Outcome {
        Ok((vec![], self.case()?.gradient()))
    }

    fn numerical_gradient(&mut self, request: Message) -> Outcome {
        Ok((vec![], self.case()?.numerical_gradient(number(&request, "step")?)))
    }

    fn trace(&mut self, _: Message) -> Outcome {
        Ok((vec![], self.case()?.trace()))
    }

    fn null(&mut self, _: Message) -> Outcome {
        Ok((vec![], vec![]))
    }

    fn time(&mut self, request: Message) -> Outcome {
        let (calls, samples) = (number(&request, "calls")?, number(&request, "samples")?);
        let nanoseconds = match field(&request, "operation")? {
            "null" => elapsed(|| black_box(()), calls, samples),
            "layer" => {
                let mut pass = layer_pass(&request)?;
                elapsed(|| black_box(&mut pass).run(), calls, samples)
            }
            _ => {
                let timed = Timed::of(&request)?;
                self.case()?.time(timed, calls, samples)?
            }
        };
        Ok((vec![], vec![named("nanoseconds", aview1(&nanoseconds))]))
    }

    fn data(&mut self, request: Message) -> Outcome {
        let name = field(&request, "set")?;
        if !SETS.contains(&name) {
            return Err(format!("expected the set {}, came {name}", SETS.join(", ")).into());
        }
        let pixels = view::<u8, Ix2>(&request.arrays, "images")?.as_standard_layout().into_owned();
        let labels = shaped::<u8, Ix1>(&request.arrays, "labels", pixels.nrows())?.to_owned();
        self.sets.insert(name.into(), Images { pixels, labels, scale: number(&request, "scale")? });
        Ok((vec![], vec![]))
    }

    fn train(&mut self, request: Message) -> Outcome {
        let (rule, batches) = (rule(&request)?, view::<i32, Ix2>(&request.arrays, "batches")?);
        let (case, images) = self.case_and_images("train")?;
        Ok((vec![], case.train(rule, images, batches.as_standard_layout().view(), &request.arrays)?))
    }

    fn params(&mut self, _: Message) -> Outcome {
        Ok((vec![], self.case()?.params()))
    }

    fn evaluate(&mut self, request: Message) -> Outcome {
        let (case, images) = self.case_and_images(field(&request, "set")?)?;
        Ok((vec![], case.evaluate(images)?))
    }

    fn update(&mut self, request: Message) -> Outcome {
        match find(&request.arrays, "p")?.data {
            Data::Float32(_) => updated::<f32>(&request),
            _ => updated::<f64>(&request),
        }
    }

    fn case(&mut self) -> Result<&mut Box<dyn Case>, String> {
        self.case.as_mut().ok_or_else(|| UNLOADED.into())
    }

    fn case_and_images(&mut self, set: &str) -> Result<(&mut Box<dyn Case>, &Images), String> {
        let case = self.case.as_mut().ok_or(UNLOADED)?;
        let images = self.sets.get(set).ok_or_else(|| format!("there is no set {set} yet: send data first"))?;
        Ok((case, images))
    }
}

/// p and the optimizer's state after one update.
fn updated<T: Real + Element>(request: &Message) -> Outcome {
    let (rule, iteration) = (rule(request)?, number(request, "iteration")?);
    if iteration == 0 {
        return Err("expected an iteration from 1, came 0".to_string().into());
    }
    let p = view::<T, IxDyn>(&request.arrays, "p")?;
    // Row by row, whatever the order in which it came.
    let elements = |name| Ok(shaped(&request.arrays, name, p.raw_dim())?.iter().copied().collect());
    let (mut after, dp): (Vec<T>, Vec<T>) = (elements("p")?, elements("dp")?);
    let mut state = rule.state_names().iter().map(|name| elements(name)).collect::<Result<Vec<_>, String>>()?;
    rule.update_one(iteration, &mut after, &dp, &mut state);
    let array = |values| Array { shape: p.shape().into(), fortran_order: false, data: T::data(values) };
    let state = rule.state_names().iter().zip(state).map(|(&name, values)| (name, values));
    Ok((vec![], [("p", after)].into_iter().chain(state).map(|(name, values)| (name.into(), array(values))).collect()))
}
