#include "timing.hpp"

namespace gradparity {

template <Real T> void products(Network<T>& network, const LayerInputs<T>& inputs) {
    for (const auto& [i, x] : inputs) {
        Affine<T>& affine = network.affines[i - 1];
        affine.out.noalias() = x * affine.W;
        affine.dW.noalias() = x.transpose() * affine.out;
        if (i > 1)
            affine.dx.noalias() = affine.out * affine.W.transpose();
    }
}

template void products(Network<float>& network, const LayerInputs<float>& inputs);
template void products(Network<double>& network, const LayerInputs<double>& inputs);

} // namespace gradparity
