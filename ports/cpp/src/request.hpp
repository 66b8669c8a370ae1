// What a request holds, checked: its fields as text and numbers, its arrays by name, dtype and shape.

#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

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

/// The text of this field.
const std::string& field(const Message& request, std::string_view name);

/// None where the text is no such number, as a whole.
template <typename N> std::optional<N> parsed(const std::string& text) {
    N number{};
    const char* end = text.data() + text.size();
    if constexpr (std::is_floating_point_v<N>) {
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

/// The array of this name.
const Array& find(const Arrays& arrays, const std::string& name);

/// The same, where it has this dtype and number of dimensions.
const Array& find(const Arrays& arrays, const std::string& name, const Dtype& dtype, std::size_t dimensions);

/// The same, where it has this dtype and shape.
const Array& find_shaped(const Arrays& arrays, const std::string& name, const Dtype& dtype, const Shape& shape);

/// Copies the elements of an array to `rows`, row by row whatever the order in which they came.
void copy_by_rows(const Array& array, void* rows);

/// The elements of the array of this name, row by row, where it has the dtype and this shape.
template <typename T> std::vector<T> elements(const Arrays& arrays, const std::string& name, const Shape& shape) {
    const Array& array = find_shaped(arrays, name, dtype<T>, shape);
    std::vector<T> elements(array.data.size() / sizeof(T));
    copy_by_rows(array, elements.data());
    return elements;
}

} // namespace gradparity
