// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// Labels count from 0. An exception is reported as the error that it is.
//
// All names here are in the namespace mine. So you can include the header of code that you have, with whatever names in
// it, above that namespace, and call it, as ::relu(...); add its .cpp files to the build in port.toml.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

namespace mine {

/// YOURS: the type of all numbers, double or float.
using Real = double;

/// YOURS: "any" if your loss adds the epsilon that it is given; "1e-7", as text, if it always adds that, as the book's.
const std::string loss_epsilon = "any";

/// YOURS: the functions below that you have written, such as {"affine", "relu"}. The others are not called.
const std::vector<std::string> written = {"affine", "relu", "sigmoid", "softmax_with_loss", "predict",
                                          "gradient", "sgd"};

/// Row by row: element (i, j) is data[i * columns + j].
struct Matrix {
    std::size_t rows = 0, columns = 0;
    std::vector<Real> data = std::vector<Real>(rows * columns);

    Real& operator()(std::size_t i, std::size_t j) { return data[i * columns + j]; }
    Real operator()(std::size_t i, std::size_t j) const { return data[i * columns + j]; }
};

/// Affine layers with an activation between them, and softmax with cross-entropy at the end.
struct Network {
    std::vector<Matrix> W;            ///< W[l]: (inputs of layer l, outputs of layer l)
    std::vector<std::vector<Real>> b; ///< b[l]: (outputs of layer l)
    bool relu = true;                 ///< the activation: relu, or else sigmoid
    Real epsilon = 0;                 ///< of the loss: see softmax_with_loss
};

/// YOURS: the networks that your code can be, here any. One that always has two layers, and relu, says
/// net.W.size() == 2 && net.relu. Cases with others are reported as not implemented.
inline bool supports(const Network& net) {
    return true;
}

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

/// The inputs of all layers, and their pre-activations.
inline std::pair<std::vector<Matrix>, std::vector<Matrix>> forward(const Network& net, const Matrix& x) {
    std::vector<Matrix> inputs = {x}, outs;
    for (std::size_t l = 0; l < net.W.size(); ++l) {
        outs.push_back(affine_forward(inputs[l], net.W[l], net.b[l]));
        inputs.push_back(std::get<0>(net.relu ? relu(outs[l], outs[l]) : sigmoid(outs[l], outs[l])));
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
        if (l > 0) dout = std::get<1>(net.relu ? relu(outs[l - 1], dx) : sigmoid(outs[l - 1], dx));
    }
    return {loss, dW, db};
}

/// YOURS: p <- p - rate dp, in place. Both of one length.
inline void sgd(std::vector<Real>& p, const std::vector<Real>& dp, Real rate) {
    for (std::size_t i = 0; i < p.size(); ++i) p[i] -= rate * dp[i];
}

} // namespace mine
