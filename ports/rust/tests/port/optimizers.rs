use gradparity_port::layers::Real;
use gradparity_port::optimizers::SGD;
use ndarray::{array, aview1, aview2};

use crate::network::{owned, random};

#[test]
fn sgd_goes_against_the_gradient() {
    let (mut W, mut b) = (array![[1.0, 2.0], [3.0, 4.0]], array![5.0, 6.0]);
    let (dW, db) = (aview2(&[[1.0, 0.0], [-2.0, 4.0]]), aview1(&[8.0, -8.0]));
    let params = vec![W.view_mut().into_dyn(), b.view_mut().into_dyn()];
    SGD { learning_rate: 0.5 }.update(params, vec![dW.into_dyn(), db.into_dyn()]);
    assert_eq!(W, array![[0.5, 2.0], [4.0, 2.0]]);
    assert_eq!(b, array![1.0, 10.0]);
}

fn every_parameter_moves<T: Real>() {
    let (mut network, x, t) = random::<T>(&[4, 5, 3], "sigmoid");
    let before = owned(network.params());
    let gradient = owned(network.gradient(x.view(), &t));
    let learning_rate = T::from_f64(0.1).unwrap();
    let (params, slopes) = network.params_and_gradient();
    SGD { learning_rate }.update(params, slopes);
    for (((name, p), (_, before)), (_, dp)) in owned(network.params()).iter().zip(&before).zip(&gradient[1..]) {
        assert_eq!(*p, before - dp * learning_rate, "{name}");
        assert_ne!(p, before, "{name}");
    }
}

#[test]
fn sgd_moves_every_parameter_of_a_network() {
    every_parameter_moves::<f32>();
    every_parameter_moves::<f64>();
}

#[test]
fn a_hundred_steps_lower_the_loss() {
    for activation in ["relu", "sigmoid"] {
        let (mut network, x, t) = random::<f64>(&[4, 5, 3], activation);
        let before = network.loss(x.view(), &t);
        for _ in 0..100 {
            network.gradient(x.view(), &t);
            let (params, gradient) = network.params_and_gradient();
            SGD { learning_rate: 0.5 }.update(params, gradient);
        }
        let after = network.loss(x.view(), &t);
        assert!(after < before / 2.0, "{activation}: {before} became {after}");
    }
}
