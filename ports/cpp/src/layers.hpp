// The layers. Each has `forward` and `backward`; what backward needs of its own results, forward keeps.
//
// Every layer computes in the dtype of its arguments (float32 or float64) and leaves its arguments as they are. A layer
// owns the arrays that it computes, lends them, and uses them again in the next call: they allocate when a shape
// changes. Its input stays with the caller: where `backward` needs that, it is passed again.
//
// Source: Koki Saitoh, "Deep Learning from Scratch", chapter 5.

#pragma once

#include <cmath>
#include <cstdint>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include "product.hpp"

namespace gradparity {

template <typename T> using Row = Eigen::RowVectorX<T>;
using Eigen::Index;

/// x * y, element by element.
template <Real T> struct Multiply {
    Matrix<T> out, dx, dy;

    /// The product of two arrays of one shape.
    const Matrix<T>& forward(const Matrix<T>& x, const Matrix<T>& y);

    /// dx and dy, kept: each factor's gradient is the other factor times dout.
    void backward(const Matrix<T>& x, const Matrix<T>& y, const Matrix<T>& dout);
};

/// x + y, element by element.
template <Real T> struct Add {
    Matrix<T> out, dx, dy;

    /// The sum of two arrays of one shape.
    const Matrix<T>& forward(const Matrix<T>& x, const Matrix<T>& y);

    /// dx and dy, kept: both are dout.
    void backward(const Matrix<T>& dout);
};

/// A layer that maps each element by itself.
template <Real T> struct Activation {
    Matrix<T> out, dx;

    virtual ~Activation() = default;

    /// x of any shape; the same shape comes back.
    virtual const Matrix<T>& forward(const Matrix<T>& x) = 0;

    /// dx, of the shape of x.
    virtual const Matrix<T>& backward(const Matrix<T>& dout) = 0;
};

/// max(x, 0), with gradient 0 at 0. NaN stays NaN.
template <Real T> struct Relu final : Activation<T> {
    const Matrix<T>& forward(const Matrix<T>& x) override;
    const Matrix<T>& backward(const Matrix<T>& dout) override;
};

/// 1 / (1 + exp(-x)).
template <Real T> struct Sigmoid final : Activation<T> {
    const Matrix<T>& forward(const Matrix<T>& x) override;
    const Matrix<T>& backward(const Matrix<T>& dout) override;
};

/// x W + b: W is (inputs, outputs), b is (outputs,).
template <Real T> struct Affine {
    Matrix<T> W;
    Row<T> b;
    Matrix<T> out, dx, dW;
    Row<T> db;

    Affine(Matrix<T> W, Row<T> b);

    /// x is (batch, inputs); the result is (batch, outputs).
    const Matrix<T>& forward(const Matrix<T>& x);

    /// dx, (batch, inputs); keeps dW and db too. dout is (batch, outputs).
    const Matrix<T>& backward(const Matrix<T>& x, const Matrix<T>& dout);

    /// dW and db alone: all that a network's first layer owes, as nobody asks for the gradient of the data.
    void backward_parameters(const Matrix<T>& x, const Matrix<T>& dout);
};

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

/// softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.
///
/// The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one. `epsilon`
/// is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0.
template <Real T> struct SoftmaxWithLoss {
    T loss = 0;
    Matrix<T> y, dx;

    explicit SoftmaxWithLoss(T epsilon = 0) : epsilon(epsilon) {}

    /// The loss. x is (batch, classes).
    T forward(const Matrix<T>& x, const Target<T>& t);

    /// dx = (y - t) / batch, (batch, classes): the loss is where the gradient starts, so there is no dout.
    const Matrix<T>& backward();

  private:
    T epsilon;
    std::vector<Index> labels;
    Matrix<T> z;
    Eigen::VectorX<T> largest, total;
};

} // namespace gradparity
