//! What a request holds in the types of this port: views, labels, an optimizer; and its results as arrays to send.

use ndarray::{ArrayView, ArrayView2, Dimension, IntoDimension, Ix1, IxDyn, ShapeBuilder};

use crate::layers::{Real, Target};
use crate::network::Named;
use crate::optimizers::Rule;
use crate::request::{Element, Refusal, field, find, number};
use crate::wire::{Array, Arrays, Data, Message};

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
