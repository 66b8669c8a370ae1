// A network: an ordered collection of named layers, and a loss at the end.
//
// Source: "Deep Learning from Scratch", section 5.7 (TwoLayerNet), for any layers.

#pragma once

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "layers.hpp"

namespace gradparity {

/// A layer of a network, which is its kind and a number: relu1.
template <Real T> struct NamedLayer {
    std::string kind, number;
    std::unique_ptr<Layer<T>> layer;

    std::string name() const { return kind + number; }
};

/// Layers in the order in which they are applied.
///
/// `loss`, `backpropagate` and `trace` are of the training phase, `predict` and `accuracy` of the test. None of them
/// moves what training moves on beside the parameters: `move_on` does.
template <Real T> class Network {
  public:
    std::vector<NamedLayer<T>> layers;
    std::unique_ptr<Loss<T>> last;
    /// Of all layers, in order. They stay where they are.
    std::vector<Parameter<T>> parameters;

    /// Layers, at least one, of which each fits the one before. `weight_decay` times half the squares of all weights is
    /// added to the loss (section 6.4.2). The loss of a kind "softmax_with_loss" is "softmax" in a trace.
    Network(std::vector<NamedLayer<T>> named, std::unique_ptr<Loss<T>> loss, std::string loss_name,
            double weight_decay = 0)
        : layers(std::move(named)), last(std::move(loss)), last_name(std::move(loss_name)), weight_decay(weight_decay) {
        for (const auto& [kind, number, layer] : layers) {
            rowwise.push_back(dynamic_cast<RowwiseLayer<T>*>(layer.get()));
            if (parameters.empty() && !layer->parameters().empty())
                first = rowwise.size() - 1;
            std::ranges::copy(layer->parameters(), std::back_inserter(parameters));
        }
    }

    /// Of one example.
    const Sizes& x_sizes() const { return layers.front().layer->x_sizes; }
    Index inputs() const { return count(x_sizes()); }

    /// How many there are to tell apart.
    Index classes() const { return count(layers.back().layer->out_sizes); }

    /// The logits, (batch, classes), of x, (batch, inputs).
    const Matrix<T>& predict(const Matrix<T>& x) { return forward(x, false); }

    /// The mean loss against t, and what weight decay adds.
    T loss(const Matrix<T>& x, const Target<T>& t) {
        const T loss = last->forward(forward(x, true), t);
        return weight_decay == 0 ? loss : loss + penalty();
    }

    /// The share of rows whose largest logit (the first, in a tie) is at the label.
    double accuracy(const Matrix<T>& x, const Target<T>& t) {
        predict(x);
        return static_cast<double>(right(t)) / static_cast<double>(x.rows());
    }

    /// How many rows of the last pass have their largest logit (the first, in a tie) at the label.
    Index right(const Target<T>& t) const {
        const Matrix<T>& logits = layers.back().layer->out;
        Index count = 0;
        for (Index row = 0; row < logits.rows(); ++row)
            count += argmax(logits, row) == label(t, row);
        return count;
    }

    /// The loss; each layer keeps the gradient of its parameters.
    T backpropagate(const Matrix<T>& x, const Target<T>& t) {
        const T loss = this->loss(x, t);
        backward(x, first, false);
        if (weight_decay != 0)
            for (const Parameter<T>& p : parameters)
                if (p.is_weight)
                    for (std::size_t i = 0; i < p.values.size(); ++i)
                        p.slopes[i] += static_cast<T>(weight_decay) * p.values[i];
        return loss;
    }

    /// Of the layers that have one, in order.
    std::vector<Mask*> masks() {
        std::vector<Mask*> masks;
        for (const auto& [kind, number, layer] : layers)
            if (Mask* mask = layer->mask())
                masks.push_back(mask);
        return masks;
    }

    /// What training moves on beside the parameters, by the last pass.
    void move_on() {
        for (const auto& [kind, number, layer] : layers)
            layer->move_on();
    }

    /// Every intermediate array of one forward and backward pass, in the order in which they arise.
    ///
    /// Forward: affine1.out, relu1.out, affine2.out, ..., softmax.y, loss. Backward: softmax.dx, affine2.dx,
    /// affine2.dW, affine2.db, relu1.dx, ..., affine1.dx (the gradient of the data), affine1.dW, affine1.db. A layer
    /// with a state has that after its out, as this pass would leave it. Each array is the layer's own: weight decay is
    /// in none of them.
    Named<T> trace(const Matrix<T>& x, const Target<T>& t) {
        last->forward(forward(x, true), t);
        backward(x, 0, true);
        Named<T> record;
        const auto add = [&](const std::string& of, const Named<T>& views) {
            for (const auto& [name, view] : views)
                record.emplace_back(of + "." + name, view);
        };
        for (const auto& layer : layers) {
            add(layer.name(), {{"out", view(layer.layer->out, layer.layer->out_sizes)}});
            add(layer.name(), layer.layer->next_state());
        }
        add(last_name, last->found());
        record.emplace_back("loss", view(last->loss));
        add(last_name, {{"dx", view(last->dx)}});
        for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer) {
            add(layer->name(), {{"dx", view(layer->layer->dx, layer->layer->x_sizes)}});
            for (const Parameter<T>& p : layer->layer->parameters())
                add(layer->name(), {{std::string("d").append(p.name), slopes(p)}});
        }
        return record;
    }

  private:
    std::string last_name;
    double weight_decay;
    std::vector<RowwiseLayer<T>*> rowwise; // the same layers; null for those that need the whole batch
    std::size_t first = 0;                 // layer that has parameters

    /// What goes into layer i.
    const Matrix<T>& input(const Matrix<T>& x, std::size_t i) const { return i == 0 ? x : layers[i - 1].layer->out; }

    /// The gradient of what comes out of layer i.
    const Matrix<T>& dout(std::size_t i) const { return i + 1 == layers.size() ? last->dx : layers[i + 1].layer->dx; }

    const Matrix<T>& forward(const Matrix<T>& x, bool training) {
        for (const auto& [kind, number, layer] : layers)
            layer->training = training;
        for (std::size_t i = 0; i < layers.size();) {
            if (!rowwise[i]) {
                layers[i].layer->forward(input(x, i));
                ++i;
                continue;
            }
            std::size_t end = i;
            for (; end < layers.size() && rowwise[end]; ++end)
                rowwise[end]->out.resize(x.rows(), rowwise[end]->out_columns(input(x, end)));
            each_block(x.rows(), i, end, [&](Rows rows) {
                for (std::size_t j = i; j < end; ++j)
                    rowwise[j]->forward_rows(input(x, j), rows);
            });
            i = end;
        }
        return layers.back().layer->out;
    }

    /// From the loss back to this layer, which owes the gradient of its input or does not.
    void backward(const Matrix<T>& x, std::size_t to, bool with_dx) {
        last->backward();
        for (std::size_t end = layers.size(); end > to;) {
            const std::size_t i = end - 1;
            const auto owes_dx = [&](std::size_t j) { return j > to || with_dx; };
            if (!rowwise[i]) {
                if (owes_dx(i))
                    layers[i].layer->backward(input(x, i), dout(i));
                else
                    layers[i].layer->backward_parameters(input(x, i), dout(i));
                --end;
                continue;
            }
            std::size_t begin = end;
            for (; begin > to && rowwise[begin - 1]; --begin)
                if (owes_dx(begin - 1))
                    rowwise[begin - 1]->dx.resize(x.rows(), input(x, begin - 1).cols());
            each_block(x.rows(), begin, end, [&](Rows rows) {
                for (std::size_t j = end; j-- > begin;) {
                    rowwise[j]->backward_parameters_rows(input(x, j), dout(j), rows);
                    if (owes_dx(j))
                        rowwise[j]->backward_rows(input(x, j), dout(j), rows);
                }
            });
            end = begin;
        }
    }

    /// Calls f with blocks of rows, of which the results of the layers from begin to end stay in the cache.
    void each_block(Index batch, std::size_t begin, std::size_t end, auto f) const {
        constexpr Index bytes_at_a_time = 1 << 17;
        Index widest = 1;
        for (std::size_t i = begin; i < end; ++i)
            widest = std::max(widest, layers[i].layer->out.cols());
        const Index rows = std::max(Index{1}, bytes_at_a_time / (widest * Index{sizeof(T)}));
        for (Index row = 0; row < batch; row += rows)
            f(Rows{row, std::min(rows, batch - row)});
    }

    T penalty() const {
        T squares = 0;
        for (const Parameter<T>& p : parameters)
            if (p.is_weight)
                squares += ConstImage<T>(p.values.data(), 1, std::ssize(p.values)).squaredNorm();
        return static_cast<T>(weight_decay / 2) * squares;
    }
};

// Compiled once, in layers.cpp, as what computes is.
extern template class Network<float>;
extern template class Network<double>;

} // namespace gradparity
