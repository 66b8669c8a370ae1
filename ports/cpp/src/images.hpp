// Images of bytes, and what they show.

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "real.hpp"

namespace gradparity {

/// A set of images, (n, inputs), row by row, and labels, (n,), from 0. A pixel is byte / scale.
///
/// They are held once, as the bytes that came: rows in any dtype come of them, and a batch has less to fetch from
/// memory than it would have in floats.
struct Images {
    std::vector<std::uint8_t> pixels, labels;
    std::size_t inputs;
    double scale;

    /// The pixels of this image, (inputs,).
    template <Real T> void read(std::size_t image, std::span<T> x) const;
};

} // namespace gradparity
