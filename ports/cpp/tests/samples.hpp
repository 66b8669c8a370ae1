// Networks, numbers and rules to test with.

#pragma once

#include <cstdlib>
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

/// A network of these sizes.
template <typename T>
gradparity::Network<T> random_network(const std::vector<Eigen::Index>& sizes, const std::string& activation) {
    std::vector<gradparity::Affine<T>> layers;
    for (std::size_t i = 1; i < sizes.size(); ++i)
        layers.emplace_back(noise<T>(sizes[i - 1], sizes[i], unsigned(i)), noise<T>(1, sizes[i], unsigned(10 * i)));
    return {std::move(layers), activation, T(0)};
}

/// Every rule, with numbers that float32 has too.
inline const std::vector<gradparity::Rule> rules{
    gradparity::SGD{0.5},       gradparity::Momentum{0.25, 0.5},   gradparity::Nesterov{0.25, 0.5},
    gradparity::AdaGrad{0.125}, gradparity::RMSProp{0.0625, 0.75}, gradparity::Adam{0.0625, 0.75, 0.875}};
