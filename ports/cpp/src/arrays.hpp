// Arrays of a request as matrices, and results as arrays to send.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "layers.hpp"
#include "network.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace gradparity {

/// The array as a matrix, where it has this dtype. One of fewer than two dimensions becomes a row.
template <typename T> Matrix<T> matrix(const Array& array) {
    const Shape& shape = array.shape;
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

/// t: one-hot rows of the case's dtype, or labels.
template <Real T> Target<T> target(const Arrays& arrays, Index batch, Index classes) {
    const Shape shape{static_cast<std::size_t>(batch), static_cast<std::size_t>(classes)};
    if (find(arrays, "t").dtype == dtype<std::int32_t>)
        return labels(arrays, shape[0], shape[1]);
    return shaped<T>(arrays, "t", shape);
}

/// An array to send.
template <typename T> std::pair<std::string, Array> named(std::string name, const View<T>& view) {
    const auto& values = view.values;
    Shape shape{static_cast<std::size_t>(values.rows()), static_cast<std::size_t>(values.cols())};
    shape.erase(shape.begin(), shape.end() - view.dimensions);
    return {std::move(name), array<T>(shape, {values.data(), static_cast<std::size_t>(values.size())})};
}

/// Arrays to send, all of them.
template <typename T> Arrays all(const Named<T>& views) {
    Arrays arrays;
    for (const auto& [name, view] : views)
        arrays.push_back(named(name, view));
    return arrays;
}

} // namespace gradparity
