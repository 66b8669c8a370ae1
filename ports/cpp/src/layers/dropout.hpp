// Dropout. Source: section 6.4.3; N. Srivastava et al. (2014).

#pragma once

#include "layer.hpp"

namespace gradparity {

/// In training x times a mask of 0 and 1; in the test x times 1 - ratio, the share that training keeps.
///
/// The mask is given, so that no random generator has to be shared: 1 where a number drawn from [0, 1) is above ratio.
template <Real T> class Dropout final : public RowwiseLayer<T> {
  public:
    /// The mask has a row for each example of the batch.
    Dropout(Mask mask, double ratio, Sizes sizes = {})
        : RowwiseLayer<T>(std::move(sizes)), kept(std::move(mask)), share(static_cast<T>(1 - ratio)) {}

    void forward_rows(const Matrix<T>& x, Rows rows) override { thin(x, this->out, rows); }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override { thin(dout, this->dx, rows); }

    Mask* mask() override { return &kept; }

  private:
    Mask kept;
    T share;

    void thin(const Matrix<T>& from, Matrix<T>& to, Rows rows) const {
        if (this->training)
            rows.of(to) = rows.of(from).cwiseProduct(rows.of(kept).template cast<T>());
        else
            rows.of(to) = rows.of(from) * share;
    }
};

extern template class Dropout<float>;
extern template class Dropout<double>;

} // namespace gradparity
