// max(x, 0). Source: section 5.5.1.

#pragma once

#include "layer.hpp"

namespace gradparity {

/// max(x, 0), with gradient 0 at 0. NaN stays NaN.
template <Real T> class Relu final : public RowwiseLayer<T> {
  public:
    using RowwiseLayer<T>::RowwiseLayer;

    void forward_rows(const Matrix<T>& x, Rows rows) override {
        rows.of(this->out) = rows.of(x).unaryExpr([](T x) { return x <= 0 ? 0 : x; });
    }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override {
        const auto inactive = [](T out) { return out <= 0; }; // which is where x is
        const auto slope = [=](T dout, T out) { return inactive(out) ? 0 : dout; };
        rows.of(this->dx) = rows.of(dout).binaryExpr(rows.of(this->out), slope);
    }
};

extern template class Relu<float>;
extern template class Relu<double>;

} // namespace gradparity
