use gradparity_port::layers::{
    Activation, Add, Affine, Multiply, Real, Relu, Sigmoid, SoftmaxWithLoss, Tanh, Target, argmax,
};
use ndarray::{Array0, Array1, Array2, Axis, array, aview0, aview1, aview2};

use crate::noise;

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
    let mut relu = Relu::default();
    assert_eq!(relu.forward(array![[1.0, -0.5], [-2.0, 3.0]].view()), array![[1.0, 0.0], [0.0, 3.0]]);
    assert_eq!(relu.backward(array![[5.0, 6.0], [7.0, 8.0]].view()), array![[5.0, 0.0], [0.0, 8.0]]);

    let mut relu = Relu::default();
    relu.forward(aview1(&[0.0f32, -0.0, 1e-45]));
    assert_eq!(relu.backward(aview1(&[1.0, 2.0, 3.0])), array![0.0, 0.0, 3.0]);
}

#[test]
fn sigmoid_has_its_limits_and_its_slope() {
    let mut sigmoid = Sigmoid::default();
    assert_eq!(sigmoid.forward(aview1(&[-1000.0, 0.0, 1000.0])), array![0.0, 0.5, 1.0]);
    assert_eq!(sigmoid.backward(aview1(&[1.0, 2.0, 3.0])), array![0.0, 0.5, 0.0]);
    assert!(near(sigmoid.forward(aview1(&[1.0]))[0], 0.7310585786300049));
    assert!(sigmoid.forward(aview1(&[f64::NAN]))[0].is_nan());
}

#[test]
fn tanh_has_its_limits_and_its_slope() {
    let mut tanh = Tanh::default();
    assert_eq!(tanh.forward(aview1(&[-1000.0, -1e-20, 1000.0])), array![-1.0, -1e-20, 1.0]);
    assert_eq!(tanh.backward(aview1(&[1.0, 2.0, 3.0])), array![0.0, 2.0, 0.0]);
    assert!(near(tanh.forward(aview1(&[1.0]))[0], 0.7615941559557649));
    assert!(near(tanh.backward(aview1(&[2.0]))[0], 2.0 * 0.41997434161402614));
    assert!(tanh.forward(aview1(&[f64::NAN]))[0].is_nan());
}

#[test]
fn a_sigmoid_has_the_same_bits_alone_and_among_others() {
    fn check<T: Real>() {
        let x: Array1<T> = noise(1, 1000);
        let (mut sigmoid, mut alone) = (Sigmoid::default(), Sigmoid::default());
        let all = sigmoid.forward(x.view());
        assert!(all.iter().zip(&x).all(|(&out, x)| out == alone.forward(aview0(x))[()]));
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn activations_take_any_order_and_shape() {
    let x = noise::<f64, _>(1, (3, 4));
    let transposed = x.t().as_standard_layout().into_owned();
    let (mut rows, mut columns) = (Sigmoid::default(), Sigmoid::default());
    assert_eq!(rows.forward(x.view()), columns.forward(transposed.t()));
    assert_eq!(rows.backward(x.view()), columns.backward(transposed.t()));
    assert_eq!(Relu::default().forward(aview0(&-2.0)), Array0::zeros(()));
}

#[test]
fn affine_is_x_times_w_plus_b() {
    let mut affine = Affine::new(aview2(&[[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]), aview1(&[0.5, -1.0]));
    let (x, dout) = (array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], array![[1.0, -1.0], [2.0, 0.0]]);
    assert_eq!(affine.forward(x.view()), array![[7.5, 10.0], [16.5, 22.0]]);
    assert_eq!(affine.backward(x.view(), dout.view()), array![[1.0, -1.0, -1.0], [2.0, 0.0, 4.0]]);
    assert_eq!(affine.dW, array![[9.0, -1.0], [12.0, -2.0], [15.0, -3.0]]);
    assert_eq!(affine.db, array![3.0, -1.0]);
}

#[test]
fn the_gradient_of_the_bias_is_the_sum_over_the_batch() {
    let mut affine = Affine::<f32>::new(aview2(&[[0.0; 3]; 4]), aview1(&[0.0; 3]));
    let dout = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
    for _ in 0..2 {
        affine.backward_parameters(aview2(&[[0.0; 4]; 2]), dout.view());
        assert_eq!(affine.db, array![5.0, 7.0, 9.0]);
    }
}

#[test]
fn work_arrays_follow_the_batch() {
    let mut affine = Affine::<f64>::new(noise(1, (3, 2)).view(), noise(2, 2).view());
    let x: Array2<f64> = noise(3, (5, 3));
    let whole = affine.forward(x.view()).to_owned();
    for i in [0, 4, 2] {
        let row = affine.forward(x.select(Axis(0), &[i]).view()).to_owned();
        assert_eq!(row.dim(), (1, 2));
        assert!((&row.row(0) - &whole.row(i)).iter().all(|d| d.abs() < 1e-15));
    }
    assert_eq!(affine.forward(x.view()), whole);
}

#[test]
fn softmax_normalises_each_row() {
    let mut last = SoftmaxWithLoss::new(0.0);
    last.forward(aview2(&[[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), &Target::Labels(array![2, 0]));
    assert!(near(last.y[[0, 2]], 0.6652409557748218) && near(last.y[[1, 0]], 1.0 / 3.0));
    assert!(last.y.sum_axis(Axis(1)).iter().all(|&sum| near(sum, 1.0)));
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
fn argmax_is_the_first_in_a_tie() {
    assert_eq!(argmax(aview1(&[1.0, 3.0, 3.0])), 1);
    assert_eq!(argmax(aview1(&[-1.0f32])), 0);
}
