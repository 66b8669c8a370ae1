use gradparity_port::layers::{Real, Target};
use gradparity_port::network::{Named, Network};
use ndarray::{Array1, Array2, ArrayD, array, aview1, aview2};

use crate::noise;

/// A network of these sizes, a batch of 3, and labels.
pub fn random<T: Real>(sizes: &[usize], activation: &str) -> (Network<T>, Array2<T>, Target<T>) {
    let seeds = (1..).zip(sizes.windows(2));
    let parameters: Vec<(Array2<T>, Array1<T>)> =
        seeds.map(|(i, pair)| (noise(i, (pair[0], pair[1])), noise(10 * i, pair[1]))).collect();
    let views: Vec<_> = parameters.iter().map(|(W, b)| (W.view(), b.view())).collect();
    let classes = sizes[sizes.len() - 1] as i32;
    let labels = Array1::from_shape_fn(3, |i| (7 * i as i32 + 1) % classes);
    (Network::new(&views, activation, T::zero()).unwrap(), noise(99, (3, sizes[0])), Target::Labels(labels))
}

pub fn owned<T: Real>(named: Named<T>) -> Vec<(String, ArrayD<T>)> {
    named.into_iter().map(|(name, array)| (name, array.into_owned())).collect()
}

fn names<T>(named: &[(String, T)]) -> Vec<&str> {
    named.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_example_of_the_reference() {
    let (one, none) = (array![[1.0, 0.0], [0.0, 1.0]], array![0.0, 0.0]);
    let mut network = Network::new(&[(one.view(), none.view()); 2], "relu", 0.0).unwrap();
    let x = aview2(&[[2.0, 1.0]]);
    assert_eq!(network.predict(x), array![[2.0, 1.0]]);
    assert_eq!(network.loss(x, &Target::Labels(array![0])), 0.31326168751822286);
    assert_eq!(network.accuracy(x, &Target::Labels(array![1])), 0.0);
    assert_eq!(network.accuracy(x, &Target::OneHot(array![[1.0, 0.0]])), 1.0);
}

#[test]
fn the_first_of_equal_logits_is_the_prediction() {
    let (W, b) = (array![[0.0f32, 0.0, 0.0]], array![1.0, 2.0, 2.0]);
    let mut network = Network::new(&[(W.view(), b.view())], "relu", 0.0).unwrap();
    assert_eq!(network.accuracy(aview2(&[[5.0], [6.0], [7.0], [8.0]]), &Target::Labels(array![1, 2, 1, 0])), 0.5);
}

#[test]
fn twice_gives_the_same_bits() {
    for activation in ["relu", "sigmoid"] {
        let (mut network, x, t) = random::<f32>(&[5, 4, 6, 3], activation);
        let before = (owned(network.params()), x.clone());
        let first = owned(network.gradient(x.view(), &t));
        network.predict(aview2(&[[9.0; 5]; 7])); // another batch between
        network.trace(x.view(), &t);
        assert_eq!(owned(network.gradient(x.view(), &t)), first);
        assert_eq!((owned(network.params()), x), before);
    }
}

#[test]
fn names_come_in_the_order_of_the_layers() {
    let (mut network, x, t) = random::<f64>(&[2, 3, 4], "sigmoid");
    assert_eq!(names(&owned(network.params())), ["W1", "b1", "W2", "b2"]);
    let gradient = owned(network.gradient(x.view(), &t));
    assert_eq!(names(&gradient), ["loss", "dW1", "db1", "dW2", "db2"]);
    let trace = owned(network.trace(x.view(), &t));
    let forward = "affine1.out sigmoid1.out affine2.out softmax.y loss";
    let backward = "softmax.dx affine2.dx affine2.dW affine2.db sigmoid1.dx affine1.dx affine1.dW affine1.db";
    assert_eq!(names(&trace).join(" "), format!("{forward} {backward}"));
    for (name, array) in &gradient {
        let same = name.replace("dW1", "affine1.dW").replace("dW2", "affine2.dW");
        let same = same.replace("db1", "affine1.db").replace("db2", "affine2.db");
        assert_eq!(trace.iter().find(|(other, _)| *other == same).map(|(_, array)| array), Some(array));
    }
}

#[test]
fn only_two_activations_are_known() {
    let (W, b) = (aview2(&[[0.0; 2]; 2]), aview1(&[0.0; 2]));
    for depth in 1..3 {
        let network = Network::<f64>::new(&[(W, b), (W, b)][..depth], "tanh", 0.0);
        assert_eq!(network.err().as_deref(), Some("expected the activation relu or sigmoid, came tanh"));
    }
}
