//! The protocol's operations: each answers a request by calls of my_network.rs.

use std::collections::HashMap;
use std::hint::black_box;
use std::panic::{catch_unwind, AssertUnwindSafe};

use super::array::Array;
use super::layer::{layer, results, KINDS};
use super::model::{Batch, Held, Model};
use super::optimizer::{optimizer, Optimizer, State, OPTIMIZERS};
use super::reading::{array, elements, has, labels, need, ok, refuse, tensor, unsupported, Found};
use super::request::{field, number, Element, Refusal};
use super::server::Outcome;
use super::timing::elapsed;
use super::trace::told;
use super::wire::{Arrays, Fields, Message};
use crate::my_network::{Matrix, Real, LOSS_EPSILON, NUMERICAL_STEP, WRITTEN};

const OTHERS: [&str; 7] =
    ["predict", "gradient", "accuracy", "numerical_gradient", "predict_layers", "gradient_layers", "accuracy_layers"];

struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
    inputs: usize,
    scale: Real,
}

impl Images {
    /// These rows as a batch of the network, whose x has this shape in a row.
    fn batch(&self, rows: &[i32], model: &Model, shape: &[usize]) -> Batch {
        let row = |&row: &i32| &self.pixels[row as usize * self.inputs..][..self.inputs];
        let data = rows.iter().flat_map(row).map(|&pixel| Real::from(pixel) / self.scale).collect();
        let t = rows.iter().map(|&row| self.labels[row as usize].into()).collect();
        model.batch(Array { shape: [&[rows.len()], shape].concat(), data }, t)
    }
}

struct Case {
    model: Model,
    batch: Batch,
    /// Of a row of x.
    shape: Vec<usize>,
}

impl Case {
    /// Whether the function for this kind of networks is written.
    fn can(&self, name: &str) -> Result<(), Refusal> {
        need(&self.model.of(name))
    }

    /// The step that the user's code takes.
    fn step(&self, request: &Message) -> Result<Real, Refusal> {
        if self.model.any {
            return unsupported("no numerical gradient of networks of any layers");
        }
        self.can("numerical_gradient")?;
        if NUMERICAL_STEP == "any" {
            return Ok(number(request, "step")?);
        }
        let what = "NUMERICAL_STEP in src/my_network.rs: expected \"any\" or a number, came";
        NUMERICAL_STEP.parse().or_else(|_| refuse(format!("{what} {NUMERICAL_STEP}")))
    }
}

/// An optimizer with what it keeps from one `train` to the next.
struct Trainer {
    fields: Fields,
    optimizer: Optimizer,
    states: Vec<State>,
    iteration: f64,
}

#[derive(Default)]
pub struct Port {
    /// What came last, to be given back by inputs.
    last: Arrays,
    loaded: Option<Case>,
    sets: HashMap<String, Images>,
    /// Of the last training since load.
    trainer: Option<Trainer>,
}

fn hello() -> Outcome {
    let known = |name: &&str| KINDS.contains(name) || OPTIMIZERS.contains(name) || OTHERS.contains(name);
    if let Some(name) = WRITTEN.iter().find(|name| !known(name)) {
        return refuse(format!("WRITTEN in src/my_network.rs: expected functions of that file, came {name}"));
    }
    let layers: Vec<_> = KINDS.into_iter().filter(|kind| has(kind)).collect();
    let optimizers: Vec<_> = OPTIMIZERS.into_iter().filter(|name| has(name)).collect();
    let any = has("predict_layers") && has("gradient_layers");
    let learns = any || has("predict") && has("gradient");
    let operations = [
        (true, "hello,load"),
        (!WRITTEN.is_empty(), "inputs,null,time"),
        (!layers.is_empty(), "layer"),
        (any || has("predict"), "predict"),
        (has("accuracy") || any && has("accuracy_layers"), "accuracy"),
        (any || has("gradient"), "gradient"),
        (has("numerical_gradient"), "numerical_gradient"),
        (!optimizers.is_empty(), "update"),
        (learns && !optimizers.is_empty(), "data,train,params,evaluate"),
    ];
    let operations: Vec<_> = operations.into_iter().filter(|one| one.0).map(|one| one.1).collect();
    let (layers, operations, optimizers) = (layers.join(","), operations.join(","), optimizers.join(","));
    let mut about = vec![
        ("name", "rust"),
        ("language", "Rust"),
        ("version", "edition 2021"),
        ("blas", "none"),
        ("threads", "1"),
        ("dtypes", Real::DTYPE),
        ("layers", &layers),
        ("operations", &operations),
        ("optimizers", &optimizers),
        ("epsilon", LOSS_EPSILON),
        ("step", NUMERICAL_STEP),
    ];
    if any {
        about.push(("networks", "any"));
    }
    let fields = about.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    Ok((fields, vec![]))
}

fn share(out: &Matrix, t: &[usize]) -> f64 {
    let is_less = |a: Real, b: Real| a < b || b.is_nan() && !a.is_nan();
    let first_largest = |row: &[Real]| (1..row.len()).fold(0, |i, j| if is_less(row[i], row[j]) { j } else { i });
    let right = out.data.chunks(out.columns).zip(t).filter(|(row, &label)| first_largest(row) == label).count();
    right as f64 / t.len() as f64
}

/// Nanoseconds of so many calls, so many times.
fn measure(request: &Message, call: impl FnMut()) -> Outcome {
    let nanoseconds = elapsed(call, number(request, "calls")?, number(request, "samples")?);
    ok(vec![array("nanoseconds", &[nanoseconds.len()], nanoseconds)])
}

fn update(request: &Message) -> Outcome {
    let (arrays, chosen) = (&request.arrays, optimizer(request)?);
    let (mut p, shape) = elements(arrays, "p")?;
    let held = |name: &str| match elements(arrays, name)? {
        (data, other) if other == shape => Ok(data),
        (_, other) => refuse(format!("expected p and {name} of one shape, came {shape:?} and {other:?}")),
    };
    let dp = held("dp")?;
    let mut state = chosen.state.iter().map(|name| held(name)).collect::<Result<_, _>>()?;
    let iteration = if chosen.state.len() == 2 { number(request, "iteration")? } else { 1.0 };
    (chosen.update)(&mut p, &dp, &mut state, iteration);
    let state = chosen.state.iter().zip(state).map(|(&name, one)| array(name, &shape, one));
    ok([array("p", &shape, p)].into_iter().chain(state).collect())
}

impl Port {
    fn case(&mut self) -> Result<&mut Case, Refusal> {
        self.loaded.as_mut().map_or_else(|| refuse("nothing is loaded yet: send load first"), Ok)
    }

    /// The loaded case, if the function for its kind of networks is written.
    fn able(&mut self, name: &str) -> Result<&mut Case, Refusal> {
        let case = self.case()?;
        case.can(name)?;
        Ok(case)
    }

    fn load(&mut self, request: Message) -> Outcome {
        let (arrays, dtype) = (&request.arrays, field(&request, "dtype")?);
        if dtype != Real::DTYPE {
            return unsupported(format!("no {dtype}"));
        }
        let (model, x, t) = (Model::new(&request)?, tensor(arrays, "x")?, labels(arrays)?);
        let Some((_, shape)) = x.shape.split_first() else { return refuse("expected x to be a batch, came a number") };
        let shape = shape.to_vec();
        self.loaded = Some(Case { batch: model.batch(x, t), model, shape });
        self.trainer = None;
        self.last = request.arrays;
        ok(vec![])
    }

    /// The set of this name, which must fit the loaded network.
    fn images(&mut self, name: &str) -> Result<&Images, Refusal> {
        let Case { model, shape, .. } = self.case()?;
        let inputs: usize = shape.iter().product();
        let classes = model.learnt().last().map_or(usize::MAX, |bias| bias.data.len());
        let fits = |set: &&Images| set.inputs == inputs && set.labels.iter().all(|&t| usize::from(t) < classes);
        let what = || refuse(format!("expected the set {name}, with images and labels that fit the loaded network"));
        self.sets.get(name).filter(fits).map_or_else(what, Ok)
    }

    fn time(&mut self, request: &Message) -> Outcome {
        match field(request, "operation")? {
            "null" => measure(request, || black_box(())),
            "layer" => {
                let call = layer(request)?;
                measure(request, || _ = black_box(call(false)))
            }
            "predict" => {
                let Case { model, batch, .. } = self.able("predict")?;
                measure(request, || _ = black_box(model.predict(batch)))
            }
            "gradient" => {
                let Case { model, batch, .. } = self.able("gradient")?;
                let mut model = model.clone();
                measure(request, || _ = black_box(model.gradient(batch)))
            }
            "numerical_gradient" => {
                let case = self.case()?;
                let step = case.step(request)?;
                measure(request, || _ = black_box(case.model.numerical_gradient(&case.batch, step)))
            }
            "train_step" => {
                let Case { model, batch, .. } = self.able("gradient")?;
                let (optimizer, mut model, mut states, mut iteration) =
                    (optimizer(request)?, model.clone(), vec![], 0.0);
                measure(request, || {
                    iteration += 1.0;
                    black_box(model.step(batch, &optimizer, &mut states, iteration));
                })
            }
            other => unsupported(format!("no operation {other} to time")),
        }
    }

    fn data(&mut self, request: &Message) -> Outcome {
        let (pixels, shape) = elements(&request.arrays, "images")?;
        let &[_, inputs] = &shape[..] else { return refuse("expected images to be a matrix") };
        let (labels, _) = elements(&request.arrays, "labels")?;
        let set = Images { pixels, labels, inputs, scale: number(request, "scale")? };
        self.sets.insert(field(request, "set")?.into(), set);
        ok(vec![])
    }

    fn train(&mut self, request: &Message) -> Outcome {
        self.able("gradient")?;
        if self.trainer.as_ref().map(|trainer| &trainer.fields) != Some(&request.fields) {
            let (fields, optimizer) = (request.fields.clone(), optimizer(request)?);
            self.trainer = Some(Trainer { fields, optimizer, states: vec![], iteration: 0.0 });
        }
        let (rows, shape) = elements::<i32>(&request.arrays, "batches")?;
        let &[steps, size] = &shape[..] else { return refuse("expected batches to be a matrix") };
        let count = self.images("train")?.labels.len();
        if let Some(row) = rows.iter().find(|&&row| row < 0 || row as usize >= count) {
            return refuse(format!("expected rows of the set, came {row}"));
        }
        let Self { loaded: Some(Case { model, shape, .. }), trainer: Some(trainer), sets, .. } = self else {
            return refuse("nothing is loaded yet: send load first");
        };
        let (set, masks, mut losses) = (&sets["train"], model.masks(&request.arrays, steps)?, vec![]);
        let train = || {
            for (i, rows) in rows.chunks(size).enumerate() {
                let batch = set.batch(rows, model, shape);
                model.hold(&masks, i);
                trainer.iteration += 1.0;
                losses.push(model.step(&batch, &trainer.optimizer, &mut trainer.states, trainer.iteration));
            }
        };
        let nanoseconds = elapsed(train, 1, 1);
        ok(vec![losses.named("loss"), array("nanoseconds", &[], nanoseconds)])
    }

    fn evaluate(&mut self, request: &Message) -> Outcome {
        self.able("predict")?.can("gradient")?;
        let name = field(request, "set")?;
        self.images(name)?;
        let Self { loaded: Some(Case { model, shape, .. }), sets, .. } = self else {
            return refuse("nothing is loaded yet: send load first");
        };
        let set = &sets[name];
        let batch = set.batch(&(0..set.labels.len() as i32).collect::<Vec<_>>(), model, shape);
        let logits = model.predict(&batch);
        let share = if has(&model.of("accuracy")) { model.accuracy(&batch) } else { share(&logits, &batch.t) };
        ok(vec![model.loss(&batch, &logits)?.named("loss"), array("accuracy", &[], vec![share])])
    }

    fn operation(&mut self, request: Message) -> Outcome {
        match request.word.as_str() {
            "hello" => hello(),
            "load" => self.load(request),
            "layer" => {
                let arrays = results(&request)?;
                self.last = request.arrays;
                ok(arrays)
            }
            "inputs" => ok(self.last.clone()),
            "null" => ok(vec![]),
            "predict" => {
                let Case { model, batch, .. } = self.able("predict")?;
                ok(vec![model.predict(batch).named("out")])
            }
            "accuracy" => {
                let Case { model, batch, .. } = self.able("accuracy")?;
                ok(vec![array("accuracy", &[], vec![model.accuracy(batch)])])
            }
            "gradient" => {
                let Case { model, batch, .. } = self.able("gradient")?;
                let (loss, gradients) = model.clone().gradient(batch); // as the loaded one's running statistics stay
                let mut arrays = vec![loss.named("loss")];
                arrays.extend(model.named_gradients(gradients));
                ok(arrays)
            }
            "numerical_gradient" => {
                let case = self.case()?;
                let step = case.step(&request)?;
                let gradients = case.model.numerical_gradient(&case.batch, step);
                ok(case.model.named_gradients(gradients))
            }
            "time" => self.time(&request),
            "data" => self.data(&request),
            "train" => self.train(&request),
            "params" => {
                let held = self.case()?.model.held();
                let named = |one: Held| array(one.name, &one.shape, one.data.clone());
                ok(held.into_iter().map(named).collect())
            }
            "evaluate" => self.evaluate(&request),
            "update" => update(&request),
            other => unsupported(format!("no operation {other}")),
        }
    }

    /// A panic is an answer, too.
    pub fn answer(&mut self, request: Message) -> Outcome {
        catch_unwind(AssertUnwindSafe(|| self.operation(request))).unwrap_or_else(|panic| refuse(told(&*panic)))
    }
}
