// What a request holds, checked: its fields as text and numbers, its arrays as matrices; and results as arrays to send.

#pragma once

#include <charconv>
#include <concepts>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "layers.hpp"
#include "network.hpp"
#include "optimizers.hpp"
#include "wire.hpp"

namespace gradparity {

/// The request is wrong: what was expected of it, and what came.
struct Refusal : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// This port does not implement it.
struct Unsupported : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The optimizers by name, as `rule` knows them.
constexpr std::string_view optimizers = "sgd,momentum,nesterov,adagrad,rmsprop,adam";

/// The optimizer that the request names, with its numbers.
Rule rule(const Message& request);

/// The text of this field.
const std::string& field(const Message& request, std::string_view name);

/// The array of this name.
const Array& find(const Arrays& arrays, const std::string& name);

/// None where the text is no such number, as a whole.
template <typename N> std::optional<N> parsed(const std::string& text) {
    N number{};
    const char* end = text.data() + text.size();
    if constexpr (std::floating_point<N>) {
        char* stop = nullptr; // std::from_chars is not for floats in every standard library yet
        number = std::strtod(text.c_str(), &stop);
        return stop == end && !text.empty() ? std::optional(number) : std::nullopt;
    } else {
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        return stop == end && error == std::errc() ? std::optional(number) : std::nullopt;
    }
}

/// This field as a number.
template <typename N> N number(const Message& request, std::string_view name) {
    const std::string& text = field(request, name);
    if (const auto number = parsed<N>(text))
        return *number;
    throw Refusal("expected a number as " + std::string(name) + ", came " + text);
}

/// This field as whole numbers from 0, joined by commas.
std::vector<std::size_t> numbers(const Message& request, std::string_view name);

/// The array of this name in C order, where it has the dtype and the number of dimensions, if one is asked for. One of
/// fewer than two dimensions becomes a row.
template <typename T>
Matrix<T> matrix(const Arrays& arrays, const std::string& name, std::optional<std::size_t> dimensions = {}) {
    const Array& array = find(arrays, name);
    const auto* values = std::get_if<std::vector<T>>(&array.data);
    if (values == nullptr || array.shape.size() != dimensions.value_or(array.shape.size())) {
        const std::string of = dimensions ? " of " + std::to_string(*dimensions) + " dimensions" : "";
        throw Refusal("array " + name + ": expected " + std::string(dtype<T>.name) + of + ", came " + describe(array));
    }
    const Index rows = array.shape.size() < 2 ? 1 : static_cast<Index>(array.shape[0]);
    const Index columns = array.shape.empty() ? 1 : static_cast<Index>(array.shape.back());
    if (array.fortran_order)
        return Eigen::Map<const Eigen::MatrixX<T>>(values->data(), rows, columns);
    return Eigen::Map<const Matrix<T>>(values->data(), rows, columns);
}

/// The same, where it has this shape.
template <typename T> Matrix<T> shaped(const Arrays& arrays, const std::string& name, const Shape& shape) {
    Matrix<T> values = matrix<T>(arrays, name, shape.size());
    if (const Shape& came = find(arrays, name).shape; came != shape)
        throw Refusal("array " + name + ": expected shape " + tuple(shape) + ", came " + tuple(came));
    return values;
}

/// The same, as its elements row by row.
template <typename T> std::vector<T> elements(const Arrays& arrays, const std::string& name, const Shape& shape) {
    const Matrix<T> values = shaped<T>(arrays, name, shape);
    return {values.data(), values.data() + values.size()};
}

/// t: one-hot rows of the case's dtype, or labels.
template <Real T> Target<T> target(const Arrays& arrays, Index batch, Index classes) {
    const Shape rows{static_cast<std::size_t>(batch)};
    if (!std::holds_alternative<Labels>(find(arrays, "t").data))
        return shaped<T>(arrays, "t", {rows[0], static_cast<std::size_t>(classes)});
    Labels labels = elements<std::int32_t>(arrays, "t", rows);
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
    return {std::move(name), {shape, false, std::vector<T>(values.data(), values.data() + values.size())}};
}

/// Arrays to send, all of them.
template <typename T> Arrays all(const Named<T>& views) {
    Arrays arrays;
    for (const auto& [name, view] : views)
        arrays.push_back(named(name, view));
    return arrays;
}

} // namespace gradparity
