// Batch normalization. Source: section 6.3; S. Ioffe and C. Szegedy (2015).

#pragma once

#include "layer.hpp"

namespace gradparity {

/// gamma (x - mean) / sqrt(var + epsilon) + beta, column by column over the batch.
///
/// In training mean and variance are those of the batch (the variance is the mean of the squares, not n - 1), and the
/// running ones follow, by `move_on`: running <- momentum running + (1 - momentum) of the batch. In the test the
/// running ones are used.
template <Real T> class BatchNorm final : public Layer<T> {
  public:
    Row<T> gamma, beta, dgamma, dbeta;
    Row<T> running_mean, running_var;

    /// All four are (features,).
    BatchNorm(Row<T> gamma, Row<T> beta, Row<T> running_mean, Row<T> running_var, double momentum, double epsilon)
        : Layer<T>({gamma.size()}), gamma(std::move(gamma)), beta(std::move(beta)),
          dgamma(Row<T>::Zero(this->gamma.size())), dbeta(Row<T>::Zero(this->beta.size())),
          running_mean(std::move(running_mean)), running_var(std::move(running_var)), next_mean(this->running_mean),
          next_var(this->running_var), kept(static_cast<T>(momentum)), fresh(static_cast<T>(1 - momentum)),
          epsilon(static_cast<T>(epsilon)) {}

    const Matrix<T>& forward(const Matrix<T>& x) override {
        if (this->training) {
            mean = x.colwise().mean();
            xn = x.rowwise() - mean;
            var = xn.colwise().squaredNorm() / static_cast<T>(x.rows());
            next_mean = kept * running_mean + fresh * mean;
            next_var = kept * running_var + fresh * var;
        } else {
            xn = x.rowwise() - running_mean;
            var = running_var;
        }
        std = (var.array() + epsilon).sqrt();
        xn.array().rowwise() /= std.array();
        this->out = (xn.array().rowwise() * gamma.array()).rowwise() + beta.array();
        return this->out;
    }

    /// In training mean and variance depend on x as well: dx has a term for each.
    const Matrix<T>& backward(const Matrix<T>& x, const Matrix<T>& dout) override {
        backward_parameters(x, dout);
        this->dx = dout;
        if (this->training) {
            const T n = static_cast<T>(dout.rows());
            this->dx.rowwise() -= dbeta / n;
            this->dx.array() -= xn.array().rowwise() * (dgamma / n).array();
        }
        this->dx.array().rowwise() *= gamma.array() / std.array();
        return this->dx;
    }

    void backward_parameters(const Matrix<T>&, const Matrix<T>& dout) override {
        dbeta = dout.colwise().sum();
        dgamma = xn.cwiseProduct(dout).colwise().sum();
    }

    std::vector<Parameter<T>> parameters() override {
        return {{"gamma", {gamma.size()}, elements(gamma), elements(dgamma), false},
                {"beta", {beta.size()}, elements(beta), elements(dbeta), false}};
    }

    Named<T> state() const override {
        return {{"running_mean", view(running_mean)}, {"running_var", view(running_var)}};
    }
    Named<T> next_state() const override {
        return {{"running_mean", view(next_mean)}, {"running_var", view(next_var)}};
    }
    void move_on() override {
        running_mean = next_mean;
        running_var = next_var;
    }

  private:
    Row<T> mean, var, std, next_mean, next_var;
    Matrix<T> xn; // x, normalized
    T kept, fresh, epsilon;
};

extern template class BatchNorm<float>;
extern template class BatchNorm<double>;

} // namespace gradparity
