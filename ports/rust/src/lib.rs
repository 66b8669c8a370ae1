//! The layered network of "Deep Learning from Scratch" on `ndarray`, and its operations behind the protocol.
//!
//! A computation is a row of layers; each knows how to go `forward` and how to send a gradient `backward` (chapter 5 of
//! the book). The first example of the book, in layers: two apples at 100 each, and a tax of 10 %.
//!
//! ```
//! use gradparity_port::layers::Multiply;
//! use ndarray::aview0;
//!
//! let (apple, number, tax) = (aview0(&100.0), aview0(&2.0), aview0(&1.1));
//! let (mut apples, mut price) = (Multiply::default(), Multiply::default());
//! apples.forward(apple, number);
//! assert_eq!(price.forward(apples.out.view(), tax), aview0(&220.00000000000003));
//!
//! price.backward(apples.out.view(), tax, aview0(&1.0));
//! apples.backward(apple, number, price.dx.view());
//! assert_eq!(apples.dx, aview0(&2.2));
//! assert_eq!(apples.dy, aview0(&110.00000000000001));
//! assert_eq!(price.dy, aview0(&200.0));
//! ```
//!
//! A penny more for an apple costs 2.2 pennies, an apple more 110, and a point more of tax 200.

#![deny(unsafe_code)] // product.rs has the one exception
#![allow(non_snake_case)] // W, dW are matrices here, as in every text on the subject

pub mod case;
pub mod exp;
pub mod layer_pass;
pub mod layers;
pub mod network;
pub mod numerical;
pub mod operands;
pub mod operations;
pub mod optimizers;
pub mod product;
pub mod request;
pub mod roofline;
pub mod server;
pub mod specs;
pub mod timing;
pub mod trace;
pub mod training;
pub mod wire;
