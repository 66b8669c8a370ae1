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
#include "reading.hpp"
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
    virtual Arrays train(const Message& request, const Images& images) = 0;
    virtual Arrays evaluate(const Images& images) = 0;
    /// Nanoseconds, (samples,). All is as it was afterwards, the parameters too.
    virtual std::vector<double> time(const Message& request, std::uint64_t calls, std::uint64_t samples) = 0;
};

/// A case in its dtype.
template <Real T> class Loaded final : public Case {
  public:
    /// Copies the arrays of the request, which must fit its sizes.
    explicit Loaded(const Message& request)
        : network(gradparity::network<T>(request)), x(shaped<T>(request.arrays, "x", find(request.arrays, "x").shape)),
          t(target<T>(request.arrays, x.rows(), network.classes())) {}

    Arrays inputs() const override {
        const auto target = [](const auto& t) { return named("t", view(t)); };
        Arrays inputs{named("x", view(x, network.x_sizes())), std::visit(target, t)};
        for (const auto& [kind, number, layer] : network.layers) {
            append(inputs, held(*layer, number));
            if (const Mask* mask = layer->mask())
                inputs.push_back(named("mask" + number, view(*mask, layer->x_sizes)));
        }
        return inputs;
    }

    Arrays predict() override { return {named("out", view(network.predict(x)))}; }

    Arrays accuracy() override { return {named("accuracy", view(network.accuracy(x, t)))}; }

    Arrays gradient() override {
        const T loss = network.backpropagate(x, t);
        Arrays gradient{named("loss", view(loss))};
        for (const auto& [kind, number, layer] : network.layers)
            for (const Parameter<T>& p : layer->parameters())
                gradient.push_back(named(std::string("d").append(p.name) + number, slopes(p)));
        return gradient;
    }

    Arrays numerical_gradient(double step) override {
        const auto slopes = central_difference(network, x, t, static_cast<T>(step));
        Arrays gradient;
        for (const auto& [kind, number, layer] : network.layers)
            for (const Parameter<T>& p : layer->parameters())
                gradient.emplace_back(std::string("d").append(p.name) + number,
                                      array(shape(p.sizes), slopes[gradient.size()]));
        return gradient;
    }

    Arrays trace() override { return all(network.trace(x, t)); }

    Arrays params() const override {
        Arrays params;
        for (const auto& [kind, number, layer] : network.layers)
            append(params, held(*layer, number));
        return params;
    }

    Arrays train(const Message& request, const Images& images) override {
        const Rule rule = gradparity::rule(request);
        const auto batches = matrix<std::int32_t>(request.arrays, "batches", 2);
        check(images);
        for (std::int32_t row : batches.reshaped())
            if (row < 0 || static_cast<std::size_t>(row) >= images.labels.size())
                throw Refusal("array batches: expected rows from 0, of " + std::to_string(images.labels.size())
                              + " images, came " + std::to_string(row));
        if (!optimizer || optimizer->rule != rule)
            optimizer.emplace(rule, network);
        const Masks masks = this->masks(request.arrays, batches);
        std::vector<T> loss;
        const auto nanoseconds =
            elapsed([&] { loss = gradparity::train(network, images, batches, *optimizer, masks); }, 1, 1);
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
            return elapsed([&] { network.backpropagate(x, t); }, calls, samples);
        if (operation == "numerical_gradient") {
            const T step = static_cast<T>(number<double>(request, "step"));
            return elapsed([&] { central_difference(network, x, t, step); }, calls, samples);
        }
        if (operation == "train_step")
            return time_train_step(rule(request), calls, samples);
        if (operation == "products")
            return time_products(numbers(request, "affines"), calls, samples);
        throw Unsupported("no operation " + operation + " to time");
    }

  private:
    Network<T> network;
    Matrix<T> x;
    Target<T> t;
    std::optional<Optimizer<T>> optimizer; // of the last train

    /// The masks that came with these batches, for each layer that has one.
    Masks masks(const Arrays& arrays, const Matrix<std::int32_t>& batches) const {
        Masks masks;
        for (const auto& [kind, number, layer] : network.layers)
            if (layer->mask()) {
                Sizes sizes = layer->x_sizes;
                sizes.insert(sizes.begin(), {batches.rows(), batches.cols()});
                masks.push_back(elements<std::uint8_t>(arrays, "mask" + number, shape(sizes)));
            }
        return masks;
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
        for (const Parameter<T>& p : network.parameters)
            before.emplace_back(p.values.begin(), p.values.end());
        Optimizer<T> optimizer(rule, network);
        auto nanoseconds = elapsed([&] { train_step(network, x, t, optimizer); }, calls, samples);
        for (std::size_t i = 0; i < before.size(); ++i)
            std::ranges::copy(before[i], network.parameters[i].values.begin());
        return nanoseconds;
    }

    /// Of the affine and convolution layers of these numbers.
    std::vector<double> time_products(const std::vector<std::size_t>& numbers, std::uint64_t calls,
                                      std::uint64_t samples) {
        const Products all = products(network, x);
        Products wanted;
        for (std::size_t number : numbers) {
            const auto found = std::ranges::find(all, number, &Products::value_type::first);
            if (found == all.end())
                throw Refusal("expected numbers of affine and convolution layers, came " + std::to_string(number));
            wanted.push_back(*found);
        }
        const auto call = [&] {
            for (const auto& [number, products] : wanted)
                products();
        };
        return elapsed(call, calls, samples);
    }
};

} // namespace gradparity
