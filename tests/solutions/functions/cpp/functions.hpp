// The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
//
// An array has its shape, and its elements row by row in data: x(i, j), or x.data[i * x.shape[1] + j]. Array{{n, d}} is
// (n, d) zeros, and Array{{n, d}, data} has your elements. An exception is reported as the error that it is.
//
// All names here are in the namespace mine. So you can include the header of code that you have, with whatever names in
// it, above that namespace, and call it, as ::relu(...); add its .cpp files to the build in port.toml.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/ndarray.hpp"

namespace mine {

/// YOURS: the type of all floats, double or float.
using Real = double;

using Array = NDArray<Real>;
using Integers = NDArray<int>;
using Booleans = NDArray<std::uint8_t>; // 0 and 1

struct ridge_result {
    Array w;
    Real loss;
};

/// Ridge regression with its gradient.
/// ridge(X[n, d], y[n], penalty) -> w[d], loss
inline ridge_result ridge(const Array& X, const Array& y, Real penalty) {
    const std::size_t n = X.shape[0], d = X.shape[1];
    Array A{{d, d}}, w{{d}}; // A w = X'y, and A = X'X + penalty I = L L'
    for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            A(i, j) = i == j ? penalty : 0;
            for (std::size_t k = 0; k < n; ++k)
                A(i, j) += X(k, i) * X(k, j);
            for (std::size_t k = 0; k < j; ++k)
                A(i, j) -= A(i, k) * A(j, k);
            A(i, j) = i == j ? std::sqrt(A(i, i)) : A(i, j) / A(j, j);
        }
        for (std::size_t k = 0; k < n; ++k)
            w(i) += X(k, i) * y(k);
        for (std::size_t k = 0; k < i; ++k)
            w(i) -= A(i, k) * w(k);
        w(i) /= A(i, i);
    }
    for (std::size_t i = d; i-- > 0;) {
        for (std::size_t k = i + 1; k < d; ++k)
            w(i) -= A(k, i) * w(k);
        w(i) /= A(i, i);
    }
    Real loss = 0;
    for (std::size_t k = 0; k < n; ++k) {
        Real residual = -y(k);
        for (std::size_t i = 0; i < d; ++i)
            residual += X(k, i) * w(i);
        loss += residual * residual;
    }
    for (Real element : w.data)
        loss += penalty * element * element;
    return {w, loss};
}

struct outer3_result {
    Array out;
    Real total;
};

/// a[i] b[j] c[k], and the sum.
/// outer3(a[n], b[m], c[k]) -> out[n, m, k], total
inline outer3_result outer3(const Array& a, const Array& b, const Array& c) {
    Array out{{a.shape[0], b.shape[0], c.shape[0]}};
    Real total = 0;
    for (std::size_t i = 0; i < a.shape[0]; ++i)
        for (std::size_t j = 0; j < b.shape[0]; ++j)
            for (std::size_t k = 0; k < c.shape[0]; ++k)
                total += out(i, j, k) = a(i) * b(j) * c(k);
    return {out, total};
}

struct pick_result {
    Array out;
    int count;
    Booleans kept;
};

/// The rows of x that keep names, and how many.
/// pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]
inline pick_result pick(const Array& x, const Booleans& keep, const Integers& order) {
    Array out{x.shape};
    int count = 0;
    const std::size_t rows = keep.data.size(), size = rows == 0 ? 0 : x.data.size() / rows;
    for (std::size_t i = 0; i < rows; ++i) {
        count += keep(i);
        if (keep(i))
            std::copy_n(&x.data[static_cast<std::size_t>(order(i)) * size], size, &out.data[i * size]);
    }
    return {out, count, keep};
}

} // namespace mine
