// Layers, losses and networks as a request describes them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "layers.hpp"
#include "network.hpp"
#include "operands.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace gradparity {

/// The layers that hello lists.
constexpr std::string_view layer_kinds =
    "multiply,add,relu,sigmoid,tanh,affine,batch_norm,dropout,convolution,max_pooling,"
    "softmax_with_loss,squared_error";

inline bool is_loss(std::string_view kind) { return kind == "softmax_with_loss" || kind == "squared_error"; }
inline bool is_activation(std::string_view kind) { return kind == "relu" || kind == "sigmoid" || kind == "tanh"; }
inline bool has_parameters(std::string_view kind) {
    return kind == "affine" || kind == "convolution" || kind == "batch_norm";
}

/// What a request has for one layer: numbers with the layer's name before theirs, arrays with its number after theirs.
/// A layer that is asked for by itself has neither.
template <Real T> class LayerReader {
  public:
    /// x is the shape of the layer's input.
    LayerReader(const Message& request, std::string kind, const Shape& x, std::optional<int> number = {})
        : request(request), kind(std::move(kind)), x(x), number(number ? std::to_string(*number) : "") {}

    std::string name() const { return kind + number; }

    /// Throws Unsupported for a kind that there is not.
    std::unique_ptr<Layer<T>> layer() const {
        if (kind == "relu")
            return std::make_unique<Relu<T>>(row_sizes(x));
        if (kind == "sigmoid")
            return std::make_unique<Sigmoid<T>>(row_sizes(x));
        if (kind == "tanh")
            return std::make_unique<Tanh<T>>(row_sizes(x));
        if (kind == "affine")
            return affine();
        if (kind == "batch_norm")
            return batch_norm();
        if (kind == "dropout")
            return dropout();
        if (kind == "convolution")
            return convolution();
        if (kind == "max_pooling")
            return std::make_unique<MaxPooling<T>>(windows(whole("height"), whole("width")));
        throw Unsupported("no layer " + kind);
    }

  private:
    const Message& request;
    std::string kind;
    const Shape& x;
    std::string number;

    std::unique_ptr<Layer<T>> affine() const {
        const Matrix<T> b = vector("b");
        const Shape W{static_cast<std::size_t>(count(row_sizes(x))), static_cast<std::size_t>(b.size())};
        return std::make_unique<Affine<T>>(shaped<T>(request.arrays, "W" + number, W), b, row_sizes(x));
    }

    std::unique_ptr<Layer<T>> batch_norm() const {
        if (x.size() != 2)
            throw Refusal(name() + ": expected an input (batch, features), came " + tuple(x));
        const auto features = [&](const std::string& array) {
            return shaped<T>(request.arrays, array + number, {x[1]});
        };
        const auto gamma = features("gamma"), beta = features("beta");
        const auto mean = features("running_mean"), var = features("running_var");
        return std::make_unique<BatchNorm<T>>(gamma, beta, mean, var, real("momentum"), real("epsilon"));
    }

    std::unique_ptr<Layer<T>> dropout() const {
        Mask mask = shaped<std::uint8_t>(request.arrays, "mask" + number, x);
        return std::make_unique<Dropout<T>>(std::move(mask), real("ratio"), row_sizes(x));
    }

    std::unique_ptr<Layer<T>> convolution() const {
        const Matrix<T> b = vector("b");
        const Shape& W = find(request.arrays, "W" + number, dtype<T>, 4).shape;
        const Windows windows = this->windows(W[2], W[3]);
        const Shape expected{static_cast<std::size_t>(b.size()), x[1], W[2], W[3]};
        auto filters = shaped<T>(request.arrays, "W" + number, expected);
        return std::make_unique<Convolution<T>>(std::move(filters), b, windows);
    }

    Matrix<T> vector(const std::string& array) const { return matrix<T>(request.arrays, array + number, 1); }

    double real(const std::string& field) const { return gradparity::number<double>(request, full(field)); }
    std::size_t whole(const std::string& field) const {
        return gradparity::number<std::uint32_t>(request, full(field));
    }
    std::string full(const std::string& field) const { return number.empty() ? field : name() + "." + field; }

    /// Windows of this size, which must be within the images of the input.
    Windows windows(std::size_t rows, std::size_t columns) const {
        if (x.size() != 4)
            throw Refusal(name() + ": expected an input (batch, channels, height, width), came " + tuple(x));
        const std::size_t stride = whole("stride"), pad = whole("pad");
        if (stride == 0)
            throw Refusal(name() + ": expected a stride from 1, came 0");
        const std::size_t height = x[2] + 2 * pad, width = x[3] + 2 * pad;
        if (rows < 1 || columns < 1 || rows > height || columns > width)
            throw Refusal(name() + ": expected windows from (1, 1) to " + tuple({height, width}) + ", came "
                          + tuple({rows, columns}));
        constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
        if (x[1] > most / height / width)
            throw Refusal(name() + ": expected images of at most " + std::to_string(most) + " pixels with their pad");
        const auto index = [](std::size_t n) { return static_cast<Index>(n); };
        return {index(x[1]), index(x[2]), index(x[3]), index(rows), index(columns), index(stride), index(pad)};
    }
};

/// The loss of this kind, with the numbers of the request.
template <Real T> std::unique_ptr<Loss<T>> loss(const Message& request, const std::string& kind) {
    if (kind == "softmax_with_loss")
        return std::make_unique<SoftmaxWithLoss<T>>(static_cast<T>(number<double>(request, "epsilon")));
    return std::make_unique<SquaredError<T>>();
}

/// The kinds of layers that a load describes, the loss last.
template <Real T> std::vector<std::string> kinds(const Message& load) {
    const auto of_any = std::ranges::find(load.fields, "layers", &Fields::value_type::first);
    if (of_any != load.fields.end()) {
        const auto parts = split(of_any->second, ',');
        std::vector<std::string> kinds(parts.begin(), parts.end());
        if (kinds.size() < 2 || !is_loss(kinds.back()) || std::ranges::count_if(kinds, is_loss) > 1)
            throw Refusal("expected layers, and softmax_with_loss or squared_error as the last, came "
                          + of_any->second);
        return kinds;
    }
    // Affine layers with an activation between each two.
    const auto sizes = numbers(load, "sizes");
    if (sizes.size() < 2 || std::ranges::count(sizes, 0u) > 0)
        throw Refusal("expected sizes as inputs,...,classes, came " + field(load, "sizes"));
    const std::string& activation = field(load, "activation");
    if (!is_activation(activation))
        throw Refusal("expected the activation relu, sigmoid or tanh, came " + activation);
    std::vector<std::string> kinds;
    for (std::size_t i = 1; i < sizes.size(); ++i) {
        find_shaped(load.arrays, "W" + std::to_string(i), dtype<T>, {sizes[i - 1], sizes[i]});
        kinds.insert(kinds.end(), {"affine", activation});
    }
    kinds.back() = "softmax_with_loss";
    return kinds;
}

/// The network that a load describes.
template <Real T> Network<T> network(const Message& load) {
    std::vector<std::string> kinds = gradparity::kinds<T>(load);
    Shape shape = find(load.arrays, "x").shape;
    if (shape.size() != 2 && shape.size() != 4)
        throw Refusal("array x: expected 2 or 4 dimensions, came " + describe(find(load.arrays, "x")));
    const std::string last = kinds.back();
    kinds.pop_back();

    std::vector<NamedLayer<T>> layers;
    int number = 0;
    for (const std::string& kind : kinds) {
        number += has_parameters(kind);
        const LayerReader<T> reader(load, kind, shape, number);
        for (const auto& before : layers)
            if (before.name() == reader.name())
                throw Refusal("expected each layer's name once, came " + reader.name() + " twice");
        layers.push_back({kind, std::to_string(number), reader.layer()});
        const Sizes& sizes = layers.back().layer->out_sizes;
        shape.resize(1);
        shape.insert(shape.end(), sizes.begin(), sizes.end());
    }
    if (shape.size() != 2 || shape[1] == 0)
        throw Refusal("expected layers whose result is (batch, classes), came " + tuple(shape));
    const bool decays = std::ranges::count(load.fields, "weight_decay", &Fields::value_type::first) > 0;
    return {std::move(layers), loss<T>(load, last), last.substr(0, last.find("_with_loss")),
            decays ? gradparity::number<double>(load, "weight_decay") : 0};
}

} // namespace gradparity
