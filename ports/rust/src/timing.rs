//! The port's own clock around its own calls.

use std::time::Instant;

/// Nanoseconds of `calls` calls in a row, measured `samples` times: (samples,).
///
/// What `call` computes goes through `std::hint::black_box`, or the compiler may leave it out.
pub fn elapsed(mut call: impl FnMut(), calls: usize, samples: usize) -> Vec<f64> {
    let mut measure = || {
        let start = Instant::now();
        for _ in 0..calls {
            call();
        }
        start.elapsed().as_nanos() as f64
    };
    (0..samples).map(|_| measure()).collect()
}
