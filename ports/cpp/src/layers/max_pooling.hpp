// Max pooling. Source: sections 7.3 and 7.4.4.

#pragma once

#include <cstdint>
#include <type_traits>

#include "windows.hpp"

namespace gradparity {

/// The largest number of each window, channel by channel. Zeros that `pad` puts around an image take part.
///
/// The gradient goes to the number that was the largest: of equal ones to the first, row by row. Where windows overlap,
/// gradients add up. NaN is larger than any number.
template <Real T> class MaxPooling final : public RowwiseLayer<T> {
  public:
    explicit MaxPooling(const Windows& windows)
        : RowwiseLayer<T>({windows.channels, windows.height, windows.width},
                          {windows.channels, windows.down(), windows.across()}),
          windows(windows) {}

    void forward_rows(const Matrix<T>& x, Rows rows) override {
        largest.resize(this->out.rows(), this->out.cols());
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            const T* image = padded.around(windows, x.row(n).data());
            // The compiler computes several windows at a time where it knows their distance.
            if (windows.stride == 2)
                pool(image, n, std::integral_constant<Index, 2>());
            else
                pool(image, n, windows.stride);
        }
    }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override {
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            T* image = this->dx.row(n).data();
            T* to = padded.zeros(windows, image);
            for (Index i = 0; i < dout.cols(); ++i)
                to[largest(n, i)] += dout(n, i);
            padded.crop(windows, image);
        }
    }

    Index out_columns(const Matrix<T>&) const override { return count(this->out_sizes); }

  private:
    Windows windows;
    Padded<T> padded;
    Matrix<std::int32_t> largest; // where, in the padded image

    void pool(const T* image, Index n, auto stride) {
        const Index across = windows.across();
        T* best = this->out.row(n).data();
        std::int32_t* where = largest.row(n).data();
        for (Index c = 0; c < windows.channels; ++c)
            for (Index y = 0; y < windows.down(); ++y) {
                const Index first = (c * windows.padded_height() + y * stride) * windows.padded_width();
                for (Index i = 0; i < windows.rows; ++i)
                    for (Index j = 0; j < windows.columns; ++j)
                        take(image, first + i * windows.padded_width() + j, i + j == 0, best, where, across, stride);
                best += across;
                where += across;
            }
    }

    /// Takes the numbers at `at`, and so many more `stride` apart, where they are larger; all of them if they are the
    /// first.
    static void take(const T* image, Index at, bool first, T* best, std::int32_t* where, Index across, auto stride) {
        for (Index x = 0; x < across; ++x) {
            const T value = image[at + x * stride];
            const bool larger = first || (!(value <= best[x]) && best[x] == best[x]);
            best[x] = larger ? value : best[x];
            where[x] = larger ? static_cast<std::int32_t>(at + x * stride) : where[x];
        }
    }
};

extern template class MaxPooling<float>;
extern template class MaxPooling<double>;

} // namespace gradparity
