#include "network.hpp"

namespace gradparity {

template class Network<float>;
template class Network<double>;

} // namespace gradparity
