// From a request to what my_network.hpp computes with, and back into a reply.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "request.hpp"
#include "wire.hpp"

namespace gradparity {

namespace {

using mine::Layer, mine::Matrix, mine::Network, mine::Real, mine::written;

using Tensor = mine::NDArray<Real>;
using Vector = std::vector<Real>;
using Labels = std::vector<int>;
static_assert(std::is_same_v<Real, double> || std::is_same_v<Real, float>, "Real in my_network.hpp: double or float");

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool has(const std::string& name) { return contains(written, name); }

void need(const std::string& name) {
    if (!has(name))
        throw Unsupported(name + " is not written yet: fill it in in my_network.hpp, and add it to `written` there");
}

std::string joined(const std::vector<std::string>& words, const char* between = ",") {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : between) + word;
    return text;
}

// What a request holds.

bool has_field(const Message& request, const std::string& name) {
    const auto is_name = [&](const auto& field) { return field.first == name; };
    return std::any_of(request.fields.begin(), request.fields.end(), is_name);
}

Real real(const Message& request, const std::string& name) { return static_cast<Real>(number<double>(request, name)); }

Tensor tensor(const Arrays& arrays, const std::string& name) {
    const Shape& shape = find(arrays, name).shape;
    return {shape, elements<Real>(arrays, name, shape)};
}

Matrix matrix(const Arrays& arrays, const std::string& name, std::size_t rows, std::size_t columns) {
    return {rows, columns, elements<Real>(arrays, name, {rows, columns})};
}

Matrix matrix(const Arrays& arrays, const std::string& name) {
    const Shape& shape = find(arrays, name, dtype<Real>, 2).shape;
    return matrix(arrays, name, shape[0], shape[1]);
}

Vector vector(const Arrays& arrays, const std::string& name, std::size_t size) {
    return elements<Real>(arrays, name, {size});
}

/// Of dropout: as numbers.
Tensor mask(const Arrays& arrays, const std::string& name) {
    const Shape& shape = find(arrays, name).shape;
    const auto bytes = elements<std::uint8_t>(arrays, name, shape);
    return {shape, {bytes.begin(), bytes.end()}};
}

// as_rows and named take types of yours, so a function of yours of that name would be a candidate, too. That is why
// their calls say gradparity::.

/// Each element of the first axis as a row.
Matrix as_rows(Tensor x) {
    const std::size_t rows = x.shape.empty() ? 1 : x.shape[0];
    return {rows, rows == 0 ? 0 : x.data.size() / rows, std::move(x.data)};
}

/// t as labels, from labels or from one-hot rows.
Labels labels(const Arrays& arrays, std::size_t batch) {
    if (find(arrays, "t").dtype == dtype<std::int32_t>)
        return elements<std::int32_t>(arrays, "t", {batch});
    const Matrix rows = matrix(arrays, "t");
    if (rows.rows != batch)
        throw Refusal("expected t to have " + std::to_string(batch) + " rows, came " + std::to_string(rows.rows));
    Labels labels(batch);
    for (std::size_t i = 0; i < batch; ++i)
        while (labels[i] + 1u < rows.columns && rows(i, static_cast<std::size_t>(labels[i])) == 0)
            ++labels[i];
    return labels;
}

// What a reply holds.

Message ok(Arrays arrays = {}) { return {"ok", {}, std::move(arrays)}; }

using Named = std::pair<std::string, Array>;

template <typename T> std::enable_if_t<std::is_floating_point_v<T>, Named> named(const std::string& name, T value) {
    return {name, array(Shape{}, &value, 1)};
}

Named named(const std::string& name, const Shape& shape, const Vector& data) {
    std::size_t size = 1;
    std::vector<std::string> lengths;
    for (std::size_t n : shape)
        size *= n, lengths.push_back(std::to_string(n));
    if (data.size() != size)
        throw Refusal("expected " + name + " to hold " + joined(lengths, " x ") + " elements, came "
                      + std::to_string(data.size()));
    return {name, array(shape, data)};
}

Named named(const std::string& name, const Vector& v) { return named(name, {v.size()}, v); }

Named named(const std::string& name, const Matrix& a) { return named(name, {a.rows, a.columns}, a.data); }

Named named(const std::string& name, const Tensor& a) { return named(name, a.shape, a.data); }

} // namespace

} // namespace gradparity
