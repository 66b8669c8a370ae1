// The loaded network, whichever of the two: of affine layers with one activation, or of any layers.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "layer.hpp"
#include "optimizer.hpp"
#include "reading.hpp"

namespace gradparity {

namespace {

/// x as the network takes it: rows in that of affine layers, or else images or rows.
struct Batch {
    Matrix rows;
    Tensor x;
    Labels t;
};

/// An array of a network, by its name on the wire.
struct Held {
    std::string name;
    Shape shape;
    Vector* data;
    bool learnt;
};

/// The loss, and the gradients of the parameters in their order.
struct Gradient {
    Real loss;
    std::vector<Tensor> of;
};

/// Of a dropout layer, the masks of all steps of training.
struct Masks {
    std::size_t layer;
    Shape shape;
    std::vector<std::uint8_t> data;
};

class Model {
  public:
    bool any = false; ///< of any layers

    Model() = default;

    /// Throws Unsupported where the user's code has no such network.
    explicit Model(const Message& request) : any(has_field(request, "layers")) {
        epsilon = real(request, "epsilon");
        if (any)
            read_layers(request);
        else
            read_affines(request);
        if (!(any ? mine::supports_layers(layers) : mine::supports(net)))
            throw Unsupported("no such network: " + of("supports") + " in my_network.hpp says so");
    }

    bool empty() const { return net.W.empty() && layers.empty(); }

    /// The name of the function for this kind of networks.
    std::string of(const std::string& name) const { return any ? name + "_layers" : name; }

    Batch batch(Tensor x, Labels t) const {
        if (any)
            return {{}, std::move(x), std::move(t)};
        return {gradparity::as_rows(std::move(x)), {}, std::move(t)};
    }

    /// All arrays that `params` gives, in order.
    std::vector<Held> held() {
        std::vector<Held> held;
        for (std::size_t l = 0; l < net.W.size(); ++l) {
            const std::string number = std::to_string(l + 1);
            held.push_back({"W" + number, {net.W[l].rows, net.W[l].columns}, &net.W[l].data, true});
            held.push_back({"b" + number, {net.b[l].size()}, &net.b[l], true});
        }
        for (std::size_t l = 0; l < layers.size(); ++l) {
            Layer& layer = layers[l];
            const auto add = [&](const char* name, Tensor& a, bool learnt) {
                held.push_back({name + numbers[l], a.shape, &a.data, learnt});
            };
            if (layer.kind == "affine" || layer.kind == "convolution")
                add("W", layer.W, true), add("b", layer.b, true);
            if (layer.kind == "batch_norm") {
                add("gamma", layer.gamma, true), add("beta", layer.beta, true);
                add("running_mean", layer.running_mean, false), add("running_var", layer.running_var, false);
            }
        }
        return held;
    }

    /// Those of them that are learnt.
    std::vector<Held> learnt() {
        std::vector<Held> learnt;
        for (Held& one : held())
            if (one.learnt)
                learnt.push_back(std::move(one));
        return learnt;
    }

    Matrix predict(const Batch& batch) const {
        return any ? mine::predict_layers(layers, batch.x) : mine::predict(net, batch.rows);
    }

    double accuracy(const Batch& batch) const {
        return any ? mine::accuracy_layers(layers, batch.x, batch.t) : mine::accuracy(net, batch.rows, batch.t);
    }

    /// In a network of any layers, this may move the running statistics on.
    Gradient gradient(const Batch& batch) {
        if (any) {
            auto [loss, gradients] = mine::gradient_layers(layers, batch.x, batch.t, weight_decay, epsilon);
            return {loss, std::move(gradients)};
        }
        auto [loss, dW, db] = mine::gradient(net, batch.rows, batch.t);
        return {loss, in_order(std::move(dW), std::move(db))};
    }

    std::vector<Tensor> numerical_gradient(const Batch& batch, Real step) const {
        auto [dW, db] = mine::numerical_gradient(net, batch.rows, batch.t, step);
        return in_order(std::move(dW), std::move(db));
    }

    /// The gradients as they travel.
    Arrays named_gradients(const std::vector<Tensor>& gradients) {
        const auto learnt = this->learnt();
        check(learnt, gradients);
        Arrays arrays;
        for (std::size_t i = 0; i < learnt.size(); ++i)
            arrays.push_back(gradparity::named("d" + learnt[i].name, gradients[i]));
        return arrays;
    }

    /// A gradient, and the update of every parameter; the loss. The state is made where it is none yet.
    Real step(const Batch& batch, const Optimizer& optimizer, std::vector<State>& states, int iteration) {
        const Gradient gradient = this->gradient(batch);
        const auto learnt = this->learnt();
        check(learnt, gradient.of);
        for (std::size_t i = 0; i < learnt.size(); ++i) {
            Vector& p = *learnt[i].data;
            if (states.size() == i)
                states.emplace_back(optimizer.state.size(), Vector(p.size()));
            if (gradient.of[i].data.size() != p.size())
                throw Refusal("expected d" + learnt[i].name + " to have " + std::to_string(p.size())
                              + " elements, came " + std::to_string(gradient.of[i].data.size()));
            optimizer.update(p, gradient.of[i].data, states[i], iteration);
        }
        return gradient.loss;
    }

    /// The loss in the test phase, of logits.
    Real loss(const Batch& batch, const Matrix& logits) {
        if (!any)
            return gradient(batch).loss;
        need(layers.back().kind);
        if (layers.back().kind == "squared_error")
            return std::get<0>(mine::squared_error(logits, batch.t));
        return std::get<0>(mine::softmax_with_loss(logits, batch.t, epsilon));
    }

    /// The masks that came with a request for training.
    std::vector<Masks> masks(const Arrays& arrays, std::size_t steps) const {
        std::vector<Masks> masks;
        for (std::size_t l = 0; l < layers.size(); ++l) {
            if (layers[l].kind != "dropout")
                continue;
            const std::string name = "mask" + numbers[l];
            const Shape& shape = find(arrays, name).shape;
            if (shape.empty() || shape[0] != steps)
                throw Refusal("expected a mask for each step, came " + name + " of shape " + tuple(shape));
            masks.push_back({l, {shape.begin() + 1, shape.end()}, elements<std::uint8_t>(arrays, name, shape)});
        }
        return masks;
    }

    /// Gives each dropout layer its mask of this step.
    void hold(const std::vector<Masks>& masks, std::size_t step) {
        for (const Masks& of_layer : masks) {
            Tensor mask{of_layer.shape};
            const auto begin = of_layer.data.begin() + static_cast<std::ptrdiff_t>(step * mask.data.size());
            std::copy_n(begin, mask.data.size(), mask.data.begin());
            layers[of_layer.layer].mask = std::move(mask);
        }
    }

  private:
    Network net;
    std::vector<Layer> layers;
    std::vector<std::string> numbers; ///< of each layer, as the wire counts them
    Real weight_decay = 0, epsilon = 0;

    void read_affines(const Message& request) {
        const Arrays& arrays = request.arrays;
        const auto sizes = gradparity::numbers(request, "sizes");
        net.activation = field(request, "activation");
        net.relu = net.activation == "relu";
        net.epsilon = epsilon;
        for (std::size_t l = 1; l < sizes.size(); ++l) {
            net.W.push_back(matrix(arrays, "W" + std::to_string(l), sizes[l - 1], sizes[l]));
            net.b.push_back(vector(arrays, "b" + std::to_string(l), sizes[l]));
        }
    }

    void read_layers(const Message& request) {
        if (!has("predict_layers") || !has("gradient_layers"))
            throw Unsupported("no networks of any layers: fill in predict_layers and gradient_layers in "
                              "my_network.hpp, and add both to `written` there");
        const Arrays& arrays = request.arrays;
        weight_decay = real(request, "weight_decay");
        std::size_t number = 0;
        for (std::string_view name : split(field(request, "layers"), ',')) {
            Layer layer;
            const std::string& kind = layer.kind = std::string(name);
            if (!contains(kinds, kind))
                throw Unsupported("no layer " + kind);
            number += contains({"affine", "convolution", "batch_norm"}, kind);
            numbers.push_back(std::to_string(number));
            const auto held = [&](const char* array) { return tensor(arrays, array + numbers.back()); };
            const auto key = [&](const char* of) { return kind + numbers.back() + "." + of; };
            const auto size = [&](const char* of) { return gradparity::number<std::size_t>(request, key(of)); };
            const auto real = [&](const char* of) { return gradparity::number<double>(request, key(of)); };
            if (kind == "affine" || kind == "convolution")
                layer.W = held("W"), layer.b = held("b");
            if (kind == "convolution" || kind == "max_pooling")
                layer.stride = size("stride"), layer.pad = size("pad");
            if (kind == "max_pooling")
                layer.height = size("height"), layer.width = size("width");
            if (kind == "batch_norm") {
                layer.gamma = held("gamma"), layer.beta = held("beta");
                layer.running_mean = held("running_mean"), layer.running_var = held("running_var");
                layer.momentum = real("momentum"), layer.epsilon = real("epsilon");
            }
            if (kind == "dropout")
                layer.mask = mask(arrays, "mask" + numbers.back()), layer.ratio = real("ratio");
            layers.push_back(std::move(layer));
        }
    }

    static std::vector<Tensor> in_order(std::vector<Matrix> dW, std::vector<Vector> db) {
        if (db.size() != dW.size())
            throw Refusal("expected as many db as dW, came " + std::to_string(db.size()) + " and "
                          + std::to_string(dW.size()));
        std::vector<Tensor> gradients;
        for (std::size_t l = 0; l < dW.size(); ++l) {
            gradients.push_back({{dW[l].rows, dW[l].columns}, std::move(dW[l].data)});
            gradients.push_back({{db[l].size()}, std::move(db[l])});
        }
        return gradients;
    }

    static void check(const std::vector<Held>& learnt, const std::vector<Tensor>& gradients) {
        std::vector<std::string> names;
        for (const Held& one : learnt)
            names.push_back("d" + one.name);
        if (gradients.size() != names.size())
            throw Refusal("expected the gradients " + joined(names, ", ") + ", came " + std::to_string(gradients.size())
                          + " of them");
    }
};

} // namespace

} // namespace gradparity
