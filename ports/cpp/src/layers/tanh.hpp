// The hyperbolic tangent.

#pragma once

#include "../exp.hpp"
#include "layer.hpp"

namespace gradparity {

/// tanh(x), with the slope 1 - tanh(x)^2.
template <Real T> class Tanh final : public RowwiseLayer<T> {
  public:
    using RowwiseLayer<T>::RowwiseLayer;

    void forward_rows(const Matrix<T>& x, Rows rows) override {
        rows.of(this->out) = rows.of(x).unaryExpr([](T x) { return hyperbolic_tangent(x); });
    }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override {
        const auto slope = [](T dout, T out) { return dout * (1 - out * out); };
        rows.of(this->dx) = rows.of(dout).binaryExpr(rows.of(this->out), slope);
    }
};

extern template class Tanh<float>;
extern template class Tanh<double>;

} // namespace gradparity
