use gradparity_port::layers::{Real, Target};
use gradparity_port::network::Network;
use gradparity_port::optimizers::Optimizer;
use gradparity_port::roofline::{product_operands, products};
use gradparity_port::training::{Images, evaluate, train, train_step};
use ndarray::{Array1, Array2, ArrayD, Axis, array, s};

use crate::allocations;
use crate::network::{of_images, owned, random};
use crate::optimizers::RULES;

/// So many images of four pixels, of three kinds.
fn images(count: usize) -> Images {
    let pixels = Array2::from_shape_fn((count, 4), |(i, j)| (i * 37 + j * 101 + i * j) as u8);
    Images { pixels, labels: (0..count).map(|i| (i * i % 3) as u8).collect(), scale: 255.0 }
}

fn batches(steps: usize, batch: usize) -> Array2<i32> {
    Array2::from_shape_fn((steps, batch), |(i, j)| ((i * 13 + j * 7) % 20) as i32)
}

fn network<T: Real>() -> Network<T> {
    random(&[4, 5, 3], "relu").0
}

/// The whole set in one array.
fn whole<T: Real>(images: &Images) -> (ArrayD<T>, Target<T>) {
    let x = images.pixels.map(|&byte| T::from_u8(byte).unwrap() / T::from_f64(images.scale).unwrap());
    (x.into_dyn(), Target::Labels(images.labels.map(|&label| label.into())))
}

#[test]
fn a_pixel_is_its_byte_over_the_scale() {
    fn check<T: Real>() {
        let pixels = Array1::from_iter(0..=255u8).insert_axis(Axis(0));
        let images = Images { pixels, labels: array![7], scale: 255.0 };
        let mut batch = images.batch::<T>(&[256]);
        let (x, t) = batch.draw(array![0, 0].view());
        for i in 0..=255u8 {
            assert_eq!(x[[1, i.into()]], T::from_u8(i).unwrap() / T::from_f64(255.0).unwrap());
        }
        assert_eq!(t.labels().collect::<Vec<_>>(), [7, 7]);
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn a_batch_has_the_rows_that_it_is_asked_for() {
    let images = Images { pixels: array![[1, 2], [3, 4], [5, 6]], labels: array![2, 0, 1], scale: 2.0 };
    let mut batch = images.batch::<f64>(&[2]);
    for (rows, x, labels) in [
        (array![2, 0], array![[2.5, 3.0], [0.5, 1.0]], vec![1, 2]),
        (array![1, 1, 1], array![[1.5, 2.0], [1.5, 2.0], [1.5, 2.0]], vec![0, 0, 0]),
        (array![0], array![[0.5, 1.0]], vec![2]),
    ] {
        let (came, t) = batch.draw(rows.view());
        assert_eq!((came, t.labels().collect()), (x.view().into_dyn(), labels));
    }
}

fn training_is_its_steps<T: Real>() {
    let (images, batches) = (images(20), batches(6, 5));
    let (x, t) = whole::<T>(&images);
    let Target::Labels(labels) = t else { panic!("labels") };
    for rule in RULES {
        let (mut network, mut by_hand) = (network::<T>(), network());
        let mut optimizer = Optimizer::new(rule, &network);
        // In two parts: the optimizer goes on where it was.
        let first = train(&mut network, &images, &[4], batches.slice(s![..2, ..]), &[], &mut optimizer);
        let rest = train(&mut network, &images, &[4], batches.slice(s![2.., ..]), &[], &mut optimizer);
        let losses = [first.to_vec(), rest.to_vec()].concat();

        let mut optimizer = Optimizer::new(rule, &by_hand);
        for (rows, loss) in batches.rows().into_iter().zip(losses) {
            let rows: Vec<_> = rows.iter().map(|&row| row as usize).collect();
            let (x, t) = (x.select(Axis(0), &rows), Target::Labels(labels.select(Axis(0), &rows)));
            assert_eq!(by_hand.loss(x.view(), &t), loss, "{rule:?}");
            assert_eq!(train_step(&mut by_hand, x.view(), &t, &mut optimizer), loss, "{rule:?}");
        }
        assert_eq!(owned(network.held()), owned(by_hand.held()), "{rule:?}");
    }
}

#[test]
fn training_is_its_steps_one_after_the_other() {
    training_is_its_steps::<f32>();
    training_is_its_steps::<f64>();
}

#[test]
fn a_step_takes_no_memory_but_for_its_products() {
    let (images, mut network) = (images(20), network::<f32>());
    let x = ArrayD::zeros(&[5, 4][..]);
    let operands = product_operands(&mut network, x.view(), &[1, 2]).unwrap();
    products(&mut network, &operands);
    let of_products = allocations::during(|| products(&mut network, &operands)); // the library's own
    for rule in RULES {
        let mut optimizer = Optimizer::new(rule, &network);
        let mut allocated = |steps| {
            let batches = batches(steps, 5);
            allocations::during(|| _ = train(&mut network, &images, &[4], batches.view(), &[], &mut optimizer))
        };
        allocated(1); // the layers' arrays are made
        assert_eq!(allocated(200), allocated(100) + 100 * of_products, "{rule:?}");
    }
}

#[test]
fn a_set_is_evaluated_as_if_at_once() {
    fn check<T: Real>() {
        for count in [1, 999, 1000, 2345] {
            let (images, mut network) = (images(count), network::<T>());
            let (x, t) = whole(&images);
            let (loss, accuracy) = evaluate(&mut network, &images, &[4]);
            let expected = network.loss(x.view(), &t);
            assert!((loss - expected).abs() < expected * T::epsilon() * T::from_f64(1000.0).unwrap(), "{count}");
            assert_eq!(accuracy, network.accuracy(x.view(), &t), "{count}");
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn training_makes_the_network_better() {
    let pixels = array![[255, 0, 0, 0], [0, 255, 0, 0], [0, 0, 255, 0]];
    let (images, mut network) = (Images { pixels, labels: array![2, 0, 1], scale: 255.0 }, network::<f64>());
    let (before, _) = evaluate(&mut network, &images, &[4]);
    let mut optimizer = Optimizer::new(RULES[0], &network);
    let batches = Array2::from_shape_fn((200, 2), |(i, j)| ((i + j) % 3) as i32);
    train(&mut network, &images, &[4], batches.view(), &[], &mut optimizer);
    let (after, accuracy) = evaluate(&mut network, &images, &[4]);
    assert!(after < before / 10.0 && accuracy == 1.0, "{before} became {after}, {accuracy} right");
}

/// A set of 20 images of 6 x 6, of three kinds.
fn larger_images() -> Images {
    let pixels = Array2::from_shape_fn((20, 36), |(i, j)| (i * 37 + j * 101 + i * j) as u8);
    Images { pixels, labels: (0..20).map(|i| (i * i % 3) as u8).collect(), scale: 255.0 }
}

#[test]
fn every_step_has_its_own_mask_and_moves_the_running_statistics() {
    let (images, batches) = (larger_images(), batches(3, 5));
    let masks = ArrayD::from_shape_fn(&[3, 5, 4][..], |i| (i[0] + i[1] * i[2]) as u8 % 2);
    let (mut network, mut by_hand) = (of_images::<f64>(false).0, of_images::<f64>(false).0);
    let mut optimizer = Optimizer::new(RULES[0], &network);
    let losses = train(&mut network, &images, &[1, 6, 6], batches.view(), &[masks.view()], &mut optimizer);
    let mut optimizer = Optimizer::new(RULES[0], &by_hand);
    let mut batch = images.batch(&[1, 6, 6]);
    for (step, loss) in losses.iter().enumerate() {
        by_hand.masks_mut().for_each(|mask| mask.assign(&masks.index_axis(Axis(0), step)));
        let (x, t) = batch.draw(batches.row(step));
        let next =
            owned(by_hand.trace(x.view(), t)).into_iter().find(|(name, _)| name.ends_with("running_var")).unwrap();
        assert_eq!(train_step(&mut by_hand, x, t, &mut optimizer), *loss);
        let held = owned(by_hand.held());
        assert_eq!(held.iter().find(|(name, _)| name == "running_var4").unwrap().1, next.1);
    }
    assert_eq!(owned(network.held()), owned(by_hand.held()));
}

#[test]
fn a_step_through_every_layer_takes_no_memory_but_for_its_products() {
    let (images, masks) = (larger_images(), ArrayD::ones(&[200, 5, 4][..]));
    let (mut network, x, _) = of_images::<f32>(false);
    let operands = product_operands(&mut network, x.view(), &[1, 2, 3, 5]).unwrap();
    products(&mut network, &operands);
    let of_products = allocations::during(|| products(&mut network, &operands));
    let mut optimizer = Optimizer::new(RULES[0], &network);
    let mut allocated = |steps| {
        let batches = batches(steps, 5);
        allocations::during(|| {
            _ = train(&mut network, &images, &[1, 6, 6], batches.view(), &[masks.view()], &mut optimizer);
        })
    };
    allocated(1);
    assert_eq!(allocated(200), allocated(100) + 100 * of_products);
}
