// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// Labels count from 0. An exception is reported as the error that it is. Begin with one function, and name it in
// `written`: all others can wait, or stay as they are.
//
// All names here are in the namespace mine. So you can include the header of code that you have, with whatever names in
// it, above that namespace, and call it, as ::relu(...); add its .cpp files to the build in port.toml.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "protocol/ndarray.hpp"

namespace mine {

/// YOURS: the type of all numbers, double or float.
using Real = double;

/// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
const std::string loss_epsilon = "any";

/// YOURS: "any" if your numerical_gradient takes the step that it is given; "1e-4", as text, if it always takes that,
/// as the book's.
const std::string numerical_step = "any";

/// YOURS: the functions below that you have written, such as {"affine", "relu"}. The others are not called.
const std::vector<std::string> written = {
    "affine", "relu", "sigmoid", "softmax_with_loss", "tanh", "squared_error", "batch_norm", "dropout", "convolution",
    "max_pooling", "predict", "gradient", "accuracy", "numerical_gradient", "sgd", "momentum", "nesterov", "adagrad",
    "rmsprop", "adam", "predict_layers", "gradient_layers", "accuracy_layers"};

/// Row by row: element (i, j) is data[i * columns + j].
struct Matrix {
    std::size_t rows = 0, columns = 0;
    std::vector<Real> data = std::vector<Real>(rows * columns);

    Real& operator()(std::size_t i, std::size_t j) { return data[i * columns + j]; }
    Real operator()(std::size_t i, std::size_t j) const { return data[i * columns + j]; }
};

/// Images: x.shape, of four dimensions, and x.data, row by row. x(n, c, i, j) is an element, Array{{n, c, h, w}} zeros.
using Array = NDArray<Real>;

// Layers, each by itself.

inline Matrix affine_forward(const Matrix& x, const Matrix& W, const std::vector<Real>& b) {
    Matrix out{x.rows, W.columns};
    for (std::size_t i = 0; i < x.rows; ++i)
        for (std::size_t j = 0; j < W.columns; ++j) {
            Real sum = b[j];
            for (std::size_t k = 0; k < x.columns; ++k) sum += x(i, k) * W(k, j);
            out(i, j) = sum;
        }
    return out;
}

inline std::tuple<Matrix, Matrix, std::vector<Real>>
affine_backward(const Matrix& x, const Matrix& W, const Matrix& dout) {
    Matrix dx{x.rows, x.columns}, dW{W.rows, W.columns};
    std::vector<Real> db(W.columns);
    for (std::size_t i = 0; i < x.rows; ++i)
        for (std::size_t j = 0; j < W.columns; ++j) {
            db[j] += dout(i, j);
            for (std::size_t k = 0; k < x.columns; ++k) {
                dx(i, k) += dout(i, j) * W(k, j);
                dW(k, j) += x(i, k) * dout(i, j);
            }
        }
    return {dx, dW, db};
}

/// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db. Returns {out, dx, dW, db}.
/// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
inline std::tuple<Matrix, Matrix, Matrix, std::vector<Real>>
affine(const Matrix& x, const Matrix& W, const std::vector<Real>& b, const Matrix& dout) {
    auto [dx, dW, db] = affine_backward(x, W, dout);
    return {affine_forward(x, W, b), dx, dW, db};
}

/// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix> relu(const Matrix& x, const Matrix& dout) {
    Matrix out{x.rows, x.columns}, dx{x.rows, x.columns};
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        out.data[i] = x.data[i] <= 0 ? 0 : x.data[i];
        dx.data[i] = x.data[i] <= 0 ? 0 : dout.data[i];
    }
    return {out, dx};
}

/// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix> sigmoid(const Matrix& x, const Matrix& dout) {
    Matrix out{x.rows, x.columns}, dx{x.rows, x.columns};
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        out.data[i] = 1 / (1 + std::exp(-x.data[i]));
        dx.data[i] = dout.data[i] * out.data[i] * (1 - out.data[i]);
    }
    return {out, dx};
}

/// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
/// x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
/// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon). Returns
/// {loss, y, dx}.
inline std::tuple<Real, Matrix, Matrix> softmax_with_loss(const Matrix& x, const std::vector<int>& t, Real epsilon) {
    Matrix y{x.rows, x.columns}, dx{x.rows, x.columns};
    Real loss = 0;
    for (std::size_t i = 0; i < x.rows; ++i) {
        Real largest = x(i, 0), sum = 0;
        for (std::size_t j = 0; j < x.columns; ++j) largest = std::max(largest, x(i, j));
        for (std::size_t j = 0; j < x.columns; ++j) sum += std::exp(x(i, j) - largest);
        for (std::size_t j = 0; j < x.columns; ++j) {
            y(i, j) = std::exp(x(i, j) - largest) / sum;
            dx(i, j) = (y(i, j) - (static_cast<int>(j) == t[i])) / static_cast<Real>(x.rows);
        }
        const Real log_p = x(i, t[i]) - largest - std::log(sum);
        loss -= epsilon > 0 ? std::log(std::exp(log_p) + epsilon) : log_p;
    }
    return {loss / static_cast<Real>(x.rows), y, dx};
}

/// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix> tanh(const Matrix& x, const Matrix& dout) {
    Matrix out{x.rows, x.columns}, dx{x.rows, x.columns};
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        out.data[i] = std::tanh(x.data[i]);
        dx.data[i] = dout.data[i] * (1 - out.data[i] * out.data[i]);
    }
    return {out, dx};
}

/// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
/// x, dx (batch, classes); t (batch). Returns {loss, dx}.
inline std::tuple<Real, Matrix> squared_error(const Matrix& x, const std::vector<int>& t) {
    Matrix dx{x.rows, x.columns};
    Real loss = 0;
    for (std::size_t i = 0; i < x.rows; ++i)
        for (std::size_t j = 0; j < x.columns; ++j) {
            const Real difference = x(i, j) - (static_cast<int>(j) == t[i]);
            loss += difference * difference;
            dx(i, j) = difference / static_cast<Real>(x.rows);
        }
    return {loss / 2 / static_cast<Real>(x.rows), dx};
}

/// YOURS: out = gamma (x - mean) / sqrt(var + epsilon) + beta in each column, and the gradients dx, dgamma, dbeta.
/// If training, mean and var are those of the batch (var is the mean of (x - mean)^2), dx goes through them too, and
/// running_mean <- momentum running_mean + (1 - momentum) mean, running_var likewise with var. If not, the running ones
/// stand for mean and var, as constants. x, dx, dout, out (batch, features); the other arrays (features). Returns
/// {out, running_mean, running_var, dx, dgamma, dbeta}; the running ones are not looked at if not training.
inline std::tuple<Matrix, std::vector<Real>, std::vector<Real>, Matrix, std::vector<Real>, std::vector<Real>>
batch_norm(const Matrix& x, const std::vector<Real>& gamma, const std::vector<Real>& beta,
           const std::vector<Real>& running_mean, const std::vector<Real>& running_var, double momentum, double epsilon,
           bool training, const Matrix& dout) {
    const auto n = static_cast<Real>(x.rows);
    const auto before = static_cast<Real>(momentum), now = static_cast<Real>(1 - momentum);
    Matrix out{x.rows, x.columns}, dx{x.rows, x.columns};
    std::vector<Real> new_mean = running_mean, new_var = running_var, dgamma(x.columns), dbeta(x.columns);
    for (std::size_t j = 0; j < x.columns; ++j) {
        Real mean = running_mean[j], var = running_var[j];
        if (training) {
            mean = var = 0;
            for (std::size_t i = 0; i < x.rows; ++i) mean += x(i, j) / n;
            for (std::size_t i = 0; i < x.rows; ++i) var += (x(i, j) - mean) * (x(i, j) - mean) / n;
            new_mean[j] = before * running_mean[j] + now * mean;
            new_var[j] = before * running_var[j] + now * var;
        }
        const Real deviation = std::sqrt(var + static_cast<Real>(epsilon));
        for (std::size_t i = 0; i < x.rows; ++i) {
            const Real normal = (x(i, j) - mean) / deviation;
            out(i, j) = gamma[j] * normal + beta[j];
            dgamma[j] += dout(i, j) * normal;
            dbeta[j] += dout(i, j);
        }
        for (std::size_t i = 0; i < x.rows; ++i) {
            const Real normal = (x(i, j) - mean) / deviation;
            const Real through = training ? (dbeta[j] + normal * dgamma[j]) / n : 0;
            dx(i, j) = gamma[j] * (dout(i, j) - through) / deviation;
        }
    }
    return {out, new_mean, new_var, dx, dgamma, dbeta};
}

/// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
/// 1 where x is kept and 0 where not. All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix>
dropout(const Matrix& x, const Matrix& mask, double ratio, bool training, const Matrix& dout) {
    Matrix out{x.rows, x.columns}, dx{x.rows, x.columns};
    for (std::size_t i = 0; i < x.data.size(); ++i) {
        const Real kept = training ? mask.data[i] : static_cast<Real>(1 - ratio);
        out.data[i] = x.data[i] * kept;
        dx.data[i] = dout.data[i] * kept;
    }
    return {out, dx};
}

inline std::size_t windows(std::size_t length, std::size_t window, std::size_t stride, std::size_t pad) {
    return (length + 2 * pad - window) / stride + 1;
}

/// YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
/// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
/// width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
/// height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down. Returns
/// {out, dx, dW, db}.
inline std::tuple<Array, Array, Array, std::vector<Real>>
convolution(const Array& x, const Array& W, const std::vector<Real>& b, std::size_t stride, std::size_t pad,
            const Array& dout) {
    Array out{dout.shape}, dx{x.shape}, dW{W.shape};
    std::vector<Real> db(W.shape[0]);
    for (std::size_t n = 0; n < dout.shape[0]; ++n)
        for (std::size_t f = 0; f < dout.shape[1]; ++f)
            for (std::size_t i = 0; i < dout.shape[2]; ++i)
                for (std::size_t j = 0; j < dout.shape[3]; ++j) {
                    const Real d = dout(n, f, i, j);
                    Real sum = b[f];
                    for (std::size_t c = 0; c < W.shape[1]; ++c)
                        for (std::size_t u = 0; u < W.shape[2]; ++u)
                            for (std::size_t v = 0; v < W.shape[3]; ++v) {
                                // Above or left of the image, these are very large.
                                const std::size_t row = i * stride + u - pad, column = j * stride + v - pad;
                                if (row >= x.shape[2] || column >= x.shape[3]) continue;
                                sum += x(n, c, row, column) * W(f, c, u, v);
                                dx(n, c, row, column) += d * W(f, c, u, v);
                                dW(f, c, u, v) += d * x(n, c, row, column);
                            }
                    out(n, f, i, j) = sum;
                    db[f] += d;
                }
    return {out, dx, dW, db};
}

/// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. dout goes to
/// that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad take part. x,
/// dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in convolution. Returns
/// {out, dx}.
inline std::tuple<Array, Array> max_pooling(const Array& x, std::size_t height, std::size_t width, std::size_t stride,
                                            std::size_t pad, const Array& dout) {
    Array out{dout.shape}, dx{x.shape};
    for (std::size_t n = 0; n < dout.shape[0]; ++n)
        for (std::size_t c = 0; c < dout.shape[1]; ++c)
            for (std::size_t i = 0; i < dout.shape[2]; ++i)
                for (std::size_t j = 0; j < dout.shape[3]; ++j) {
                    Real unused = 0, largest = 0;
                    Real* to = nullptr; // the gradient of the largest
                    for (std::size_t u = 0; u < height; ++u)
                        for (std::size_t v = 0; v < width; ++v) {
                            const std::size_t row = i * stride + u - pad, column = j * stride + v - pad;
                            const bool inside = row < x.shape[2] && column < x.shape[3];
                            const Real value = inside ? x(n, c, row, column) : 0;
                            if (to != nullptr && !(value > largest)) continue;
                            largest = value;
                            to = inside ? &dx(n, c, row, column) : &unused;
                        }
                    out(n, c, i, j) = largest;
                    *to += dout(n, c, i, j);
                }
    return {out, dx};
}

// The network.

/// Affine layers with an activation between them, and softmax with cross-entropy at the end.
struct Network {
    std::vector<Matrix> W;            ///< W[l]: (inputs of layer l, outputs of layer l)
    std::vector<std::vector<Real>> b; ///< b[l]: (outputs of layer l)
    bool relu = true;                 ///< the activation: relu, or else sigmoid
    Real epsilon = 0;                 ///< of the loss: see softmax_with_loss
    std::string activation = "relu";  ///< "relu" or "sigmoid"; "tanh" if that is in `written`
};

/// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
/// net.W.size() == 2 && net.relu. Cases with others are reported as not implemented.
inline bool supports(const Network& net) {
    return true;
}

inline auto activation(const Network& net) {
    return net.activation == "tanh" ? tanh : net.relu ? relu : sigmoid;
}

/// The inputs of all layers, and their pre-activations.
inline std::pair<std::vector<Matrix>, std::vector<Matrix>> forward(const Network& net, const Matrix& x) {
    std::vector<Matrix> inputs = {x}, outs;
    for (std::size_t l = 0; l < net.W.size(); ++l) {
        outs.push_back(affine_forward(inputs[l], net.W[l], net.b[l]));
        inputs.push_back(std::get<0>(activation(net)(outs[l], outs[l])));
    }
    return {inputs, outs};
}

/// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
inline Matrix predict(const Network& net, const Matrix& x) {
    return forward(net, x).second.back();
}

/// YOURS: the mean loss, and the gradient of each W[l] and b[l]. Returns {loss, dW, db}. x (batch, inputs); t (batch)
inline std::tuple<Real, std::vector<Matrix>, std::vector<std::vector<Real>>>
gradient(const Network& net, const Matrix& x, const std::vector<int>& t) {
    const auto [inputs, outs] = forward(net, x);
    auto [loss, y, dout] = softmax_with_loss(outs.back(), t, net.epsilon);
    std::vector<Matrix> dW(net.W.size());
    std::vector<std::vector<Real>> db(net.W.size());
    for (std::size_t l = net.W.size(); l-- > 0;) {
        Matrix dx;
        std::tie(dx, dW[l], db[l]) = affine_backward(inputs[l], net.W[l], dout);
        if (l > 0) dout = std::get<1>(activation(net)(outs[l - 1], dx));
    }
    return {loss, dW, db};
}

inline double share(const Matrix& logits, const std::vector<int>& t) {
    const auto less = [](Real a, Real b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
    std::size_t right = 0;
    for (std::size_t i = 0; i < logits.rows; ++i) {
        const Real* row = &logits.data[i * logits.columns];
        right += std::max_element(row, row + logits.columns, less) - row == t[i];
    }
    return static_cast<double>(right) / static_cast<double>(logits.rows);
}

/// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label.
inline double accuracy(const Network& net, const Matrix& x, const std::vector<int>& t) {
    return share(predict(net, x), t);
}

/// YOURS: the gradient from the loss alone, like that of gradient: for each element p of each W[l] and b[l]
/// (loss at p + step - loss at p - step) / (2 step). Returns {dW, db}.
inline std::tuple<std::vector<Matrix>, std::vector<std::vector<Real>>>
numerical_gradient(const Network& net, const Matrix& x, const std::vector<int>& t, Real step) {
    Network changed = net;
    const auto slopes = [&](std::vector<Real>& p) {
        std::vector<Real> slopes;
        for (Real& value : p) {
            const auto loss_at = [&](Real moved) {
                const Real kept = std::exchange(value, moved);
                const Real loss = std::get<0>(softmax_with_loss(predict(changed, x), t, net.epsilon));
                value = kept;
                return loss;
            };
            slopes.push_back((loss_at(value + step) - loss_at(value - step)) / (2 * step));
        }
        return slopes;
    };
    std::vector<Matrix> dW;
    std::vector<std::vector<Real>> db;
    for (std::size_t l = 0; l < net.W.size(); ++l) {
        dW.push_back({net.W[l].rows, net.W[l].columns, slopes(changed.W[l].data)});
        db.push_back(slopes(changed.b[l]));
    }
    return {dW, db};
}

// Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
// dp is its gradient; all are of one length. One optimizer is enough to train.

/// YOURS: p <- p - rate dp.
inline void sgd(std::vector<Real>& p, const std::vector<Real>& dp, Real rate) {
    for (std::size_t i = 0; i < p.size(); ++i) p[i] -= rate * dp[i];
}

/// YOURS: v <- momentum v - rate dp; p <- p + v.
inline void momentum(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& v, double rate,
                     double momentum) {
    for (std::size_t i = 0; i < p.size(); ++i) {
        v[i] = static_cast<Real>(momentum * v[i] - rate * dp[i]);
        p[i] += v[i];
    }
}

/// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
inline void nesterov(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& v, double rate,
                     double momentum) {
    for (std::size_t i = 0; i < p.size(); ++i) {
        v[i] = static_cast<Real>(momentum * v[i] - rate * dp[i]);
        p[i] += static_cast<Real>(momentum * v[i] - rate * dp[i]);
    }
}

/// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
inline void adagrad(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& h, double rate) {
    for (std::size_t i = 0; i < p.size(); ++i) {
        h[i] += dp[i] * dp[i];
        p[i] -= static_cast<Real>(rate * dp[i] / (std::sqrt(h[i]) + 1e-7));
    }
}

/// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
inline void rmsprop(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& h, double rate,
                    double decay) {
    for (std::size_t i = 0; i < p.size(); ++i) {
        h[i] = static_cast<Real>(decay * h[i] + (1 - decay) * dp[i] * dp[i]);
        p[i] -= static_cast<Real>(rate * dp[i] / (std::sqrt(h[i]) + 1e-7));
    }
}

/// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
/// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
inline void adam(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& m, std::vector<Real>& v,
                 double rate, double beta1, double beta2, int iteration) {
    rate *= std::sqrt(1 - std::pow(beta2, iteration)) / (1 - std::pow(beta1, iteration));
    for (std::size_t i = 0; i < p.size(); ++i) {
        m[i] += static_cast<Real>((1 - beta1) * (dp[i] - m[i]));
        v[i] += static_cast<Real>((1 - beta2) * (dp[i] * dp[i] - v[i]));
        p[i] -= static_cast<Real>(rate * m[i] / (std::sqrt(v[i]) + 1e-7));
    }
}

// Networks of any layers that are in `written`: write both predict_layers and gradient_layers. x is (batch, inputs) or
// (batch, channels, height, width). affine takes each image as a row: its elements in the order of data.

/// A layer: its kind, and what the function of that kind above is given; the rest is empty.
struct Layer {
    std::string kind;                             ///< "affine", ...; the last is the loss, as "squared_error"
    Array W, b;                                   ///< of affine and convolution
    std::size_t stride = 0, pad = 0;              ///< of convolution and max_pooling
    std::size_t height = 0, width = 0;            ///< of max_pooling
    Array gamma, beta, running_mean, running_var; ///< of batch_norm
    double momentum = 0, epsilon = 0;             ///< of batch_norm
    Array mask;                                   ///< of dropout
    double ratio = 0;                             ///< of dropout
};

/// YOURS: the networks that your code can be, here any. Cases with others are reported as not implemented.
inline bool supports_layers(const std::vector<Layer>& layers) {
    return true;
}

inline Matrix as_rows(const Array& x) {
    return {x.shape[0], x.data.size() / x.shape[0], x.data};
}

/// The shape of a layer's result, for which it is given a dout.
inline std::vector<std::size_t> shape_after(const Layer& layer, const std::vector<std::size_t>& x) {
    const bool pools = layer.kind == "max_pooling";
    if (layer.kind == "affine") return {x[0], layer.W.shape[1]};
    if (!pools && layer.kind != "convolution") return x;
    const std::size_t height = pools ? layer.height : layer.W.shape[2], width = pools ? layer.width : layer.W.shape[3];
    return {x[0], pools ? x[1] : layer.W.shape[0], windows(x[2], height, layer.stride, layer.pad),
            windows(x[3], width, layer.stride, layer.pad)};
}

/// Calls the layer's function: its result, dx, and the gradients of its parameters; of batch_norm then what runs on.
inline std::tuple<Array, Array, std::vector<Array>>
pass(const Layer& layer, const Array& x, const Array& dout, bool training) {
    if (layer.kind == "convolution") {
        auto [out, dx, dW, db] = convolution(x, layer.W, layer.b.data, layer.stride, layer.pad, dout);
        return {out, dx, {dW, {layer.b.shape, db}}};
    }
    if (layer.kind == "max_pooling") {
        auto [out, dx] = max_pooling(x, layer.height, layer.width, layer.stride, layer.pad, dout);
        return {out, dx, {}};
    }
    const Matrix rows = as_rows(x), drows = as_rows(dout);
    Matrix out, dx;
    std::vector<Array> gradients;
    if (layer.kind == "affine") {
        Matrix dW;
        std::vector<Real> db;
        std::tie(out, dx, dW, db) = affine(rows, as_rows(layer.W), layer.b.data, drows);
        gradients = {{layer.W.shape, dW.data}, {layer.b.shape, db}};
    } else if (layer.kind == "batch_norm") {
        std::vector<Real> mean, var, dgamma, dbeta;
        std::tie(out, mean, var, dx, dgamma, dbeta) =
            batch_norm(rows, layer.gamma.data, layer.beta.data, layer.running_mean.data, layer.running_var.data,
                       layer.momentum, layer.epsilon, training, drows);
        for (const auto& found : {dgamma, dbeta, mean, var}) gradients.push_back({layer.gamma.shape, found});
    } else if (layer.kind == "dropout") {
        std::tie(out, dx) = dropout(rows, training ? as_rows(layer.mask) : rows, layer.ratio, training, drows);
    } else {
        std::tie(out, dx) = (layer.kind == "relu" ? relu : layer.kind == "tanh" ? tanh : sigmoid)(rows, drows);
    }
    return {{dout.shape, out.data}, {x.shape, dx.data}, gradients};
}

/// The inputs of all layers but the loss, and the last result.
inline std::vector<Array> forward_layers(const std::vector<Layer>& layers, const Array& x, bool training) {
    std::vector<Array> passed = {x};
    for (std::size_t l = 0; l + 1 < layers.size(); ++l) {
        const Array nothing{shape_after(layers[l], passed[l].shape)};
        passed.push_back(std::get<0>(pass(layers[l], passed[l], nothing, training)));
    }
    return passed;
}

/// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
inline Matrix predict_layers(const std::vector<Layer>& layers, const Array& x) {
    return as_rows(forward_layers(layers, x, false).back());
}

/// YOURS: the loss, and the gradients in the order of the layers: dW, db, and dgamma, dbeta of batch_norm. Returns
/// {loss, gradients}.
///
/// Training. To the loss of the last layer (which takes epsilon) add weight_decay / 2 times the sum of the squares of
/// all W, and weight_decay W to each dW. If you move running_mean and running_var on in each training step, do it here,
/// in layers.
inline std::tuple<Real, std::vector<Array>> gradient_layers(std::vector<Layer>& layers, const Array& x,
                                                            const std::vector<int>& t, Real weight_decay,
                                                            Real epsilon) {
    const std::vector<Array> passed = forward_layers(layers, x, true);
    const Matrix logits = as_rows(passed.back());
    Real loss;
    Matrix y, dlogits;
    if (layers.back().kind == "squared_error")
        std::tie(loss, dlogits) = squared_error(logits, t);
    else
        std::tie(loss, y, dlogits) = softmax_with_loss(logits, t, epsilon);
    Array dout{passed.back().shape, dlogits.data};
    std::vector<Array> gradients;
    for (std::size_t l = layers.size() - 1; l-- > 0;) {
        Layer& layer = layers[l];
        auto [out, dx, found] = pass(layer, passed[l], dout, true);
        if (layer.kind == "batch_norm") {
            layer.running_mean = found[2], layer.running_var = found[3];
            found.resize(2);
        } else if (!found.empty()) {
            Real squares = 0;
            for (std::size_t i = 0; i < layer.W.data.size(); ++i) {
                squares += layer.W.data[i] * layer.W.data[i];
                found[0].data[i] += weight_decay * layer.W.data[i];
            }
            loss += weight_decay / 2 * squares;
        }
        gradients.insert(gradients.begin(), found.begin(), found.end());
        dout = dx;
    }
    return {loss, gradients};
}

/// YOURS: as accuracy.
inline double accuracy_layers(const std::vector<Layer>& layers, const Array& x, const std::vector<int>& t) {
    return share(predict_layers(layers, x), t);
}

} // namespace mine
