// x + y. Source: section 5.4.2.

#pragma once

#include "layer.hpp"

namespace gradparity {

/// x + y, element by element.
template <Real T> struct Add {
    Matrix<T> out, dx, dy;

    /// The sum of two arrays of one shape.
    const Matrix<T>& forward(const Matrix<T>& x, const Matrix<T>& y) { return out = x + y; }

    /// dx and dy, kept: both are dout.
    void backward(const Matrix<T>& dout) { dx = dy = dout; }
};

extern template struct Add<float>;
extern template struct Add<double>;

} // namespace gradparity
