// Derivatives by evaluating the loss alone, as a check on those that backward computes.

#pragma once

#include <vector>

#include "network.hpp"

namespace gradparity {

/// (loss(p + step) - loss(p - step)) / (2 step) for every element of every parameter, in the order of `parameters`, in
/// their dtype.
///
/// Each parameter is moved in place and put back exactly. Source: "Deep Learning from Scratch", section 4.3.
template <Real T>
std::vector<std::vector<T>> central_difference(Network<T>& network, const Matrix<T>& x, const Target<T>& t, T h) {
    const auto slope = [&](T& element) {
        const T value = element;
        element = value + h;
        const T above = network.loss(x, t);
        element = value - h;
        const T below = network.loss(x, t);
        element = value;
        return (above - below) / (h + h);
    };

    std::vector<std::vector<T>> gradient;
    for (const Parameter<T>& p : network.parameters) {
        std::vector<T>& slopes = gradient.emplace_back();
        for (T& element : p.values)
            slopes.push_back(slope(element));
    }
    return gradient;
}

} // namespace gradparity
