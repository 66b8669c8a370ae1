// The matrix product, by Eigen.

#pragma once

#include <Eigen/Core>

#include "real.hpp"

namespace gradparity {

/// Row by row in memory, as the arrays of the book are.
template <typename T> using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// What .transpose() gives: a view, nothing is copied.
template <typename T> using Transposed = Eigen::Transpose<const Matrix<T>>;
/// An image within a batch: a row for each channel.
template <typename T> using Image = Eigen::Map<Matrix<T>>;
template <typename T> using ConstImage = Eigen::Map<const Matrix<T>>;

/// c = a b, where c is neither a nor b.
///
/// Compiled once, in product.cpp: the products take the compiler as long as all the layers.
template <Real T> void product(const Matrix<T>& a, const Matrix<T>& b, Matrix<T>& c);
template <Real T> void product(const Transposed<T>& a, const Matrix<T>& b, Matrix<T>& c);
template <Real T> void product(const Matrix<T>& a, const Transposed<T>& b, Matrix<T>& c);
template <Real T> void product(const Matrix<T>& a, const Matrix<T>& b, Image<T>& c);
template <Real T> void product(const Transposed<T>& a, const ConstImage<T>& b, Matrix<T>& c);

/// c += a b.
template <Real T> void add_product(const ConstImage<T>& a, const Transposed<T>& b, Matrix<T>& c);

} // namespace gradparity
