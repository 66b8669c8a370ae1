// What a request holds in the types of this port: matrices, labels, an optimizer; and its results as arrays to send.

#pragma once

#include <cstddef>
#include <cstdint>
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

/// The array as a matrix, where it has this dtype. One of fewer than two dimensions becomes a row.
template <typename T> Matrix<T> matrix(const Array& array) {
    const Shape& shape = array.shape;
    if (shape.size() > 2)
        throw Refusal("expected an array of at most 2 dimensions, came " + describe(array));
    Matrix<T> values(shape.size() < 2 ? 1 : static_cast<Index>(shape[0]),
                     shape.empty() ? 1 : static_cast<Index>(shape.back()));
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
    const auto& values = view.values;
    Shape shape{static_cast<std::size_t>(values.rows()), static_cast<std::size_t>(values.cols())};
    shape.erase(shape.begin(), shape.end() - view.dimensions);
    return {std::move(name), array(shape, values.data(), static_cast<std::size_t>(values.size()))};
}

/// Arrays to send, all of them.
template <typename T> Arrays all(const Named<T>& views) {
    Arrays arrays;
    for (const auto& [name, view] : views)
        arrays.push_back(named(name, view));
    return arrays;
}

} // namespace gradparity
