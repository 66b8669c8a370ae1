// Networks, numbers and rules to test with.

#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../src/layers.hpp"
#include "../src/network.hpp"
#include "../src/optimizers.hpp"

/// Numbers between -1 and 1 that look random, the same in every run.
template <typename T> gradparity::Matrix<T> noise(Eigen::Index rows, Eigen::Index columns, unsigned seed) {
    std::srand(seed);
    return gradparity::Matrix<T>::Random(rows, columns);
}

/// An activation of this kind: relu, sigmoid or tanh.
template <typename T>
std::unique_ptr<gradparity::Layer<T>> activation(const std::string& kind, gradparity::Sizes sizes) {
    if (kind == "relu")
        return std::make_unique<gradparity::Relu<T>>(std::move(sizes));
    if (kind == "sigmoid")
        return std::make_unique<gradparity::Sigmoid<T>>(std::move(sizes));
    return std::make_unique<gradparity::Tanh<T>>(std::move(sizes));
}

/// These layers, and softmax with cross-entropy at the end.
template <typename T>
gradparity::Network<T> network_of(std::vector<gradparity::NamedLayer<T>> layers, double weight_decay = 0) {
    return {std::move(layers), std::make_unique<gradparity::SoftmaxWithLoss<T>>(), "softmax", weight_decay};
}

/// A network of affine layers of these sizes, with an activation between each two.
template <typename T>
gradparity::Network<T> random_network(const std::vector<gradparity::Index>& sizes, const std::string& kind) {
    std::vector<gradparity::NamedLayer<T>> layers;
    for (std::size_t i = 1; i < sizes.size(); ++i) {
        if (i > 1)
            layers.push_back({kind, std::to_string(i - 1), activation<T>(kind, {sizes[i - 1]})});
        auto W = noise<T>(sizes[i - 1], sizes[i], unsigned(i));
        const auto b = noise<T>(1, sizes[i], unsigned(10 * i));
        layers.push_back({"affine", std::to_string(i), std::make_unique<gradparity::Affine<T>>(std::move(W), b)});
    }
    return network_of(std::move(layers));
}

/// A convolution, batch normalization, dropout and the rest, for images of 2 channels, 5 by 4, and 3 classes. The mask
/// is for a batch of 4.
template <typename T> gradparity::Network<T> random_images_network(double weight_decay = 0) {
    using namespace gradparity;
    std::vector<NamedLayer<T>> layers;
    const Windows filters{2, 5, 4, 3, 2, 1, 1}, pools{3, 5, 5, 2, 3, 2, 0};
    const auto row = [](Index size, unsigned seed) { return Row<T>(noise<T>(1, size, seed)); };
    layers.push_back({"convolution", "1", std::make_unique<Convolution<T>>(noise<T>(3, 12, 1), row(3, 2), filters)});
    layers.push_back({"relu", "1", std::make_unique<Relu<T>>(Sizes{3, 5, 5})});
    layers.push_back({"max_pooling", "1", std::make_unique<MaxPooling<T>>(pools)});
    layers.push_back({"affine", "2", std::make_unique<Affine<T>>(noise<T>(12, 4, 3), row(4, 4), Sizes{3, 2, 2})});
    layers.push_back({"batch_norm", "3",
                      std::make_unique<BatchNorm<T>>(row(4, 5), row(4, 6), row(4, 7), Row<T>::Ones(4), 0.75, 0.01)});
    const Mask mask{{1, 0, 1, 1}, {0, 1, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}};
    layers.push_back({"dropout", "3", std::make_unique<Dropout<T>>(mask, 0.25, Sizes{4})});
    layers.push_back({"affine", "4", std::make_unique<Affine<T>>(noise<T>(4, 3, 8), row(3, 9))});
    return network_of(std::move(layers), weight_decay);
}

/// Layer i, from 0, which is of this class.
template <typename Of, typename T> Of& layer(gradparity::Network<T>& network, std::size_t i) {
    return dynamic_cast<Of&>(*network.layers[i].layer);
}

/// Every rule, with numbers that float32 has too.
inline const std::vector<gradparity::Rule> rules{
    gradparity::SGD{0.5},       gradparity::Momentum{0.25, 0.5},   gradparity::Nesterov{0.25, 0.5},
    gradparity::AdaGrad{0.125}, gradparity::RMSProp{0.0625, 0.75}, gradparity::Adam{0.0625, 0.75, 0.875}};
