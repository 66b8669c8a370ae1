// The sigmoid function. Source: section 5.5.2.

#pragma once

#include "../exp.hpp"
#include "layer.hpp"

namespace gradparity {

/// 1 / (1 + exp(-x)).
template <Real T> class Sigmoid final : public RowwiseLayer<T> {
  public:
    using RowwiseLayer<T>::RowwiseLayer;

    void forward_rows(const Matrix<T>& x, Rows rows) override {
        rows.of(this->out) = rows.of(x).unaryExpr([](T x) { return 1 / (1 + exponential(-x)); });
    }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override {
        const auto slope = [](T dout, T out) { return dout * out * (1 - out); };
        rows.of(this->dx) = rows.of(dout).binaryExpr(rows.of(this->out), slope);
    }
};

extern template class Sigmoid<float>;
extern template class Sigmoid<double>;

} // namespace gradparity
