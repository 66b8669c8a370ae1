// Your network for gradparity, and the one file to open: what is left to you is marked YOURS.
//
// Labels count from 0. An exception is reported as the error that it is.
//
// All names here are in the namespace mine. So you can include the header of code that you have, with whatever names in
// it, above that namespace, and call it, as ::relu(...); add its .cpp files to the build in port.toml.

#pragma once

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
const std::vector<std::string> written = {};

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

/// YOURS: the logits of x (batch, inputs), before the softmax: (batch, classes).
inline Matrix predict(const Network& net, const Matrix& x) {
    return {};
}

/// YOURS: the mean loss, and the gradient of each W[l] and b[l]. Returns {loss, dW, db}. x (batch, inputs); t (batch)
inline std::tuple<Real, std::vector<Matrix>, std::vector<std::vector<Real>>>
gradient(const Network& net, const Matrix& x, const std::vector<int>& t) {
    return {};
}

/// YOURS: p <- p - rate dp, in place. Both of one length.
inline void sgd(std::vector<Real>& p, const std::vector<Real>& dp, Real rate) {
}

} // namespace mine
