// A network: affine layers with relu, sigmoid or tanh between them, and softmax with cross-entropy at the end.
//
// Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any number of layers.

#pragma once

#include <iterator>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "layers.hpp"

namespace gradparity {

/// An array lent by whoever owns it. One of fewer than two dimensions is a row.
template <typename T> struct View {
    Eigen::Map<const Matrix<T>> values;
    int dimensions;
};

template <typename T> View<T> view(const Matrix<T>& matrix, int dimensions = 2) {
    return {{matrix.data(), matrix.rows(), matrix.cols()}, dimensions};
}
template <typename T> View<T> view(const Row<T>& row) { return {{row.data(), 1, row.size()}, 1}; }
template <typename T> View<T> view(const std::vector<T>& row) { return {{row.data(), 1, std::ssize(row)}, 1}; }
template <Real T> View<T> view(const T& number) { return {{&number, 1, 1}, 0}; }

/// Arrays by name, in order.
template <typename T> using Named = std::vector<std::pair<std::string, View<T>>>;

/// A fresh activation of this name: relu, sigmoid or tanh. Throws std::invalid_argument, which says so, for any other.
template <Real T> std::unique_ptr<Activation<T>> activation(const std::string& name) {
    if (name == "relu")
        return std::make_unique<Relu<T>>();
    if (name == "sigmoid")
        return std::make_unique<Sigmoid<T>>();
    if (name == "tanh")
        return std::make_unique<Tanh<T>>();
    throw std::invalid_argument("expected the activation relu, sigmoid or tanh, came " + name);
}

/// As many affine layers as weights, with an activation between each two.
template <Real T> class Network {
  public:
    std::vector<Affine<T>> affines;
    std::vector<std::unique_ptr<Activation<T>>> activations;

    /// The layers in order, at least one. Throws std::invalid_argument for an activation other than "relu",
    /// "sigmoid" or "tanh".
    Network(std::vector<Affine<T>> layers, const std::string& activation_name, T epsilon)
        : affines(std::move(layers)), last(epsilon), kind(activation_name) {
        activation<T>(kind); // a single layer has none, but its name must be right all the same
        for (std::size_t i = 1; i < affines.size(); ++i)
            activations.push_back(activation<T>(kind));
    }

    /// The parameters by name, W1, b1, W2, ...: the arrays themselves, not copies.
    Named<T> params() const {
        Named<T> params;
        for (std::size_t i = 0; i < affines.size(); ++i) {
            params.push_back({numbered("W", i), view(affines[i].W)});
            params.push_back({numbered("b", i), view(affines[i].b)});
        }
        return params;
    }

    /// Calls f with the elements of every parameter, row by row, to be changed, and of its gradient as it was computed
    /// last: those of W1 and dW1, of b1 and db1, of W2 and dW2, ...
    void each_parameter(auto f) {
        const auto elements = [](auto& array) {
            return std::span(array.data(), static_cast<std::size_t>(array.size()));
        };
        for (Affine<T>& affine : affines) {
            f(elements(affine.W), elements(std::as_const(affine.dW)));
            f(elements(affine.b), elements(std::as_const(affine.db)));
        }
    }

    Index inputs() const { return affines.front().W.rows(); }

    /// How many there are to tell apart.
    Index classes() const { return affines.back().W.cols(); }

    /// The logits, (batch, classes), of x, (batch, inputs).
    const Matrix<T>& predict(const Matrix<T>& x) {
        const Matrix<T>* input = &x;
        for (std::size_t i = 0; i < activations.size(); ++i)
            input = &activations[i]->forward(affines[i].forward(*input));
        return affines.back().forward(*input);
    }

    /// The mean cross-entropy against t.
    T loss(const Matrix<T>& x, const Target<T>& t) { return last.forward(predict(x), t); }

    /// The share of rows whose largest logit (the first, in a tie) is at the label.
    double accuracy(const Matrix<T>& x, const Target<T>& t) {
        predict(x);
        return static_cast<double>(right(t)) / static_cast<double>(x.rows());
    }

    /// How many rows of the last pass have their largest logit (the first, in a tie) at the label.
    Index right(const Target<T>& t) const {
        const Matrix<T>& logits = affines.back().out;
        Index count = 0;
        for (Index row = 0; row < logits.rows(); ++row)
            count += argmax(logits, row) == label(t, row);
        return count;
    }

    /// The loss, and the gradient of every parameter: loss, dW1, db1, dW2, ...
    Named<T> gradient(const Matrix<T>& x, const Target<T>& t) {
        backpropagate(x, t);
        Named<T> gradient;
        gradient.reserve(1 + 2 * affines.size());
        gradient.push_back({"loss", view(last.loss)});
        for (std::size_t i = 0; i < affines.size(); ++i) {
            gradient.push_back({numbered("dW", i), view(affines[i].dW)});
            gradient.push_back({numbered("db", i), view(affines[i].db)});
        }
        return gradient;
    }

    /// The loss; each affine layer keeps the gradient of its parameters.
    T backpropagate(const Matrix<T>& x, const Target<T>& t) {
        loss(x, t);
        affines.front().backward_parameters(x, backward_to_first());
        return last.loss;
    }

    /// Every intermediate array of one forward and backward pass, in the order in which they arise.
    ///
    /// Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx,
    /// affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db.
    Named<T> trace(const Matrix<T>& x, const Target<T>& t) {
        loss(x, t);
        affines.front().backward(x, backward_to_first());
        Named<T> record;
        for (std::size_t i = 0; i < affines.size(); ++i) {
            record.push_back({numbered("affine", i) + ".out", view(affines[i].out)});
            if (i < activations.size())
                record.push_back({numbered(kind, i) + ".out", view(activations[i]->out)});
        }
        record.push_back({"softmax.y", view(last.y)});
        record.push_back({"loss", view(last.loss)});
        record.push_back({"softmax.dx", view(last.dx)});
        for (std::size_t i = affines.size(); i-- > 0;) {
            if (i < activations.size())
                record.push_back({numbered(kind, i) + ".dx", view(activations[i]->dx)});
            record.push_back({numbered("affine", i) + ".dx", view(affines[i].dx)});
            record.push_back({numbered("affine", i) + ".dW", view(affines[i].dW)});
            record.push_back({numbered("affine", i) + ".db", view(affines[i].db)});
        }
        return record;
    }

  private:
    SoftmaxWithLoss<T> last;
    std::string kind;

    /// Goes backward from the loss through all layers but the first; the dout of that one.
    const Matrix<T>& backward_to_first() {
        const Matrix<T>* dout = &last.backward();
        for (std::size_t i = affines.size() - 1; i > 0; --i) {
            Activation<T>& before = *activations[i - 1];
            dout = &before.backward(affines[i].backward(before.out, *dout));
        }
        return *dout;
    }

    /// Names count layers from 1.
    static std::string numbered(std::string name, std::size_t i) { return name.append(std::to_string(i + 1)); }
};

// Compiled once, in layers.cpp, as what computes is.
extern template class Network<float>;
extern template class Network<double>;

} // namespace gradparity
