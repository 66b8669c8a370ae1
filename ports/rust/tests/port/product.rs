use gradparity_port::layers::Real;
use gradparity_port::product::{library, product};
use ndarray::{Array2, ArrayView2};

use crate::{difference, noise};

fn plain<T: Real>(a: ArrayView2<T>, b: ArrayView2<T>) -> Array2<T> {
    Array2::from_shape_fn((a.nrows(), b.ncols()), |(i, j)| {
        (0..a.ncols()).fold(T::zero(), |sum, k| sum + a[[i, k]] * b[[k, j]])
    })
}

fn check<T: Real>(limit: f64) {
    for m in [1, 2, 7, 50, 130] {
        for k in [1, 2, 3, 10, 33, 784] {
            for n in [1, 2, 9, 50] {
                let (a, b): (Array2<T>, Array2<T>) = (noise(1, (m, k)), noise(2, (k, n)));
                let (at, bt) = (a.t().as_standard_layout().into_owned(), b.t().as_standard_layout().into_owned());
                let expected = plain(a.view(), b.view());
                for (a, b) in [(a.view(), b.view()), (at.t(), b.view()), (a.view(), bt.t()), (at.t(), bt.t())] {
                    let mut c = Array2::from_elem((m, n), T::nan()); // whatever was there before is not read
                    product(a, b, c.view_mut());
                    // Relative to the size of the sums before they cancel.
                    let error = difference(
                        (&c + T::from_usize(k).unwrap()).view(),
                        (&expected + T::from_usize(k).unwrap()).view(),
                    );
                    assert!(error < limit, "({m}, {k}) by ({k}, {n}): {error:e}");
                    let mut again = Array2::zeros((m, n));
                    product(a, b, again.view_mut());
                    assert_eq!(c, again);
                }
            }
        }
    }
}

#[test]
fn it_is_the_textbook_sum_in_every_order() {
    check::<f64>(2e-15);
    check::<f32>(1e-6);
}

#[test]
#[should_panic(expected = "product of (2, 3) and (2, 3)")]
fn shapes_must_fit() {
    let a = Array2::<f64>::zeros((2, 3));
    product(a.view(), a.view(), Array2::zeros((2, 3)).view_mut());
}

#[test]
fn the_library_tells_its_version() {
    let name = library();
    assert!(name.starts_with("gemm 0.") && !name.contains("unknown"), "{name}");
}
