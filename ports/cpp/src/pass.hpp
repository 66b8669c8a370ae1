// A layer by itself: a fresh one of the kind that a request names, with the request's arrays.

#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "layers.hpp"
#include "operands.hpp"
#include "reading.hpp"
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

    View<T> like_x(const Matrix<T>& matrix) const { return {view(matrix).values, sizes(shape)}; }
};

/// Any layer of a network.
template <Real T> class LayerPass final : public Pass {
  public:
    LayerPass(const Message& request, const std::string& kind)
        : shape(find(request.arrays, "x").shape), layer(LayerReader<T>(request, kind, shape).layer()),
          x(shaped<T>(request.arrays, "x", shape)),
          dout(shaped<T>(request.arrays, "dout", gradparity::shape(batch_of(layer->out_sizes)))) {
        layer->training = is_training(request);
    }

    void run() override {
        layer->forward(x);
        layer->backward(x, dout);
    }

    Arrays results() const override {
        Arrays results{like("out", layer->out, layer->out_sizes)};
        if (layer->training)
            append(results, all(layer->next_state()));
        results.push_back(like("dx", layer->dx, layer->x_sizes));
        for (const Parameter<T>& p : layer->parameters())
            results.push_back(named(std::string("d").append(p.name), slopes(p)));
        return results;
    }

    Arrays inputs() const override {
        Arrays inputs{like("x", x, layer->x_sizes)};
        append(inputs, held(*layer));
        if (const Mask* mask = layer->mask())
            inputs.push_back(like("mask", *mask, layer->x_sizes));
        inputs.push_back(like("dout", dout, layer->out_sizes));
        return inputs;
    }

  private:
    Shape shape; // of x
    std::unique_ptr<Layer<T>> layer;
    Matrix<T> x, dout;

    /// The sizes of a batch of these, of as many as x has.
    Sizes batch_of(Sizes sizes) const {
        if (shape.size() > 1)
            sizes.insert(sizes.begin(), static_cast<Index>(shape[0]));
        return sizes;
    }

    template <typename U>
    std::pair<std::string, Array> like(const std::string& name, const Matrix<U>& matrix, const Sizes& sizes) const {
        return named(name, View<U>{view(matrix).values, batch_of(sizes)});
    }

    static bool is_training(const Message& request) {
        for (const auto& [key, phase] : request.fields)
            if (key == "phase" && phase != "train" && phase != "test")
                throw Refusal("expected the phase train or test, came " + phase);
            else if (key == "phase")
                return phase == "train";
        return true;
    }
};

template <Real T> class LossPass final : public Pass {
  public:
    LossPass(const Message& request, const std::string& kind)
        : x(matrix<T>(request.arrays, "x", 2)), t(target<T>(request.arrays, x.rows(), x.cols())),
          layer(loss<T>(request, kind)) {
        if (x.cols() == 0)
            throw Refusal("array x: expected a class or more, came " + describe(find(request.arrays, "x")));
    }

    void run() override {
        layer->forward(x, t);
        layer->backward();
    }

    Arrays results() const override {
        Arrays results{named("loss", view(layer->loss))};
        append(results, all(layer->found()));
        results.push_back(named("dx", view(layer->dx)));
        return results;
    }
    Arrays inputs() const override {
        return {named("x", view(x)), std::visit([](const auto& t) { return named("t", view(t)); }, t)};
    }

  private:
    Matrix<T> x;
    Target<T> t;
    std::unique_ptr<Loss<T>> layer;
};

/// The pass of one dtype that the request asks for.
template <Real T> std::unique_ptr<Pass> layer_pass(const Message& request) {
    const std::string& kind = field(request, "kind");
    if (kind == "multiply")
        return std::make_unique<BinaryPass<T, Multiply<T>>>(request.arrays);
    if (kind == "add")
        return std::make_unique<BinaryPass<T, Add<T>>>(request.arrays);
    if (is_loss(kind))
        return std::make_unique<LossPass<T>>(request, kind);
    if (!is_activation(kind) && kind != "dropout" && find(request.arrays, "x").shape.size() < 2)
        find(request.arrays, "x", dtype<T>, 2); // which throws
    return std::make_unique<LayerPass<T>>(request, kind);
}

} // namespace gradparity
