// What the losses have in common: they stand at a network's end, and the gradient starts there.

#pragma once

#include <cmath>
#include <cstdint>
#include <variant>
#include <vector>

#include "layer.hpp"

namespace gradparity {

using Labels = std::vector<std::int32_t>;

/// What the network ought to say: one-hot rows, (batch, classes), or labels, (batch,), each from 0 and below classes.
template <Real T> using Target = std::variant<Matrix<T>, Labels>;

/// Where the largest element of this row is; the first, in a tie, and NaN is the largest of all.
template <Real T> Index argmax(const Matrix<T>& x, Index row) {
    Index best = 0;
    for (Index i = 1; i < x.cols(); ++i)
        if (x(row, i) > x(row, best) || (std::isnan(x(row, i)) && !std::isnan(x(row, best))))
            best = i;
    return best;
}

/// The label of this row of the batch.
template <Real T> Index label(const Target<T>& t, Index row) {
    if (const auto* labels = std::get_if<Labels>(&t))
        return (*labels)[static_cast<std::size_t>(row)];
    return argmax(std::get<Matrix<T>>(t), row);
}

/// The last step of a network.
template <Real T> class Loss {
  public:
    T loss = 0;
    Matrix<T> dx;

    virtual ~Loss() = default;

    /// The mean loss of the batch. x is (batch, classes).
    virtual T forward(const Matrix<T>& x, const Target<T>& t) = 0;

    /// dx, (batch, classes): the loss is where the gradient starts, so there is no dout.
    virtual const Matrix<T>& backward() = 0;

    /// What forward has found beside the loss.
    virtual Named<T> found() const { return {}; }
};

} // namespace gradparity
