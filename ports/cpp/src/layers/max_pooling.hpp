// Max pooling. Source: sections 7.3 and 7.4.4.

#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

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
          windows(windows), column(static_cast<std::size_t>(windows.padded_width())), in_column(column.size()),
          places(column.size() * static_cast<std::size_t>(windows.padded_height())) {
        std::iota(places.begin(), places.end(), 0);
    }

    void forward_rows(const Matrix<T>& x, Rows rows) override {
        largest.resize(this->out.rows(), this->out.cols());
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            const T* image = padded.around(windows, x.row(n).data());
            if (windows.stride == 2)
                pool(image, n, std::integral_constant<Index, 2>()); // known, the compiler computes several at a time
            else
                pool(image, n, windows.stride);
        }
    }

    void backward_rows(const Matrix<T>&, const Matrix<T>& dout, Rows rows) override {
        for (Index n = rows.first; n < rows.first + rows.count; ++n) {
            T* image = this->dx.row(n).data();
            T* to = padded.zeros(windows, image);
            const Index in_channel = windows.down() * windows.across(), pixels = std::ssize(places);
            for (Index c = 0, i = 0; c < windows.channels; ++c, to += pixels)
                for (const Index end = i + in_channel; i < end; ++i)
                    to[largest(n, i)] += dout(n, i);
            padded.crop(windows, image);
        }
    }

    Index out_columns(const Matrix<T>&) const override { return count(this->out_sizes); }

  private:
    Windows windows;
    Padded<T> padded;
    Matrix<std::int32_t> largest; // where, in its channel of the padded image
    // Of a line of windows, for each column of the image: the largest number in it, and where that is.
    std::vector<T> column;
    std::vector<std::int32_t> in_column;
    std::vector<std::int32_t> places; // 0, 1, 2, ... for the pixels of a channel

    static constexpr std::integral_constant<Index, 1> one{};

    /// Numbers so far apart, and their places.
    template <typename Stride> struct Line {
        const T* numbers;
        const std::int32_t* places;
        Stride stride;

        Line from(Index first) const { return {numbers + first, places + first, stride}; }
    };

    /// A line of windows at a time: first down the columns, which are side by side in memory, and then across.
    void pool(const T* image, Index n, auto stride) {
        const Index width = windows.padded_width(), across = windows.across();
        T* out = this->out.row(n).data();
        std::int32_t* at = largest.row(n).data();
        const Line side_by_side{column.data(), in_column.data(), one}, apart{column.data(), in_column.data(), stride};
        for (Index c = 0; c < windows.channels; ++c, image += places.size())
            for (Index y = 0; y < windows.down(); ++y, out += across, at += across) {
                const Line rows = Line{image, places.data(), one}.from(y * stride * width);
                const Line result{out, at, one};
                // The first is compared with the second at once, or with itself if it is alone.
                take_larger(rows, rows.from(windows.rows > 1 ? width : 0), column.data(), in_column.data(), width);
                for (Index i = 2; i < windows.rows; ++i)
                    take_larger(side_by_side, rows.from(i * width), column.data(), in_column.data(), width);
                take_larger(apart, apart.from(windows.columns > 1 ? 1 : 0), out, at, across);
                for (Index j = 2; j < windows.columns; ++j)
                    take_larger(result, apart.from(j), out, at, across);
            }
    }

    /// The larger of each two numbers, and its place; of equal ones the first in the image. Without branches, so that
    /// the compiler computes several at a time. a may be where the result goes.
    static void take_larger(auto a, auto b, T* larger, std::int32_t* place, Index count) {
#pragma GCC ivdep
        for (Index x = 0; x < count; ++x) {
            const T first = a.numbers[x * a.stride], second = b.numbers[x * b.stride];
            const std::int32_t here = a.places[x * a.stride], there = b.places[x * b.stride];
            const bool moves = (!(second <= first) & (first == first)) | ((second == first) & (there < here));
            larger[x] = moves ? second : first;
            place[x] = moves ? there : here;
        }
    }
};

extern template class MaxPooling<float>;
extern template class MaxPooling<double>;

} // namespace gradparity
