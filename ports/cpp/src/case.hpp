// The loaded case: a network in one dtype, its batch, and what may be asked of it whatever the dtype.

#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "network.hpp"
#include "numerical.hpp"
#include "operands.hpp"
#include "optimizers.hpp"
#include "request.hpp"
#include "roofline.hpp"
#include "timing.hpp"
#include "training.hpp"
#include "wire.hpp"

namespace gradparity {

/// A loaded case, whatever its dtype.
class Case {
  public:
    virtual ~Case() = default;
    virtual Arrays inputs() const = 0;
    virtual Arrays predict() = 0;
    virtual Arrays accuracy() = 0;
    virtual Arrays gradient() = 0;
    virtual Arrays numerical_gradient(double step) = 0;
    virtual Arrays trace() = 0;
    virtual Arrays params() const = 0;
    /// Goes on from the parameters as they are, and from the optimizer's state where the rule is the same as before.
    virtual Arrays train(const Rule& rule, const Images& images, const Matrix<std::int32_t>& batches) = 0;
    virtual Arrays evaluate(const Images& images) = 0;
    /// Nanoseconds, (samples,). All is as it was afterwards, the parameters too.
    virtual std::vector<double> time(const Message& request, std::uint64_t calls, std::uint64_t samples) = 0;
};

/// A case in its dtype.
template <Real T> class Loaded final : public Case {
  public:
    /// Copies the arrays of the request, which must fit its sizes.
    explicit Loaded(const Message& request)
        : network(layers(request), field(request, "activation"), static_cast<T>(number<double>(request, "epsilon"))),
          x(matrix<T>(request.arrays, "x", 2)), t(target<T>(request.arrays, x.rows(), network.classes())) {
        if (x.cols() != network.inputs())
            throw Refusal("array x: expected " + std::to_string(network.inputs()) + " columns, came "
                          + std::to_string(x.cols()));
    }

    Arrays inputs() const override {
        const auto target = [](const auto& t) { return named("t", view(t)); };
        Arrays inputs{named("x", view(x)), std::visit(target, t)};
        for (auto& parameter : params())
            inputs.push_back(std::move(parameter));
        return inputs;
    }

    Arrays predict() override { return {named("out", view(network.predict(x)))}; }

    Arrays accuracy() override { return {named("accuracy", view(network.accuracy(x, t)))}; }

    Arrays gradient() override { return all(network.gradient(x, t)); }

    Arrays numerical_gradient(double step) override {
        Arrays gradient = params(); // for their names and shapes
        const auto slopes = central_difference(network, x, t, static_cast<T>(step));
        for (std::size_t i = 0; i < slopes.size(); ++i) {
            gradient[i].first.insert(0, "d");
            gradient[i].second = array(gradient[i].second.shape, slopes[i]);
        }
        return gradient;
    }

    Arrays trace() override { return all(network.trace(x, t)); }

    Arrays params() const override { return all(network.params()); }

    Arrays train(const Rule& rule, const Images& images, const Matrix<std::int32_t>& batches) override {
        check(images);
        for (std::int32_t row : batches.reshaped())
            if (row < 0 || static_cast<std::size_t>(row) >= images.labels.size())
                throw Refusal("array batches: expected rows from 0, of " + std::to_string(images.labels.size())
                              + " images, came " + std::to_string(row));
        if (!optimizer || optimizer->rule != rule)
            optimizer.emplace(rule, network);
        std::vector<T> loss;
        const auto nanoseconds = elapsed([&] { loss = gradparity::train(network, images, batches, *optimizer); }, 1, 1);
        return {named("loss", view(loss)), named("nanoseconds", view(nanoseconds[0]))};
    }

    Arrays evaluate(const Images& images) override {
        check(images);
        const auto [loss, accuracy] = gradparity::evaluate(network, images);
        return {named("loss", view(loss)), named("accuracy", view(accuracy))};
    }

    std::vector<double> time(const Message& request, std::uint64_t calls, std::uint64_t samples) override {
        const std::string& operation = field(request, "operation");
        if (operation == "predict")
            return elapsed([&] { network.predict(x); }, calls, samples);
        if (operation == "gradient")
            return elapsed([&] { network.gradient(x, t); }, calls, samples);
        if (operation == "numerical_gradient") {
            const T step = static_cast<T>(number<double>(request, "step"));
            return elapsed([&] { central_difference(network, x, t, step); }, calls, samples);
        }
        if (operation == "train_step")
            return time_train_step(rule(request), calls, samples);
        if (operation == "products") {
            const auto affines = numbers(request, "affines");
            for (std::size_t i : affines)
                if (i < 1 || i > network.affines.size())
                    throw Refusal("expected affines from 1 to " + std::to_string(network.affines.size()) + ", came "
                                  + std::to_string(i));
            const auto inputs = layer_inputs(network, x, affines);
            return elapsed([&] { products(network, inputs); }, calls, samples);
        }
        throw Unsupported("no operation " + operation + " to time");
    }

  private:
    Network<T> network;
    Matrix<T> x;
    Target<T> t;
    std::optional<Optimizer<T>> optimizer; // of the last train

    static std::vector<Affine<T>> layers(const Message& request) {
        const auto sizes = numbers(request, "sizes");
        if (sizes.size() < 2 || std::ranges::count(sizes, 0u) > 0)
            throw Refusal("expected sizes as inputs,...,classes, came " + field(request, "sizes"));
        std::vector<Affine<T>> layers;
        for (std::size_t i = 1; i < sizes.size(); ++i) {
            const std::string number = std::to_string(i);
            auto W = shaped<T>(request.arrays, "W" + number, {sizes[i - 1], sizes[i]});
            layers.emplace_back(std::move(W), shaped<T>(request.arrays, "b" + number, {sizes[i]}));
        }
        return layers;
    }

    /// Throws where the network cannot take these images, or has too few classes for their labels.
    void check(const Images& images) const {
        if (images.inputs != static_cast<std::size_t>(network.inputs()))
            throw Refusal("expected images of " + std::to_string(network.inputs()) + " pixels, came "
                          + std::to_string(images.inputs));
        for (std::uint8_t label : images.labels)
            if (label >= network.classes())
                throw Refusal("expected labels of images from 0 to " + std::to_string(network.classes() - 1) + ", came "
                              + std::to_string(label));
    }

    std::vector<double> time_train_step(const Rule& rule, std::uint64_t calls, std::uint64_t samples) {
        std::vector<std::vector<T>> before;
        network.each_parameter([&](std::span<T> p, std::span<const T>) { before.emplace_back(p.begin(), p.end()); });
        Optimizer<T> optimizer(rule, network);
        auto nanoseconds = elapsed([&] { train_step(network, x, t, optimizer); }, calls, samples);
        auto kept = before.begin();
        network.each_parameter([&](std::span<T> p, std::span<const T>) { std::ranges::copy(*kept++, p.begin()); });
        return nanoseconds;
    }
};

} // namespace gradparity
