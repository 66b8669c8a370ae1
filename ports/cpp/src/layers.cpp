#include "layers.hpp"

#include "network.hpp"

namespace gradparity {

template struct Add<float>;
template struct Add<double>;
template class Affine<float>;
template class Affine<double>;
template class BatchNorm<float>;
template class BatchNorm<double>;
template class Convolution<float>;
template class Convolution<double>;
template class Dropout<float>;
template class Dropout<double>;
template class MaxPooling<float>;
template class MaxPooling<double>;
template struct Multiply<float>;
template struct Multiply<double>;
template class Relu<float>;
template class Relu<double>;
template class Sigmoid<float>;
template class Sigmoid<double>;
template class SoftmaxWithLoss<float>;
template class SoftmaxWithLoss<double>;
template class SquaredError<float>;
template class SquaredError<double>;
template class Tanh<float>;
template class Tanh<double>;

// The loops of a network are short, and in a file of their own the compiler would have Eigen to read again.
template class Network<float>;
template class Network<double>;

} // namespace gradparity
