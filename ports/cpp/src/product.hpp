// The matrix product, by Eigen.

#pragma once

#include <Eigen/Core>

#include "real.hpp"

namespace gradparity {

/// Row by row in memory, as the arrays of the book are.
template <typename T> using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
/// What .transpose() gives: a view, nothing is copied.
template <typename T> using Transposed = Eigen::Transpose<const Matrix<T>>;

/// c = a b, where c is neither a nor b.
///
/// Compiled once, in product.cpp: six products take the compiler as long as all the layers.
template <Real T> void product(const Matrix<T>& a, const Matrix<T>& b, Matrix<T>& c);
template <Real T> void product(const Transposed<T>& a, const Matrix<T>& b, Matrix<T>& c);
template <Real T> void product(const Matrix<T>& a, const Transposed<T>& b, Matrix<T>& c);

} // namespace gradparity
