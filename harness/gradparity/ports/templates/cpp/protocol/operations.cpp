// The protocol's operations: each answers a request by calls of my_network.hpp, which serve.cpp includes.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iostream> // you may want to print
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "layer.hpp"
#include "model.hpp"
#include "optimizer.hpp"
#include "reading.hpp"
#include "request.hpp"
#include "timing.hpp"
#include "wire.hpp"

namespace gradparity {

namespace {

const std::vector<std::string> others = {"predict",        "gradient",        "accuracy",       "numerical_gradient",
                                         "predict_layers", "gradient_layers", "accuracy_layers"};

// The operations. As they are a class's, no name of yours is taken for one of theirs.

struct Images {
    std::vector<std::uint8_t> pixels, labels;
    std::size_t inputs;
    Real scale;
};

/// An optimizer with what it keeps from one `train` to the next.
struct Trainer {
    Fields fields;
    Optimizer optimizer;
    std::vector<State> states;
    int iteration = 0;
};

class Port {
  public:
    /// The reply. Throws Unsupported for what is not written, and other exceptions for what is wrong.
    Message answer(const Message& request) {
        const std::string& word = request.word;
        if (word == "hello")
            return hello();
        if (word == "null")
            return ok();
        if (word == "load")
            return load(request);
        if (word == "layer") {
            Arrays results = layer_results(request);
            last = request.arrays;
            return ok(std::move(results));
        }
        if (word == "inputs")
            return ok(last);
        if (word == "predict") {
            can("predict");
            return ok({gradparity::named("out", model.predict(batch))});
        }
        if (word == "accuracy") {
            can("accuracy");
            return ok({gradparity::named("accuracy", model.accuracy(batch))});
        }
        if (word == "gradient") {
            can("gradient");
            Model copy = model; // as the loaded one's running statistics stay
            const Gradient gradient = copy.gradient(batch);
            Arrays arrays = model.named_gradients(gradient.of);
            arrays.insert(arrays.begin(), gradparity::named("loss", gradient.loss));
            return ok(std::move(arrays));
        }
        if (word == "numerical_gradient") {
            const Real step = numerical_step(request);
            return ok(model.named_gradients(model.numerical_gradient(batch, step)));
        }
        if (word == "time")
            return time(request);
        if (word == "data")
            return data(request);
        if (word == "train")
            return train(request);
        if (word == "params") {
            loaded();
            Arrays arrays;
            for (const Held& held : model.held())
                arrays.push_back(gradparity::named(held.name, held.shape, *held.data));
            return ok(std::move(arrays));
        }
        if (word == "evaluate")
            return evaluate(request);
        if (word == "update")
            return update(request);
        throw Unsupported("no operation " + word);
    }

  private:
    Arrays last; ///< what came last, to be given back by inputs
    Model model; ///< the loaded case
    Batch batch;
    Shape shape; ///< of its x
    std::map<std::string, Images> sets;
    std::optional<Trainer> trainer; ///< of the last training since load

    static Message hello() {
        for (const std::string& name : written)
            if (!contains(kinds, name) && !contains(optimizers, name) && !contains(others, name))
                throw Refusal("`written` in my_network.hpp: expected functions of that file, came " + name);
        const auto those = [](const std::vector<std::string>& names) {
            std::vector<std::string> found;
            std::copy_if(names.begin(), names.end(), std::back_inserter(found), has);
            return joined(found);
        };
        const std::string layers = those(kinds), updates = those(optimizers);
        const bool any = has("predict_layers") && has("gradient_layers");
        const bool learns = any || (has("predict") && has("gradient"));
        std::string operations = "hello,load";
        operations += written.empty() ? "" : ",inputs,null,time";
        operations += layers.empty() ? "" : ",layer";
        operations += any || has("predict") ? ",predict" : "";
        operations += has("accuracy") || (any && has("accuracy_layers")) ? ",accuracy" : "";
        operations += any || has("gradient") ? ",gradient" : "";
        operations += has("numerical_gradient") ? ",numerical_gradient" : "";
        operations += updates.empty() ? "" : ",update";
        operations += learns && !updates.empty() ? ",data,train,params,evaluate" : "";
        Fields fields{
            {"name", "PORT_NAME"},
            {"language", "C++"},
            {"version", "C++" + std::to_string(__cplusplus / 100 % 100)},
            {"blas", "none"},
            {"threads", "1"},
            {"dtypes", std::string(dtype<Real>.name)},
            {"layers", layers},
            {"operations", operations},
            {"optimizers", updates},
            {"epsilon", mine::loss_epsilon},
            {"step", mine::numerical_step},
        };
        if (any)
            fields.push_back({"networks", "any"});
        return {"ok", fields, {}};
    }

    void loaded() const {
        if (model.empty())
            throw Refusal("nothing is loaded yet: send load first");
    }

    /// Whether the loaded network's function is written.
    void can(const std::string& name) const { need(model.of(name)), loaded(); }

    Message load(const Message& request) {
        if (field(request, "dtype") != dtype<Real>.name)
            throw Unsupported("no " + field(request, "dtype"));
        Model read(request);
        Tensor x = tensor(request.arrays, "x");
        shape = x.shape;
        if (shape.empty())
            throw Refusal("expected x to be a batch, came a number");
        batch = read.batch(std::move(x), labels(request.arrays, shape[0]));
        model = std::move(read);
        trainer.reset();
        last = request.arrays;
        return ok();
    }

    /// The step that the user's code takes.
    Real numerical_step(const Message& request) const {
        if (model.any)
            throw Unsupported("no numerical gradient of networks of any layers");
        can("numerical_gradient");
        if (mine::numerical_step == "any")
            return real(request, "step");
        const auto step = parsed<double>(mine::numerical_step);
        if (!step)
            throw Refusal("numerical_step in my_network.hpp: expected \"any\" or a number, came "
                          + mine::numerical_step);
        return static_cast<Real>(*step);
    }

    static double share(const Matrix& out, const Labels& t) {
        const auto less = [](Real a, Real b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
        std::size_t right = 0;
        for (std::size_t i = 0; i < t.size(); ++i) {
            const Real* row = out.data.data() + i * out.columns;
            right += std::max_element(row, row + out.columns, less) - row == t[i];
        }
        return static_cast<double>(right) / static_cast<double>(t.size());
    }

    Message time(const Message& request) {
        const std::string& operation = field(request, "operation");
        std::function<void()> call = [] {};
        Model copy = model;
        std::vector<State> states;
        int iteration = 0;
        if (operation == "layer") {
            call = [made = layer(request)] { made(false); };
        } else if (operation == "predict") {
            can("predict");
            call = [&] { copy.predict(batch); };
        } else if (operation == "gradient") {
            can("gradient");
            call = [&] { copy.gradient(batch); };
        } else if (operation == "numerical_gradient") {
            call = [&, step = numerical_step(request)] { copy.numerical_gradient(batch, step); };
        } else if (operation == "train_step") {
            can("gradient");
            call = [&, chosen = optimizer(request)] { copy.step(batch, chosen, states, ++iteration); };
        } else if (operation != "null") {
            throw Unsupported("no operation " + operation + " to time");
        }
        const auto calls = number<std::uint64_t>(request, "calls"), samples = number<std::uint64_t>(request, "samples");
        const auto nanoseconds = elapsed(call, calls, samples);
        return ok({{"nanoseconds", array({nanoseconds.size()}, nanoseconds)}});
    }

    Message data(const Message& request) {
        const Arrays& arrays = request.arrays;
        const Shape& shape = find(arrays, "images", dtype<std::uint8_t>, 2).shape;
        sets[field(request, "set")] = {elements<std::uint8_t>(arrays, "images", shape),
                                       elements<std::uint8_t>(arrays, "labels", {shape[0]}), shape[1],
                                       real(request, "scale")};
        return ok();
    }

    /// The set of this name, which must fit the loaded network.
    const Images& images(const std::string& name) {
        loaded();
        const auto found = sets.find(name);
        const auto fits = [&](const Images& set) {
            const std::size_t inputs =
                std::accumulate(shape.begin() + 1, shape.end(), std::size_t{1}, std::multiplies<>());
            const auto learnt = model.learnt();
            const auto known = [&](std::uint8_t label) { return learnt.empty() || label < learnt.back().data->size(); };
            return set.inputs == inputs && std::all_of(set.labels.begin(), set.labels.end(), known);
        };
        if (found == sets.end() || !fits(found->second))
            throw Refusal("expected the set " + name + ", with images and labels that fit the loaded network");
        return found->second;
    }

    /// These rows of the set.
    Batch rows_of(const Images& set, const std::int32_t* rows, std::size_t count) const {
        Shape shape = this->shape;
        shape[0] = count;
        Tensor x{std::move(shape)};
        Labels t(count);
        for (std::size_t i = 0; i < count; ++i) {
            const auto row = static_cast<std::size_t>(rows[i]);
            for (std::size_t j = 0; j < set.inputs; ++j)
                x.data[i * set.inputs + j] = set.pixels[row * set.inputs + j] / set.scale;
            t[i] = set.labels[row];
        }
        return model.batch(std::move(x), std::move(t));
    }

    Message train(const Message& request) {
        can("gradient");
        if (!trainer || trainer->fields != request.fields)
            trainer = Trainer{request.fields, optimizer(request), {}};
        const Images& set = images("train");
        const Shape& shape = find(request.arrays, "batches", dtype<std::int32_t>, 2).shape;
        const auto rows = elements<std::int32_t>(request.arrays, "batches", shape);
        for (std::int32_t row : rows)
            if (row < 0 || static_cast<std::size_t>(row) >= set.labels.size())
                throw Refusal("expected rows of the set, came " + std::to_string(row));
        const auto masks = model.masks(request.arrays, shape[0]);
        Vector losses;
        const auto steps = [&] {
            for (std::size_t i = 0; i < shape[0]; ++i) {
                const Batch batch = rows_of(set, rows.data() + i * shape[1], shape[1]);
                model.hold(masks, i);
                losses.push_back(model.step(batch, trainer->optimizer, trainer->states, ++trainer->iteration));
            }
        };
        const double nanoseconds = elapsed(steps, 1, 1)[0];
        return ok({gradparity::named("loss", losses), gradparity::named("nanoseconds", nanoseconds)});
    }

    Message evaluate(const Message& request) {
        can("predict"), can("gradient");
        const Images& set = images(field(request, "set"));
        std::vector<std::int32_t> rows(set.labels.size());
        std::iota(rows.begin(), rows.end(), 0);
        const Batch batch = rows_of(set, rows.data(), rows.size());
        const Matrix logits = model.predict(batch);
        const double right = has(model.of("accuracy")) ? model.accuracy(batch) : share(logits, batch.t);
        return ok({gradparity::named("loss", model.loss(batch, logits)), gradparity::named("accuracy", right)});
    }

    static Message update(const Message& request) {
        const Optimizer chosen = optimizer(request);
        const Shape& shape = find(request.arrays, "p").shape;
        const auto held = [&](const std::string& name) { return elements<Real>(request.arrays, name, shape); };
        Vector p = held("p");
        State state;
        for (const std::string& name : chosen.state)
            state.push_back(held(name));
        chosen.update(p, held("dp"), state, chosen.state.size() == 2 ? number<int>(request, "iteration") : 1);
        Arrays arrays{{"p", array(shape, p)}};
        for (std::size_t i = 0; i < state.size(); ++i)
            arrays.emplace_back(chosen.state[i], array(shape, state[i]));
        return ok(std::move(arrays));
    }
};

} // namespace

Message answer(const Message& request) {
    static Port port;
    return port.answer(request);
}

} // namespace gradparity
