// x W + b. Source: section 5.6.1.

#pragma once

#include "layer.hpp"

namespace gradparity {

/// x W + b: W is (inputs, outputs), b is (outputs,). Of images, inputs are all elements in their order.
template <Real T> class Affine final : public Layer<T> {
  public:
    Matrix<T> W, dW;
    Row<T> b, db;

    Affine(Matrix<T> W, Row<T> b) : Affine(W, std::move(b), {W.rows()}) {}

    Affine(Matrix<T> W, Row<T> b, Sizes x_sizes)
        : Layer<T>(std::move(x_sizes), {W.cols()}), W(std::move(W)),
          dW(Matrix<T>::Zero(this->W.rows(), this->W.cols())), b(std::move(b)), db(Row<T>::Zero(this->b.size())) {}

    const Matrix<T>& forward(const Matrix<T>& x) override {
        product(x, W, this->out);
        this->out.rowwise() += b;
        return this->out;
    }

    const Matrix<T>& backward(const Matrix<T>& x, const Matrix<T>& dout) override {
        backward_parameters(x, dout);
        product(dout, std::as_const(W).transpose(), this->dx);
        return this->dx;
    }

    void backward_parameters(const Matrix<T>& x, const Matrix<T>& dout) override {
        product(x.transpose(), dout, dW);
        db = dout.colwise().sum();
    }

    std::vector<Parameter<T>> parameters() override {
        return {{"W", {W.rows(), W.cols()}, elements(W), elements(dW), true},
                {"b", {b.size()}, elements(b), elements(db), false}};
    }
};

extern template class Affine<float>;
extern template class Affine<double>;

} // namespace gradparity
