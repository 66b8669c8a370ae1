//! The plumbing between gradparity and my_network.rs. You need not open this file.
//!
//! Requests come on stdin, replies leave by file descriptor 3. gradparity's docs/protocol.md is the specification.

use std::any::Any;
use std::backtrace::Backtrace;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::os::fd::FromRawFd;
use std::panic::{self, catch_unwind, AssertUnwindSafe};
use std::time::Instant;

#[allow(unused)]
mod my_network;
#[allow(unused)]
mod wire;

use my_network::{affine, gradient, predict, relu, sgd, sigmoid, softmax_with_loss, supports};
use my_network::{Matrix, Network, Real, LOSS_EPSILON, WRITTEN};
use wire::{decode, encode, Array, Arrays, Data, Message};

const LAYERS: [&str; 4] = ["affine", "relu", "sigmoid", "softmax_with_loss"];
const OTHERS: [&str; 3] = ["predict", "gradient", "sgd"];
const DTYPE: &str = if size_of::<Real>() == 8 { "float64" } else { "float32" };

/// What a request is answered with, where that is not ok: the word, and what to say.
struct Refusal(&'static str, String);

type Answer<T> = Result<T, Refusal>;
/// A layer's call, ready to be made any number of times; its results are kept where it is told so.
type Call = Box<dyn Fn(bool) -> Arrays>;

fn refuse<T>(what: impl Into<String>) -> Answer<T> {
    Err(Refusal("error", what.into()))
}

fn unsupported<T>(what: impl Into<String>) -> Answer<T> {
    Err(Refusal("unsupported", what.into()))
}

fn has(name: &str) -> bool {
    WRITTEN.contains(&name)
}

fn need(name: &str) -> Answer<()> {
    if has(name) {
        return Ok(());
    }
    unsupported(format!("{name} is not written yet: fill it in in src/my_network.rs, and add it to WRITTEN there"))
}

// What a request holds.

fn field<'a>(request: &'a Message, key: &str) -> Answer<&'a str> {
    match request.fields.iter().find(|(name, _)| name == key) {
        Some((_, value)) => Ok(value),
        None => refuse(format!("expected the field {key} in the request {}", request.word)),
    }
}

fn number<T: std::str::FromStr>(request: &Message, key: &str) -> Answer<T> {
    let text = field(request, key)?;
    text.parse().or_else(|_| refuse(format!("expected {key} to be a number, came {text}")))
}

fn given<'a>(request: &'a Message, name: &str) -> Answer<&'a Array> {
    match request.arrays.iter().find(|(key, _)| key == name) {
        Some((_, array)) => Ok(array),
        None => refuse(format!("expected the array {name} in the request {}", request.word)),
    }
}

/// The elements of any dtype that holds a T, row by row.
fn elements<T: Copy + 'static>(array: &Array) -> Answer<Vec<T>> {
    let data: &dyn Any = match &array.data {
        Data::Float64(data) => data,
        Data::Float32(data) => data,
        Data::Int32(data) => data,
        Data::Uint8(data) => data,
    };
    let Some(data) = data.downcast_ref::<Vec<T>>() else {
        return refuse(format!("expected an array of another dtype, came {array}"));
    };
    let &[rows, columns] = &array.shape[..] else { return Ok(data.clone()) };
    if !array.fortran_order {
        return Ok(data.clone());
    }
    Ok((0..rows * columns).map(|at| data[at % columns * rows + at / columns]).collect())
}

fn matrix(request: &Message, name: &str) -> Answer<Matrix> {
    let array = given(request, name)?;
    match array.shape[..] {
        [rows, columns] => Ok(Matrix { rows, columns, data: elements(array)? }),
        _ => refuse(format!("expected {name} to be a matrix, came {array}")),
    }
}

fn sized(request: &Message, name: &str, rows: usize, columns: usize) -> Answer<Matrix> {
    let a = matrix(request, name)?;
    if (a.rows, a.columns) != (rows, columns) {
        return refuse(format!("expected {name} to be ({rows}, {columns}), came ({}, {})", a.rows, a.columns));
    }
    Ok(a)
}

/// As numbers, from numbers or from one-hot rows.
fn labels(request: &Message) -> Answer<Vec<usize>> {
    let t = given(request, "t")?;
    if t.shape.len() == 1 {
        return Ok(elements::<i32>(t)?.into_iter().map(|label| label as usize).collect());
    }
    let t = matrix(request, "t")?;
    Ok(t.data.chunks(t.columns).map(|row| row.iter().position(|&v| v != 0.0).unwrap_or(0)).collect())
}

// What a reply holds.

fn reals(data: &[Real]) -> Data {
    let data: &dyn Any = &data.to_vec();
    match data.downcast_ref::<Vec<f64>>() {
        Some(data) => Data::Float64(data.clone()),
        None => Data::Float32(data.downcast_ref::<Vec<f32>>().expect("f64 or f32").clone()),
    }
}

fn array(name: impl Into<String>, shape: &[usize], data: Data) -> (String, Array) {
    (name.into(), Array { shape: shape.to_vec(), fortran_order: false, data })
}

fn of_matrix(name: impl Into<String>, a: &Matrix) -> (String, Array) {
    let (name, came) = (name.into(), a.data.len());
    assert!(came == a.rows * a.columns, "expected {name} to hold {} x {} elements, came {came}", a.rows, a.columns);
    array(name, &[a.rows, a.columns], reals(&a.data))
}

fn parameters(prefix: &str, w: &[Matrix], b: &[Vec<Real>]) -> Arrays {
    let pair = |(l, (w, b)): (usize, (&Matrix, &Vec<Real>))| {
        let vector = array(format!("{prefix}b{}", l + 1), &[b.len()], reals(b));
        [of_matrix(format!("{prefix}W{}", l + 1), w), vector]
    };
    w.iter().zip(b).enumerate().flat_map(pair).collect()
}

fn ok(arrays: Arrays) -> Message {
    Message { word: "ok".into(), arrays, ..Message::default() }
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
struct Port {
    /// What came last, to be given back by inputs.
    last: Arrays,
    loaded: Option<Case>,
    sets: HashMap<String, Images>,
}

fn hello() -> Answer<Message> {
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
        ("dtypes", DTYPE),
        ("layers", &layers.join(",")),
        ("operations", &operations.join(",")),
        ("optimizers", if has("sgd") { "sgd" } else { "" }),
        ("epsilon", LOSS_EPSILON),
    ];
    let fields = about.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    Ok(Message { fields, ..ok(vec![]) })
}

/// A layer's call on the arrays of the request.
fn layer(request: &Message) -> Answer<Call> {
    let kind = field(request, "kind")?;
    if !LAYERS.contains(&kind) {
        return unsupported(format!("no layer {kind}"));
    }
    need(kind)?;
    let x = matrix(request, "x")?;
    if kind == "affine" {
        let w = matrix(request, "W")?;
        let (b, dout) = (elements(given(request, "b")?)?, sized(request, "dout", x.rows, w.columns)?);
        return Ok(Box::new(move |keep| {
            let (out, dx, dw, db) = affine(&x, &w, &b, &dout);
            if !keep {
                return vec![];
            }
            let db = array("db", &[db.len()], reals(&db));
            vec![of_matrix("out", &out), of_matrix("dx", &dx), of_matrix("dW", &dw), db]
        }));
    }
    if kind == "softmax_with_loss" {
        let (t, epsilon) = (labels(request)?, number(request, "epsilon")?);
        return Ok(Box::new(move |keep| {
            let (loss, y, dx) = softmax_with_loss(&x, &t, epsilon);
            if !keep {
                return vec![];
            }
            vec![array("loss", &[], reals(&[loss])), of_matrix("y", &y), of_matrix("dx", &dx)]
        }));
    }
    let (activation, dout) = (if kind == "relu" { relu } else { sigmoid }, sized(request, "dout", x.rows, x.columns)?);
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
    array("accuracy", &[], Data::Float64(vec![right as f64 / t.len() as f64]))
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

fn rate(request: &Message) -> Answer<Real> {
    match field(request, "optimizer")? {
        "sgd" => need("sgd").and_then(|()| number(request, "learning_rate")),
        other => unsupported(format!("no optimizer {other}")),
    }
}

/// Nanoseconds of so many calls, so many times.
fn measure(request: &Message, mut call: impl FnMut()) -> Answer<Message> {
    let (calls, samples): (usize, usize) = (number(request, "calls")?, number(request, "samples")?);
    let sample = |_| {
        let begin = Instant::now();
        for _ in 0..calls {
            call();
        }
        begin.elapsed().as_nanos() as f64
    };
    Ok(ok(vec![array("nanoseconds", &[samples], Data::Float64((0..samples).map(sample).collect()))]))
}

/// What a panic says.
fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or("a panic".into())
}

/// The lines of a stack that are yours, the innermost last: not this file's, no registry's and not Rust's own.
fn yours(stack: &Backtrace) -> Vec<String> {
    let foreign = [concat!("/", file!(), ":"), "/registry/src/", "/git/checkouts/", "at /rustc/", "/rustlib/"];
    let text = stack.to_string();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let places = lines.windows(2).filter(|pair| pair[1].starts_with("at ") && pair[1].contains(".rs:"));
    let own = places.filter(|pair| !foreign.iter().any(|place| pair[1].contains(place)));
    let named = |pair: &[&str]| {
        let name = pair[0].trim_start_matches(|c: char| c.is_ascii_digit() || ": ".contains(c));
        format!("    {} in {name}", pair[1])
    };
    let mut told: Vec<_> = own.take(5).map(named).collect();
    told.reverse();
    told
}

impl Port {
    fn case(&mut self) -> Answer<&mut Case> {
        self.loaded.as_mut().map_or_else(|| refuse("expected a case to be loaded"), Ok)
    }

    fn load(&mut self, request: Message) -> Answer<Message> {
        let dtype = field(&request, "dtype")?;
        if dtype != DTYPE {
            return unsupported(format!("no {dtype}"));
        }
        let depth = field(&request, "sizes")?.split(',').count() - 1;
        let mut net = Network {
            w: vec![],
            b: vec![],
            relu: field(&request, "activation")? == "relu",
            epsilon: number(&request, "epsilon")?,
        };
        for l in 1..=depth {
            net.w.push(matrix(&request, &format!("W{l}"))?);
            net.b.push(elements(given(&request, &format!("b{l}"))?)?);
        }
        if !supports(&net) {
            return unsupported("no such network: supports in src/my_network.rs says so");
        }
        self.loaded = Some(Case { net, x: matrix(&request, "x")?, t: labels(&request)? });
        self.last = request.arrays;
        Ok(ok(vec![]))
    }

    /// The set of this name, which must fit the loaded network.
    fn images(&self, name: &str) -> Answer<&Images> {
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

    fn time(&mut self, request: &Message) -> Answer<Message> {
        match field(request, "operation")? {
            "null" => measure(request, || ()),
            "layer" => {
                let call = layer(request)?;
                self.last = request.arrays.clone();
                measure(request, || drop(call(false)))
            }
            "predict" => {
                need("predict")?;
                let Case { net, x, .. } = self.case()?;
                measure(request, || drop(predict(net, x)))
            }
            "gradient" => {
                need("gradient")?;
                let Case { net, x, t } = self.case()?;
                measure(request, || drop(gradient(net, x, t)))
            }
            "train_step" => {
                need("gradient")?;
                let rate = rate(request)?;
                let Case { net, x, t } = self.case()?;
                let mut net = net.clone();
                measure(request, || _ = step(&mut net, x, t, rate))
            }
            other => unsupported(format!("no operation {other} to time")),
        }
    }

    fn data(&mut self, request: &Message) -> Answer<Message> {
        let images = given(request, "images")?;
        let set = Images {
            pixels: elements(images)?,
            labels: elements(given(request, "labels")?)?,
            inputs: images.shape[images.shape.len() - 1],
            scale: number(request, "scale")?,
        };
        self.sets.insert(field(request, "set")?.into(), set);
        Ok(ok(vec![]))
    }

    fn train(&mut self, request: &Message) -> Answer<Message> {
        need("gradient")?;
        let rate = rate(request)?;
        let batches = given(request, "batches")?;
        let (rows, size) = (elements::<i32>(batches)?, batches.shape[batches.shape.len() - 1]);
        let count = self.images("train")?.labels.len();
        if let Some(row) = rows.iter().find(|&&row| row < 0 || row as usize >= count) {
            return refuse(format!("expected rows of the set, came {row}"));
        }
        let (set, case) = (&self.sets["train"], self.loaded.as_mut().expect("images has seen it"));
        let begin = Instant::now();
        let mut losses = vec![];
        for rows in rows.chunks(size) {
            let (x, t) = set.batch(rows);
            losses.push(step(&mut case.net, &x, &t, rate));
        }
        let took = Data::Float64(vec![begin.elapsed().as_nanos() as f64]);
        Ok(ok(vec![array("loss", &[losses.len()], reals(&losses)), array("nanoseconds", &[], took)]))
    }

    fn evaluate(&mut self, request: &Message) -> Answer<Message> {
        need("predict").and_then(|()| need("gradient"))?;
        let set = self.images(field(request, "set")?)?;
        let (x, t) = set.batch(&(0..set.labels.len() as i32).collect::<Vec<_>>());
        let net = &self.case()?.net;
        let loss = array("loss", &[], reals(&[gradient(net, &x, &t).0]));
        Ok(ok(vec![loss, accuracy(&predict(net, &x), &t)]))
    }

    fn answer(&mut self, request: Message) -> Answer<Message> {
        match request.word.as_str() {
            "hello" => hello(),
            "load" => self.load(request),
            "layer" => {
                let arrays = layer(&request)?(true);
                self.last = request.arrays;
                Ok(ok(arrays))
            }
            "inputs" => Ok(ok(self.last.clone())),
            "null" => Ok(ok(vec![])),
            "predict" | "accuracy" => {
                need("predict")?;
                let Case { net, x, t } = self.case()?;
                let out = predict(net, x);
                Ok(ok(vec![if request.word == "predict" { of_matrix("out", &out) } else { accuracy(&out, t) }]))
            }
            "gradient" => {
                need("gradient")?;
                let Case { net, x, t } = self.case()?;
                let (loss, dw, db) = gradient(net, x, t);
                let mut arrays = vec![array("loss", &[], reals(&[loss]))];
                arrays.extend(parameters("d", &dw, &db));
                Ok(ok(arrays))
            }
            "time" => self.time(&request),
            "data" => self.data(&request),
            "train" => self.train(&request),
            "params" => {
                let net = &self.case()?.net;
                Ok(ok(parameters("", &net.w, &net.b)))
            }
            "evaluate" => self.evaluate(&request),
            "update" => {
                let (mut p, rate) = (matrix(&request, "p")?, rate(&request)?);
                sgd(&mut p.data, &sized(&request, "dp", p.rows, p.columns)?.data, rate);
                Ok(ok(vec![of_matrix("p", &p)]))
            }
            other => unsupported(format!("no operation {other}")),
        }
    }

    fn reply(&mut self, request: Message) -> Message {
        let answered =
            catch_unwind(AssertUnwindSafe(|| self.answer(request))).unwrap_or_else(|panic| refuse(told(&*panic)));
        answered.unwrap_or_else(|Refusal(word, what)| Message {
            word: word.into(),
            fields: vec![("message".into(), what)],
            ..Message::default()
        })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // The message, and then where: only the end of stderr is shown.
    panic::set_hook(Box::new(|info| {
        let mut lines = yours(&Backtrace::force_capture());
        if lines.is_empty() {
            lines.extend(info.location().map(|place| format!("    at {place}")));
        }
        eprintln!("panic: {}\n{}", told(info.payload()), lines.join("\n"));
    }));
    let mut input = BufReader::with_capacity(1 << 16, io::stdin().lock());
    // SAFETY: port.toml's command opens this descriptor, and nothing else here uses it.
    let mut output = BufWriter::with_capacity(1 << 16, unsafe { File::from_raw_fd(3) });
    let mut port = Port::default();
    while let Some(request) = decode(&mut input)? {
        encode(&mut output, &port.reply(request))?;
        output.flush()?;
    }
    Ok(())
}
