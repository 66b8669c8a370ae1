// Convolution, as matrix products. Source: sections 7.2 and 7.4.3.

#pragma once

#include "windows.hpp"

namespace gradparity {

/// Each filter laid on each window of the images, products summed; the filter is not flipped. Then a bias each.
///
/// One image at a time: its windows stay in the cache, and as they are columns, the product is the image's channels one
/// after the other. Backward makes the windows again, which costs less than to fetch them from memory.
template <Real T> class Convolution final : public RowwiseLayer<T> {
  public:
    Matrix<T> W, dW; ///< (filters, channels * window height * window width)
    Row<T> b, db;
    Windows windows;
    Matrix<T> dcol; ///< the gradient of the windows of one image

    /// W has a filter in each row, b is (filters,).
    Convolution(Matrix<T> W, Row<T> b, const Windows& windows)
        : RowwiseLayer<T>({windows.channels, windows.height, windows.width},
                          {W.rows(), windows.down(), windows.across()}),
          W(std::move(W)), dW(Matrix<T>::Zero(this->W.rows(), this->W.cols())), b(std::move(b)),
          db(Row<T>::Zero(this->b.size())), windows(windows), col(this->W.cols(), windows.down() * windows.across()) {}

    void forward_rows(const Matrix<T>& x, Rows rows) override {
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            Image<T> image = channels(this->out, n);
            product(W, windows_of(x, n), image);
            image.colwise() += b.transpose();
        }
    }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override {
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            product(std::as_const(W).transpose(), channels(dout, n), dcol);
            T* image = this->dx.row(n).data();
            col2im(windows, dcol.data(), padded.zeros(windows, image));
            padded.crop(windows, image);
        }
    }

    void backward_parameters_rows(const Matrix<T>& x, const Matrix<T>& dout, Rows rows) override {
        if (rows.first == 0) {
            dW.setZero();
            db.setZero();
        }
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            add_product(channels(dout, n), windows_of(x, n).transpose(), dW);
            db += channels(dout, n).rowwise().sum();
        }
    }

    Index out_columns(const Matrix<T>&) const override { return count(this->out_sizes); }

    std::vector<Parameter<T>> parameters() override {
        return {{"W", {W.rows(), windows.channels, windows.rows, windows.columns}, elements(W), elements(dW), true},
                {"b", {b.size()}, elements(b), elements(db), false}};
    }

    /// The windows of image n, each a column.
    const Matrix<T>& windows_of(const Matrix<T>& x, Index n) {
        im2col(windows, padded.around(windows, x.row(n).data()), col.data());
        return col;
    }

    /// Image n of a batch of results: a row for each channel.
    Image<T> channels(Matrix<T>& out, Index n) const { return {out.row(n).data(), W.rows(), col.cols()}; }
    ConstImage<T> channels(const Matrix<T>& out, Index n) const { return {out.row(n).data(), W.rows(), col.cols()}; }

  private:
    Padded<T> padded;
    Matrix<T> col;
};

extern template class Convolution<float>;
extern template class Convolution<double>;

} // namespace gradparity
