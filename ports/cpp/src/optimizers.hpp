// Optimizers: each updates the parameters in place, given their gradient, and keeps what it needs from step to step.
//
// Source: "Deep Learning from Scratch", section 6.1; there, as here, the 1e-7 that keeps a division from 0 stands
// outside the square root.

#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "real.hpp"

namespace gradparity {

template <Real T> class Network;

constexpr double tiny = 1e-7;

/// The arrays that an optimizer keeps of one parameter, each of the parameter's size, zero at first.
template <Real T> using State = std::vector<std::vector<T>>;

template <std::size_t N> using StateNames = std::array<std::string_view, N>;

// Each has its numbers, which are rounded to the dtype of the parameters before use, the names of its state, and the
// update of one parameter, and its state, in place. The iteration counts from 1.

/// Stochastic gradient descent: p <- p - learning_rate dp.
struct SGD {
    double learning_rate;

    static constexpr StateNames<0> state_names{};
    bool operator==(const SGD&) const = default;

    template <Real T> void update_one(std::uint64_t, std::span<T> p, std::span<const T> dp, State<T>&) const {
        const T rate = static_cast<T>(learning_rate);
        for (std::size_t i = 0; i < p.size(); ++i)
            p[i] -= rate * dp[i];
    }
};

/// v <- momentum v - learning_rate dp; p <- p + v. Source: B. Polyak (1964).
struct Momentum {
    double learning_rate, momentum;

    static constexpr StateNames<1> state_names{"v"};
    bool operator==(const Momentum&) const = default;

    template <Real T> void update_one(std::uint64_t, std::span<T> p, std::span<const T> dp, State<T>& state) const {
        const std::span<T> v = state.at(0);
        const T rate = static_cast<T>(learning_rate), keep = static_cast<T>(momentum);
        for (std::size_t i = 0; i < p.size(); ++i) {
            v[i] = keep * v[i] - rate * dp[i];
            p[i] += v[i];
        }
    }
};

/// v <- momentum v - learning_rate dp; p <- p + momentum v - learning_rate dp, where p is the point looked ahead to.
///
/// Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu, "Advances in optimizing recurrent networks" (2012), 3.5.
struct Nesterov {
    double learning_rate, momentum;

    static constexpr StateNames<1> state_names{"v"};
    bool operator==(const Nesterov&) const = default;

    template <Real T> void update_one(std::uint64_t, std::span<T> p, std::span<const T> dp, State<T>& state) const {
        const std::span<T> v = state.at(0);
        const T rate = static_cast<T>(learning_rate), keep = static_cast<T>(momentum);
        for (std::size_t i = 0; i < p.size(); ++i) {
            v[i] = keep * v[i] - rate * dp[i];
            p[i] += keep * v[i] - rate * dp[i];
        }
    }
};

/// h <- h + dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7). Source: J. Duchi et al. (2011).
struct AdaGrad {
    double learning_rate;

    static constexpr StateNames<1> state_names{"h"};
    bool operator==(const AdaGrad&) const = default;

    template <Real T> void update_one(std::uint64_t, std::span<T> p, std::span<const T> dp, State<T>& state) const {
        const std::span<T> h = state.at(0);
        const T rate = static_cast<T>(learning_rate);
        for (std::size_t i = 0; i < p.size(); ++i) {
            h[i] += dp[i] * dp[i];
            p[i] -= rate * dp[i] / (std::sqrt(h[i]) + static_cast<T>(tiny));
        }
    }
};

/// h <- decay h + (1 - decay) dp dp; p <- p - learning_rate dp / (sqrt(h) + 1e-7).
///
/// Source: T. Tieleman, G. Hinton, Coursera lecture 6.5 (2012).
struct RMSProp {
    double learning_rate, decay;

    static constexpr StateNames<1> state_names{"h"};
    bool operator==(const RMSProp&) const = default;

    template <Real T> void update_one(std::uint64_t, std::span<T> p, std::span<const T> dp, State<T>& state) const {
        const std::span<T> h = state.at(0);
        const T rate = static_cast<T>(learning_rate), keep = static_cast<T>(decay), rest = static_cast<T>(1 - decay);
        for (std::size_t i = 0; i < p.size(); ++i) {
            h[i] = keep * h[i] + rest * dp[i] * dp[i];
            p[i] -= rate * dp[i] / (std::sqrt(h[i]) + static_cast<T>(tiny));
        }
    }
};

/// m, v: means of dp and dp dp; p <- p - rate m / (sqrt(v) + 1e-7), where rate undoes that both began at 0.
///
/// Source: D. Kingma, J. Ba, "Adam" (2015), in the order of the end of section 2.
struct Adam {
    double learning_rate, beta1, beta2;

    static constexpr StateNames<2> state_names{"m", "v"};
    bool operator==(const Adam&) const = default;

    template <Real T>
    void update_one(std::uint64_t iteration, std::span<T> p, std::span<const T> dp, State<T>& state) const {
        const std::span<T> m = state.at(0), v = state.at(1);
        const double i = static_cast<double>(iteration);
        const T rate = static_cast<T>(learning_rate * std::sqrt(1 - std::pow(beta2, i)) / (1 - std::pow(beta1, i)));
        const T rest1 = static_cast<T>(1 - beta1), rest2 = static_cast<T>(1 - beta2);
        for (std::size_t j = 0; j < p.size(); ++j) {
            m[j] += rest1 * (dp[j] - m[j]);
            v[j] += rest2 * (dp[j] * dp[j] - v[j]);
            p[j] -= rate * m[j] / (std::sqrt(v[j]) + static_cast<T>(tiny));
        }
    }
};

/// What an update does, and its numbers.
using Rule = std::variant<SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam>;

/// The names of the arrays that it keeps of each parameter.
std::span<const std::string_view> state_names(const Rule& rule);

/// Updates one parameter, and its state, in place. Throws std::out_of_range where the state has too few arrays.
template <Real T>
void update_one(const Rule& rule, std::uint64_t iteration, std::span<T> p, std::span<const T> dp, State<T>& state);

/// A rule at work on a network: it has the state of each parameter, and counts the updates.
template <Real T> class Optimizer {
  public:
    Rule rule;

    /// Fit for this network and others of its sizes.
    Optimizer(const Rule& rule, Network<T>& network) : rule(rule) {
        for (const auto& p : network.parameters)
            states.emplace_back(state_names(rule).size(), std::vector<T>(p.values.size()));
    }

    /// Updates every parameter in place, by the gradient that the network computed last.
    void update(Network<T>& network) {
        ++iteration;
        auto state = states.begin();
        for (const auto& p : network.parameters)
            update_one<T>(rule, iteration, p.values, p.slopes, *state++);
    }

  private:
    std::uint64_t iteration = 0;
    std::vector<State<T>> states; // of each parameter
};

} // namespace gradparity
