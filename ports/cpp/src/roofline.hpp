// The matrix products alone, to compare a gradient with.

#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "network.hpp"
#include "product.hpp"

namespace gradparity {

/// The number of an affine layer, from 1, and its input, (batch, inputs).
template <Real T> using LayerInputs = std::vector<std::pair<std::size_t, Matrix<T>>>;

/// The matrix products of one gradient in these layers, and nothing else of it: what no implementation on this library
/// can beat.
///
/// Each layer's own output stands for its dout, which has the same shape; layer 1 owes no gradient of the data.
template <Real T> void products(Network<T>& network, const LayerInputs<T>& inputs) {
    for (const auto& [i, x] : inputs) {
        Affine<T>& affine = network.affines[i - 1];
        product(x, affine.W, affine.out);
        product(x.transpose(), affine.out, affine.dW);
        if (i > 1)
            product(affine.out, std::as_const(affine.W).transpose(), affine.dx);
    }
}

/// The inputs of these affine layers, by number from 1, in the forward pass of x.
template <Real T>
LayerInputs<T> layer_inputs(Network<T>& network, const Matrix<T>& x, const std::vector<std::size_t>& affines) {
    network.predict(x);
    LayerInputs<T> inputs;
    for (std::size_t i : affines)
        inputs.emplace_back(i, i == 1 ? x : network.activations[i - 2]->out);
    return inputs;
}

} // namespace gradparity
