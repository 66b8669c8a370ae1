#include "../src/exp.hpp"

#include <cmath>
#include <limits>

#include "check.hpp"

using gradparity::exponential, gradparity::hyperbolic_tangent;

namespace {

template <typename T> void within_one_ulp(double from, double to) {
    for (int i = 0; i <= 200'000; ++i) {
        const T x = static_cast<T>(from + (to - from) * i / 200'000);
        const T came = exponential(x), expected = std::exp(x), infinity = std::numeric_limits<T>::infinity();
        if (came != expected && came != std::nextafter(expected, infinity) && came != std::nextafter(expected, T(0)))
            return expect(false, "e^" + std::to_string(x));
    }
}

template <typename T> void tanh_within_three_ulp(double from, double to) {
    for (int i = 0; i <= 200'000; ++i) {
        const T x = static_cast<T>(from + (to - from) * i / 200'000);
        const T came = hyperbolic_tangent(x), expected = std::tanh(x);
        const T ulp = std::nextafter(std::abs(expected), T(2)) - std::abs(expected);
        if (!(std::abs(came - expected) <= 3 * ulp))
            return expect(false, "tanh(" + std::to_string(x) + ")");
    }
}

template <typename T> void limits() {
    using Limits = std::numeric_limits<T>;
    const T infinity = Limits::infinity();
    expect(exponential(infinity) == infinity && exponential(-infinity) == 0);
    expect(exponential(Limits::max()) == infinity && exponential(Limits::lowest()) == 0);
    expect(exponential(T(0)) == 1 && exponential(-T(0)) == 1);
    expect(std::isnan(exponential(Limits::quiet_NaN())));
    expect(hyperbolic_tangent(infinity) == 1 && hyperbolic_tangent(Limits::lowest()) == -1);
    expect(hyperbolic_tangent(Limits::denorm_min()) == Limits::denorm_min());
    expect(std::signbit(hyperbolic_tangent(-T(0))) && std::isnan(hyperbolic_tangent(Limits::quiet_NaN())));
}

} // namespace

void test_exp() {
    within_one_ulp<double>(-760, 720);
    within_one_ulp<double>(-1, 1);
    within_one_ulp<float>(-110, 95);
    within_one_ulp<float>(-1, 1);
    tanh_within_three_ulp<double>(-25, 25);
    tanh_within_three_ulp<double>(-1e-3, 1e-3);
    tanh_within_three_ulp<float>(-12, 12);
    tanh_within_three_ulp<float>(-1e-3, 1e-3);
    limits<double>();
    limits<float>();
}
