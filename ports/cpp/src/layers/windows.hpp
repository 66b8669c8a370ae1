// Images and the windows that a filter sees of them. Source: section 7.4.2.

#pragma once

#include <algorithm>
#include <vector>

#include "layer.hpp"

namespace gradparity {

/// Where the windows of images lie: `stride` pixels apart, with `pad` rows and columns of zeros on all four sides. They
/// must be within that.
struct Windows {
    Index channels, height, width; ///< of an image
    Index rows, columns;           ///< of a window
    Index stride, pad;

    Index padded_height() const { return height + 2 * pad; }
    Index padded_width() const { return width + 2 * pad; }
    /// How many windows there are, one below the other and side by side.
    Index down() const { return (padded_height() - rows) / stride + 1; }
    Index across() const { return (padded_width() - columns) / stride + 1; }
};

/// One image with zeros around it: the image itself if there is no pad.
template <Real T> class Padded {
  public:
    /// The padded image, to read.
    const T* around(const Windows& w, const T* image) {
        if (w.pad == 0)
            return image;
        blank(w);
        each_row(w, [&](Index padded, Index own) { std::copy_n(image + own, w.width, &pixels[std::size_t(padded)]); });
        return pixels.data();
    }

    /// A padded image of zeros, to add to; then `crop` has the image, which is what is written to if there is no pad.
    T* zeros(const Windows& w, T* image) {
        if (w.pad > 0)
            return blank(w);
        std::fill_n(image, w.channels * w.height * w.width, T(0));
        return image;
    }

    void crop(const Windows& w, T* image) const {
        if (w.pad > 0)
            each_row(w,
                     [&](Index padded, Index own) { std::copy_n(&pixels[std::size_t(padded)], w.width, image + own); });
    }

  private:
    std::vector<T> pixels;

    T* blank(const Windows& w) {
        pixels.assign(std::size_t(w.channels * w.padded_height() * w.padded_width()), 0);
        return pixels.data();
    }

    /// Calls f with where each row of the image begins, padded and as it is.
    static void each_row(const Windows& w, auto f) {
        for (Index c = 0; c < w.channels; ++c)
            for (Index y = 0; y < w.height; ++y)
                f((c * w.padded_height() + y + w.pad) * w.padded_width() + w.pad, (c * w.height + y) * w.width);
    }
};

/// Calls f with each row of windows: a place in the windows (channel, row, column), and a line of windows side by side.
/// f gets where the first of these pixels is in the padded image; the others are `stride` apart.
void each_line(const Windows& w, auto f) {
    for (Index c = 0; c < w.channels; ++c)
        for (Index i = 0; i < w.rows; ++i)
            for (Index j = 0; j < w.columns; ++j)
                for (Index y = 0; y < w.down(); ++y)
                    f((c * w.padded_height() + y * w.stride + i) * w.padded_width() + j);
}

/// The windows of one image as columns, (channels * rows * columns, down * across).
template <Real T> void im2col(const Windows& w, const T* padded, T* col) {
    const Index across = w.across();
    each_line(w, [&](Index first) {
        const T* from = padded + first;
        if (w.stride == 1)
            std::copy_n(from, across, col);
        else
            for (Index x = 0; x < across; ++x)
                col[x] = from[x * w.stride];
        col += across;
    });
}

/// Adds the windows up, where they overlap: the way back of a gradient.
template <Real T> void col2im(const Windows& w, const T* col, T* padded) {
    const Index across = w.across();
    each_line(w, [&](Index first) {
        T* to = padded + first;
        if (w.stride == 1)
            for (Index x = 0; x < across; ++x)
                to[x] += col[x];
        else
            for (Index x = 0; x < across; ++x)
                to[x * w.stride] += col[x];
        col += across;
    });
}

} // namespace gradparity
