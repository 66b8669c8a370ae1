// One layer by itself: the call of its function.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "reading.hpp"

namespace gradparity {

namespace {

const std::vector<std::string> kinds = {"affine",        "relu",       "sigmoid", "softmax_with_loss", "tanh",
                                        "squared_error", "batch_norm", "dropout", "convolution",       "max_pooling"};

/// Makes the call; its results are kept where it is told so.
using LayerCall = std::function<Arrays(bool keep)>;

/// Of a function whose results are a tuple, of these names.
template <typename Function> LayerCall layer_call(std::vector<std::string> names, Function function) {
    return [names = std::move(names), function = std::move(function)](bool keep) -> Arrays {
        const auto results = function();
        if (!keep)
            return {};
        Arrays arrays;
        const auto add = [&](const auto&... result) {
            (arrays.push_back(gradparity::named(names[arrays.size()], result)), ...);
        };
        std::apply(add, results);
        return arrays;
    };
}

/// Of images or of a loss.
LayerCall other_layer(const Message& request, const std::string& kind) {
    const Arrays& arrays = request.arrays;
    if (kind == "convolution" || kind == "max_pooling") {
        const Tensor x = tensor(arrays, "x"), dout = tensor(arrays, "dout");
        const auto stride = number<std::size_t>(request, "stride"), pad = number<std::size_t>(request, "pad");
        if (kind == "max_pooling") {
            const auto height = number<std::size_t>(request, "height"), width = number<std::size_t>(request, "width");
            return layer_call({"out", "dx"}, [=] { return mine::max_pooling(x, height, width, stride, pad, dout); });
        }
        const Tensor W = tensor(arrays, "W");
        const Vector b = vector(arrays, "b", W.shape.at(0));
        return layer_call({"out", "dx", "dW", "db"}, [=] { return mine::convolution(x, W, b, stride, pad, dout); });
    }
    const Matrix x = matrix(arrays, "x");
    const Labels t = labels(arrays, x.rows);
    if (kind == "squared_error")
        return layer_call({"loss", "dx"}, [=] { return mine::squared_error(x, t); });
    const Real epsilon = real(request, "epsilon");
    return layer_call({"loss", "y", "dx"}, [=] { return mine::softmax_with_loss(x, t, epsilon); });
}

/// Of a batch of rows; images are rows, too.
LayerCall row_layer(const Message& request, const std::string& kind) {
    const Arrays& arrays = request.arrays;
    const Matrix x = gradparity::as_rows(tensor(arrays, "x")), dout = gradparity::as_rows(tensor(arrays, "dout"));
    if (kind == "affine") {
        const Matrix W = matrix(arrays, "W", x.columns, dout.columns);
        const Vector b = vector(arrays, "b", W.columns);
        return layer_call({"out", "dx", "dW", "db"}, [=] { return mine::affine(x, W, b, dout); });
    }
    if (dout.rows != x.rows || dout.columns != x.columns)
        throw Refusal("expected x and dout of one shape, came " + describe(find(arrays, "x")) + " and "
                      + describe(find(arrays, "dout")));
    if (kind == "batch_norm") {
        const auto held = [&](const char* name) { return vector(arrays, name, x.columns); };
        const Vector gamma = held("gamma"), beta = held("beta"), mean = held("running_mean"), var = held("running_var");
        const auto momentum = number<double>(request, "momentum"), epsilon = number<double>(request, "epsilon");
        const bool training = field(request, "phase") == "train";
        return layer_call({"out", "running_mean", "running_var", "dx", "dgamma", "dbeta"}, [=] {
            return mine::batch_norm(x, gamma, beta, mean, var, momentum, epsilon, training, dout);
        });
    }
    if (kind == "dropout") {
        const Matrix mask = gradparity::as_rows(gradparity::mask(arrays, "mask"));
        const auto ratio = number<double>(request, "ratio");
        const bool training = field(request, "phase") == "train";
        return layer_call({"out", "dx"}, [=] { return mine::dropout(x, mask, ratio, training, dout); });
    }
    const auto activation = kind == "relu" ? mine::relu : kind == "tanh" ? mine::tanh : mine::sigmoid;
    return layer_call({"out", "dx"}, [=] { return activation(x, dout); });
}

/// A layer's call on the arrays of the request.
LayerCall layer(const Message& request) {
    const std::string& kind = field(request, "kind");
    if (!contains(kinds, kind))
        throw Unsupported("no layer " + kind);
    need(kind);
    return contains({"convolution", "max_pooling", "softmax_with_loss", "squared_error"}, kind)
               ? other_layer(request, kind)
               : row_layer(request, kind);
}

/// The results of a layer's call, without what was not asked for, and rows that were images as images.
Arrays layer_results(const Message& request) {
    const std::string& kind = field(request, "kind");
    Arrays results = layer(request)(true), sent;
    const Array& x = find(request.arrays, "x");
    for (auto& [name, array] : results) {
        if (name.rfind("running_", 0) == 0 && field(request, "phase") != "train")
            continue;
        if (x.shape.size() > 2 && array.shape.size() == 2 && array.data.size() == x.data.size()
            && (name == "dx" || (name == "out" && kind != "affine")))
            array.shape = x.shape;
        sent.emplace_back(name, std::move(array));
    }
    return sent;
}

} // namespace

} // namespace gradparity
