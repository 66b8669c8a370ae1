#include "layers.hpp"

#include <utility>

#include "exp.hpp"
#include "network.hpp"

namespace gradparity {

template <Real T> const Matrix<T>& Multiply<T>::forward(const Matrix<T>& x, const Matrix<T>& y) {
    return out = x.cwiseProduct(y);
}

template <Real T> void Multiply<T>::backward(const Matrix<T>& x, const Matrix<T>& y, const Matrix<T>& dout) {
    dx = dout.cwiseProduct(y);
    dy = dout.cwiseProduct(x);
}

template <Real T> const Matrix<T>& Add<T>::forward(const Matrix<T>& x, const Matrix<T>& y) { return out = x + y; }

template <Real T> void Add<T>::backward(const Matrix<T>& dout) { dx = dy = dout; }

template <Real T> const Matrix<T>& Relu<T>::forward(const Matrix<T>& x) {
    return this->out = x.unaryExpr([](T x) { return x <= 0 ? 0 : x; });
}

template <Real T> const Matrix<T>& Relu<T>::backward(const Matrix<T>& dout) {
    const auto inactive = [](T out) { return out <= 0; }; // which is where x is
    return this->dx = dout.binaryExpr(this->out, [=](T dout, T out) { return inactive(out) ? 0 : dout; });
}

template <Real T> const Matrix<T>& Sigmoid<T>::forward(const Matrix<T>& x) {
    return this->out = x.unaryExpr([](T x) { return 1 / (1 + exponential(-x)); });
}

template <Real T> const Matrix<T>& Sigmoid<T>::backward(const Matrix<T>& dout) {
    return this->dx = dout.binaryExpr(this->out, [](T dout, T out) { return dout * out * (1 - out); });
}

template <Real T> const Matrix<T>& Tanh<T>::forward(const Matrix<T>& x) {
    return this->out = x.unaryExpr([](T x) { return hyperbolic_tangent(x); });
}

template <Real T> const Matrix<T>& Tanh<T>::backward(const Matrix<T>& dout) {
    return this->dx = dout.binaryExpr(this->out, [](T dout, T out) { return dout * (1 - out * out); });
}

template <Real T>
Affine<T>::Affine(Matrix<T> W, Row<T> b)
    : W(std::move(W)), b(std::move(b)), dW(Matrix<T>::Zero(this->W.rows(), this->W.cols())),
      db(Row<T>::Zero(this->b.size())) {}

template <Real T> const Matrix<T>& Affine<T>::forward(const Matrix<T>& x) {
    product(x, W, out);
    out.rowwise() += b;
    return out;
}

template <Real T> const Matrix<T>& Affine<T>::backward(const Matrix<T>& x, const Matrix<T>& dout) {
    backward_parameters(x, dout);
    product(dout, std::as_const(W).transpose(), dx);
    return dx;
}

template <Real T> void Affine<T>::backward_parameters(const Matrix<T>& x, const Matrix<T>& dout) {
    product(x.transpose(), dout, dW);
    db = dout.colwise().sum();
}

template <Real T> T SoftmaxWithLoss<T>::forward(const Matrix<T>& x, const Target<T>& t) {
    labels.resize(static_cast<std::size_t>(x.rows()));
    for (Index row = 0; row < x.rows(); ++row)
        labels[static_cast<std::size_t>(row)] = label(t, row);
    largest = x.rowwise().maxCoeff();
    z = x.colwise() - largest;
    y = z.unaryExpr([](T z) { return exponential(z); });
    total = y.rowwise().sum();
    y.array().colwise() /= total.array();
    T sum = 0;
    for (Index row = 0; row < x.rows(); ++row) {
        const T log_p = z(row, labels[static_cast<std::size_t>(row)]) - std::log(total[row]);
        sum += epsilon == 0 ? log_p : std::log(std::exp(log_p) + epsilon);
    }
    return loss = -sum / static_cast<T>(x.rows());
}

template <Real T> const Matrix<T>& SoftmaxWithLoss<T>::backward() {
    dx = y;
    for (Index row = 0; row < dx.rows(); ++row)
        dx(row, labels[static_cast<std::size_t>(row)]) -= 1;
    dx /= static_cast<T>(dx.rows());
    return dx;
}

template struct Multiply<float>;
template struct Multiply<double>;
template struct Add<float>;
template struct Add<double>;
template struct Relu<float>;
template struct Relu<double>;
template struct Sigmoid<float>;
template struct Sigmoid<double>;
template struct Tanh<float>;
template struct Tanh<double>;
template struct Affine<float>;
template struct Affine<double>;
template struct SoftmaxWithLoss<float>;
template struct SoftmaxWithLoss<double>;

// The loops of a network are short, and in a file of their own the compiler would have Eigen to read again.
template class Network<float>;
template class Network<double>;

} // namespace gradparity
