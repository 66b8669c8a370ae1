//! The operations of the protocol: each takes a request, with its arrays decoded, and gives named arrays in order.

use std::hint::black_box;
use std::str::FromStr;

use ndarray::{
    Array1, Array2, ArrayView, ArrayView2, ArrayViewD, Dimension, IntoDimension, Ix1, Ix2, IxDyn, ShapeBuilder, aview0,
};

use crate::layers::{Activation, Add, Affine, Multiply, Real, SoftmaxWithLoss, Target};
use crate::network::{Named, Network, activation};
use crate::numerical::central_difference;
use crate::optimizers::SGD;
use crate::product;
use crate::timing::{elapsed, layer_inputs, products};
use crate::wire::{Array, Arrays, Data, Fields, Message};

/// What an operation gives: the fields and arrays of the reply, or why there is none.
pub type Outcome = Result<(Fields, Arrays), Refusal>;

/// Why a request gets no results.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// It is wrong: what was expected of it, and what came.
    Error(String),
    /// This port does not implement it.
    Unsupported(String),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Refusal::Error(message)
    }
}

/// How a request is answered.
pub type Handler = fn(&mut Port, Message) -> Outcome;

/// Every operation by its name, in the order in which hello lists them.
pub const HANDLERS: [(&str, Handler); 11] = [
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
];

const LAYERS: [&str; 6] = ["multiply", "add", "relu", "sigmoid", "affine", "softmax_with_loss"];
const OPTIMIZERS: [&str; 1] = ["sgd"];

/// The loaded case; and the arrays of the last `layer`, where that came after it.
#[derive(Default)]
pub struct Port {
    case: Option<Box<dyn Case>>,
    layer: Option<Arrays>,
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
        ];
        Ok((fields.map(|(key, value)| (key.into(), value.into())).into(), vec![]))
    }

    fn load(&mut self, request: Message) -> Outcome {
        *self = Port::default(); // a load that fails leaves nothing of the one before
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
        Ok((vec![], vec![named("nanoseconds", nanoseconds.view())]))
    }

    fn case(&mut self) -> Result<&mut Box<dyn Case>, String> {
        self.case.as_mut().ok_or_else(|| "nothing is loaded yet: send load first".into())
    }
}

/// A loaded case, whatever its dtype.
trait Case {
    fn inputs(&self) -> Arrays;
    fn predict(&mut self) -> Arrays;
    fn accuracy(&mut self) -> Arrays;
    fn gradient(&mut self) -> Arrays;
    fn numerical_gradient(&mut self, step: f64) -> Arrays;
    fn trace(&mut self) -> Arrays;
    /// Nanoseconds, (samples,). All is as it was afterwards, the parameters too.
    fn time(&mut self, timed: Timed, calls: usize, samples: usize) -> Result<Array1<f64>, String>;
}

/// What to time of a loaded case.
enum Timed {
    Predict,
    Gradient,
    NumericalGradient { step: f64 },
    TrainStep { learning_rate: f64 },
    Products { affines: Vec<usize> },
}

impl Timed {
    fn of(request: &Message) -> Result<Self, Refusal> {
        match field(request, "operation")? {
            "predict" => Ok(Timed::Predict),
            "gradient" => Ok(Timed::Gradient),
            "numerical_gradient" => Ok(Timed::NumericalGradient { step: number(request, "step")? }),
            "train_step" => match field(request, "optimizer")? {
                "sgd" => Ok(Timed::TrainStep { learning_rate: number(request, "learning_rate")? }),
                other => Err(format!("expected the optimizer {}, came {other}", OPTIMIZERS.join(", ")).into()),
            },
            "products" => Ok(Timed::Products { affines: numbers(request, "affines")? }),
            other => Err(Refusal::Unsupported(format!("no operation {other} to time"))),
        }
    }
}

struct Loaded<T> {
    x: Array2<T>,
    t: Target<T>,
    network: Network<T>,
}

impl<T: Real + Element> Loaded<T> {
    fn new(request: &Message) -> Result<Self, String> {
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
        Ok(Loaded { x, t, network })
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

    fn time(&mut self, timed: Timed, calls: usize, samples: usize) -> Result<Array1<f64>, String> {
        let Loaded { x, t, network } = self;
        let x = x.view();
        match timed {
            Timed::Predict => Ok(elapsed(|| _ = black_box(network.predict(x)), calls, samples)),
            Timed::Gradient => Ok(elapsed(|| _ = black_box(network.gradient(x, t)), calls, samples)),
            Timed::NumericalGradient { step } => {
                let step = real(step);
                Ok(elapsed(|| _ = black_box(central_difference(network, x, t, step)), calls, samples))
            }
            Timed::TrainStep { learning_rate } => {
                let before: Vec<_> = network.params().into_iter().map(|(_, p)| p.into_owned()).collect();
                let optimizer = SGD { learning_rate: real(learning_rate) };
                let train_step = || {
                    network.gradient(x, t);
                    let (params, gradient) = network.params_and_gradient();
                    optimizer.update(params, gradient);
                };
                let nanoseconds = elapsed(train_step, calls, samples);
                network.params_and_gradient().0.iter_mut().zip(before).for_each(|(p, before)| p.assign(&before));
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

/// A layer made beforehand, with the arrays of the request: what there is to run, and then to tell.
trait Pass {
    /// Forward, then backward.
    fn run(&mut self);
    fn results(&self) -> Arrays;
}

fn layer_pass(request: &Message) -> Result<Box<dyn Pass + '_>, String> {
    Ok(match find(&request.arrays, "x")?.data {
        Data::Float32(_) => Box::new(Layer::<f32>::new(request)?),
        _ => Box::new(Layer::<f64>::new(request)?),
    })
}

/// One fresh layer and its inputs, of one dtype.
enum Layer<'a, T> {
    Multiply { layer: Multiply<T, IxDyn>, x: ArrayViewD<'a, T>, y: ArrayViewD<'a, T>, dout: ArrayViewD<'a, T> },
    Add { layer: Add<T, IxDyn>, x: ArrayViewD<'a, T>, y: ArrayViewD<'a, T>, dout: ArrayViewD<'a, T> },
    Activation { layer: Box<dyn Activation<T, IxDyn>>, x: ArrayViewD<'a, T>, dout: ArrayViewD<'a, T> },
    Affine { layer: Affine<T>, x: ArrayView2<'a, T>, dout: ArrayView2<'a, T> },
    SoftmaxWithLoss { layer: SoftmaxWithLoss<T>, x: ArrayView2<'a, T>, t: Target<T> },
}

impl<'a, T: Real + Element> Layer<'a, T> {
    fn new(request: &'a Message) -> Result<Self, String> {
        let (arrays, kind) = (&request.arrays, field(request, "kind")?);
        match kind {
            "multiply" | "add" => {
                let x = view::<T, IxDyn>(arrays, "x")?;
                let y = shaped(arrays, "y", x.raw_dim())?;
                let dout = shaped(arrays, "dout", x.raw_dim())?;
                Ok(match kind {
                    "multiply" => Layer::Multiply { layer: Multiply::default(), x, y, dout },
                    _ => Layer::Add { layer: Add::default(), x, y, dout },
                })
            }
            "relu" | "sigmoid" => {
                let x = view::<T, IxDyn>(arrays, "x")?;
                let dout = shaped(arrays, "dout", x.raw_dim())?;
                Ok(Layer::Activation { layer: activation(kind)?, x, dout })
            }
            "affine" => {
                let x = view::<T, Ix2>(arrays, "x")?;
                let b = view::<T, Ix1>(arrays, "b")?;
                let W = shaped(arrays, "W", (x.ncols(), b.len()))?;
                let dout = shaped(arrays, "dout", (x.nrows(), b.len()))?;
                Ok(Layer::Affine { layer: Affine::new(W, b), x, dout })
            }
            "softmax_with_loss" => {
                let x = view::<T, Ix2>(arrays, "x")?;
                let t = target(arrays, x.nrows(), x.ncols())?;
                let layer = SoftmaxWithLoss::new(real(number(request, "epsilon")?));
                Ok(Layer::SoftmaxWithLoss { layer, x, t })
            }
            _ => Err(format!("expected a layer of kind {}, came {kind}", LAYERS.join(", "))),
        }
    }
}

impl<T: Real + Element> Pass for Layer<'_, T> {
    fn run(&mut self) {
        match self {
            Layer::Multiply { layer, x, y, dout } => {
                layer.forward(x.view(), y.view());
                layer.backward(x.view(), y.view(), dout.view());
            }
            Layer::Add { layer, x, y, dout } => {
                layer.forward(x.view(), y.view());
                layer.backward(dout.view());
            }
            Layer::Activation { layer, x, dout } => {
                layer.forward(x.view());
                layer.backward(dout.view());
            }
            Layer::Affine { layer, x, dout } => {
                layer.forward(x.view());
                layer.backward(x.view(), dout.view());
            }
            Layer::SoftmaxWithLoss { layer, x, t } => {
                layer.forward(x.view(), t);
                layer.backward();
            }
        }
    }

    fn results(&self) -> Arrays {
        match self {
            Layer::Multiply { layer: Multiply { out, dx, dy }, .. } | Layer::Add { layer: Add { out, dx, dy }, .. } => {
                vec![named("out", out.view()), named("dx", dx.view()), named("dy", dy.view())]
            }
            Layer::Activation { layer, .. } => vec![named("out", layer.out()), named("dx", layer.dx())],
            Layer::Affine { layer: Affine { out, dx, dW, db, .. }, .. } => {
                vec![named("out", out.view()), named("dx", dx.view()), named("dW", dW.view()), named("db", db.view())]
            }
            Layer::SoftmaxWithLoss { layer: SoftmaxWithLoss { loss, y, dx, .. }, .. } => {
                vec![named("loss", aview0(loss)), named("y", y.view()), named("dx", dx.view())]
            }
        }
    }
}

/// t: one-hot rows of the case's dtype, or labels.
fn target<T: Real + Element>(arrays: &Arrays, batch: usize, classes: usize) -> Result<Target<T>, String> {
    if !matches!(find(arrays, "t")?.data, Data::Int32(_)) {
        let t: ArrayView2<T> = shaped(arrays, "t", (batch, classes))?;
        return Ok(Target::OneHot(t.as_standard_layout().into_owned()));
    }
    let t = shaped::<i32, Ix1>(arrays, "t", batch)?;
    match t.iter().find(|&&label| !usize::try_from(label).is_ok_and(|label| label < classes)) {
        Some(label) => Err(format!("array t: expected labels from 0 to {}, came {label}", classes.wrapping_sub(1))),
        None => Ok(Target::Labels(t.to_owned())),
    }
}

fn field<'a>(request: &'a Message, name: &str) -> Result<&'a str, String> {
    let value = request.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    value.ok_or_else(|| format!("expected the field {name} in {}", request.word))
}

fn number<N: FromStr>(request: &Message, name: &str) -> Result<N, String> {
    let text = field(request, name)?;
    text.parse().map_err(|_| format!("expected a number as {name}, came {text}"))
}

fn numbers<N: FromStr>(request: &Message, name: &str) -> Result<Vec<N>, String> {
    let text = field(request, name)?;
    let parsed = text.split(',').map(|number| number.parse().ok()).collect::<Option<_>>();
    parsed.ok_or_else(|| format!("expected numbers as {name}, came {text}"))
}

fn real<T: Real>(value: f64) -> T {
    T::from_f64(value).expect("float32 and float64 come of any number")
}

fn find<'a>(arrays: &'a Arrays, name: &str) -> Result<&'a Array, String> {
    let found = arrays.iter().find(|(other, _)| other == name).map(|(_, array)| array);
    found.ok_or_else(|| {
        let names: Vec<_> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        format!("expected an array {name}, came {}", if names.is_empty() { "none".into() } else { names.join(", ") })
    })
}

/// The array of this name, where it has the dtype and the number of dimensions.
fn view<'a, T: Element, D: Dimension>(arrays: &'a Arrays, name: &str) -> Result<ArrayView<'a, T, D>, String> {
    let array = find(arrays, name)?;
    let shape = IxDyn(&array.shape).set_f(array.fortran_order);
    let view = T::of(&array.data).and_then(|values| ArrayView::from_shape(shape, values).ok());
    view.and_then(|view| view.into_dimensionality().ok()).ok_or_else(|| {
        let dimensions = D::NDIM.map_or(String::new(), |n| format!(" of {n} dimensions"));
        format!("array {name}: expected {}{dimensions}, came {array}", T::DTYPE)
    })
}

/// The array of this name, where it has the dtype and this shape.
fn shaped<'a, T: Element, D: Dimension>(
    arrays: &'a Arrays,
    name: &str,
    shape: impl IntoDimension<Dim = D>,
) -> Result<ArrayView<'a, T, D>, String> {
    let (view, shape) = (view::<T, D>(arrays, name)?, shape.into_dimension());
    if view.raw_dim() == shape {
        return Ok(view);
    }
    Err(format!("array {name}: expected shape {:?}, came {:?}", shape.slice(), view.shape()))
}

fn all<T: Real + Element>(arrays: Named<T>) -> Arrays {
    arrays.iter().map(|(name, array)| named(name, array.view())).collect()
}

fn named<T: Element, D: Dimension>(name: &str, array: ArrayView<T, D>) -> (String, Array) {
    let (values, _) = array.as_standard_layout().into_owned().into_raw_vec_and_offset();
    (name.into(), Array { shape: array.shape().into(), fortran_order: false, data: T::data(values) })
}

/// A dtype, and its two ways across the wire.
trait Element: Clone {
    const DTYPE: &str;
    fn of(data: &Data) -> Option<&[Self]>;
    fn data(values: Vec<Self>) -> Data;
}

macro_rules! element {
    ($type:ty, $variant:path, $dtype:literal) => {
        impl Element for $type {
            const DTYPE: &str = $dtype;
            fn of(data: &Data) -> Option<&[Self]> {
                if let $variant(values) = data { Some(values) } else { None }
            }
            fn data(values: Vec<Self>) -> Data {
                $variant(values)
            }
        }
    };
}
element!(f64, Data::Float64, "float64");
element!(f32, Data::Float32, "float32");
element!(i32, Data::Int32, "int32");
