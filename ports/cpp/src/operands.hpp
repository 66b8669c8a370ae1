// What a request holds in the types of this port: matrices, labels, an optimizer; and its results as arrays to send.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "layers.hpp"
#include "network.hpp"
#include "optimizers.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace gradparity {

/// The optimizers by name, as `rule` knows them.
constexpr std::string_view optimizers = "sgd,momentum,nesterov,adagrad,rmsprop,adam";

/// The optimizer that the request names, with its numbers.
inline Rule rule(const Message& request) {
    const std::string& name = field(request, "optimizer");
    const auto number = [&](std::string_view name) { return gradparity::number<double>(request, name); };
    if (name == "sgd")
        return SGD{number("learning_rate")};
    if (name == "momentum")
        return Momentum{number("learning_rate"), number("momentum")};
    if (name == "nesterov")
        return Nesterov{number("learning_rate"), number("momentum")};
    if (name == "adagrad")
        return AdaGrad{number("learning_rate")};
    if (name == "rmsprop")
        return RMSProp{number("learning_rate"), number("decay")};
    if (name == "adam")
        return Adam{number("learning_rate"), number("beta1"), number("beta2")};
    throw Unsupported("no optimizer " + name);
}

/// Sizes as they travel, and the way back.
inline Shape shape(const Sizes& sizes) { return {sizes.begin(), sizes.end()}; }
inline Sizes sizes(const Shape& shape) { return {shape.begin(), shape.end()}; }

/// The sizes of one row of an array that becomes a matrix.
inline Sizes row_sizes(const Shape& shape) {
    return {shape.size() < 2 ? shape.begin() : shape.begin() + 1, shape.end()};
}

/// The array as a matrix, where it has this dtype: a row for each index of its first dimension. One of fewer than two
/// dimensions becomes a row.
template <typename T> Matrix<T> matrix(const Array& array) {
    const Shape& shape = array.shape;
    Matrix<T> values(shape.size() < 2 ? 1 : static_cast<Index>(shape[0]), count(row_sizes(shape)));
    copy_by_rows(array, values.data());
    return values;
}

/// The array of this name, where it has the dtype and the number of dimensions.
template <typename T> Matrix<T> matrix(const Arrays& arrays, const std::string& name, std::size_t dimensions) {
    return matrix<T>(find(arrays, name, dtype<T>, dimensions));
}

/// The same, where it has this shape.
template <typename T> Matrix<T> shaped(const Arrays& arrays, const std::string& name, const Shape& shape) {
    return matrix<T>(find_shaped(arrays, name, dtype<T>, shape));
}

/// t: one-hot rows of the case's dtype, or labels, each from 0 and below classes.
template <Real T> Target<T> target(const Arrays& arrays, Index batch, Index classes) {
    const std::size_t rows = static_cast<std::size_t>(batch);
    if (find(arrays, "t").dtype != dtype<std::int32_t>)
        return shaped<T>(arrays, "t", {rows, static_cast<std::size_t>(classes)});
    Labels labels = elements<std::int32_t>(arrays, "t", {rows});
    for (std::int32_t label : labels)
        if (label < 0 || label >= classes)
            throw Refusal("array t: expected labels from 0 to " + std::to_string(classes - 1) + ", came "
                          + std::to_string(label));
    return labels;
}

/// An array to send.
template <typename T> std::pair<std::string, Array> named(std::string name, const View<T>& view) {
    return {std::move(name),
            array(shape(view.sizes), view.values.data(), static_cast<std::size_t>(view.values.size()))};
}

/// Arrays to send, all of them.
template <typename T> Arrays all(const Named<T>& views) {
    Arrays arrays;
    for (const auto& [name, view] : views)
        arrays.push_back(named(name, view));
    return arrays;
}

inline void append(Arrays& arrays, Arrays more) { std::ranges::move(more, std::back_inserter(arrays)); }

/// What a layer holds but for a mask, with this number after each name.
template <Real T> Arrays held(Layer<T>& layer, const std::string& number = "") {
    Arrays arrays;
    for (const Parameter<T>& p : layer.parameters())
        arrays.push_back(named(std::string(p.name) + number, values(p)));
    for (const auto& [name, view] : layer.state())
        arrays.push_back(named(name + number, view));
    return arrays;
}

} // namespace gradparity
