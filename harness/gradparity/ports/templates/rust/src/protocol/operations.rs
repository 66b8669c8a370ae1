//! The protocol's operations: each answers a request by calls of my_network.rs.

use std::collections::HashMap;
use std::hint::black_box;
use std::panic::{catch_unwind, AssertUnwindSafe};

use super::request::{field, find, number, numbers, row_by_row, Element, Refusal};
use super::server::Outcome;
use super::timing::elapsed;
use super::trace::told;
use super::wire::{Array, Arrays, Data, Message};
use crate::my_network::{affine, gradient, predict, relu, sgd, sigmoid, softmax_with_loss, supports};
use crate::my_network::{Matrix, Network, Real, LOSS_EPSILON, WRITTEN};

const LAYERS: [&str; 4] = ["affine", "relu", "sigmoid", "softmax_with_loss"];
const OTHERS: [&str; 3] = ["predict", "gradient", "sgd"];

/// A layer's call, ready to be made any number of times; its results are kept where it is told so.
type Call = Box<dyn Fn(bool) -> Arrays>;

fn refuse<T>(what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Error(what.into()))
}

fn unsupported<T>(what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Unsupported(what.into()))
}

fn ok(arrays: Arrays) -> Outcome {
    Ok((vec![], arrays))
}

fn has(name: &str) -> bool {
    WRITTEN.contains(&name)
}

fn need(name: &str) -> Result<(), Refusal> {
    if has(name) {
        return Ok(());
    }
    unsupported(format!("{name} is not written yet: fill it in in src/my_network.rs, and add it to WRITTEN there"))
}

// What a request holds.

/// The elements of the array of this name, row by row, and its shape.
fn elements<T: Element>(arrays: &Arrays, name: &str) -> Result<(Vec<T>, Vec<usize>), Refusal> {
    let array = find(arrays, name)?;
    match row_by_row(array) {
        Some(data) => Ok((data, array.shape.clone())),
        None => refuse(format!("array {name}: expected {}, came {array}", T::DTYPE)),
    }
}

fn matrix(arrays: &Arrays, name: &str) -> Result<Matrix, Refusal> {
    match elements(arrays, name)? {
        (data, shape) if shape.len() == 2 => Ok(Matrix { rows: shape[0], columns: shape[1], data }),
        _ => refuse(format!("expected {name} to be a matrix")),
    }
}

fn sized(arrays: &Arrays, name: &str, rows: usize, columns: usize) -> Result<Matrix, Refusal> {
    let a = matrix(arrays, name)?;
    if (a.rows, a.columns) != (rows, columns) {
        return refuse(format!("expected {name} to be ({rows}, {columns}), came ({}, {})", a.rows, a.columns));
    }
    Ok(a)
}

fn vector(arrays: &Arrays, name: &str, size: usize) -> Result<Vec<Real>, Refusal> {
    let (data, shape) = elements(arrays, name)?;
    if shape != [size] {
        return refuse(format!("expected {name} to be ({size},), came {shape:?}"));
    }
    Ok(data)
}

/// t as labels, from labels or from one-hot rows.
fn labels(arrays: &Arrays) -> Result<Vec<usize>, Refusal> {
    if let Data::Int32(labels) = &find(arrays, "t")?.data {
        return Ok(labels.iter().map(|&label| label as usize).collect());
    }
    let t = matrix(arrays, "t")?;
    Ok(t.data.chunks(t.columns).map(|row| row.iter().position(|&v| v != 0.0).unwrap_or(0)).collect())
}

// What a reply holds.

fn array<T: Element>(name: impl Into<String>, shape: &[usize], data: Vec<T>) -> (String, Array) {
    (name.into(), Array { shape: shape.to_vec(), fortran_order: false, data: T::data(data) })
}

fn of_matrix(name: impl Into<String>, a: &Matrix) -> (String, Array) {
    let (name, came) = (name.into(), a.data.len());
    assert!(came == a.rows * a.columns, "expected {name} to hold {} x {} elements, came {came}", a.rows, a.columns);
    array(name, &[a.rows, a.columns], a.data.clone())
}

fn parameters(prefix: &str, w: &[Matrix], b: &[Vec<Real>]) -> Arrays {
    let pair = |(l, (w, b)): (usize, (&Matrix, &Vec<Real>))| {
        let vector = array(format!("{prefix}b{}", l + 1), &[b.len()], b.clone());
        [of_matrix(format!("{prefix}W{}", l + 1), w), vector]
    };
    w.iter().zip(b).enumerate().flat_map(pair).collect()
}

// The operations.

struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
    inputs: usize,
    scale: Real,
}

impl Images {
    /// These rows as a batch.
    fn batch(&self, rows: &[i32]) -> (Matrix, Vec<usize>) {
        let row = |&row: &i32| &self.pixels[row as usize * self.inputs..][..self.inputs];
        let data = rows.iter().flat_map(row).map(|&pixel| Real::from(pixel) / self.scale).collect();
        let t = rows.iter().map(|&row| self.labels[row as usize].into()).collect();
        (Matrix { rows: rows.len(), columns: self.inputs, data }, t)
    }
}

struct Case {
    net: Network,
    x: Matrix,
    t: Vec<usize>,
}

#[derive(Default)]
pub struct Port {
    /// What came last, to be given back by inputs.
    last: Arrays,
    loaded: Option<Case>,
    sets: HashMap<String, Images>,
}

fn hello() -> Outcome {
    if let Some(name) = WRITTEN.iter().find(|name| !LAYERS.contains(name) && !OTHERS.contains(name)) {
        return refuse(format!("WRITTEN in src/my_network.rs: expected functions of that file, came {name}"));
    }
    let layers: Vec<_> = LAYERS.into_iter().filter(|kind| has(kind)).collect();
    let operations = [
        (true, "hello,load"),
        (!WRITTEN.is_empty(), "inputs,null,time"),
        (!layers.is_empty(), "layer"),
        (has("predict"), "predict,accuracy"),
        (has("gradient"), "gradient"),
        (has("sgd"), "update"),
        (OTHERS.into_iter().all(has), "data,train,params,evaluate"),
    ];
    let operations: Vec<_> = operations.into_iter().filter(|one| one.0).map(|one| one.1).collect();
    let about = [
        ("name", "PORT_NAME"),
        ("language", "Rust"),
        ("version", "edition 2021"),
        ("blas", "none"),
        ("threads", "1"),
        ("dtypes", Real::DTYPE),
        ("layers", &layers.join(",")),
        ("operations", &operations.join(",")),
        ("optimizers", if has("sgd") { "sgd" } else { "" }),
        ("epsilon", LOSS_EPSILON),
    ];
    let fields = about.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    Ok((fields, vec![]))
}

/// A layer's call on the arrays of the request.
fn layer(request: &Message) -> Result<Call, Refusal> {
    let (arrays, kind) = (&request.arrays, field(request, "kind")?);
    if !LAYERS.contains(&kind) {
        return unsupported(format!("no layer {kind}"));
    }
    need(kind)?;
    let x = matrix(arrays, "x")?;
    if kind == "affine" {
        let w = matrix(arrays, "W")?;
        let (b, dout) = (vector(arrays, "b", w.columns)?, sized(arrays, "dout", x.rows, w.columns)?);
        return Ok(Box::new(move |keep| {
            let (out, dx, dw, db) = affine(&x, &w, &b, &dout);
            if !keep {
                return vec![];
            }
            let db = array("db", &[db.len()], db);
            vec![of_matrix("out", &out), of_matrix("dx", &dx), of_matrix("dW", &dw), db]
        }));
    }
    if kind == "softmax_with_loss" {
        let (t, epsilon) = (labels(arrays)?, number(request, "epsilon")?);
        return Ok(Box::new(move |keep| {
            let (loss, y, dx) = softmax_with_loss(&x, &t, epsilon);
            if !keep {
                return vec![];
            }
            vec![array("loss", &[], vec![loss]), of_matrix("y", &y), of_matrix("dx", &dx)]
        }));
    }
    let (activation, dout) = (if kind == "relu" { relu } else { sigmoid }, sized(arrays, "dout", x.rows, x.columns)?);
    Ok(Box::new(move |keep| {
        let (out, dx) = activation(&x, &dout);
        if !keep {
            return vec![];
        }
        vec![of_matrix("out", &out), of_matrix("dx", &dx)]
    }))
}

fn accuracy(out: &Matrix, t: &[usize]) -> (String, Array) {
    let first_largest = |row: &[Real]| (1..row.len()).fold(0, |best, j| if row[j] > row[best] { j } else { best });
    let right = out.data.chunks(out.columns).zip(t).filter(|(row, &label)| first_largest(row) == label).count();
    array("accuracy", &[], vec![right as f64 / t.len() as f64])
}

/// A gradient, and the update of every parameter; the loss.
fn step(net: &mut Network, x: &Matrix, t: &[usize], rate: Real) -> Real {
    let (loss, dw, db) = gradient(net, x, t);
    for l in 0..net.w.len() {
        sgd(&mut net.w[l].data, &dw[l].data, rate);
        sgd(&mut net.b[l], &db[l], rate);
    }
    loss
}

fn rate(request: &Message) -> Result<Real, Refusal> {
    match field(request, "optimizer")? {
        "sgd" => need("sgd").and_then(|()| Ok(number(request, "learning_rate")?)),
        other => unsupported(format!("no optimizer {other}")),
    }
}

/// Nanoseconds of so many calls, so many times.
fn measure(request: &Message, call: impl FnMut()) -> Outcome {
    let nanoseconds = elapsed(call, number(request, "calls")?, number(request, "samples")?);
    ok(vec![array("nanoseconds", &[nanoseconds.len()], nanoseconds)])
}

impl Port {
    fn case(&mut self) -> Result<&mut Case, Refusal> {
        self.loaded.as_mut().map_or_else(|| refuse("nothing is loaded yet: send load first"), Ok)
    }

    fn load(&mut self, request: Message) -> Outcome {
        let (arrays, dtype) = (&request.arrays, field(&request, "dtype")?);
        if dtype != Real::DTYPE {
            return unsupported(format!("no {dtype}"));
        }
        let sizes: Vec<usize> = numbers(&request, "sizes")?;
        let relu = field(&request, "activation")? == "relu";
        let mut net = Network { w: vec![], b: vec![], relu, epsilon: number(&request, "epsilon")? };
        for l in 1..sizes.len() {
            net.w.push(sized(arrays, &format!("W{l}"), sizes[l - 1], sizes[l])?);
            net.b.push(vector(arrays, &format!("b{l}"), sizes[l])?);
        }
        if !supports(&net) {
            return unsupported("no such network: supports in src/my_network.rs says so");
        }
        self.loaded = Some(Case { net, x: matrix(arrays, "x")?, t: labels(arrays)? });
        self.last = request.arrays;
        ok(vec![])
    }

    /// The set of this name, which must fit the loaded network.
    fn images(&self, name: &str) -> Result<&Images, Refusal> {
        let fits = |set: &&Images| {
            let net = self.loaded.as_ref().map(|case| &case.net);
            let sizes = net.map(|net| (net.w[0].rows, net.w[net.w.len() - 1].columns));
            sizes.is_some_and(|(inputs, classes)| {
                set.inputs == inputs && set.labels.iter().all(|&t| usize::from(t) < classes)
            })
        };
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
                need("predict")?;
                let Case { net, x, .. } = self.case()?;
                measure(request, || _ = black_box(predict(net, x)))
            }
            "gradient" => {
                need("gradient")?;
                let Case { net, x, t } = self.case()?;
                measure(request, || _ = black_box(gradient(net, x, t)))
            }
            "train_step" => {
                need("gradient")?;
                let rate = rate(request)?;
                let Case { net, x, t } = self.case()?;
                let mut net = net.clone();
                measure(request, || _ = black_box(step(&mut net, x, t, rate)))
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
        need("gradient")?;
        let rate = rate(request)?;
        let (rows, shape) = elements::<i32>(&request.arrays, "batches")?;
        let &[_, size] = &shape[..] else { return refuse("expected batches to be a matrix") };
        let count = self.images("train")?.labels.len();
        if let Some(row) = rows.iter().find(|&&row| row < 0 || row as usize >= count) {
            return refuse(format!("expected rows of the set, came {row}"));
        }
        let (set, case) = (&self.sets["train"], self.loaded.as_mut().expect("images has seen it"));
        let mut losses = vec![];
        let train = || {
            for rows in rows.chunks(size) {
                let (x, t) = set.batch(rows);
                losses.push(step(&mut case.net, &x, &t, rate));
            }
        };
        let nanoseconds = elapsed(train, 1, 1);
        ok(vec![array("loss", &[losses.len()], losses), array("nanoseconds", &[], nanoseconds)])
    }

    fn evaluate(&mut self, request: &Message) -> Outcome {
        need("predict").and_then(|()| need("gradient"))?;
        let set = self.images(field(request, "set")?)?;
        let (x, t) = set.batch(&(0..set.labels.len() as i32).collect::<Vec<_>>());
        let net = &self.case()?.net;
        let loss = array("loss", &[], vec![gradient(net, &x, &t).0]);
        ok(vec![loss, accuracy(&predict(net, &x), &t)])
    }

    fn operation(&mut self, request: Message) -> Outcome {
        match request.word.as_str() {
            "hello" => hello(),
            "load" => self.load(request),
            "layer" => {
                let arrays = layer(&request)?(true);
                self.last = request.arrays;
                ok(arrays)
            }
            "inputs" => ok(self.last.clone()),
            "null" => ok(vec![]),
            "predict" | "accuracy" => {
                need("predict")?;
                let Case { net, x, t } = self.case()?;
                let out = predict(net, x);
                ok(vec![if request.word == "predict" { of_matrix("out", &out) } else { accuracy(&out, t) }])
            }
            "gradient" => {
                need("gradient")?;
                let Case { net, x, t } = self.case()?;
                let (loss, dw, db) = gradient(net, x, t);
                let mut arrays = vec![array("loss", &[], vec![loss])];
                arrays.extend(parameters("d", &dw, &db));
                ok(arrays)
            }
            "time" => self.time(&request),
            "data" => self.data(&request),
            "train" => self.train(&request),
            "params" => {
                let net = &self.case()?.net;
                ok(parameters("", &net.w, &net.b))
            }
            "evaluate" => self.evaluate(&request),
            "update" => {
                let ((mut p, shape), (dp, other)) = (elements(&request.arrays, "p")?, elements(&request.arrays, "dp")?);
                if shape != other {
                    return refuse(format!("expected p and dp of one shape, came {shape:?} and {other:?}"));
                }
                sgd(&mut p, &dp, rate(&request)?);
                ok(vec![array("p", &shape, p)])
            }
            other => unsupported(format!("no operation {other}")),
        }
    }

    /// A panic is an answer, too.
    pub fn answer(&mut self, request: Message) -> Outcome {
        catch_unwind(AssertUnwindSafe(|| self.operation(request))).unwrap_or_else(|panic| refuse(told(&*panic)))
    }
}
