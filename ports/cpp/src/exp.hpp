// The exponential function and tanh, without branches or calls, so that the compiler computes several at a time.
//
// e^x = 2^k e^r, where k = x / ln 2 to the nearest integer, and r = x - k ln 2, at most 0.35 in size: there the Taylor
// series of e^r needs few terms. The result is within 1 ulp of the standard library's. Eigen has one too, but clamps:
// e^x is never 0 there, nor infinity.
//
// tanh(x) = (1 - e) / (1 + e) with e = e^(-2 |x|), and the sign of x. As e - 1 is 2^k (e^r - 1) + (2^k - 1), no digits
// are lost near 0.

#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

namespace gradparity {

/// What differs between the dtypes. `ln_2` and `rest` are ln 2 together; the first has so few digits that k times it is
/// exact. Below `least` e^x is 0, above `most` infinity.
template <typename T> struct Exponential;

template <> struct Exponential<float> {
    using Bits = std::uint32_t;
    static constexpr std::size_t terms = 6;
    static constexpr float ln_2 = 355.0f / 512.0f, rest = -2.1219444e-4f, least = -104.5f, most = 89.0f;
};

template <> struct Exponential<double> {
    using Bits = std::uint64_t;
    static constexpr std::size_t terms = 12;
    static constexpr double ln_2 = 0.6931471803691238, rest = 1.9082149292705877e-10, least = -746.0, most = 710.0;
};

/// What both functions are made of. All of it must be inlined: a call keeps the loop around it from computing several
/// at a time.
template <typename T> struct Parts {
    T k, p; ///< e^x is 2^k (1 + p)

    [[gnu::always_inline]] explicit Parts(T x) : k(nearest(x * std::numbers::log2e_v<T>)) {
        // 1/2!, 1/3!, 1/4!, ...
        static constexpr auto series = [] {
            std::array<T, Of::terms> series{T(0.5)};
            for (std::size_t i = 1; i < series.size(); ++i)
                series[i] = series[i - 1] / static_cast<T>(i + 2);
            return series;
        }();
        const T r = (x - k * Of::ln_2) - k * Of::rest;
        T q = series.back();
        for (std::size_t i = Of::terms - 1; i-- > 0;)
            q = q * r + series[i];
        p = r + r * r * q;
    }

    [[gnu::always_inline]] static T nearest(T y) { return (y + integers) - integers; }

    /// 2^k is k, and the bias, in the place of a float's exponent.
    [[gnu::always_inline]] static T power_of_2(T k) {
        return std::bit_cast<T>(std::bit_cast<typename Of::Bits>(k + (integers + bias)) << (Limits::digits - 1));
    }

  private:
    using Of = Exponential<T>;
    using Limits = std::numeric_limits<T>;
    // Floats of this size are the integers, so a sum with it is rounded to one, which is in its last bits.
    static constexpr T integers = T(1.5) / Limits::epsilon(), bias = Limits::max_exponent - 1;
};

/// e^x. Too large, it is infinity; small, it goes through the subnormal numbers to 0; that of NaN is NaN.
template <typename T> [[gnu::always_inline]] inline T exponential(T x) {
    using Of = Exponential<T>;
    x = x < Of::least ? Of::least : x; // NaN stays
    x = x > Of::most ? Of::most : x;
    const Parts<T> parts(x);
    // In two steps: 2^k may be too large, or too small, where the result is neither.
    const T half = parts.nearest(parts.k * T(0.5));
    return (1 + parts.p) * parts.power_of_2(half) * parts.power_of_2(parts.k - half);
}

/// tanh(x), within 3 ulp of the standard library's. That of NaN is NaN.
template <typename T> [[gnu::always_inline]] inline T hyperbolic_tangent(T x) {
    const T doubled = -2 * std::abs(x);
    const Parts<T> parts(doubled < -60 ? -60 : doubled); // there the result is 1; NaN stays
    const T scale = parts.power_of_2(parts.k);
    const T less_1 = scale * parts.p + (scale - 1);
    return std::copysign(less_1 / (2 + less_1), x);
}

} // namespace gradparity
