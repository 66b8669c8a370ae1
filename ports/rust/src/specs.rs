//! The layers and the network that a request describes, made of its fields and arrays.

use ndarray::{ArrayD, ArrayView, Dimension, IntoDimension, Ix1, Ix2, Ix4, IxDyn};

use crate::layers::{
    Affine, BatchNorm, Convolution, Dropout, Layer, Loss, MaxPooling, Real, Relu, Sigmoid, SoftmaxWithLoss,
    SquaredError, Tanh, Target, Windows, real,
};
use crate::network::{Network, Node};
use crate::operands::{shaped, target, view};
use crate::request::{self, Element, Refusal, field, numbers};
use crate::wire::Message;

/// The layers by what requests call them.
pub const LAYERS: [&str; 12] = [
    "multiply",
    "add",
    "affine",
    "relu",
    "sigmoid",
    "tanh",
    "batch_norm",
    "dropout",
    "convolution",
    "max_pooling",
    LOSSES[0],
    LOSSES[1],
];
/// What may stand at a network's end.
pub const LOSSES: [&str; 2] = ["softmax_with_loss", "squared_error"];
const ACTIVATIONS: [&str; 3] = ["relu", "sigmoid", "tanh"];
const LEARNING: [&str; 3] = ["affine", "batch_norm", "convolution"];

/// A batch and the network that takes it, with its number of classes.
pub struct Case<T> {
    pub x: ArrayD<T>,
    pub t: Target<T>,
    pub network: Network<T>,
    pub classes: usize,
}

/// The case that a request to load describes. It has copies of the arrays, which must fit.
pub fn case<T: Real + Element>(request: &Message) -> Result<Case<T>, Refusal> {
    let (kinds, last, sizes) = kinds(request)?;
    let x = view::<T, IxDyn>(&request.arrays, "x")?;
    let mut shape = x.shape().to_vec();
    if shape.len() < 2 {
        return Err(format!("array x: expected a batch of rows or images, came shape {shape:?}").into());
    }
    if let Some(inputs) = sizes.first() {
        shaped::<T, Ix2>(&request.arrays, "x", (shape[0], *inputs))?;
    }
    let (mut number, mut nodes, mut outputs) = (0, Vec::new(), sizes.iter().skip(1));
    for kind in kinds {
        number += usize::from(LEARNING.contains(&kind));
        let source = Source { request, prefix: format!("{kind}{number}."), suffix: number.to_string() };
        let outputs = if kind == "affine" { outputs.next() } else { None };
        let layer;
        (layer, shape) = source.layer(kind, &shape, outputs.copied())?;
        nodes.push(Node { kind: kind.into(), number, layer });
    }
    let [batch, classes] = matrix(last, &shape)?;
    let t = target(&request.arrays, batch, classes)?;
    let decay = field(request, "weight_decay").map_or(Ok(0.0), |_| request::number(request, "weight_decay"))?;
    let network = Network::new(nodes, last, loss(last, request)?, decay);
    Ok(Case { x: x.as_standard_layout().into_owned(), t, network, classes })
}

/// The kinds of layers, the loss, and, where the request is of affine layers with an activation between them, their sizes.
fn kinds(request: &Message) -> Result<(Vec<&str>, &str, Vec<usize>), Refusal> {
    let Ok(layers) = field(request, "layers") else {
        let sizes = numbers::<usize>(request, "sizes")?;
        if sizes.len() < 2 {
            return Err(format!("expected sizes as inputs,...,classes, came {}", field(request, "sizes")?).into());
        }
        let activation = field(request, "activation")?;
        if !ACTIVATIONS.contains(&activation) {
            return Err(format!("expected the activation {}, came {activation}", ACTIVATIONS.join(", ")).into());
        }
        let kinds = std::iter::once("affine").chain([activation, "affine"].into_iter().cycle());
        return Ok((kinds.take(2 * sizes.len() - 3).collect(), LOSSES[0], sizes));
    };
    let mut kinds: Vec<_> = layers.split(',').collect();
    if let Some(unknown) = kinds.iter().find(|kind| !LAYERS.contains(kind)) {
        return Err(Refusal::Unsupported(format!("no layer {unknown}")));
    }
    match kinds.pop() {
        Some(last) if LOSSES.contains(&last) && !kinds.is_empty() => Ok((kinds, last, vec![])),
        _ => Err(format!("expected layers and then {}, came {layers}", LOSSES.join(" or ")).into()),
    }
}

/// The loss of this kind, with the numbers of the request.
pub fn loss<T: Real>(kind: &str, request: &Message) -> Result<Box<dyn Loss<T>>, String> {
    Ok(match kind {
        "squared_error" => Box::new(SquaredError::default()),
        _ => Box::new(SoftmaxWithLoss::new(real(request::number(request, "epsilon")?))),
    })
}

/// A layer, and the shape of its result.
pub type Made<T> = (Box<dyn Layer<T>>, Vec<usize>);

/// Where a request has what a layer holds: the names of arrays end in the layer's number, those of its numbers begin with
/// the layer's name; a layer by itself has plain names.
pub struct Source<'a> {
    pub request: &'a Message,
    pub prefix: String,
    pub suffix: String,
}

impl<'a> Source<'a> {
    /// Of a layer by itself.
    pub fn alone(request: &'a Message) -> Self {
        Source { request, prefix: String::new(), suffix: String::new() }
    }

    /// A layer of this kind, and the shape of its result for x of this shape. An affine layer has as many outputs as
    /// biases, where they are not told.
    pub fn layer<T: Real + Element>(
        &self,
        kind: &str,
        x: &[usize],
        outputs: Option<usize>,
    ) -> Result<Made<T>, Refusal> {
        Ok(match kind {
            "relu" => (Box::new(Relu::default()), x.into()),
            "sigmoid" => (Box::new(Sigmoid::default()), x.into()),
            "tanh" => (Box::new(Tanh::default()), x.into()),
            "affine" => {
                let [batch, inputs] = if x.len() == 2 { matrix(kind, x)? } else { flat(&images(kind, x)?) };
                let outputs = outputs.map_or_else(|| Ok(self.view::<T, Ix1>("b")?.len()), Ok::<_, String>)?;
                let layer = Affine::new(self.shaped("W", (inputs, outputs))?, self.shaped("b", outputs)?);
                (Box::new(layer), vec![batch, outputs])
            }
            "batch_norm" => {
                let [_, features] = matrix(kind, x)?;
                let vector = |name| self.shaped::<T, Ix1>(name, features);
                let params = [vector("gamma")?, vector("beta")?];
                let running = [vector("running_mean")?, vector("running_var")?];
                let layer = BatchNorm::new(params, running, self.number("momentum")?, self.number("epsilon")?);
                (Box::new(layer), x.into())
            }
            "dropout" => (Box::new(Dropout::new(self.shaped("mask", x)?, self.number("ratio")?)), x.into()),
            "convolution" => {
                let [batch, channels, height, width] = images(kind, x)?;
                let (filters, _, window_height, window_width) = self.view::<T, Ix4>("W")?.dim();
                let W = self.shaped("W", (filters, channels, window_height, window_width))?;
                let windows = self.windows([channels, height, width], [window_height, window_width])?;
                let [rows, columns] = windows.out();
                let layer = Convolution::new(W, self.shaped("b", filters)?, windows);
                (Box::new(layer), vec![batch, filters, rows, columns])
            }
            "max_pooling" => {
                let [batch, channels, height, width] = images(kind, x)?;
                let size = [self.number("height")?, self.number("width")?];
                let windows = self.windows([channels, height, width], size)?;
                let [rows, columns] = windows.out();
                (Box::new(MaxPooling::new(windows)), vec![batch, channels, rows, columns])
            }
            _ if LAYERS.contains(&kind) => {
                return Err(format!("expected a layer that others follow, came {kind}").into());
            }
            _ => return Err(Refusal::Unsupported(format!("no layer {kind}"))),
        })
    }

    /// The windows of this size on images (channels, height, width).
    fn windows(&self, image: [usize; 3], size: [usize; 2]) -> Result<Windows, String> {
        let windows = Windows { image, size, stride: self.number("stride")?, pad: self.number("pad")? };
        let [_, height, width] = windows.padded_shape();
        if windows.stride == 0 {
            return Err(format!("expected {}stride from 1, came 0", self.prefix));
        }
        if !(1..=height).contains(&size[0]) || !(1..=width).contains(&size[1]) {
            let [window_height, window_width] = size;
            let expected = "expected windows from 1 x 1 to";
            let images = "the size of the images with their zeros";
            return Err(format!("{expected} {height} x {width}, {images}, came {window_height} x {window_width}"));
        }
        Ok(windows)
    }

    fn number<N: std::str::FromStr>(&self, name: &str) -> Result<N, String> {
        request::number(self.request, &format!("{}{name}", self.prefix))
    }

    fn view<T: Element, D: Dimension>(&self, name: &str) -> Result<ArrayView<'a, T, D>, String> {
        view(&self.request.arrays, &format!("{name}{}", self.suffix))
    }

    fn shaped<T: Element, D: Dimension>(
        &self,
        name: &str,
        shape: impl IntoDimension<Dim = D>,
    ) -> Result<ArrayView<'a, T, D>, String> {
        shaped(&self.request.arrays, &format!("{name}{}", self.suffix), shape)
    }
}

/// The shape of x as that of a matrix.
pub fn matrix(kind: &str, x: &[usize]) -> Result<[usize; 2], String> {
    x.try_into().map_err(|_| format!("{kind}: expected x of (batch, features), came shape {x:?}"))
}

/// The shape of x as that of images.
fn images(kind: &str, x: &[usize]) -> Result<[usize; 4], String> {
    x.try_into().map_err(|_| format!("{kind}: expected x of (batch, channels, height, width), came shape {x:?}"))
}

fn flat(&[batch, channels, height, width]: &[usize; 4]) -> [usize; 2] {
    [batch, channels * height * width]
}
