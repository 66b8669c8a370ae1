//! From a request to what my_network.rs computes with, and back into a reply.

use super::array::Array;
use super::request::{find, row_by_row, Element, Refusal};
use super::server::Outcome;
use super::wire::{self, Arrays, Data};
use crate::my_network::{Matrix, Real, WRITTEN};

pub fn refuse<T>(what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Error(what.into()))
}

pub fn unsupported<T>(what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Unsupported(what.into()))
}

pub fn ok(arrays: Arrays) -> Outcome {
    Ok((vec![], arrays))
}

pub fn has(name: &str) -> bool {
    WRITTEN.contains(&name)
}

pub fn need(name: &str) -> Result<(), Refusal> {
    if has(name) {
        return Ok(());
    }
    unsupported(format!("{name} is not written yet: fill it in in src/my_network.rs, and add it to WRITTEN there"))
}

// What a request holds.

/// The elements of the array of this name, row by row, and its shape.
pub fn elements<T: Element>(arrays: &Arrays, name: &str) -> Result<(Vec<T>, Vec<usize>), Refusal> {
    let array = find(arrays, name)?;
    match row_by_row(array) {
        Some(data) => Ok((data, array.shape.clone())),
        None => refuse(format!("array {name}: expected {}, came {array}", T::DTYPE)),
    }
}

pub fn tensor(arrays: &Arrays, name: &str) -> Result<Array, Refusal> {
    let (data, shape) = elements(arrays, name)?;
    Ok(Array { shape, data })
}

pub fn matrix(arrays: &Arrays, name: &str) -> Result<Matrix, Refusal> {
    match elements(arrays, name)? {
        (data, shape) if shape.len() == 2 => Ok(Matrix { rows: shape[0], columns: shape[1], data }),
        _ => refuse(format!("expected {name} to be a matrix")),
    }
}

pub fn sized(arrays: &Arrays, name: &str, rows: usize, columns: usize) -> Result<Matrix, Refusal> {
    let a = matrix(arrays, name)?;
    if (a.rows, a.columns) != (rows, columns) {
        return refuse(format!("expected {name} to be ({rows}, {columns}), came ({}, {})", a.rows, a.columns));
    }
    Ok(a)
}

pub fn vector(arrays: &Arrays, name: &str, size: usize) -> Result<Vec<Real>, Refusal> {
    let (data, shape) = elements(arrays, name)?;
    if shape != [size] {
        return refuse(format!("expected {name} to be ({size},), came {shape:?}"));
    }
    Ok(data)
}

/// Of dropout: as numbers.
pub fn mask(arrays: &Arrays, name: &str) -> Result<Array, Refusal> {
    let (bytes, shape) = elements::<u8>(arrays, name)?;
    Ok(Array { shape, data: bytes.into_iter().map(Real::from).collect() })
}

/// Each element of the first axis as a row.
pub fn as_rows(x: Array) -> Matrix {
    let rows = x.shape.first().copied().unwrap_or(1);
    Matrix { rows, columns: x.data.len() / rows.max(1), data: x.data }
}

/// t as labels, from labels or from one-hot rows.
pub fn labels(arrays: &Arrays) -> Result<Vec<usize>, Refusal> {
    if let Data::Int32(labels) = &find(arrays, "t")?.data {
        return Ok(labels.iter().map(|&label| label as usize).collect());
    }
    let t = matrix(arrays, "t")?;
    Ok(t.data.chunks(t.columns).map(|row| row.iter().position(|&v| v != 0.0).unwrap_or(0)).collect())
}

// What a reply holds.

pub type Named = (String, wire::Array);

pub fn array<T: Element>(name: impl Into<String>, shape: &[usize], data: Vec<T>) -> Named {
    (name.into(), wire::Array { shape: shape.to_vec(), fortran_order: false, data: T::data(data) })
}

/// What a function of my_network.rs returns.
pub trait Found {
    fn named(self, name: &str) -> Named;
}

impl Found for Real {
    fn named(self, name: &str) -> Named {
        array(name, &[], vec![self])
    }
}

impl Found for Vec<Real> {
    fn named(self, name: &str) -> Named {
        array(name, &[self.len()], self)
    }
}

impl Found for Matrix {
    fn named(self, name: &str) -> Named {
        Array { shape: vec![self.rows, self.columns], data: self.data }.named(name)
    }
}

impl Found for Array {
    fn named(self, name: &str) -> Named {
        let lengths: Vec<_> = self.shape.iter().map(usize::to_string).collect();
        let (shape, came) = (lengths.join(" x "), self.data.len());
        assert!(self.shape.iter().product::<usize>() == came, "expected {name} to hold {shape} elements, came {came}");
        array(name, &self.shape, self.data)
    }
}
