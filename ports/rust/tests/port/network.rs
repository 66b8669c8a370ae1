use gradparity_port::layers::{
    Affine, BatchNorm, Convolution, Dropout, Layer, MaxPooling, Real, Relu, Sigmoid, SoftmaxWithLoss, SquaredError,
    Tanh, Target, Windows,
};
use gradparity_port::network::{Named, Network, Node};
use gradparity_port::numerical::central_difference;
use ndarray::{Array1, ArrayD, ArrayView1, ArrayView2, array, aview2};

use crate::{difference, noise};

fn node<T: Real>(kind: &str, number: usize, layer: impl Layer<T> + 'static) -> Node<T> {
    Node { kind: kind.into(), number, layer: Box::new(layer) }
}

/// Affine layers with these parameters, and an activation between each two.
fn dense<T: Real>(parameters: &[(ArrayView2<T>, ArrayView1<T>)], activation: &str) -> Network<T> {
    let mut nodes = Vec::new();
    for (i, &(W, b)) in (1..).zip(parameters) {
        nodes.extend((i > 1).then(|| match activation {
            "relu" => node("relu", i - 1, Relu::default()),
            "sigmoid" => node("sigmoid", i - 1, Sigmoid::default()),
            _ => node("tanh", i - 1, Tanh::default()),
        }));
        nodes.push(node("affine", i, Affine::new(W, b)));
    }
    Network::new(nodes, "softmax_with_loss", Box::new(SoftmaxWithLoss::new(T::zero())), 0.0)
}

/// A network of these sizes, a batch of 3, and labels.
pub fn random<T: Real>(sizes: &[usize], activation: &str) -> (Network<T>, ArrayD<T>, Target<T>) {
    let seeds = (1..).zip(sizes.windows(2));
    let parameters: Vec<_> =
        seeds.map(|(i, pair)| (noise(i, (pair[0], pair[1])), noise::<T, _>(10 * i, pair[1]))).collect();
    let views: Vec<_> = parameters.iter().map(|(W, b)| (W.view(), b.view())).collect();
    let classes = sizes[sizes.len() - 1] as i32;
    let labels = Array1::from_shape_fn(3, |i| (7 * i as i32 + 1) % classes);
    (dense(&views, activation), noise(99, (3, sizes[0])).into_dyn(), Target::Labels(labels))
}

/// Every kind of layer, weight decay, and a batch of 5 images of 6 x 6.
pub fn of_images<T: Real>(squared: bool) -> (Network<T>, ArrayD<T>, Target<T>) {
    let windows = |image, size, stride, pad| Windows { image, size: [size; 2], stride, pad };
    let filters = |seed, shape| noise::<T, _>(seed, shape);
    let mask = ArrayD::from_shape_fn(&[5, 4][..], |i| u8::from((i[0] + 2 * i[1]) % 3 > 0));
    let vector = |seed| noise::<T, _>(seed, 4);
    let of_batch =
        BatchNorm::new([vector(5).view(), vector(6).view()], [vector(7).view(), vector(8).view()], 0.75, 0.5);
    let nodes = vec![
        node(
            "convolution",
            1,
            Convolution::new(filters(1, (2, 1, 3, 3)).view(), noise(2, 2).view(), windows([1, 6, 6], 3, 1, 1)),
        ),
        node("relu", 1, Relu::default()),
        node("max_pooling", 1, MaxPooling::new(windows([2, 6, 6], 2, 2, 0))),
        node(
            "convolution",
            2,
            Convolution::new(filters(3, (3, 2, 2, 2)).view(), noise(4, 3).view(), windows([2, 3, 3], 2, 1, 0)),
        ),
        node("tanh", 2, Tanh::default()),
        node("affine", 3, Affine::new(noise(9, (12, 4)).view(), vector(10).view())),
        node("batch_norm", 4, of_batch),
        node("dropout", 4, Dropout::new(mask.view(), 0.25)),
        node("affine", 5, Affine::new(noise(11, (4, 3)).view(), noise(12, 3).view())),
    ];
    let network = match squared {
        true => Network::new(nodes, "squared_error", Box::new(SquaredError::default()), 0.25),
        false => Network::new(nodes, "softmax_with_loss", Box::new(SoftmaxWithLoss::new(T::zero())), 0.25),
    };
    (network, noise(99, (5, 1, 6, 6)).into_dyn(), Target::Labels(array![2, 0, 1, 1, 0]))
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
    let mut network = dense(&[(one.view(), none.view()); 2], "relu");
    let x = aview2(&[[2.0, 1.0]]).into_dyn();
    assert_eq!(network.predict(x.view()), array![[2.0, 1.0]].into_dyn());
    assert_eq!(network.loss(x.view(), &Target::Labels(array![0])), 0.31326168751822286);
    assert_eq!(network.accuracy(x.view(), &Target::Labels(array![1])), 0.0);
    assert_eq!(network.accuracy(x.view(), &Target::OneHot(array![[1.0, 0.0]])), 1.0);
}

#[test]
fn the_first_of_equal_logits_is_the_prediction() {
    let (W, b) = (array![[0.0f32, 0.0, 0.0]], array![1.0, 2.0, 2.0]);
    let mut network = dense(&[(W.view(), b.view())], "relu");
    let x = aview2(&[[5.0], [6.0], [7.0], [8.0]]).into_dyn();
    assert_eq!(network.accuracy(x, &Target::Labels(array![1, 2, 1, 0])), 0.5);
}

#[test]
fn twice_gives_the_same_bits() {
    for activation in ["relu", "sigmoid", "tanh"] {
        let (mut network, x, t) = random::<f32>(&[5, 4, 6, 3], activation);
        let before = (owned(network.held()), x.clone());
        let first = owned(network.gradient(x.view(), &t));
        network.predict(aview2(&[[9.0; 5]; 7]).into_dyn()); // another batch between
        network.trace(x.view(), &t);
        assert_eq!(owned(network.gradient(x.view(), &t)), first);
        assert_eq!((owned(network.held()), x), before);
    }
}

#[test]
fn names_come_in_the_order_of_the_layers() {
    let (mut network, x, t) = random::<f64>(&[2, 3, 4], "sigmoid");
    assert_eq!(names(&owned(network.held())), ["W1", "b1", "W2", "b2"]);
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
fn networks_of_any_layers_go_backward_as_central_differences_do() {
    for squared in [false, true] {
        let (mut network, x, t) = of_images::<f64>(squared);
        let numerical = owned(central_difference(&mut network, x.view(), &t, 1e-6));
        let gradient = owned(network.gradient(x.view(), &t));
        let expected = "dW1 db1 dW2 db2 dW3 db3 dgamma4 dbeta4 dW5 db5";
        assert_eq!(names(&numerical).join(" "), expected);
        for ((name, exact), (_, estimate)) in gradient[1..].iter().zip(&numerical) {
            // The bias before a batch normalization has no slope but for rounding.
            let error = if name == "db3" {
                estimate.iter().fold(0.0f64, |m, x| m.max(x.abs()))
            } else {
                difference(estimate.view(), exact.view())
            };
            assert!(error < 1e-7, "{name}: {error:e}");
        }
    }
}

#[test]
fn image_by_image_gives_the_bits_of_a_whole_batch() {
    let (mut network, x, t) = of_images::<f32>(true);
    network.nodes.truncate(3); // without batch_norm and dropout
    network.nodes.push(node("affine", 2, Affine::new(noise(1, (18, 3)).view(), noise(2, 3).view())));
    let mut network = Network::new(network.nodes, "squared_error", Box::new(SquaredError::default()), 0.0);
    let gradient = owned(network.gradient(x.view(), &t)); // image by image
    let trace = owned(network.trace(x.view(), &t)); // the batch at once
    for (name, array) in &gradient[1..3] {
        let (_, same) = trace.iter().find(|(other, _)| *other == format!("convolution1.{}", &name[..2])).unwrap();
        assert_eq!(array, same, "{name}");
    }
    assert_eq!(owned(network.gradient(x.view(), &t)), gradient);
}

#[test]
fn running_statistics_stay_whatever_is_asked() {
    let (mut network, x, t) = of_images::<f64>(false);
    let held = owned(network.held());
    let logits = network.predict(x.view()).to_owned();
    network.gradient(x.view(), &t);
    let trace = owned(network.trace(x.view(), &t));
    assert_eq!(owned(network.held()), held);
    assert_eq!(network.predict(x.view()), logits);
    let trace_names = names(&trace).join(" ");
    assert!(trace_names.contains("batch_norm4.out batch_norm4.running_mean batch_norm4.running_var dropout4.out"));
    assert!(trace_names.contains("batch_norm4.dx batch_norm4.dgamma batch_norm4.dbeta affine3.dx"));
    let (_, moved) = trace.iter().find(|(name, _)| name == "batch_norm4.running_mean").unwrap();
    assert!(held.iter().all(|(_, array)| array != moved));
}

#[test]
fn weight_decay_adds_half_the_squares_of_the_weights_alone() {
    let (W, b) = (array![[3.0, 4.0]], array![7.0, 7.0]);
    let nodes = vec![node("affine", 1, Affine::new(W.view(), b.view()))];
    let mut network = Network::new(nodes, "softmax_with_loss", Box::new(SoftmaxWithLoss::new(0.0)), 0.5);
    let (x, t) = (array![[0.0]].into_dyn(), Target::Labels(array![0]));
    assert_eq!(network.loss(x.view(), &t), 2f64.ln() + 6.25);
    let gradient = owned(network.gradient(x.view(), &t));
    assert_eq!(gradient[1].1, array![[1.5, 2.0]].into_dyn());
    assert_eq!(gradient[2].1, array![-0.5, 0.5].into_dyn());
}
