use std::thread::sleep;
use std::time::{Duration, Instant};

use gradparity_port::roofline::{layer_inputs, products};
use gradparity_port::timing::elapsed;

use crate::difference;
use crate::network::{owned, random};

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

#[test]
fn the_products_are_those_of_the_layers_with_their_outputs_for_dout() {
    let (mut network, x, _) = random::<f64>(&[5, 4, 3], "relu");
    let inputs = layer_inputs(&mut network, x.view(), &[1, 2]);
    products(&mut network, &inputs);
    let hidden = (x.dot(&network.affines[0].W) + &network.affines[0].b).mapv(|x| x.max(0.0));
    for (i, input) in [x, hidden].iter().enumerate() {
        let affine = &network.affines[i];
        let out = input.dot(&affine.W);
        assert!(difference(inputs[i].1.view(), input.view()) < 1e-14);
        assert!(difference(affine.out.view(), out.view()) < 1e-14);
        assert!(difference(affine.dW.view(), input.t().dot(&out).view()) < 1e-14);
    }
    let [first, second] = &network.affines[..] else { panic!("two layers") };
    assert!(difference(second.dx.view(), second.out.dot(&second.W.t()).view()) < 1e-14);
    assert_eq!(first.dx.dim(), (0, 0), "nobody owes the gradient of the data");
}

#[test]
fn products_of_some_layers_leave_the_others_and_the_parameters_alone() {
    let (mut network, x, t) = random::<f32>(&[5, 4, 3], "sigmoid");
    let (params, gradient) = (owned(network.params()), owned(network.gradient(x.view(), &t)));
    let inputs = layer_inputs(&mut network, x.view(), &[2]);
    assert_eq!(inputs.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [2]);
    let before = network.affines[0].dW.clone();
    products(&mut network, &inputs);
    assert_eq!(network.affines[0].dW, before);
    assert_eq!(owned(network.params()), params);
    assert_eq!(owned(network.gradient(x.view(), &t)), gradient);
}
