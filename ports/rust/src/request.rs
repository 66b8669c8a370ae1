//! What a request holds, checked: its fields as text and numbers, and its arrays by dtype.

use std::str::FromStr;

use super::wire::{Array, Arrays, Data, Message};

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

/// The elements of an array row by row, whichever way they came; None if it has another dtype.
pub fn row_by_row<T: Element>(array: &Array) -> Option<Vec<T>> {
    let values = T::of(&array.data)?;
    if !array.fortran_order {
        return Some(values.to_vec());
    }
    // From the last axis to the first, `stride` is how far apart neighbours are along that axis.
    let place = |mut at: usize| {
        let (mut place, mut stride) = (0, values.len());
        for n in array.shape.iter().rev() {
            stride /= n;
            place += at % n * stride;
            at /= n;
        }
        place
    };
    Some((0..values.len()).map(|at| values[place(at)].clone()).collect())
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
