// x * y. Source: section 5.4.1.

#pragma once

#include "layer.hpp"

namespace gradparity {

/// x * y, element by element.
template <Real T> struct Multiply {
    Matrix<T> out, dx, dy;

    /// The product of two arrays of one shape.
    const Matrix<T>& forward(const Matrix<T>& x, const Matrix<T>& y) { return out = x.cwiseProduct(y); }

    /// dx and dy, kept: each factor's gradient is the other factor times dout.
    void backward(const Matrix<T>& x, const Matrix<T>& y, const Matrix<T>& dout) {
        dx = dout.cwiseProduct(y);
        dy = dout.cwiseProduct(x);
    }
};

extern template struct Multiply<float>;
extern template struct Multiply<double>;

} // namespace gradparity
