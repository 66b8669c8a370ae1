//! Arguments and results, and their way from a request and into a reply.

use std::hint::black_box;

use super::array::Array;
use super::request::{Element, Refusal, row_by_row};
use super::wire::{self, Arrays, Data};
use crate::Real;

/// An argument as it came; a number is an array of no dimensions.
pub enum Argument {
    Reals(Array),
    Integers(Array<i32>),
    Booleans(Array<bool>),
}

/// What an array is made of.
pub trait Item: Copy + 'static {
    const NAME: &str;
    fn of(argument: &Argument) -> Option<&Array<Self>>;
    fn data(values: Vec<Self>) -> Data;
}

impl Item for Real {
    const NAME: &str = Real::DTYPE;
    fn of(argument: &Argument) -> Option<&Array> {
        if let Argument::Reals(array) = argument { Some(array) } else { None }
    }
    fn data(values: Vec<Real>) -> Data {
        Element::data(values)
    }
}

impl Item for i32 {
    const NAME: &str = "int32";
    fn of(argument: &Argument) -> Option<&Array<i32>> {
        if let Argument::Integers(array) = argument { Some(array) } else { None }
    }
    fn data(values: Vec<i32>) -> Data {
        Element::data(values)
    }
}

impl Item for bool {
    const NAME: &str = "uint8";
    fn of(argument: &Argument) -> Option<&Array<bool>> {
        if let Argument::Booleans(array) = argument { Some(array) } else { None }
    }
    fn data(values: Vec<bool>) -> Data {
        Element::data(values.into_iter().map(u8::from).collect())
    }
}

impl Argument {
    /// From the wire.
    pub fn new(came: &wire::Array) -> Result<Self, Refusal> {
        let shape = came.shape.clone();
        if let Some(data) = row_by_row(came) {
            return Ok(Argument::Reals(Array { shape, data }));
        }
        if let Some(data) = row_by_row(came) {
            return Ok(Argument::Integers(Array { shape, data }));
        }
        if let Some(data) = row_by_row::<u8>(came) {
            return Ok(Argument::Booleans(Array { shape, data: data.iter().map(|&one| one != 0).collect() }));
        }
        let other = if Real::DTYPE == "float64" { "float32" } else { "float64" };
        Err(Refusal::Unsupported(format!("no {other}")))
    }

    pub fn array<T: Item>(&self) -> &Array<T> {
        T::of(self).unwrap_or_else(|| panic!("expected arguments as in the signature, here of {}", T::NAME))
    }

    pub fn number<T: Item>(&self) -> T {
        let [] = self.array::<T>().dims();
        self.array().data[0]
    }

    pub fn to_wire(&self) -> wire::Array {
        match self {
            Argument::Reals(array) => to_wire(array.clone()),
            Argument::Integers(array) => to_wire(array.clone()),
            Argument::Booleans(array) => to_wire(array.clone()),
        }
    }
}

fn to_wire<T: Item>(array: Array<T>) -> wire::Array {
    wire::Array { shape: array.shape, fortran_order: false, data: T::data(array.data) }
}

/// Takes the results of a call, and keeps them if they are wanted.
pub struct Reply {
    pub wanted: bool,
    pub arrays: Arrays,
}

impl Reply {
    pub fn array<T: Item>(&mut self, name: &str, result: Array<T>) {
        let result = black_box(result);
        if self.wanted {
            let (shape, came) = (&result.shape, result.data.len());
            assert!(shape.iter().product::<usize>() == came, "{name}: expected the elements of {shape:?}, came {came}");
            self.arrays.push((name.into(), to_wire(result)));
        }
    }

    pub fn number<T: Item>(&mut self, name: &str, result: T) {
        let result = black_box(result);
        if self.wanted {
            self.array(name, Array::new([], vec![result]));
        }
    }
}
