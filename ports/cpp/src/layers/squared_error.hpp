// Half the sum of squares, as a mean over the batch. Source: section 4.2.1; as a network's last layer, 5.6.3.

#pragma once

#include "loss.hpp"

namespace gradparity {

/// sum((x - t)^2) / 2 of each row, and the mean of the rows. The gradient is (x - t) / batch.
template <Real T> class SquaredError final : public Loss<T> {
  public:
    T forward(const Matrix<T>& x, const Target<T>& t) override {
        difference = x;
        for (Index row = 0; row < x.rows(); ++row)
            difference(row, label(t, row)) -= 1;
        return this->loss = difference.squaredNorm() / static_cast<T>(x.rows()) / 2;
    }

    const Matrix<T>& backward() override { return this->dx = difference / static_cast<T>(difference.rows()); }

  private:
    Matrix<T> difference;
};

extern template class SquaredError<float>;
extern template class SquaredError<double>;

} // namespace gradparity
