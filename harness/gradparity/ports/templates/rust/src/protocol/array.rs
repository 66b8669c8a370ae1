//! Arrays of any number of dimensions.

use std::ops::{Index, IndexMut};

use crate::Real;

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
