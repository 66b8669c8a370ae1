use gradparity_port::layers::{
    Add, Affine, BatchNorm, Convolution, Dropout, Layer, Loss, MaxPooling, Multiply, Pass,
    Phase::{self, Test, Train},
    Real, Relu, Sigmoid, SoftmaxWithLoss, SquaredError, Tanh, Target, Windows, argmax,
};
use ndarray::{
    Array0, Array1, Array2, ArrayD, ArrayView, Axis, Dimension, IxDyn, Slice, array, aview0, aview1, aview2,
};

use crate::{difference, noise};

fn forward<T: Real, D: Dimension>(layer: &mut impl Layer<T>, x: ArrayView<T, D>, phase: Phase) -> ArrayD<T> {
    let batch = x.shape().first().map_or(1, |&batch| batch);
    layer.forward(x.into_dyn(), &Pass::whole(phase, batch)).to_owned()
}

fn backward<T: Real, D: Dimension, E: Dimension>(
    layer: &mut impl Layer<T>,
    x: ArrayView<T, D>,
    dout: ArrayView<T, E>,
    phase: Phase,
) -> ArrayD<T> {
    let batch = dout.shape().first().map_or(1, |&batch| batch);
    layer.backward(x.into_dyn(), dout.into_dyn(), &Pass::whole(phase, batch)).to_owned()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12 * b.abs()
}

#[test]
fn two_apples_cost_220() {
    let (apple, number, tax) = (aview0(&100.0), aview0(&2.0), aview0(&1.1));
    let (mut apples, mut price) = (Multiply::default(), Multiply::default());
    apples.forward(apple, number);
    assert!(near(price.forward(apples.out.view(), tax)[()], 220.0));
    price.backward(apples.out.view(), tax, aview0(&1.0));
    apples.backward(apple, number, price.dx.view());
    assert!(near(apples.dx[()], 2.2) && near(apples.dy[()], 110.0) && near(price.dy[()], 200.0));
}

#[test]
fn with_three_oranges_715() {
    let (apple, apple_number, orange, orange_number) = (aview0(&100.0), aview0(&2.0), aview0(&150.0), aview0(&3.0));
    let tax = aview0(&1.1);
    let (mut apples, mut oranges, mut price) = (Multiply::default(), Multiply::default(), Multiply::default());
    let mut all = Add::default();
    apples.forward(apple, apple_number);
    oranges.forward(orange, orange_number);
    all.forward(apples.out.view(), oranges.out.view());
    assert!(near(price.forward(all.out.view(), tax)[()], 715.0));
    price.backward(all.out.view(), tax, aview0(&1.0));
    all.backward(price.dx.view());
    apples.backward(apple, apple_number, all.dx.view());
    oranges.backward(orange, orange_number, all.dy.view());
    assert!(near(apples.dy[()], 110.0) && near(apples.dx[()], 2.2));
    assert!(near(oranges.dx[()], 3.3) && near(oranges.dy[()], 165.0) && near(price.dy[()], 650.0));
}

#[test]
fn relu_cuts_and_has_no_slope_at_zero() {
    let (mut relu, x) = (Relu::default(), array![[1.0, -0.5], [-2.0, 3.0]]);
    assert_eq!(forward(&mut relu, x.view(), Train), array![[1.0, 0.0], [0.0, 3.0]].into_dyn());
    let dx = backward(&mut relu, x.view(), array![[5.0, 6.0], [7.0, 8.0]].view(), Train);
    assert_eq!(dx, array![[5.0, 0.0], [0.0, 8.0]].into_dyn());

    let (mut relu, x) = (Relu::default(), aview1(&[0.0f32, -0.0, 1e-45]));
    forward(&mut relu, x, Train);
    assert_eq!(backward(&mut relu, x, aview1(&[1.0, 2.0, 3.0]), Train), array![0.0, 0.0, 3.0].into_dyn());
}

#[test]
fn sigmoid_has_its_limits_and_its_slope() {
    let (mut sigmoid, x) = (Sigmoid::default(), aview1(&[-1000.0, 0.0, 1000.0]));
    assert_eq!(forward(&mut sigmoid, x, Train), array![0.0, 0.5, 1.0].into_dyn());
    assert_eq!(backward(&mut sigmoid, x, aview1(&[1.0, 2.0, 3.0]), Train), array![0.0, 0.5, 0.0].into_dyn());
    assert!(near(forward(&mut sigmoid, aview1(&[1.0]), Train)[0], 0.7310585786300049));
    assert!(forward(&mut sigmoid, aview1(&[f64::NAN]), Train)[0].is_nan());
}

#[test]
fn tanh_has_its_limits_and_its_slope() {
    let (mut tanh, x) = (Tanh::default(), aview1(&[-1000.0, -1e-20, 1000.0]));
    assert_eq!(forward(&mut tanh, x, Train), array![-1.0, -1e-20, 1.0].into_dyn());
    assert_eq!(backward(&mut tanh, x, aview1(&[1.0, 2.0, 3.0]), Train), array![0.0, 2.0, 0.0].into_dyn());
    let one = aview1(&[1.0]);
    assert!(near(forward(&mut tanh, one, Train)[0], 0.7615941559557649));
    assert!(near(backward(&mut tanh, one, aview1(&[2.0]), Train)[0], 2.0 * 0.41997434161402614));
    assert!(forward(&mut tanh, aview1(&[f64::NAN]), Train)[0].is_nan());
}

#[test]
fn a_sigmoid_has_the_same_bits_alone_and_among_others() {
    fn check<T: Real>() {
        let x: Array1<T> = noise(1, 1000);
        let (mut sigmoid, mut alone) = (Sigmoid::default(), Sigmoid::default());
        let all = forward(&mut sigmoid, x.view(), Train);
        assert!(all.iter().zip(&x).all(|(&out, x)| out == forward(&mut alone, aview0(x), Train)[IxDyn(&[])]));
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn activations_take_any_order_and_shape() {
    let x = noise::<f64, _>(1, (3, 4));
    let transposed = x.t().as_standard_layout().into_owned();
    let (mut rows, mut columns) = (Sigmoid::default(), Sigmoid::default());
    assert_eq!(forward(&mut rows, x.view(), Train), forward(&mut columns, transposed.t(), Train));
    let dx = backward(&mut rows, x.view(), x.view(), Train);
    assert_eq!(dx, backward(&mut columns, x.view(), transposed.t(), Train));
    assert_eq!(forward(&mut Relu::default(), aview0(&-2.0), Train), Array0::zeros(()).into_dyn());
}

#[test]
fn affine_is_x_times_w_plus_b() {
    let mut affine = Affine::new(aview2(&[[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]), aview1(&[0.5, -1.0]));
    let (x, dout) = (array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], array![[1.0, -1.0], [2.0, 0.0]]);
    assert_eq!(forward(&mut affine, x.view(), Train), array![[7.5, 10.0], [16.5, 22.0]].into_dyn());
    let dx = array![[1.0, -1.0, -1.0], [2.0, 0.0, 4.0]].into_dyn();
    assert_eq!(backward(&mut affine, x.view(), dout.view(), Train), dx);
    let [W, b] = &affine.params;
    assert_eq!(W.gradient, array![[9.0, -1.0], [12.0, -2.0], [15.0, -3.0]].into_dyn());
    assert_eq!(b.gradient, array![3.0, -1.0].into_dyn());

    let images = x.into_shape_with_order((2, 1, 3, 1)).unwrap(); // as rows
    assert_eq!(forward(&mut affine, images.view(), Train), array![[7.5, 10.0], [16.5, 22.0]].into_dyn());
    let of_images = backward(&mut affine, images.view(), dout.view(), Train);
    assert_eq!(of_images, dx.into_shape_with_order(&[2, 1, 3, 1][..]).unwrap());
}

#[test]
fn the_gradient_of_the_bias_is_the_sum_over_the_batch() {
    let mut affine = Affine::<f32>::new(aview2(&[[0.0; 3]; 4]), aview1(&[0.0; 3]));
    let dout = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    for _ in 0..2 {
        backward(&mut affine, aview2(&[[0.0; 4]; 2]), dout.view(), Train);
        assert_eq!(affine.params[1].gradient, array![5.0, 7.0, 9.0].into_dyn());
    }
}

#[test]
fn work_arrays_follow_the_batch() {
    let mut affine = Affine::<f64>::new(noise(1, (3, 2)).view(), noise(2, 2).view());
    let x: Array2<f64> = noise(3, (5, 3));
    let whole = forward(&mut affine, x.view(), Train);
    for i in [0, 4, 2] {
        let row = forward(&mut affine, x.select(Axis(0), &[i]).view(), Train);
        assert_eq!(row.shape(), [1, 2]);
        assert!((&row.index_axis(Axis(0), 0) - &whole.index_axis(Axis(0), i)).iter().all(|d| d.abs() < 1e-15));
    }
    assert_eq!(forward(&mut affine, x.view(), Train), whole);
}

/// The gradient of sum(out dout), by central differences over x.
fn slopes(mut out: impl FnMut(&ArrayD<f64>) -> ArrayD<f64>, x: &ArrayD<f64>, dout: &ArrayD<f64>) -> ArrayD<f64> {
    let mut moved = x.clone();
    let mut slope = |i: usize| {
        let mut at = |by: f64| {
            moved.as_slice_mut().unwrap()[i] = x.as_slice().unwrap()[i] + by;
            (out(&moved) * dout).sum()
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        at(0.0);
        slope
    };
    ArrayD::from_shape_vec(x.raw_dim(), (0..x.len()).map(&mut slope).collect()).unwrap()
}

#[test]
fn batch_norm_takes_mean_and_variance_out_and_moves_the_running_ones() {
    let (one, zero) = (aview1(&[1.0, 2.0]), aview1(&[0.0, 1.0]));
    let mut norm = BatchNorm::new([one, zero], [aview1(&[1.0, -1.0]), aview1(&[4.0, 1.0])], 0.75, 0.0);
    let x = array![[1.0, 2.0], [3.0, 0.0]];
    assert_eq!(forward(&mut norm, x.view(), Train), array![[-1.0, 3.0], [1.0, -1.0]].into_dyn());
    let next: Vec<_> = norm.state().iter().map(|running| running.next.clone()).collect();
    assert_eq!(next, [array![1.25, -0.5], array![3.25, 1.0]]); // the variance is not that of n - 1
    assert_eq!(norm.state()[0].value, array![1.0, -1.0], "training takes it over");
    assert_eq!(forward(&mut norm, x.view(), Test), array![[0.0, 7.0], [1.0, 3.0]].into_dyn());
}

#[test]
fn batch_norm_goes_backward_in_both_phases() {
    let vectors: [Array1<f64>; 4] = [noise(1, 3), noise(2, 3), noise(3, 3), noise(4, 3).map(|x: &f64| x.abs() + 0.5)];
    let [gamma, beta, mean, var] = vectors.each_ref().map(|vector| vector.view());
    let (x, dout) = (noise::<f64, _>(5, (4, 3)).into_dyn(), noise::<f64, _>(6, (4, 3)).into_dyn());
    for phase in [Train, Test] {
        let made = || BatchNorm::new([gamma, beta], [mean, var], 0.5, 0.125);
        let mut norm = made();
        forward(&mut norm, x.view(), phase);
        let dx = backward(&mut norm, x.view(), dout.view(), phase);
        let numerical = slopes(|x| forward(&mut made(), x.view(), phase), &x, &dout);
        assert!(difference(dx.view(), numerical.view()) < 1e-8, "{phase:?}");
        let with = |gamma: &ArrayD<f64>| {
            let gamma = aview1(gamma.as_slice().unwrap());
            forward(&mut BatchNorm::new([gamma, beta], [mean, var], 0.5, 0.125), x.view(), phase)
        };
        let numerical = slopes(with, &gamma.to_owned().into_dyn(), &dout);
        assert!(difference(norm.params()[0].gradient.view(), numerical.view()) < 1e-8, "{phase:?}");
        assert_eq!(norm.params()[1].gradient, dout.sum_axis(Axis(0)));
    }
}

#[test]
fn dropout_lets_its_mask_through_and_in_the_test_a_share_of_all() {
    let mut dropout = Dropout::new(aview2(&[[0u8, 1]]).into_dyn(), 0.25);
    let (x, dout) = (array![[1.0, -2.0]], array![[4.0, 8.0]]);
    for (phase, out, dx) in [(Train, [[0.0, -2.0]], [[0.0, 8.0]]), (Test, [[0.75, -1.5]], [[3.0, 6.0]])] {
        assert_eq!(forward(&mut dropout, x.view(), phase), aview2(&out).into_dyn());
        assert_eq!(backward(&mut dropout, x.view(), dout.view(), phase), aview2(&dx).into_dyn());
    }
}

#[test]
fn convolution_lays_its_filters_unflipped() {
    let W = array![[[[1.0, 0.0], [-1.0, 2.0]]]];
    let windows = Windows { image: [1, 2, 2], size: [2, 2], stride: 1, pad: 1 };
    let mut convolution = Convolution::new(W.view(), aview1(&[0.5]), windows);
    let x = array![[[[1.0, 2.0], [3.0, 4.0]]]];
    let out = array![[[[2.5, 3.5, -1.5], [6.5, 6.5, -1.5], [0.5, 3.5, 4.5]]]];
    assert_eq!(forward(&mut convolution, x.view(), Train), out.into_dyn());
}

#[test]
fn convolution_goes_backward_whatever_its_windows() {
    for (stride, pad) in [(1, 0), (1, 2), (2, 1), (3, 0)] {
        let windows = Windows { image: [2, 5, 6], size: [3, 2], stride, pad };
        let [rows, columns] = windows.out();
        let (W, b) = (noise::<f64, _>(1, (3, 2, 3, 2)), noise::<f64, _>(2, 3));
        let made = |W: &ArrayD<f64>| {
            let W = W.view().into_dimensionality().unwrap();
            Convolution::new(W, b.view(), windows.clone())
        };
        let (W, x) = (W.into_dyn(), noise::<f64, _>(3, (2, 2, 5, 6)).into_dyn());
        let dout = noise::<f64, _>(4, (2, 3, rows, columns)).into_dyn();
        let mut convolution = made(&W);
        forward(&mut convolution, x.view(), Train);
        for _ in 0..2 {
            let dx = backward(&mut convolution, x.view(), dout.view(), Train);
            let numerical = slopes(|x| forward(&mut made(&W), x.view(), Train), &x, &dout);
            assert!(difference(dx.view(), numerical.view()) < 1e-8, "{stride} {pad}");
            let numerical = slopes(|W| forward(&mut made(W), x.view(), Train), &W, &dout);
            assert!(difference(convolution.params[0].gradient.view(), numerical.view()) < 1e-8, "{stride} {pad}");
            let db = dout.sum_axis(Axis(0)).sum_axis(Axis(1)).sum_axis(Axis(1));
            assert!(difference(convolution.params[1].gradient.view(), db.view()) < 1e-14);
        }
    }
}

fn pooling(image: [usize; 3], size: [usize; 2], stride: usize, pad: usize) -> MaxPooling<f64> {
    MaxPooling::new(Windows { image, size, stride, pad })
}

#[test]
fn max_pooling_gives_the_gradient_to_the_first_of_equal_numbers() {
    let (mut pool, x) = (pooling([1, 2, 2], [2, 2], 1, 1), array![[[[1.0, 1.0], [-1.0, 0.0]]]]);
    let out = array![[[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]]];
    assert_eq!(forward(&mut pool, x.view(), Train), out.into_dyn());
    let dout = array![[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]];
    assert_eq!(backward(&mut pool, x.view(), dout.view(), Train), array![[[[12.0, 9.0], [0.0, 17.0]]]].into_dyn());

    // The usual windows have code of their own.
    let (mut pool, x) =
        (pooling([1, 2, 5], [2, 2], 2, 0), array![[[[3.0, 7.0, 2.0, 2.0, 9.0], [7.0, 1.0, 5.0, 5.0, 9.0]]]]);
    assert_eq!(forward(&mut pool, x.view(), Train), array![[[[7.0, 5.0]]]].into_dyn());
    let dx = array![[[[0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0, 0.0]]]];
    assert_eq!(backward(&mut pool, x.view(), array![[[[1.0, 2.0]]]].view(), Train), dx.into_dyn());
}

#[test]
fn max_pooling_finds_the_same_by_both_ways() {
    let x = noise::<f64, _>(1, (2, 3, 7, 9)).map(|x| (4.0 * x).round()).into_dyn(); // with ties
    let (mut usual, mut one_by_one) = (pooling([3, 7, 9], [2, 2], 2, 0), pooling([3, 7, 9], [2, 2], 1, 0));
    let (out, all) = (forward(&mut usual, x.view(), Train), forward(&mut one_by_one, x.view(), Train));
    let every_other = all.slice_each_axis(|axis| Slice::new(0, None, if axis.axis.index() > 1 { 2 } else { 1 }));
    assert_eq!(out, every_other);
    assert!(forward(&mut usual, (&x * f64::NAN).view(), Train).iter().all(|out| out.is_nan()));
}

#[test]
fn squared_error_is_half_the_squares() {
    let (mut last, x) = (SquaredError::default(), array![[1.0, 2.0], [0.0, 3.0]]);
    for t in [Target::Labels(array![1, 0]), Target::OneHot(array![[0.0, 1.0], [1.0, 0.0]])] {
        assert_eq!(last.forward(x.view(), &t), (1.0 + 1.0 + 1.0 + 9.0) / 4.0);
        assert_eq!(last.backward(), array![[0.5, 0.5], [-0.5, 1.5]]);
        assert!(Loss::y(&last).is_none());
    }
}

#[test]
fn softmax_normalises_each_row() {
    let mut last = SoftmaxWithLoss::new(0.0);
    last.forward(aview2(&[[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), &Target::Labels(array![2, 0]));
    let y = last.y().unwrap();
    assert!(near(y[[0, 2]], 0.6652409557748218) && near(y[[1, 0]], 1.0 / 3.0));
    assert!(y.sum_axis(Axis(1)).iter().all(|&sum| near(sum, 1.0)));
    let dx = last.backward();
    assert!(near(dx[[0, 2]], -0.1673795221125891) && near(dx[[1, 1]], 1.0 / 6.0));
}

fn loss<T: Real>(x: &Array2<T>, t: &Target<T>, epsilon: f64) -> f64 {
    SoftmaxWithLoss::new(T::from_f64(epsilon).unwrap()).forward(x.view(), t).to_f64().unwrap()
}

#[test]
fn the_loss_is_finite_where_p_underflows() {
    let t = || Array1::from(vec![1]);
    assert_eq!(loss::<f64>(&array![[1000.0, -1000.0]], &Target::Labels(t()), 0.0), 2000.0);
    assert_eq!(loss::<f32>(&array![[1000.0, -1000.0]], &Target::Labels(t()), 0.0), 2000.0);
    assert!(near(loss::<f64>(&array![[1000.0, -1000.0]], &Target::Labels(t()), 1e-7), -1e-7f64.ln()));
    assert!(near(loss::<f64>(&array![[0.0, 0.0]], &Target::Labels(t()), 1e-7), -(0.5 + 1e-7f64).ln()));
}

#[test]
fn one_hot_rows_and_labels_are_the_same() {
    let x: Array2<f32> = noise(1, (3, 4));
    let one_hot = Target::OneHot(array![[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]);
    let labels = Target::Labels(array![2, 0, 3]);
    let (mut a, mut b) = (SoftmaxWithLoss::new(0.0), SoftmaxWithLoss::new(0.0));
    assert_eq!(a.forward(x.view(), &one_hot), b.forward(x.view(), &labels));
    assert_eq!(a.backward(), b.backward());
}

#[test]
fn argmax_is_the_first_in_a_tie_or_a_nan() {
    assert_eq!(argmax(aview1(&[1.0, 3.0, 3.0])), 1);
    assert_eq!(argmax(aview1(&[9.0, f64::NAN, f64::NAN, f64::INFINITY])), 1);
    assert_eq!(argmax(aview1(&[-1.0f32])), 0);
}
