use gradparity_port::layers::Real;
use gradparity_port::numerical::central_difference;

use crate::difference;
use crate::network::{owned, random};

fn check<T: Real>(step: f64, limit: f64) {
    for activation in ["relu", "sigmoid", "tanh"] {
        for sizes in [&[4, 3][..], &[4, 5, 3], &[4, 5, 6, 2], &[1, 1, 1]] {
            let (mut network, x, t) = random::<T>(sizes, activation);
            let parameters = owned(network.held());
            let numerical = owned(central_difference(&mut network, x.view(), &t, T::from_f64(step).unwrap()));
            assert_eq!(owned(network.held()), parameters, "each parameter is put back exactly");
            let gradient = owned(network.gradient(x.view(), &t));
            assert_eq!(gradient.len(), 1 + numerical.len());
            for ((name, exact), (other, estimate)) in gradient[1..].iter().zip(&numerical) {
                assert_eq!(name, other);
                let largest = exact.iter().fold(T::zero(), |m, x| m.max(x.abs()));
                if largest == T::zero() {
                    assert_eq!(exact, estimate);
                } else {
                    let error = difference(estimate.view(), exact.view());
                    assert!(error < limit, "{sizes:?} {activation} {name} at step {step}: {error:e}");
                }
            }
        }
    }
}

#[test]
fn backward_gives_what_central_differences_give() {
    check::<f64>(1e-6, 1e-7);
    check::<f32>(1e-3, 1e-2);
}
