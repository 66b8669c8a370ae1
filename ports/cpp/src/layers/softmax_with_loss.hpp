// Softmax, and the mean cross-entropy. Source: section 5.6.3.

#pragma once

#include "../exp.hpp"
#include "loss.hpp"

namespace gradparity {

/// softmax, then the mean cross-entropy `-mean(log(p_target + epsilon))`.
///
/// The logarithm of p is taken as x - logsumexp(x), so that a probability that underflows to 0 still has one. `epsilon`
/// is 0 in mathematics and 1e-7 in the book (section 4.2.2). The gradient is that of epsilon = 0: (y - t) / batch.
template <Real T> class SoftmaxWithLoss final : public Loss<T> {
  public:
    Matrix<T> y;

    explicit SoftmaxWithLoss(T epsilon = 0) : epsilon(epsilon) {}

    T forward(const Matrix<T>& x, const Target<T>& t) override {
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
        return this->loss = -sum / static_cast<T>(x.rows());
    }

    const Matrix<T>& backward() override {
        Matrix<T>& dx = this->dx;
        dx = y;
        for (Index row = 0; row < dx.rows(); ++row)
            dx(row, labels[static_cast<std::size_t>(row)]) -= 1;
        dx /= static_cast<T>(dx.rows());
        return dx;
    }

    Named<T> found() const override { return {{"y", view(y)}}; }

  private:
    T epsilon;
    std::vector<Index> labels;
    Matrix<T> z;
    Eigen::VectorX<T> largest, total;
};

extern template class SoftmaxWithLoss<float>;
extern template class SoftmaxWithLoss<double>;

} // namespace gradparity
