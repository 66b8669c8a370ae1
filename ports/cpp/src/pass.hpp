// A layer by itself: a fresh one of the kind that a request names, with the request's arrays.

#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <variant>

#include "layers.hpp"
#include "network.hpp"
#include "operands.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace gradparity {

/// A layer made beforehand: what there is to run, and then to tell.
class Pass {
  public:
    virtual ~Pass() = default;
    /// Forward, then backward.
    virtual void run() = 0;
    virtual Arrays results() const = 0;
    /// The arrays of the request, as `run` left them.
    virtual Arrays inputs() const = 0;
};

/// Multiply or Add.
template <Real T, typename Layer> class BinaryPass final : public Pass {
  public:
    explicit BinaryPass(const Arrays& arrays)
        : shape(find(arrays, "x").shape), x(shaped<T>(arrays, "x", shape)), y(shaped<T>(arrays, "y", shape)),
          dout(shaped<T>(arrays, "dout", shape)) {}

    void run() override {
        layer.forward(x, y);
        if constexpr (std::same_as<Layer, Add<T>>)
            layer.backward(dout);
        else
            layer.backward(x, y, dout);
    }

    Arrays results() const override {
        return all<T>({{"out", like_x(layer.out)}, {"dx", like_x(layer.dx)}, {"dy", like_x(layer.dy)}});
    }
    Arrays inputs() const override { return all<T>({{"x", like_x(x)}, {"y", like_x(y)}, {"dout", like_x(dout)}}); }

  private:
    Shape shape;
    Matrix<T> x, y, dout;
    Layer layer;

    View<T> like_x(const Matrix<T>& matrix) const { return view(matrix, static_cast<int>(shape.size())); }
};

template <Real T> class ActivationPass final : public Pass {
  public:
    ActivationPass(const std::string& kind, const Arrays& arrays)
        : shape(find(arrays, "x").shape), x(shaped<T>(arrays, "x", shape)), dout(shaped<T>(arrays, "dout", shape)),
          layer(activation<T>(kind)) {}

    void run() override {
        layer->forward(x);
        layer->backward(dout);
    }

    Arrays results() const override { return all<T>({{"out", like_x(layer->out)}, {"dx", like_x(layer->dx)}}); }
    Arrays inputs() const override { return all<T>({{"x", like_x(x)}, {"dout", like_x(dout)}}); }

  private:
    Shape shape;
    Matrix<T> x, dout;
    std::unique_ptr<Activation<T>> layer;

    View<T> like_x(const Matrix<T>& matrix) const { return view(matrix, static_cast<int>(shape.size())); }
};

template <Real T> class AffinePass final : public Pass {
  public:
    explicit AffinePass(const Arrays& arrays)
        : x(matrix<T>(arrays, "x", 2)), layer(parameters(arrays)),
          dout(shaped<T>(arrays, "dout", size(x.rows(), layer.b.size()))) {}

    void run() override {
        layer.forward(x);
        layer.backward(x, dout);
    }

    Arrays results() const override {
        return all<T>(
            {{"out", view(layer.out)}, {"dx", view(layer.dx)}, {"dW", view(layer.dW)}, {"db", view(layer.db)}});
    }
    Arrays inputs() const override {
        return all<T>({{"x", view(x)}, {"W", view(layer.W)}, {"b", view(layer.b)}, {"dout", view(dout)}});
    }

  private:
    Matrix<T> x;
    Affine<T> layer;
    Matrix<T> dout;

    static Shape size(Index rows, Index columns) {
        return {static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)};
    }

    Affine<T> parameters(const Arrays& arrays) const {
        const Matrix<T> b = matrix<T>(arrays, "b", 1);
        return {shaped<T>(arrays, "W", size(x.cols(), b.size())), b};
    }
};

template <Real T> class SoftmaxWithLossPass final : public Pass {
  public:
    SoftmaxWithLossPass(T epsilon, const Arrays& arrays)
        : x(matrix<T>(arrays, "x", 2)), t(target<T>(arrays, x.rows(), x.cols())), layer(epsilon) {
        if (x.cols() == 0)
            throw Refusal("array x: expected a class or more, came " + describe(find(arrays, "x")));
    }

    void run() override {
        layer.forward(x, t);
        layer.backward();
    }

    Arrays results() const override {
        return all<T>({{"loss", view(layer.loss)}, {"y", view(layer.y)}, {"dx", view(layer.dx)}});
    }
    Arrays inputs() const override {
        return {named("x", view(x)), std::visit([](const auto& t) { return named("t", view(t)); }, t)};
    }

  private:
    Matrix<T> x;
    Target<T> t;
    SoftmaxWithLoss<T> layer;
};

/// The pass of one dtype that the request asks for.
template <Real T> std::unique_ptr<Pass> layer_pass(const Message& request) {
    const std::string& kind = field(request, "kind");
    if (kind == "multiply")
        return std::make_unique<BinaryPass<T, Multiply<T>>>(request.arrays);
    if (kind == "add")
        return std::make_unique<BinaryPass<T, Add<T>>>(request.arrays);
    if (kind == "relu" || kind == "sigmoid" || kind == "tanh")
        return std::make_unique<ActivationPass<T>>(kind, request.arrays);
    if (kind == "affine")
        return std::make_unique<AffinePass<T>>(request.arrays);
    if (kind == "softmax_with_loss")
        return std::make_unique<SoftmaxWithLossPass<T>>(static_cast<T>(number<double>(request, "epsilon")),
                                                        request.arrays);
    throw Refusal("expected a layer of kind multiply, add, relu, sigmoid, tanh, affine or softmax_with_loss, came "
                  + kind);
}

} // namespace gradparity
