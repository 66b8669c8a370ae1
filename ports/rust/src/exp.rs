//! The exponential function and tanh, without branches or calls, so that the compiler computes several at a time. The
//! standard library's is a call for each number: 6 % of the whole gradient of 784-50-10 with sigmoid.
//!
//! e^x = 2^k e^r, where k = x / ln 2 to the nearest integer, and r = x - k ln 2, at most 0.35 in size: there the Taylor
//! series of e^r needs few terms. The result is within 1 ulp of the standard library's. There is no `mul_add`, so it is the
//! same on every machine.
//!
//! tanh(x) = (1 - e) / (1 + e) with e = e^(-2 |x|), and the sign of x. As e - 1 is 2^k (e^r - 1) + (2^k - 1), no digits are
//! lost near 0.

/// float32 or float64.
pub trait Exponential {
    /// e^self. Too large, it is infinity; small, it goes through the subnormal numbers to 0; that of NaN is NaN.
    fn exponential(self) -> Self;

    /// tanh(self), within 3 ulp of the standard library's. That of NaN is NaN.
    fn hyperbolic_tangent(self) -> Self;
}

/// `ln_2` and `rest` are ln 2 together; the first has so few digits that k times it is exact. Below `least` e^x is 0,
/// above `most` infinity.
macro_rules! exponential {
    ($float:ident, terms: $terms:literal, ln_2: $ln_2:expr, rest: $rest:literal, least: $least:literal, most: $most:literal) => {
        impl Exponential for $float {
            #[inline(always)]
            fn exponential(self) -> Self {
                let (k, p) = $float::parts(self.clamp($least, $most)); // NaN stays
                // In two steps: 2^k may be too large, or too small, where the result is neither.
                let half = $float::nearest(k * 0.5);
                (1.0 + p) * $float::power_of_2(half) * $float::power_of_2(k - half)
            }

            #[inline(always)]
            fn hyperbolic_tangent(self) -> Self {
                let (k, p) = $float::parts((-2.0 * self.abs()).clamp(-60.0, 0.0)); // there it is 1; NaN stays
                let scale = $float::power_of_2(k);
                let less_1 = scale * p + (scale - 1.0);
                (less_1 / (2.0 + less_1)).copysign(self)
            }
        }

        impl Parts for $float {
            #[inline(always)]
            fn parts(self) -> (Self, Self) {
                /// 1/2!, 1/3!, 1/4!, ...
                const SERIES: [$float; $terms] = {
                    let mut series = [0.5; $terms];
                    let mut i = 1;
                    while i < $terms {
                        series[i] = series[i - 1] / (i + 2) as $float;
                        i += 1;
                    }
                    series
                };

                let k = $float::nearest(self * std::$float::consts::LOG2_E);
                let r = (self - k * $ln_2) - k * $rest;
                let mut q = SERIES[$terms - 1];
                for i in (0..$terms - 1).rev() {
                    q = q * r + SERIES[i];
                }
                (k, r + r * r * q)
            }

            #[inline(always)]
            fn nearest(self) -> Self {
                (self + Self::INTEGERS) - Self::INTEGERS
            }

            #[inline(always)]
            fn power_of_2(self) -> Self {
                const BIAS: $float = ($float::MAX_EXP - 1) as $float;
                $float::from_bits((self + (Self::INTEGERS + BIAS)).to_bits() << ($float::MANTISSA_DIGITS - 1))
            }

            const INTEGERS: Self = 1.5 / $float::EPSILON;
        }
    };
}

/// What both functions are made of.
trait Parts: Sized {
    /// Floats of this size are the integers, so a sum with it is rounded to one, which is in its last bits.
    const INTEGERS: Self;

    /// k, and e^r - 1.
    fn parts(self) -> (Self, Self);

    /// The nearest integer.
    fn nearest(self) -> Self;

    /// Of an integer: that, and the bias, in the place of a float's exponent.
    fn power_of_2(self) -> Self;
}

exponential!(f32, terms: 6, ln_2: 355.0 / 512.0, rest: -2.1219444e-4, least: -104.5, most: 89.0);
exponential!(f64, terms: 12, ln_2: 0.6931471803691238, rest: 1.9082149292705877e-10, least: -746.0, most: 710.0);
