// The numbers that networks compute with.

#pragma once

#include <concepts>

namespace gradparity {

/// float32 or float64.
template <typename T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

} // namespace gradparity
