use gradparity_port::layers::{
    Activation, Add, Affine, Multiply, Real, Relu, Sigmoid, SoftmaxWithLoss, Target, argmax,
};
use ndarray::{Array0, Array1, Array2, Axis, array, aview0, aview1, aview2};

use crate::noise;

fn multiply(x: f64, y: f64) -> f64 {
    Multiply.forward(&aview0(&x), &aview0(&y)).into_scalar()
}

fn multiply_backward(x: f64, y: f64, dout: f64) -> (f64, f64) {
    let (dx, dy) = Multiply.backward(&aview0(&x), &aview0(&y), &aview0(&dout));
    (dx.into_scalar(), dy.into_scalar())
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12 * b.abs()
}

#[test]
fn two_apples_cost_220() {
    let (apple, number, tax) = (100.0, 2.0, 1.1);
    let apples = multiply(apple, number);
    assert!(near(multiply(apples, tax), 220.0));
    let (dapples, dtax) = multiply_backward(apples, tax, 1.0);
    let (dapple, dnumber) = multiply_backward(apple, number, dapples);
    assert!(near(dapple, 2.2) && near(dnumber, 110.0) && near(dtax, 200.0));
}

#[test]
fn with_three_oranges_715() {
    let (apples, oranges, tax) = (multiply(100.0, 2.0), multiply(150.0, 3.0), 1.1);
    let all = Add.forward(&aview0(&apples), &aview0(&oranges)).into_scalar();
    assert!(near(multiply(all, tax), 715.0));
    let (dall, dtax) = multiply_backward(all, tax, 1.0);
    let (dapples, doranges) = Add.backward(&aview0(&dall));
    let (dapple, dapple_number) = multiply_backward(100.0, 2.0, dapples.into_scalar());
    let (dorange, dorange_number) = multiply_backward(150.0, 3.0, doranges.into_scalar());
    assert!(near(dapple_number, 110.0) && near(dapple, 2.2));
    assert!(near(dorange, 3.3) && near(dorange_number, 165.0) && near(dtax, 650.0));
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
