#include "product.hpp"

namespace gradparity {

template <Real T> void product(const Matrix<T>& a, const Matrix<T>& b, Matrix<T>& c) { c.noalias() = a * b; }
template <Real T> void product(const Transposed<T>& a, const Matrix<T>& b, Matrix<T>& c) { c.noalias() = a * b; }
template <Real T> void product(const Matrix<T>& a, const Transposed<T>& b, Matrix<T>& c) { c.noalias() = a * b; }

template void product(const Matrix<float>&, const Matrix<float>&, Matrix<float>&);
template void product(const Matrix<double>&, const Matrix<double>&, Matrix<double>&);
template void product(const Transposed<float>&, const Matrix<float>&, Matrix<float>&);
template void product(const Transposed<double>&, const Matrix<double>&, Matrix<double>&);
template void product(const Matrix<float>&, const Transposed<float>&, Matrix<float>&);
template void product(const Matrix<double>&, const Transposed<double>&, Matrix<double>&);

} // namespace gradparity
