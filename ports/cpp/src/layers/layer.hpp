// What the layers have in common.
//
// Every layer computes in the dtype of its arguments (float32 or float64) and leaves its arguments as they are. A layer
// owns the arrays that it computes, lends them, and uses them again in the next call: they allocate when a shape
// changes. Its input stays with the caller: where `backward` needs that, it is passed again.
//
// A batch is a matrix, one row for each example. Images are rows too, in the order channel, row, column.

#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "../product.hpp"

namespace gradparity {

template <typename T> using Row = Eigen::RowVectorX<T>;
using Mask = Matrix<std::uint8_t>;
using Eigen::Index;

/// The sizes of an array; or of one example of a batch: (inputs,) or (channels, height, width).
using Sizes = std::vector<Index>;

/// How many elements an array of these sizes has.
inline Index count(const Sizes& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), Index{1}, std::multiplies());
}

/// An array lent by whoever owns it.
template <typename T> struct View {
    Eigen::Map<const Matrix<T>> values;
    Sizes sizes;
};

template <typename T> View<T> view(const Matrix<T>& matrix) {
    return {{matrix.data(), matrix.rows(), matrix.cols()}, {matrix.rows(), matrix.cols()}};
}
/// A batch of examples of these sizes.
template <typename T> View<T> view(const Matrix<T>& batch, Sizes sizes) {
    sizes.insert(sizes.begin(), batch.rows());
    return {{batch.data(), batch.rows(), batch.cols()}, std::move(sizes)};
}
template <typename T> View<T> view(const Row<T>& row) { return {{row.data(), 1, row.size()}, {row.size()}}; }
template <typename T> View<T> view(const std::vector<T>& row) {
    return {{row.data(), 1, std::ssize(row)}, {std::ssize(row)}};
}
template <Real T> View<T> view(const T& number) { return {{&number, 1, 1}, {}}; }

/// Arrays by name, in order.
template <typename T> using Named = std::vector<std::pair<std::string, View<T>>>;

/// What a layer learns, and the gradient of it, row by row. Weight decay makes weights smaller, and nothing else.
template <Real T> struct Parameter {
    std::string_view name;
    Sizes sizes;
    std::span<T> values, slopes;
    bool is_weight;
};

/// The values of a parameter, and its gradient.
template <Real T> View<T> values(const Parameter<T>& p) {
    return {{p.values.data(), 1, std::ssize(p.values)}, p.sizes};
}
template <Real T> View<T> slopes(const Parameter<T>& p) {
    return {{p.slopes.data(), 1, std::ssize(p.slopes)}, p.sizes};
}

/// The elements of a matrix or a row, row by row.
template <typename Array> auto elements(Array& array) {
    return std::span(array.data(), static_cast<std::size_t>(array.size()));
}

/// A step of a network.
template <Real T> class Layer {
  public:
    Sizes x_sizes, out_sizes; ///< of one example
    Matrix<T> out, dx;
    bool training = true; ///< or the test: layers such as dropout do something else there

    /// A layer whose result is of the sizes of its input.
    explicit Layer(Sizes sizes = {}) : Layer(sizes, sizes) {}
    Layer(Sizes x_sizes, Sizes out_sizes) : x_sizes(std::move(x_sizes)), out_sizes(std::move(out_sizes)) {}
    virtual ~Layer() = default;

    /// The result, kept as `out`.
    virtual const Matrix<T>& forward(const Matrix<T>& x) = 0;

    /// The gradients of the input, kept as `dx`, and of the parameters. x is what forward was called with last.
    virtual const Matrix<T>& backward(const Matrix<T>& x, const Matrix<T>& dout) = 0;

    /// Those of the parameters alone: all that a network's first layer owes, as nobody asks for the gradient of the
    /// data.
    virtual void backward_parameters(const Matrix<T>&, const Matrix<T>&) {}

    /// What it learns, in order.
    virtual std::vector<Parameter<T>> parameters() { return {}; }

    /// What training moves on beside the parameters; and the same as it would be after the pass that was made last.
    virtual Named<T> state() const { return {}; }
    virtual Named<T> next_state() const { return {}; }

    /// Moves the state on by the last pass.
    virtual void move_on() {}

    /// What the layer multiplies its input by, if it is drawn by whoever makes the network.
    virtual Mask* mask() { return nullptr; }
};

/// Some rows of a batch, one after the other.
struct Rows {
    Index first, count;

    auto of(auto& matrix) const { return matrix.middleRows(first, count); }
};

/// A layer for which each row of a batch stands alone. A network takes a few rows at a time through a series of these,
/// so that a layer finds in the cache what the one before it has written there.
template <Real T> class RowwiseLayer : public Layer<T> {
  public:
    using Layer<T>::Layer;

    const Matrix<T>& forward(const Matrix<T>& x) final {
        this->out.resize(x.rows(), out_columns(x));
        forward_rows(x, {0, x.rows()});
        return this->out;
    }

    const Matrix<T>& backward(const Matrix<T>& x, const Matrix<T>& dout) final {
        backward_parameters(x, dout);
        this->dx.resize(x.rows(), x.cols());
        backward_rows(x, dout, {0, x.rows()});
        return this->dx;
    }

    void backward_parameters(const Matrix<T>& x, const Matrix<T>& dout) final {
        backward_parameters_rows(x, dout, {0, x.rows()});
    }

    /// These rows of `out`, which has its size. x has all rows.
    virtual void forward_rows(const Matrix<T>& x, Rows rows) = 0;

    /// These rows of `dx`, which has its size. x and dout have all rows.
    virtual void backward_rows(const Matrix<T>& x, const Matrix<T>& dout, Rows rows) = 0;

    /// Adds the gradients of the parameters by these rows to those by the rows before.
    virtual void backward_parameters_rows(const Matrix<T>&, const Matrix<T>&, Rows) {}

    /// Of a result.
    virtual Index out_columns(const Matrix<T>& x) const { return x.cols(); }
};

} // namespace gradparity
