#include "operations.hpp"

#include <cstdint>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include "case.hpp"
#include "operands.hpp"
#include "optimizers.hpp"
#include "pass.hpp"
#include "reading.hpp"
#include "request.hpp"
#include "timing.hpp"

namespace gradparity {

namespace {

Message ok(Arrays arrays = {}) { return {"ok", {}, std::move(arrays)}; }

/// Whether the request is of float32, which this array of it tells.
bool is_single(const Message& request, const std::string& name) {
    return find(request.arrays, name).dtype == dtype<float>;
}

std::unique_ptr<Pass> layer_pass(const Message& request) {
    return is_single(request, "x") ? layer_pass<float>(request) : layer_pass<double>(request);
}

/// p and the optimizer's state after one update.
template <Real T> Arrays updated(const Message& request) {
    const Rule rule = gradparity::rule(request);
    const auto iteration = number<std::uint64_t>(request, "iteration");
    if (iteration == 0)
        throw Refusal("expected an iteration from 1, came 0");
    const Shape& shape = find(request.arrays, "p").shape;
    // Row by row, whatever the order in which it came.
    const auto elements = [&](std::string_view name) {
        return gradparity::elements<T>(request.arrays, std::string(name), shape);
    };
    std::vector<T> p = elements("p");
    const std::vector<T> dp = elements("dp");
    State<T> state;
    for (std::string_view name : state_names(rule))
        state.push_back(elements(name));
    update_one<T>(rule, iteration, p, dp, state);
    Arrays after{{"p", array(shape, p)}};
    for (std::size_t i = 0; i < state.size(); ++i)
        after.emplace_back(state_names(rule)[i], array(shape, state[i]));
    return after;
}

/// The compiler, as the version of a language that has no runtime.
std::string compiler() {
#ifdef __clang__
    return __VERSION__;
#else
    return std::string("GCC ") + __VERSION__;
#endif
}

/// The library that multiplies, with its version and the widest instructions that it was compiled for.
std::string library() {
    const std::string instructions = Eigen::SimdInstructionSetsInUse(); // such as "AVX SSE, SSE2, ..."
    return "Eigen " + std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "."
           + std::to_string(EIGEN_MINOR_VERSION) + " " + instructions.substr(0, instructions.find_first_of(", "));
}

} // namespace

/// Every operation by its name, in the order in which hello lists them.
const std::array<std::pair<std::string_view, Port::Handler>, 16> Port::handlers{{
    {"hello", &Port::hello},
    {"load", &Port::load},
    {"layer", &Port::layer},
    {"inputs", &Port::inputs},
    {"predict", &Port::predict},
    {"accuracy", &Port::accuracy},
    {"gradient", &Port::gradient},
    {"numerical_gradient", &Port::numerical_gradient},
    {"trace", &Port::trace},
    {"null", &Port::null},
    {"time", &Port::time},
    {"data", &Port::data},
    {"train", &Port::train},
    {"params", &Port::params},
    {"evaluate", &Port::evaluate},
    {"update", &Port::update},
}};

Port::Port() = default;
Port::~Port() = default;

Message Port::answer(const Message& request) {
    for (const auto& [name, handler] : handlers)
        if (name == request.word)
            return (this->*handler)(request);
    throw Unsupported("no operation " + request.word);
}

Message Port::hello(const Message&) {
    std::string operations;
    for (const auto& [name, handler] : handlers)
        operations += (operations.empty() ? "" : ",") + std::string(name);
    const Fields fields{
        {"name", "cpp"},
        {"language", "C++"},
        {"version", compiler()},
        {"blas", library()},
        {"threads", "1"},
        {"dtypes", "float32,float64"},
        {"layers", std::string(layer_kinds)},
        {"operations", operations},
        {"optimizers", std::string(optimizers)},
        {"epsilon", "any"},
        {"networks", "any"},
    };
    return {"ok", fields, {}};
}

Message Port::load(const Message& request) {
    loaded.reset(); // a load that fails leaves nothing of the one before
    last_layer.reset();
    const std::string& dtype = field(request, "dtype");
    if (dtype == "float32")
        loaded = std::make_unique<Loaded<float>>(request);
    else if (dtype == "float64")
        loaded = std::make_unique<Loaded<double>>(request);
    else
        throw Refusal("expected dtype float32 or float64, came " + dtype);
    return ok();
}

Message Port::layer(const Message& request) {
    auto pass = layer_pass(request);
    pass->run();
    last_layer = std::move(pass);
    return ok(last_layer->results());
}

Message Port::inputs(const Message&) { return ok(last_layer ? last_layer->inputs() : loaded_case().inputs()); }

Message Port::predict(const Message&) { return ok(loaded_case().predict()); }

Message Port::accuracy(const Message&) { return ok(loaded_case().accuracy()); }

Message Port::gradient(const Message&) { return ok(loaded_case().gradient()); }

Message Port::numerical_gradient(const Message& request) {
    return ok(loaded_case().numerical_gradient(number<double>(request, "step")));
}

Message Port::trace(const Message&) { return ok(loaded_case().trace()); }

Message Port::null(const Message&) { return ok(); }

Message Port::time(const Message& request) {
    const auto calls = number<std::uint64_t>(request, "calls"), samples = number<std::uint64_t>(request, "samples");
    const std::string& operation = field(request, "operation");
    std::vector<double> nanoseconds;
    if (operation == "null") {
        nanoseconds = elapsed([] {}, calls, samples);
    } else if (operation == "layer") {
        const auto pass = layer_pass(request);
        nanoseconds = elapsed([&] { pass->run(); }, calls, samples);
    } else {
        nanoseconds = loaded_case().time(request, calls, samples);
    }
    return ok({named("nanoseconds", view(nanoseconds))});
}

Message Port::data(const Message& request) {
    const std::string& name = field(request, "set");
    if (name != "train" && name != "validation" && name != "test")
        throw Refusal("expected the set train, validation, test, came " + name);
    const Shape& shape = find(request.arrays, "images", dtype<std::uint8_t>, 2).shape;
    sets[name] = Images{elements<std::uint8_t>(request.arrays, "images", shape),
                        elements<std::uint8_t>(request.arrays, "labels", {shape[0]}), shape[1],
                        number<double>(request, "scale")};
    return ok();
}

Message Port::train(const Message& request) { return ok(loaded_case().train(request, images("train"))); }

Message Port::params(const Message&) { return ok(loaded_case().params()); }

Message Port::evaluate(const Message& request) { return ok(loaded_case().evaluate(images(field(request, "set")))); }

Message Port::update(const Message& request) {
    return ok(is_single(request, "p") ? updated<float>(request) : updated<double>(request));
}

Case& Port::loaded_case() const {
    if (!loaded)
        throw Refusal("nothing is loaded yet: send load first");
    return *loaded;
}

const Images& Port::images(const std::string& set) const {
    const auto found = sets.find(set);
    if (found == sets.end())
        throw Refusal("there is no set " + set + " yet: send data first");
    return found->second;
}

} // namespace gradparity
