#include "images.hpp"

#include <algorithm>

namespace gradparity {

template <Real T> void Images::read(std::size_t image, std::span<T> x) const {
    const auto bytes = std::span(pixels).subspan(image * inputs, inputs);
    const auto pixel = [scale = static_cast<T>(scale)](std::uint8_t byte) { return static_cast<T>(byte) / scale; };
    std::ranges::transform(bytes, x.begin(), pixel);
}

template void Images::read(std::size_t image, std::span<float> x) const;
template void Images::read(std::size_t image, std::span<double> x) const;

} // namespace gradparity
