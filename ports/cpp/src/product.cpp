#include "product.hpp"

namespace gradparity {

template <Real T> void product(const Matrix<T>& a, const Matrix<T>& b, Matrix<T>& c) { c.noalias() = a * b; }
template <Real T> void product(const Transposed<T>& a, const Matrix<T>& b, Matrix<T>& c) { c.noalias() = a * b; }
template <Real T> void product(const Matrix<T>& a, const Transposed<T>& b, Matrix<T>& c) { c.noalias() = a * b; }
template <Real T> void product(const Matrix<T>& a, const Matrix<T>& b, Image<T>& c) { c.noalias() = a * b; }
template <Real T> void product(const Transposed<T>& a, const ConstImage<T>& b, Matrix<T>& c) { c.noalias() = a * b; }
template <Real T> void add_product(const ConstImage<T>& a, const Transposed<T>& b, Matrix<T>& c) {
    c.noalias() += a * b;
}

template void product(const Matrix<float>&, const Matrix<float>&, Matrix<float>&);
template void product(const Matrix<double>&, const Matrix<double>&, Matrix<double>&);
template void product(const Transposed<float>&, const Matrix<float>&, Matrix<float>&);
template void product(const Transposed<double>&, const Matrix<double>&, Matrix<double>&);
template void product(const Matrix<float>&, const Transposed<float>&, Matrix<float>&);
template void product(const Matrix<double>&, const Transposed<double>&, Matrix<double>&);
template void product(const Matrix<float>&, const Matrix<float>&, Image<float>&);
template void product(const Matrix<double>&, const Matrix<double>&, Image<double>&);
template void product(const Transposed<float>&, const ConstImage<float>&, Matrix<float>&);
template void product(const Transposed<double>&, const ConstImage<double>&, Matrix<double>&);
template void add_product(const ConstImage<float>&, const Transposed<float>&, Matrix<float>&);
template void add_product(const ConstImage<double>&, const Transposed<double>&, Matrix<double>&);

} // namespace gradparity
