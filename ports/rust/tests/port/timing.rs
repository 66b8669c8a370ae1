use std::thread::sleep;
use std::time::{Duration, Instant};

use gradparity_port::layers::{images, rows};
use gradparity_port::network::{Network, Node};
use gradparity_port::roofline::{product_operands, products};
use gradparity_port::timing::elapsed;
use ndarray::{Array2, ArrayD};

use crate::difference;
use crate::network::{of_images, owned, random};

#[test]
fn a_sample_is_the_time_of_all_its_calls() {
    let mut calls = 0;
    let nanoseconds = elapsed(|| calls += 1, 3, 4);
    assert_eq!((nanoseconds.len(), calls), (4, 12));
    let start = Instant::now();
    let nanoseconds = elapsed(|| sleep(Duration::from_millis(2)), 3, 2);
    assert!(nanoseconds.iter().all(|&sample| sample >= 6e6), "{nanoseconds:?}");
    assert!(nanoseconds.iter().sum::<f64>() <= start.elapsed().as_nanos() as f64, "{nanoseconds:?}");
}

/// W, dW, out and dx of each affine or convolution layer.
fn multiplied(network: &Network<f64>) -> Vec<[ArrayD<f64>; 4]> {
    let layers = network.nodes.iter().filter(|node| ["affine", "convolution"].contains(&node.kind.as_str()));
    let arrays = layers.map(|Node { layer, .. }| {
        let W = &layer.params()[0];
        [W.value.clone(), W.gradient.clone(), layer.out().to_owned(), layer.dx().to_owned()]
    });
    arrays.collect()
}

#[test]
fn the_products_are_those_of_the_layers_with_their_outputs_for_dout() {
    let (mut network, x, _) = random::<f64>(&[5, 4, 3], "relu");
    let operands = product_operands(&mut network, x.view(), &[1, 2]).unwrap();
    products(&mut network, &operands);
    for (operand, [W, dW, out, _]) in operands.iter().zip(multiplied(&network)) {
        let (x, W, out) = (rows(operand.x.view()), rows(W.view()), rows(out.view()));
        assert!(difference(out, x.dot(&W).view()) < 1e-14);
        assert!(difference(rows(dW.view()), x.t().dot(&out).view()) < 1e-14);
    }
    let [[.., first], [W, _, out, second]] = &multiplied(&network)[..] else { panic!("two layers") };
    assert!(difference(rows(second.view()), rows(out.view()).dot(&rows(W.view()).t()).view()) < 1e-14);
    assert!(first.len() <= 1, "nobody owes the gradient of the data");
}

#[test]
fn the_products_of_a_convolution_are_of_its_windows() {
    let (mut network, x, _) = of_images::<f64>(false);
    let operands = product_operands(&mut network, x.view(), &[2]).unwrap();
    products(&mut network, &operands);
    let [W, dW, out, _] = &multiplied(&network)[1];
    let (W, windows, out) = (rows(W.view()), images(operands[0].x.view()), images(out.view()));
    let mut sum = Array2::zeros(W.dim());
    for (col, out) in windows.outer_iter().zip(out.outer_iter()) {
        assert!(difference(out, W.dot(&col).view()) < 1e-14);
        sum += &out.dot(&col.t());
    }
    assert!(difference(rows(dW.view()), sum.view()) < 1e-14);
    let other = product_operands(&mut network, x.view(), &[2, 4]).err();
    assert_eq!(other.as_deref(), Some("expected affines of 1, 2, 3, 5, came 4"));
}

#[test]
fn products_of_some_layers_leave_the_others_and_the_parameters_alone() {
    let (mut network, x, t) = random::<f64>(&[5, 4, 3], "sigmoid");
    let (held, gradient) = (owned(network.held()), owned(network.gradient(x.view(), &t)));
    let operands = product_operands(&mut network, x.view(), &[2]).unwrap();
    let before = multiplied(&network)[0][1].clone();
    products(&mut network, &operands);
    assert_eq!(multiplied(&network)[0][1], before);
    assert_eq!(owned(network.held()), held);
    assert_eq!(owned(network.gradient(x.view(), &t)), gradient);
}
