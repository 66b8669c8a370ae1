// Messages: one line of text, then the arrays that it announces, each a standard .npy record.
//
//     ok epsilon=0 arrays=loss,dW1\n <npy of loss> <npy of dW1>
//
// docs/protocol.md is the specification; this is its C++ reading, with the standard library of C++17 alone.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
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
};
inline bool operator==(const Dtype& a, const Dtype& b) { return a.descr == b.descr; }
inline bool operator!=(const Dtype& a, const Dtype& b) { return !(a == b); }

template <typename T> constexpr Dtype dtype{};
template <> inline constexpr Dtype dtype<double>{"<f8", "float64", 8};
template <> inline constexpr Dtype dtype<float>{"<f4", "float32", 4};
template <> inline constexpr Dtype dtype<std::int32_t>{"<i4", "int32", 4};
template <> inline constexpr Dtype dtype<std::uint8_t>{"|u1", "uint8", 1};

/// A size for each dimension, of which there are at most 32.
using Shape = std::vector<std::size_t>;

/// An array as it travels: the bytes of its elements row by row, or column by column where `fortran_order`.
struct Array {
    Shape shape;
    bool fortran_order = false;
    Dtype dtype;
    std::vector<std::byte> data;
};

/// An array of this shape and so many elements, row by row.
template <typename T> Array array(Shape shape, const T* elements, std::size_t count) {
    const auto bytes = reinterpret_cast<const std::byte*>(elements);
    return {std::move(shape), false, dtype<T>, {bytes, bytes + count * sizeof(T)}};
}
template <typename T> Array array(Shape shape, const std::vector<T>& elements) {
    return array(std::move(shape), elements.data(), elements.size());
}

/// As Python writes it: (2, 3), (2,) or ().
std::string tuple(const Shape& shape);

/// Dtype and shape, for error messages.
std::string describe(const Array& array);

/// Free text by name, in order.
using Fields = std::vector<std::pair<std::string, std::string>>;
/// Arrays by name, in order.
using Arrays = std::vector<std::pair<std::string, Array>>;

/// A word (an operation, or the outcome of one), its fields, and its arrays.
struct Message {
    std::string word;
    Fields fields;
    Arrays arrays;
};

/// Writes the message, and flushes. Throws WireError.
void encode(std::FILE* sink, const Message& message);

/// The next message, or none at a clean end of the stream. Throws WireError.
std::optional<Message> decode(std::FILE* source);

/// The parts between these characters: one more than there are of them.
std::vector<std::string_view> split(std::string_view text, char at);

} // namespace gradparity
