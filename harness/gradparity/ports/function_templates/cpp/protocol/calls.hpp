// The protocol's operations: each answers a request by calls of functions.hpp, which serve.cpp includes.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream> // you may want to print
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "request.hpp"
#include "timing.hpp"
#include "wire.hpp"

namespace gradparity {

namespace {

using mine::NDArray, mine::Real;
static_assert(std::is_same_v<Real, double> || std::is_same_v<Real, float>, "Real in functions.hpp: double or float");
using Other = std::conditional_t<std::is_same_v<Real, double>, float, double>;

// What travels: an NDArray, or a number.

template <typename T> struct Argument {
    using Element = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;

    static T from(const Arrays& arrays, const std::string& name) {
        return static_cast<T>(elements<Element>(arrays, name, {})[0]);
    }
    static Array to_array(const std::string&, T value) {
        const auto element = static_cast<Element>(value);
        return array(Shape{}, &element, 1);
    }
};

template <typename T> struct Argument<NDArray<T>> {
    static NDArray<T> from(const Arrays& arrays, const std::string& name) {
        const Shape& shape = find(arrays, name).shape;
        return {shape, elements<T>(arrays, name, shape)};
    }
    static Array to_array(const std::string& name, const NDArray<T>& value) {
        const std::size_t size = NDArray<T>{value.shape}.data.size();
        if (value.data.size() != size)
            throw Refusal(name + ": expected " + std::to_string(size) + " elements, as its shape is "
                          + tuple(value.shape) + ", came " + std::to_string(value.data.size()));
        return array(value.shape, value.data);
    }
};

template <typename T> std::pair<std::string, Array> named(const std::string& name, const T& value) {
    return {name, Argument<T>::to_array(name, value)};
}

/// A function with its arguments.
struct Call {
    virtual ~Call() = default;
    virtual void operator()() = 0;
    /// What the last call returned.
    virtual Arrays results() const = 0;
    /// The arguments as they are now.
    virtual Arrays inputs() const = 0;
};

template <typename Result, typename Packed, typename... Arguments> class CallOf : public Call {
  public:
    CallOf(Result (*function)(Arguments...), Packed packed, const Arrays& arrays)
        : CallOf(function, packed, arrays, std::index_sequence_for<Arguments...>()) {}

    void operator()() override { result = std::apply(function, arguments); }
    Arrays results() const override { return packed(result); }
    Arrays inputs() const override { return inputs(std::index_sequence_for<Arguments...>()); }

  private:
    template <std::size_t... i>
    CallOf(Result (*function)(Arguments...), Packed packed, const Arrays& arrays, std::index_sequence<i...>)
        : function(function), packed(packed), names{arrays[i].first...},
          arguments{Argument<std::decay_t<Arguments>>::from(arrays, names[i])...} {}

    template <std::size_t... i> Arrays inputs(std::index_sequence<i...>) const {
        return {named(names[i], std::get<i>(arguments))...};
    }

    Result (*function)(Arguments...);
    Packed packed;
    std::vector<std::string> names;
    std::tuple<std::decay_t<Arguments>...> arguments;
    Result result{};
};

/// A function by name, and how it is called with arrays.
struct Function {
    std::string name;
    std::function<std::unique_ptr<Call>(const Arrays&)> bound;
};

template <typename Result, typename Packed, typename... Arguments>
Function function(const std::string& name, Result (*function)(Arguments...), Packed packed) {
    const auto bound = [=](const Arrays& arrays) -> std::unique_ptr<Call> {
        if (arrays.size() != sizeof...(Arguments))
            throw Refusal(name + ": expected " + std::to_string(sizeof...(Arguments)) + " arrays, came "
                          + std::to_string(arrays.size()));
        return std::make_unique<CallOf<Result, Packed, Arguments...>>(function, packed, arrays);
    };
    return {name, bound};
}

// The operations.

class Port {
  public:
    explicit Port(const std::vector<Function>& functions) : functions(functions) {}

    Message answer(const Message& request) {
        const std::string& word = request.word;
        if (word == "hello")
            return hello();
        if (word == "call") {
            last = bound(request);
            (*last)();
            return ok(last->results());
        }
        if (word == "inputs")
            return ok(last ? last->inputs() : Arrays());
        if (word == "null")
            return ok();
        if (word == "time")
            return time(request);
        throw Unsupported("no operation " + word);
    }

  private:
    const std::vector<Function>& functions;
    std::unique_ptr<Call> last;

    static Message ok(Arrays arrays = {}) { return {"ok", {}, std::move(arrays)}; }

    Message hello() const {
        std::string names;
        for (const Function& function : functions)
            names += (names.empty() ? "" : ",") + function.name;
        const Fields fields{
            {"name", "PORT_NAME"},
            {"language", "C++"},
            {"version", "C++" + std::to_string(__cplusplus / 100 % 100)},
            {"blas", "none"},
            {"threads", "1"},
            {"dtypes", std::string(dtype<Real>.name)},
            {"layers", ""},
            {"operations", "hello,call,inputs,null,time"},
            {"optimizers", ""},
            {"epsilon", "any"},
            {"functions", names},
        };
        return {"ok", fields, {}};
    }

    /// The call that is asked for.
    std::unique_ptr<Call> bound(const Message& request) const {
        const std::string& name = field(request, "function");
        for (const auto& [_, array] : request.arrays)
            if (array.dtype == dtype<Other>)
                throw Unsupported("no " + std::string(array.dtype.name));
        for (const Function& function : functions)
            if (function.name == name)
                return function.bound(request.arrays);
        throw Unsupported("no function " + name + " in functions.hpp");
    }

    Message time(const Message& request) const {
        const std::string& operation = field(request, "operation");
        if (operation != "call" && operation != "null")
            throw Unsupported("no operation " + operation + " to time");
        const auto calls = number<std::uint64_t>(request, "calls"), samples = number<std::uint64_t>(request, "samples");
        const auto call = operation == "call" ? bound(request) : nullptr;
        const auto nanoseconds = call ? elapsed([&] { (*call)(); }, calls, samples) : elapsed([] {}, calls, samples);
        return ok({{"nanoseconds", array({nanoseconds.size()}, nanoseconds)}});
    }
};

} // namespace

} // namespace gradparity
