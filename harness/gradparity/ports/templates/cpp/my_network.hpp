// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// Labels count from 0. An exception is reported as the error that it is. Begin with one function, and name it in
// `written`: all others can wait, or stay as they are.
//
// All names here are in the namespace mine. So you can include the header of code that you have, with whatever names in
// it, above that namespace, and call it, as ::relu(...); add its .cpp files to the build in port.toml.

#pragma once

#include <cstddef>
#include <string>
#include <tuple>
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
const std::vector<std::string> written = {};

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

/// YOURS: out = x W + b, and for a given dout the gradients dx, dW and db. Returns {out, dx, dW, db}.
/// x, dx (batch, inputs); W, dW (inputs, outputs); b, db (outputs); dout, out (batch, outputs)
inline std::tuple<Matrix, Matrix, Matrix, std::vector<Real>>
affine(const Matrix& x, const Matrix& W, const std::vector<Real>& b, const Matrix& dout) {
    return {};
}

/// YOURS: out = max(x, 0); dx = dout where x > 0, else 0. All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix> relu(const Matrix& x, const Matrix& dout) {
    return {};
}

/// YOURS: out = 1 / (1 + exp(-x)); dx = dout out (1 - out). All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix> sigmoid(const Matrix& x, const Matrix& dout) {
    return {};
}

/// YOURS: the mean loss, -mean(log(y[label] + epsilon)), y = softmax of each row of x, dx = (y - one-hot t) / batch.
/// x, y, dx (batch, classes); t (batch). Where epsilon is 0, as in most cases, take the logarithm as
/// x[label] - max - log(sum(exp(x - max))) of the row, as y[label] can be 0; else as log(y[label] + epsilon). Returns
/// {loss, y, dx}.
inline std::tuple<Real, Matrix, Matrix> softmax_with_loss(const Matrix& x, const std::vector<int>& t, Real epsilon) {
    return {};
}

/// YOURS: out = tanh(x); dx = dout (1 - out^2). All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix> tanh(const Matrix& x, const Matrix& dout) {
    return {};
}

/// YOURS: the mean over the batch of sum((x - one-hot t)^2) / 2, dx = (x - one-hot t) / batch.
/// x, dx (batch, classes); t (batch). Returns {loss, dx}.
inline std::tuple<Real, Matrix> squared_error(const Matrix& x, const std::vector<int>& t) {
    return {};
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
    return {};
}

/// YOURS: out = x mask, dx = dout mask; if not training, out = x (1 - ratio), dx = dout (1 - ratio). The mask is given,
/// 1 where x is kept and 0 where not. All of one shape. Returns {out, dx}.
inline std::tuple<Matrix, Matrix>
dropout(const Matrix& x, const Matrix& mask, double ratio, bool training, const Matrix& dout) {
    return {};
}

/// YOURS: out = the sum of each filter W[f] times each window of x, unflipped, plus b[f]; the gradients dx, dW, db.
/// Windows begin stride apart, with pad rows and columns of zeros around each image. x, dx (batch, channels, height,
/// width); W, dW (filters, channels, window height, window width); b, db (filters); dout, out (batch, filters, out
/// height, out width), out height = (height + 2 pad - window height) / stride + 1, rounded down. Returns
/// {out, dx, dW, db}.
inline std::tuple<Array, Array, Array, std::vector<Real>>
convolution(const Array& x, const Array& W, const std::vector<Real>& b, std::size_t stride, std::size_t pad,
            const Array& dout) {
    return {};
}

/// YOURS: out = the largest element of each window of so many rows and columns, channel by channel; dx. dout goes to
/// that element (of equal ones to the first, row by row) and adds up where windows overlap. Zeros of pad take part. x,
/// dx (batch, channels, height, width); dout, out (batch, channels, out height, out width), as in convolution. Returns
/// {out, dx}.
inline std::tuple<Array, Array> max_pooling(const Array& x, std::size_t height, std::size_t width, std::size_t stride,
                                            std::size_t pad, const Array& dout) {
    return {};
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

/// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
inline Matrix predict(const Network& net, const Matrix& x) {
    return {};
}

/// YOURS: the mean loss, and the gradient of each W[l] and b[l]. Returns {loss, dW, db}. x (batch, inputs); t (batch)
inline std::tuple<Real, std::vector<Matrix>, std::vector<std::vector<Real>>>
gradient(const Network& net, const Matrix& x, const std::vector<int>& t) {
    return {};
}

/// YOURS: the share of the rows of x whose largest logit (the first in a tie; NaN is largest) is at the label.
inline double accuracy(const Network& net, const Matrix& x, const std::vector<int>& t) {
    return {};
}

/// YOURS: the gradient from the loss alone, like that of gradient: for each element p of each W[l] and b[l]
/// (loss at p + step - loss at p - step) / (2 step). Returns {dW, db}.
inline std::tuple<std::vector<Matrix>, std::vector<std::vector<Real>>>
numerical_gradient(const Network& net, const Matrix& x, const std::vector<int>& t, Real step) {
    return {};
}

// Training: the update of one parameter p, in place, and of what the optimizer keeps for it (v, h, m), zeros at first.
// dp is its gradient; all are of one length. One optimizer is enough to train.

/// YOURS: p <- p - rate dp.
inline void sgd(std::vector<Real>& p, const std::vector<Real>& dp, Real rate) {
}

/// YOURS: v <- momentum v - rate dp; p <- p + v.
inline void momentum(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& v, double rate,
                     double momentum) {
}

/// YOURS: v <- momentum v - rate dp; p <- p + momentum v - rate dp, with the new v.
inline void nesterov(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& v, double rate,
                     double momentum) {
}

/// YOURS: h <- h + dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
inline void adagrad(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& h, double rate) {
}

/// YOURS: h <- decay h + (1 - decay) dp^2; p <- p - rate dp / (sqrt(h) + 1e-7).
inline void rmsprop(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& h, double rate,
                    double decay) {
}

/// YOURS: m <- m + (1 - beta1) (dp - m); v <- v + (1 - beta2) (dp^2 - v); p <- p - r m / (sqrt(v) + 1e-7), where
/// r = rate sqrt(1 - beta2^iteration) / (1 - beta1^iteration). iteration counts the updates, from 1.
inline void adam(std::vector<Real>& p, const std::vector<Real>& dp, std::vector<Real>& m, std::vector<Real>& v,
                 double rate, double beta1, double beta2, int iteration) {
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

/// YOURS: the logits of x, before the loss: (batch, classes). Not training, in dropout and batch_norm.
inline Matrix predict_layers(const std::vector<Layer>& layers, const Array& x) {
    return {};
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
    return {};
}

/// YOURS: as accuracy.
inline double accuracy_layers(const std::vector<Layer>& layers, const Array& x, const std::vector<int>& t) {
    return {};
}

} // namespace mine
