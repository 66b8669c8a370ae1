//! Arrays of any number of dimensions, and their way from a request and into a reply.

use std::hint::black_box;
use std::ops::{Index, IndexMut};

use super::request::{Element, Refusal, row_by_row};
use super::wire::{self, Arrays, Data};
use crate::functions::Real;

/// Elements row by row: the last index runs fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T = Real> {
    pub shape: Vec<usize>,
    pub data: Vec<T>,
}

impl<T> Array<T> {
    /// An array of this shape, such as [n, d], from its elements row by row.
    #[track_caller]
    pub fn new(shape: impl Into<Vec<usize>>, data: Vec<T>) -> Self {
        let (shape, came) = (shape.into(), data.len());
        assert!(shape.iter().product::<usize>() == came, "expected the elements of shape {shape:?}, came {came}");
        Array { shape, data }
    }

    /// An array of this shape, all of whose elements are `value`.
    pub fn full(shape: impl Into<Vec<usize>>, value: T) -> Self
    where
        T: Clone,
    {
        let shape = shape.into();
        Array { data: vec![value; shape.iter().product()], shape }
    }

    /// The shape, of as many dimensions as are asked for: `let [n, d] = a.dims();`
    #[track_caller]
    pub fn dims<const N: usize>(&self) -> [usize; N] {
        match self.shape[..].try_into() {
            Ok(dims) => dims,
            Err(_) => panic!("expected an array of {N} dimensions, came one of shape {:?}", self.shape),
        }
    }

    /// Where an element is in `data`.
    #[inline]
    #[track_caller]
    fn place<const N: usize>(&self, index: [usize; N]) -> usize {
        let inside = self.shape.len() == N && (0..N).all(|k| index[k] < self.shape[k]);
        assert!(inside, "index {index:?} is outside of shape {:?}", self.shape);
        (0..N).fold(0, |place, k| place * self.shape[k] + index[k])
    }
}

impl Array {
    /// An array of this shape, such as [n, d], full of zeros.
    pub fn zeros(shape: impl Into<Vec<usize>>) -> Self {
        Array::full(shape, 0.0)
    }
}

impl<T, const N: usize> Index<[usize; N]> for Array<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, index: [usize; N]) -> &T {
        &self.data[self.place(index)]
    }
}

impl<T, const N: usize> IndexMut<[usize; N]> for Array<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, index: [usize; N]) -> &mut T {
        let place = self.place(index);
        &mut self.data[place]
    }
}

impl<T> Index<usize> for Array<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, i: usize) -> &T {
        &self[[i]]
    }
}

impl<T> IndexMut<usize> for Array<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, i: usize) -> &mut T {
        &mut self[[i]]
    }
}

/// A vector.
impl<T> From<Vec<T>> for Array<T> {
    fn from(data: Vec<T>) -> Self {
        Array { shape: vec![data.len()], data }
    }
}

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
