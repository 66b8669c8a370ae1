// The optimizers: which function a request names, with which numbers and what state.

#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "reading.hpp"

namespace gradparity {

namespace {

const std::vector<std::string> optimizers = {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"};

using State = std::vector<Vector>;

struct Optimizer {
    std::vector<std::string> state; ///< the names of what it keeps of each parameter
    std::function<void(Vector& p, const Vector& dp, State& state, int iteration)> update;
};

/// The optimizer that the request names.
Optimizer optimizer(const Message& request) {
    const std::string& name = field(request, "optimizer");
    if (!contains(optimizers, name))
        throw Unsupported("no optimizer " + name);
    need(name);
    const auto rate = number<double>(request, "learning_rate");
    const auto other = [&](const char* key) { return number<double>(request, key); };
    if (name == "sgd")
        return {{}, [=](auto& p, auto& dp, State&, int) { mine::sgd(p, dp, static_cast<Real>(rate)); }};
    if (name == "adagrad")
        return {{"h"}, [=](auto& p, auto& dp, State& state, int) { mine::adagrad(p, dp, state[0], rate); }};
    if (name == "rmsprop")
        return {{"h"}, [=, decay = other("decay")](auto& p, auto& dp, State& state, int) {
                    mine::rmsprop(p, dp, state[0], rate, decay);
                }};
    if (name == "adam")
        return {{"m", "v"},
                [=, beta1 = other("beta1"), beta2 = other("beta2")](auto& p, auto& dp, State& state, int iteration) {
                    mine::adam(p, dp, state[0], state[1], rate, beta1, beta2, iteration);
                }};
    const auto update = name == "momentum" ? mine::momentum : mine::nesterov;
    return {{"v"}, [=, momentum = other("momentum")](auto& p, auto& dp, State& state, int) {
                update(p, dp, state[0], rate, momentum);
            }};
}

} // namespace

} // namespace gradparity
