// When arrays, and messages, are the same.

#pragma once

#include <tuple>

#include "../src/wire.hpp"

namespace gradparity {

inline bool operator==(const Array& a, const Array& b) {
    return std::tie(a.shape, a.fortran_order, a.dtype, a.data) == std::tie(b.shape, b.fortran_order, b.dtype, b.data);
}

inline bool operator==(const Message& a, const Message& b) {
    return std::tie(a.word, a.fields, a.arrays) == std::tie(b.word, b.fields, b.arrays);
}

} // namespace gradparity
