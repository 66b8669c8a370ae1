//! A layer by itself: forward and backward of a fresh one, on the arrays of a request.

use ndarray::{ArrayView2, ArrayViewD, CowArray, IxDyn, aview0};

use crate::layers::{Add, Layer, Loss, Multiply, Pass, Phase, Real, Target};
use crate::operands::{named, shaped, target, view};
use crate::request::{Element, Refusal, field, find};
use crate::specs::{LOSSES, Source, loss, matrix};
use crate::wire::{Arrays, Data, Message};

/// A layer made beforehand, with the arrays of the request: what there is to run, and then to tell.
pub trait LayerPass {
    /// Forward, then backward.
    fn run(&mut self);
    fn results(&self) -> Arrays;
}

/// The layer that the request describes.
pub fn layer_pass(request: &Message) -> Result<Box<dyn LayerPass + '_>, Refusal> {
    Ok(match find(&request.arrays, "x")?.data {
        Data::Float32(_) => Box::new(Alone::<f32>::new(request)?),
        _ => Box::new(Alone::<f64>::new(request)?),
    })
}

/// One fresh layer and its inputs, of one dtype.
enum Alone<'a, T> {
    Multiply { layer: Multiply<T, IxDyn>, x: ArrayViewD<'a, T>, y: ArrayViewD<'a, T>, dout: ArrayViewD<'a, T> },
    Add { layer: Add<T, IxDyn>, x: ArrayViewD<'a, T>, y: ArrayViewD<'a, T>, dout: ArrayViewD<'a, T> },
    Layer { layer: Box<dyn Layer<T>>, x: CowArray<'a, T, IxDyn>, dout: CowArray<'a, T, IxDyn>, pass: Pass },
    Loss { last: Box<dyn Loss<T>>, loss: T, x: ArrayView2<'a, T>, t: Target<T> },
}

impl<'a, T: Real + Element> Alone<'a, T> {
    fn new(request: &'a Message) -> Result<Self, Refusal> {
        let (arrays, kind) = (&request.arrays, field(request, "kind")?);
        let x = view::<T, IxDyn>(arrays, "x")?;
        if LOSSES.contains(&kind) {
            let [batch, classes] = matrix(kind, x.shape())?;
            let (x, t) = (shaped(arrays, "x", (batch, classes))?, target(arrays, batch, classes)?);
            return Ok(Alone::Loss { last: loss(kind, request)?, loss: T::zero(), x, t });
        }
        if ["multiply", "add"].contains(&kind) {
            let (y, dout) = (shaped(arrays, "y", x.raw_dim())?, shaped(arrays, "dout", x.raw_dim())?);
            return Ok(match kind {
                "multiply" => Alone::Multiply { layer: Multiply::default(), x, y, dout },
                _ => Alone::Add { layer: Add::default(), x, y, dout },
            });
        }
        let (layer, out) = Source::alone(request).layer(kind, x.shape(), None)?;
        let dout = shaped(arrays, "dout", &out[..])?;
        let batch = x.shape().first().map_or(1, |&batch| batch);
        let pass = Pass::whole(phase(kind, request)?, batch);
        Ok(Alone::Layer { layer, x: in_rows(x), dout: in_rows(dout), pass })
    }
}

impl<T: Real + Element> LayerPass for Alone<'_, T> {
    fn run(&mut self) {
        match self {
            Alone::Multiply { layer, x, y, dout } => {
                layer.forward(x.view(), y.view());
                layer.backward(x.view(), y.view(), dout.view());
            }
            Alone::Add { layer, x, y, dout } => {
                layer.forward(x.view(), y.view());
                layer.backward(dout.view());
            }
            Alone::Layer { layer, x, dout, pass } => {
                layer.forward(x.view(), pass);
                layer.backward(x.view(), dout.view(), pass);
            }
            Alone::Loss { last, loss, x, t } => {
                *loss = last.forward(x.view(), t);
                last.backward();
            }
        }
    }

    fn results(&self) -> Arrays {
        match self {
            Alone::Multiply { layer: Multiply { out, dx, dy }, .. } | Alone::Add { layer: Add { out, dx, dy }, .. } => {
                vec![named("out", out.view()), named("dx", dx.view()), named("dy", dy.view())]
            }
            Alone::Layer { layer, pass, .. } => {
                let state = if pass.phase == Phase::Train { layer.state() } else { &[] };
                let gradients = layer.params().iter().map(|p| named(&format!("d{}", p.name), p.gradient.view()));
                let mut results = vec![named("out", layer.out())];
                results.extend(state.iter().map(|running| named(running.name, running.next.view())));
                results.push(named("dx", layer.dx()));
                results.extend(gradients);
                results
            }
            Alone::Loss { last, loss, .. } => {
                let mut results = vec![named("loss", aview0(loss))];
                results.extend(last.y().map(|y| named("y", y)));
                results.push(named("dx", last.dx()));
                results
            }
        }
    }
}

/// The phase of the request, for layers that do something else in the test.
fn phase(kind: &str, request: &Message) -> Result<Phase, String> {
    if !["batch_norm", "dropout"].contains(&kind) {
        return Ok(Phase::Train);
    }
    match field(request, "phase")? {
        "train" => Ok(Phase::Train),
        "test" => Ok(Phase::Test),
        other => Err(format!("expected the phase train or test, came {other}")),
    }
}

/// The array in C order: itself, or a copy.
fn in_rows<T: Real>(x: ArrayViewD<T>) -> CowArray<T, IxDyn> {
    if x.is_standard_layout() { x.into() } else { x.as_standard_layout().into_owned().into() }
}
