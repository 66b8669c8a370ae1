// The layer that multiplies matrices, compiled once: Eigen's products take the compiler ten seconds.

#include "layers.hpp"

namespace gradparity {

template <Real T> const Matrix<T>& Affine<T>::forward(const Matrix<T>& x) {
    out.noalias() = x * W;
    out.rowwise() += b;
    return out;
}

template <Real T> const Matrix<T>& Affine<T>::backward(const Matrix<T>& x, const Matrix<T>& dout) {
    backward_parameters(x, dout);
    dx.noalias() = dout * W.transpose();
    return dx;
}

template <Real T> void Affine<T>::backward_parameters(const Matrix<T>& x, const Matrix<T>& dout) {
    dW.noalias() = x.transpose() * dout;
    db = dout.colwise().sum();
}

template struct Affine<float>;
template struct Affine<double>;

} // namespace gradparity
