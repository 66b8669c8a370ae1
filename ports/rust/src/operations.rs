//! The operations of the protocol: each takes a request, with its arrays decoded, and gives named arrays in order.

use ndarray::{Array2, ArrayView, ArrayView2, Dimension, IntoDimension, Ix1, Ix2, IxDyn, ShapeBuilder, aview0};

use crate::layers::{Add, Affine, Multiply, Real, SoftmaxWithLoss, Target};
use crate::network::{Named, Network, activation};
use crate::numerical::central_difference;
use crate::product;
use crate::wire::{Array, Arrays, Data, Fields, Message};

/// What an operation gives: the fields and arrays of the reply, or what was expected of the request and what came.
pub type Outcome = Result<(Fields, Arrays), String>;

/// How a request is answered.
pub type Handler = fn(&mut Port, Message) -> Outcome;

/// Every operation by its name, in the order in which hello lists them.
pub const HANDLERS: [(&str, Handler); 9] = [
    ("hello", Port::hello),
    ("load", Port::load),
    ("layer", Port::layer),
    ("inputs", Port::inputs),
    ("predict", Port::predict),
    ("accuracy", Port::accuracy),
    ("gradient", Port::gradient),
    ("numerical_gradient", Port::numerical_gradient),
    ("trace", Port::trace),
];

const LAYERS: [&str; 6] = ["multiply", "add", "relu", "sigmoid", "affine", "softmax_with_loss"];

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
            ("optimizers", ""),
            ("epsilon", "any"),
        ];
        Ok((fields.map(|(key, value)| (key.into(), value.into())).into(), vec![]))
    }

    fn load(&mut self, request: Message) -> Outcome {
        *self = Port::default(); // a load that fails leaves nothing of the one before
        self.case = match field(&request, "dtype")? {
            "float32" => Some(Box::new(Loaded::<f32>::new(&request)?)),
            "float64" => Some(Box::new(Loaded::<f64>::new(&request)?)),
            other => return Err(format!("expected dtype float32 or float64, came {other}")),
        };
        Ok((vec![], vec![]))
    }

    fn layer(&mut self, request: Message) -> Outcome {
        let results = match find(&request.arrays, "x")?.data {
            Data::Float32(_) => layer::<f32>(&request)?,
            _ => layer::<f64>(&request)?,
        };
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
}

struct Loaded<T> {
    x: Array2<T>,
    t: Target<T>,
    network: Network<T>,
}

impl<T: Real + Element> Loaded<T> {
    fn new(request: &Message) -> Result<Self, String> {
        let (arrays, sizes) = (&request.arrays, field(request, "sizes")?);
        let parsed: Option<Vec<usize>> = sizes.split(',').map(|size| size.parse().ok()).collect();
        let sizes =
            parsed.filter(|s| s.len() > 1).ok_or(format!("expected sizes as inputs,...,classes, came {sizes}"))?;
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
}

/// One fresh layer, forward and backward.
fn layer<T: Real + Element>(request: &Message) -> Result<Arrays, String> {
    let (arrays, kind) = (&request.arrays, field(request, "kind")?);
    match kind {
        "multiply" | "add" => {
            let x = view::<T, IxDyn>(arrays, "x")?;
            let y = shaped(arrays, "y", x.raw_dim())?;
            let dout = shaped(arrays, "dout", x.raw_dim())?;
            let (out, (dx, dy)) = if kind == "multiply" {
                (Multiply.forward(&x, &y), Multiply.backward(&x, &y, &dout))
            } else {
                (Add.forward(&x, &y), Add.backward(&dout))
            };
            Ok(vec![named("out", out.view()), named("dx", dx.view()), named("dy", dy.view())])
        }
        "relu" | "sigmoid" => {
            let x = view::<T, IxDyn>(arrays, "x")?;
            let dout = shaped(arrays, "dout", x.raw_dim())?;
            let mut activation = activation(kind)?;
            Ok(vec![named("out", activation.forward(x)), named("dx", activation.backward(dout))])
        }
        "affine" => {
            let x = view::<T, Ix2>(arrays, "x")?;
            let b = view::<T, Ix1>(arrays, "b")?;
            let W = shaped(arrays, "W", (x.ncols(), b.len()))?;
            let dout = shaped(arrays, "dout", (x.nrows(), b.len()))?;
            let mut affine = Affine::new(W, b);
            let out = named("out", affine.forward(x));
            let dx = named("dx", affine.backward(x, dout));
            Ok(vec![out, dx, named("dW", affine.dW.view()), named("db", affine.db.view())])
        }
        "softmax_with_loss" => {
            let x = view::<T, Ix2>(arrays, "x")?;
            let t = target(arrays, x.nrows(), x.ncols())?;
            let mut last = SoftmaxWithLoss::new(real(number(request, "epsilon")?));
            let loss = last.forward(x, &t);
            let y = named("y", last.y.view());
            Ok(vec![named("loss", aview0(&loss)), y, named("dx", last.backward())])
        }
        _ => Err(format!("expected a layer of kind {}, came {kind}", LAYERS.join(", "))),
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

fn number(request: &Message, name: &str) -> Result<f64, String> {
    let text = field(request, name)?;
    text.parse().map_err(|_| format!("expected a number as {name}, came {text}"))
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
