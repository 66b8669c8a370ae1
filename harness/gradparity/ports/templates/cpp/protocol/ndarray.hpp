// What the file to fill in computes with.

#pragma once

#include <cstddef>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "request.hpp"

namespace mine {

/// An array of any number of dimensions, its elements row by row. NDArray<T>{{n, d}} is (n, d) zeros.
template <typename T> struct NDArray {
    std::vector<std::size_t> shape;
    std::vector<T> data =
        std::vector<T>(std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>()));

    /// The element with these indices, as many as there are dimensions.
    template <typename... Index> T& operator()(Index... index) { return data[offset(index...)]; }
    template <typename... Index> const T& operator()(Index... index) const { return data[offset(index...)]; }

  private:
    template <typename... Index> std::size_t offset(Index... index) const {
        std::size_t offset = 0, axis = 0;
        ((offset = offset * shape[axis++] + static_cast<std::size_t>(index)), ...);
        return offset;
    }
};

/// Stands where nothing is yet.
struct NotWritten : gradparity::Unsupported {
    explicit NotWritten(const std::string& function) : Unsupported(function + " is not written yet") {}
};

} // namespace mine
