//! What a request holds, checked: its fields as text and numbers, its arrays as views; and results as arrays to send.

use std::str::FromStr;

use ndarray::{ArrayView, ArrayView2, Dimension, IntoDimension, Ix1, IxDyn, ShapeBuilder};

use crate::layers::{Real, Target};
use crate::network::Named;
use crate::optimizers::Rule;
use crate::wire::{Array, Arrays, Data, Message};

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

/// The optimizers by name, as `rule` knows them.
pub const OPTIMIZERS: [&str; 6] = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"];

/// The optimizer that the request names, with its numbers.
pub fn rule(request: &Message) -> Result<Rule, Refusal> {
    let (number, rate) = (|name| number(request, name), || number(request, "learning_rate"));
    Ok(match field(request, "optimizer")? {
        "sgd" => Rule::SGD { learning_rate: rate()? },
        "momentum" => Rule::Momentum { learning_rate: rate()?, momentum: number("momentum")? },
        "nesterov" => Rule::Nesterov { learning_rate: rate()?, momentum: number("momentum")? },
        "adagrad" => Rule::AdaGrad { learning_rate: rate()? },
        "rmsprop" => Rule::RMSProp { learning_rate: rate()?, decay: number("decay")? },
        "adam" => Rule::Adam { learning_rate: rate()?, beta1: number("beta1")?, beta2: number("beta2")? },
        other => return Err(Refusal::Unsupported(format!("no optimizer {other}"))),
    })
}

/// t: one-hot rows of the case's dtype, or labels.
pub fn target<T: Real + Element>(arrays: &Arrays, batch: usize, classes: usize) -> Result<Target<T>, String> {
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

/// The text of this field.
pub fn field<'a>(request: &'a Message, name: &str) -> Result<&'a str, String> {
    let value = request.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    value.ok_or_else(|| format!("expected the field {name} in {}", request.word))
}

/// This field as a number.
pub fn number<N: FromStr>(request: &Message, name: &str) -> Result<N, String> {
    let text = field(request, name)?;
    text.parse().map_err(|_| format!("expected a number as {name}, came {text}"))
}

/// This field as numbers, joined by commas.
pub fn numbers<N: FromStr>(request: &Message, name: &str) -> Result<Vec<N>, String> {
    let text = field(request, name)?;
    let parsed = text.split(',').map(|number| number.parse().ok()).collect::<Option<_>>();
    parsed.ok_or_else(|| format!("expected numbers as {name}, came {text}"))
}

/// The array of this name.
pub fn find<'a>(arrays: &'a Arrays, name: &str) -> Result<&'a Array, String> {
    let found = arrays.iter().find(|(other, _)| other == name).map(|(_, array)| array);
    found.ok_or_else(|| {
        let names: Vec<_> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        format!("expected an array {name}, came {}", if names.is_empty() { "none".into() } else { names.join(", ") })
    })
}

/// The array of this name, where it has the dtype and the number of dimensions.
pub fn view<'a, T: Element, D: Dimension>(arrays: &'a Arrays, name: &str) -> Result<ArrayView<'a, T, D>, String> {
    let array = find(arrays, name)?;
    let shape = IxDyn(&array.shape).set_f(array.fortran_order);
    let view = T::of(&array.data).and_then(|values| ArrayView::from_shape(shape, values).ok());
    view.and_then(|view| view.into_dimensionality().ok()).ok_or_else(|| {
        let dimensions = D::NDIM.map_or(String::new(), |n| format!(" of {n} dimensions"));
        format!("array {name}: expected {}{dimensions}, came {array}", T::DTYPE)
    })
}

/// The array of this name, where it has the dtype and this shape.
pub fn shaped<'a, T: Element, D: Dimension>(
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

/// Arrays to send, all of them.
pub fn all<T: Real + Element>(arrays: Named<T>) -> Arrays {
    arrays.iter().map(|(name, array)| named(name, array.view())).collect()
}

/// An array to send, in C order.
pub fn named<T: Element, D: Dimension>(name: &str, array: ArrayView<T, D>) -> (String, Array) {
    let (values, _) = array.as_standard_layout().into_owned().into_raw_vec_and_offset();
    (name.into(), Array { shape: array.shape().into(), fortran_order: false, data: T::data(values) })
}

/// A dtype, and its two ways across the wire.
pub trait Element: Clone {
    const DTYPE: &str;
    /// What came, where it has this dtype.
    fn of(data: &Data) -> Option<&[Self]>;
    /// What is to go.
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
element!(u8, Data::Uint8, "uint8");
