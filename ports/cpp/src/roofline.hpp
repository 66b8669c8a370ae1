// The matrix products alone, to compare a gradient with.

#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "network.hpp"
#include "product.hpp"

namespace gradparity {

/// The products of one gradient in this layer, and nothing else of it, as a call. The layer's own output stands for its
/// dout, which has the same shape.
template <Real T> std::function<void()> products(Affine<T>& affine, const Matrix<T>& input, bool with_dx) {
    return [&affine, x = input, with_dx] {
        product(x, affine.W, affine.out);
        product(x.transpose(), affine.out, affine.dW);
        if (with_dx)
            product(affine.out, std::as_const(affine.W).transpose(), affine.dx);
    };
}

/// The windows of each image are made beforehand.
template <Real T> std::function<void()> products(Convolution<T>& convolution, const Matrix<T>& input, bool with_dx) {
    std::vector<Matrix<T>> windows;
    for (Index n = 0; n < input.rows(); ++n)
        windows.push_back(convolution.windows_of(input, n));
    return [&convolution, windows = std::move(windows), with_dx] {
        convolution.dW.setZero();
        for (Index n = 0; n < std::ssize(windows); ++n) {
            const Matrix<T>& col = windows[static_cast<std::size_t>(n)];
            Image<T> out = convolution.channels(convolution.out, n);
            product(convolution.W, col, out);
            const auto dout = convolution.channels(std::as_const(convolution.out), n);
            add_product(dout, col.transpose(), convolution.dW);
            if (with_dx)
                product(std::as_const(convolution.W).transpose(), dout, convolution.dcol);
        }
    };
}

/// The matrix products of one gradient, layer by layer: what no implementation on this library can beat. Each is a
/// layer's, with its number; layer 1 owes no gradient of the data.
using Products = std::vector<std::pair<std::size_t, std::function<void()>>>;

/// Of the affine and convolution layers, with their inputs in the forward pass of x.
template <Real T> Products products(Network<T>& network, const Matrix<T>& x) {
    network.predict(x);
    Products found;
    const Matrix<T>* input = &x;
    for (const auto& [kind, number, layer] : network.layers) {
        if (auto* affine = dynamic_cast<Affine<T>*>(layer.get()))
            found.emplace_back(std::stoul(number), products(*affine, *input, number != "1"));
        if (auto* convolution = dynamic_cast<Convolution<T>*>(layer.get()))
            found.emplace_back(std::stoul(number), products(*convolution, *input, number != "1"));
        input = &layer->out;
    }
    return found;
}

} // namespace gradparity
