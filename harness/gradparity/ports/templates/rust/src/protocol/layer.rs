//! One layer by itself: the call of its function.

use std::hint::black_box;

use super::reading::{as_rows, labels, mask, matrix, need, refuse, sized, tensor, unsupported, vector, Found};
use super::request::{field, find, number, Refusal};
use super::wire::{Arrays, Message};
use crate::my_network as mine;

pub const KINDS: [&str; 10] = [
    "affine",
    "relu",
    "sigmoid",
    "softmax_with_loss",
    "tanh",
    "squared_error",
    "batch_norm",
    "dropout",
    "convolution",
    "max_pooling",
];

/// A layer's call, ready to be made any number of times; its results are kept where it is told so.
pub type Call = Box<dyn Fn(bool) -> Arrays>;

/// What a layer's function returns: a tuple.
trait Results {
    fn arrays(self, names: &[&str]) -> Arrays;
}

macro_rules! results {
    ($($one:ident)+) => {
        impl<$($one: Found),+> Results for ($($one,)+) {
            #[allow(non_snake_case)]
            fn arrays(self, names: &[&str]) -> Arrays {
                let (($($one,)+), mut names) = (self, names.iter());
                vec![$($one.named(names.next().expect("a name for each")),)+]
            }
        }
    };
}
results!(A B);
results!(A B C);
results!(A B C D);
results!(A B C D E F);

fn call<R: Results>(names: &'static [&'static str], function: impl Fn() -> R + 'static) -> Result<Call, Refusal> {
    Ok(Box::new(move |keep| {
        let results = black_box(function());
        if keep {
            results.arrays(names)
        } else {
            vec![]
        }
    }))
}

/// A layer's call on the arrays of the request.
pub fn layer(request: &Message) -> Result<Call, Refusal> {
    let kind = field(request, "kind")?;
    if !KINDS.contains(&kind) {
        return unsupported(format!("no layer {kind}"));
    }
    need(kind)?;
    match kind {
        "convolution" | "max_pooling" => images_layer(request, kind),
        "softmax_with_loss" | "squared_error" => loss_layer(request, kind),
        _ => rows_layer(request, kind),
    }
}

fn images_layer(request: &Message, kind: &str) -> Result<Call, Refusal> {
    let arrays = &request.arrays;
    let (x, dout) = (tensor(arrays, "x")?, tensor(arrays, "dout")?);
    let (stride, pad) = (number(request, "stride")?, number(request, "pad")?);
    if kind == "max_pooling" {
        let (height, width) = (number(request, "height")?, number(request, "width")?);
        return call(&["out", "dx"], move || mine::max_pooling(&x, height, width, stride, pad, &dout));
    }
    let w = tensor(arrays, "W")?;
    let b = vector(arrays, "b", w.shape.first().copied().unwrap_or(0))?;
    call(&["out", "dx", "dW", "db"], move || mine::convolution(&x, &w, &b, stride, pad, &dout))
}

fn loss_layer(request: &Message, kind: &str) -> Result<Call, Refusal> {
    let (x, t) = (matrix(&request.arrays, "x")?, labels(&request.arrays)?);
    if kind == "squared_error" {
        return call(&["loss", "dx"], move || mine::squared_error(&x, &t));
    }
    let epsilon = number(request, "epsilon")?;
    call(&["loss", "y", "dx"], move || mine::softmax_with_loss(&x, &t, epsilon))
}

/// Of a batch of rows; images are rows, too.
fn rows_layer(request: &Message, kind: &str) -> Result<Call, Refusal> {
    let arrays = &request.arrays;
    let (x, dout) = (as_rows(tensor(arrays, "x")?), as_rows(tensor(arrays, "dout")?));
    if kind == "affine" {
        let w = sized(arrays, "W", x.columns, dout.columns)?;
        let b = vector(arrays, "b", w.columns)?;
        return call(&["out", "dx", "dW", "db"], move || mine::affine(&x, &w, &b, &dout));
    }
    if (x.rows, x.columns) != (dout.rows, dout.columns) {
        return refuse("expected x and dout of one shape");
    }
    if kind == "batch_norm" {
        let held = |name| vector(arrays, name, x.columns);
        let (gamma, beta) = (held("gamma")?, held("beta")?);
        let (mean, var) = (held("running_mean")?, held("running_var")?);
        let (momentum, epsilon) = (number(request, "momentum")?, number(request, "epsilon")?);
        let training = field(request, "phase")? == "train";
        let names = &["out", "running_mean", "running_var", "dx", "dgamma", "dbeta"];
        return call(names, move || {
            mine::batch_norm(&x, &gamma, &beta, &mean, &var, momentum, epsilon, training, &dout)
        });
    }
    if kind == "dropout" {
        let mask = as_rows(mask(arrays, "mask")?);
        let (ratio, training) = (number(request, "ratio")?, field(request, "phase")? == "train");
        return call(&["out", "dx"], move || mine::dropout(&x, &mask, ratio, training, &dout));
    }
    let activation = match kind {
        "relu" => mine::relu,
        "tanh" => mine::tanh,
        _ => mine::sigmoid,
    };
    call(&["out", "dx"], move || activation(&x, &dout))
}

/// The results of a layer's call, without what was not asked for, and rows that were images as images.
pub fn results(request: &Message) -> Result<Arrays, Refusal> {
    let kind = field(request, "kind")?;
    let mut results = layer(request)?(true);
    if kind == "batch_norm" && field(request, "phase")? != "train" {
        results.retain(|(name, _)| !name.starts_with("running_"));
    }
    let shape = &find(&request.arrays, "x")?.shape;
    for (name, array) in &mut results {
        let rows = shape.len() > 2 && array.shape == [shape[0], shape[1..].iter().product()];
        if rows && (name == "dx" || name == "out" && kind != "affine") {
            array.shape.clone_from(shape);
        }
    }
    Ok(results)
}
