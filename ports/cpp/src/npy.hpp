// Arrays as they travel: standard .npy records, of the dtypes that the protocol has.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gradparity {

/// What arrived is not a message of the protocol, or the pipe broke. Says what was expected and what came.
struct WireError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A dtype that travels: as .npy spells it, and as people do, and the bytes of an element.
struct Dtype {
    std::string_view descr, name;
    std::size_t size;
    bool operator==(const Dtype&) const = default;
};
template <typename T> constexpr Dtype dtype{};
template <> inline constexpr Dtype dtype<double>{"<f8", "float64", 8};
template <> inline constexpr Dtype dtype<float>{"<f4", "float32", 4};
template <> inline constexpr Dtype dtype<std::int32_t>{"<i4", "int32", 4};
template <> inline constexpr Dtype dtype<std::uint8_t>{"|u1", "uint8", 1};

/// At most two sizes.
using Shape = std::vector<std::size_t>;

/// An array as it travels: the bytes of its elements row by row, or column by column where `fortran_order`.
struct Array {
    Shape shape;
    bool fortran_order = false;
    Dtype dtype;
    std::vector<std::byte> data;
    bool operator==(const Array&) const = default;
};

/// An array of these elements, row by row.
template <typename T> Array array(Shape shape, std::span<const T> elements) {
    const auto bytes = std::as_bytes(elements);
    return {std::move(shape), false, dtype<T>, {bytes.begin(), bytes.end()}};
}

/// As Python writes it: (2, 3), (2,) or ().
std::string tuple(const Shape& shape);

/// Dtype and shape, for error messages.
std::string describe(const Array& array);

/// Writes these bytes. Throws WireError.
void write(std::FILE* sink, const void* bytes, std::size_t count);

/// Writes the record of an array. Throws WireError.
void write_array(std::FILE* sink, const Array& array);

/// The next record, of the array of this name. Its data must not take more than `max_bytes`, which is lowered by what
/// they take. Throws WireError.
Array read_array(std::FILE* source, const std::string& name, std::size_t& max_bytes);

} // namespace gradparity
