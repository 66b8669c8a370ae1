use gradparity_port::exp::Exponential;

/// `count` numbers from `start` to `end`, at even distances.
fn between(start: f64, end: f64, count: usize) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| start + (end - start) * i as f64 / (count - 1) as f64)
}

/// Numbers of every size, from the whole range of the result and beyond, and around 0.
fn numbers() -> impl Iterator<Item = f64> {
    let sizes = (-330..309).flat_map(|i| [10f64.powi(i), -(10f64.powi(i))]);
    let wide = between(-760.0, 720.0, 1_000_003).chain(between(-110.0, 95.0, 1_000_003));
    wide.chain(between(-1.0, 1.0, 1_000_003)).chain(sizes)
}

#[test]
fn it_is_within_one_ulp_of_the_standard_library() {
    for x in numbers() {
        let (came, expected) = (x.exponential(), x.exp());
        assert!(came.to_bits().abs_diff(expected.to_bits()) <= 1, "e^{x:?}: {came:e}, expected {expected:e}");
        let x = x as f32;
        let (came, expected) = (x.exponential(), x.exp());
        assert!(came.to_bits().abs_diff(expected.to_bits()) <= 1, "e^{x:?}: {came:e}, expected {expected:e}");
    }
}

#[test]
fn tanh_is_within_three_ulp_of_the_standard_library() {
    for x in numbers() {
        let (came, expected) = (x.hyperbolic_tangent(), x.tanh());
        assert!(came.to_bits().abs_diff(expected.to_bits()) <= 3, "tanh({x:?}): {came:e}, expected {expected:e}");
        let x = x as f32;
        let (came, expected) = (x.hyperbolic_tangent(), x.tanh());
        assert!(came.to_bits().abs_diff(expected.to_bits()) <= 3, "tanh({x:?}): {came:e}, expected {expected:e}");
    }
}

#[test]
fn it_has_the_limits_of_the_standard_library() {
    let (largest, smallest) = (709.782712893384, -745.1332191019411); // and the next numbers are beyond
    for x in [0.0, -0.0, largest, f64::next_up(largest), smallest, f64::next_down(smallest), f64::MAX, f64::MIN] {
        assert_eq!(x.exponential(), x.exp(), "e^{x:?}");
    }
    let (largest, smallest) = (88.72283f32, -103.97207f32);
    for x in [0.0, -0.0, largest, f32::next_up(largest), smallest, f32::next_down(smallest), f32::MAX, f32::MIN] {
        assert_eq!(x.exponential(), x.exp(), "e^{x:?}");
    }
}

#[test]
fn infinity_and_nan_stay() {
    assert_eq!((f64::INFINITY.exponential(), f64::NEG_INFINITY.exponential()), (f64::INFINITY, 0.0));
    assert_eq!((f32::INFINITY.exponential(), f32::NEG_INFINITY.exponential()), (f32::INFINITY, 0.0));
    assert_eq!((f64::INFINITY.hyperbolic_tangent(), f64::NEG_INFINITY.hyperbolic_tangent()), (1.0, -1.0));
    assert!(f64::NAN.hyperbolic_tangent().is_nan() && f32::NAN.hyperbolic_tangent().is_nan());
    assert!(f64::NAN.exponential().is_nan() && (-f64::NAN).exponential().is_nan());
    assert!(f32::NAN.exponential().is_nan() && (-f32::NAN).exponential().is_nan());
}
