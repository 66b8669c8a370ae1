// The protocol's operations: each answers a request by calls of my_network.hpp, which serve.cpp includes.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream> // you may want to print
#include <map>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "request.hpp"
#include "timing.hpp"
#include "wire.hpp"

namespace gradparity {

namespace {

using mine::affine, mine::gradient, mine::loss_epsilon, mine::Matrix, mine::Network, mine::predict, mine::Real;
using mine::relu, mine::sgd, mine::sigmoid, mine::softmax_with_loss, mine::supports, mine::written;

using Vector = std::vector<Real>;
using Labels = std::vector<int>;
static_assert(std::is_same_v<Real, double> || std::is_same_v<Real, float>, "Real in my_network.hpp: double or float");

const std::vector<std::string> kinds = {"affine", "relu", "sigmoid", "softmax_with_loss"};
const std::vector<std::string> others = {"predict", "gradient", "sgd"};

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool has(const std::string& name) { return contains(written, name); }

void need(const std::string& name) {
    if (!has(name))
        throw Unsupported(name + " is not written yet: fill it in in my_network.hpp, and add it to `written` there");
}

// What a request holds.

Real real(const Message& request, const std::string& name) { return static_cast<Real>(number<double>(request, name)); }

Matrix matrix(const Arrays& arrays, const std::string& name, std::size_t rows, std::size_t columns) {
    return {rows, columns, elements<Real>(arrays, name, {rows, columns})};
}

Matrix matrix(const Arrays& arrays, const std::string& name) {
    const Shape& shape = find(arrays, name, dtype<Real>, 2).shape;
    return matrix(arrays, name, shape[0], shape[1]);
}

/// t as labels, from labels or from one-hot rows.
Labels labels(const Arrays& arrays, std::size_t batch, std::size_t classes) {
    if (find(arrays, "t").dtype == dtype<std::int32_t>)
        return elements<std::int32_t>(arrays, "t", {batch});
    const Matrix rows = matrix(arrays, "t", batch, classes);
    Labels labels(batch);
    for (std::size_t i = 0; i < batch; ++i)
        while (labels[i] + 1u < classes && rows(i, static_cast<std::size_t>(labels[i])) == 0)
            ++labels[i];
    return labels;
}

// What a reply holds.

Message ok(Arrays arrays = {}) { return {"ok", {}, std::move(arrays)}; }

using Named = std::pair<std::string, Array>;

template <typename T> Named scalar(const std::string& name, T value) { return {name, array(Shape{}, &value, 1)}; }

Named named(const std::string& name, const Vector& v) { return {name, array({v.size()}, v)}; }

Named named(const std::string& name, const Matrix& a) {
    if (a.data.size() != a.rows * a.columns)
        throw Refusal("expected " + name + " to hold " + std::to_string(a.rows) + " x " + std::to_string(a.columns)
                      + " elements, came " + std::to_string(a.data.size()));
    return {name, array({a.rows, a.columns}, a.data)};
}

/// Of every layer W1, b1, W2, ..., or dW1, db1, ...
Arrays parameters(const std::string& prefix, const std::vector<Matrix>& W, const std::vector<Vector>& b) {
    if (b.size() != W.size())
        throw Refusal("expected as many " + prefix + "b as " + prefix + "W, came " + std::to_string(b.size()) + " and "
                      + std::to_string(W.size()));
    Arrays arrays;
    for (std::size_t l = 0; l < W.size(); ++l) {
        arrays.push_back(named(prefix + "W" + std::to_string(l + 1), W[l]));
        arrays.push_back(named(prefix + "b" + std::to_string(l + 1), b[l]));
    }
    return arrays;
}

// The operations. As they are a class's, no name of yours is taken for one of theirs.

struct Images {
    std::vector<std::uint8_t> pixels, labels;
    std::size_t inputs;
    Real scale;
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
            Arrays results = layer(request)(true);
            last = request.arrays;
            return ok(std::move(results));
        }
        if (word == "inputs")
            return ok(last);
        if (word == "predict" || word == "accuracy") {
            need("predict"), loaded();
            const Matrix out = predict(net, x);
            return ok({word == "predict" ? named("out", out) : scalar("accuracy", accuracy(out, t))});
        }
        if (word == "gradient") {
            need("gradient"), loaded();
            const auto [loss, dW, db] = gradient(net, x, t);
            Arrays arrays = parameters("d", dW, db);
            arrays.insert(arrays.begin(), scalar("loss", loss));
            return ok(std::move(arrays));
        }
        if (word == "time")
            return time(request);
        if (word == "data")
            return data(request);
        if (word == "train")
            return train(request);
        if (word == "params") {
            loaded();
            return ok(parameters("", net.W, net.b));
        }
        if (word == "evaluate")
            return evaluate(request);
        if (word == "update") {
            const Shape& shape = find(request.arrays, "p").shape;
            Vector p = elements<Real>(request.arrays, "p", shape);
            sgd(p, elements<Real>(request.arrays, "dp", shape), rate(request));
            return ok({{"p", array(shape, p)}});
        }
        throw Unsupported("no operation " + word);
    }

  private:
    Arrays last; ///< what came last, to be given back by inputs
    Network net; ///< the loaded case
    Matrix x;
    Labels t;
    std::map<std::string, Images> sets;

    static Message hello() {
        for (const std::string& name : written)
            if (!contains(kinds, name) && !contains(others, name))
                throw Refusal("`written` in my_network.hpp: expected functions of that file, came " + name);
        std::string layers;
        for (const std::string& kind : kinds)
            if (has(kind))
                layers += (layers.empty() ? "" : ",") + kind;
        std::string operations = "hello,load";
        operations += written.empty() ? "" : ",inputs,null,time";
        operations += layers.empty() ? "" : ",layer";
        operations += has("predict") ? ",predict,accuracy" : "";
        operations += has("gradient") ? ",gradient" : "";
        operations += has("sgd") ? ",update" : "";
        operations += std::all_of(others.begin(), others.end(), has) ? ",data,train,params,evaluate" : "";
        const Fields fields{
            {"name", "PORT_NAME"},
            {"language", "C++"},
            {"version", "C++" + std::to_string(__cplusplus / 100 % 100)},
            {"blas", "none"},
            {"threads", "1"},
            {"dtypes", std::string(dtype<Real>.name)},
            {"layers", layers},
            {"operations", operations},
            {"optimizers", has("sgd") ? "sgd" : ""},
            {"epsilon", loss_epsilon},
        };
        return {"ok", fields, {}};
    }

    void loaded() const {
        if (net.W.empty())
            throw Refusal("nothing is loaded yet: send load first");
    }

    Message load(const Message& request) {
        const Arrays& arrays = request.arrays;
        if (field(request, "dtype") != dtype<Real>.name)
            throw Unsupported("no " + field(request, "dtype"));
        const auto sizes = numbers(request, "sizes");
        Network read;
        read.relu = field(request, "activation") == "relu";
        read.epsilon = real(request, "epsilon");
        for (std::size_t l = 1; l < sizes.size(); ++l) {
            read.W.push_back(matrix(arrays, "W" + std::to_string(l), sizes[l - 1], sizes[l]));
            read.b.push_back(elements<Real>(arrays, "b" + std::to_string(l), {sizes[l]}));
        }
        if (!supports(read))
            throw Unsupported("no such network: supports in my_network.hpp says so");
        x = matrix(arrays, "x");
        t = labels(arrays, x.rows, sizes.back());
        net = std::move(read);
        last = arrays;
        return ok();
    }

    /// A layer's call on the arrays of the request; its results are kept where it is told so.
    static std::function<Arrays(bool)> layer(const Message& request) {
        const Arrays& arrays = request.arrays;
        const std::string& kind = field(request, "kind");
        if (!contains(kinds, kind))
            throw Unsupported("no layer " + kind);
        need(kind);
        const Matrix x = matrix(arrays, "x");
        if (kind == "affine") {
            const Matrix W = matrix(arrays, "W"), dout = matrix(arrays, "dout", x.rows, W.columns);
            const Vector b = elements<Real>(arrays, "b", {W.columns});
            return [=](bool keep) -> Arrays {
                const auto [out, dx, dW, db] = affine(x, W, b, dout);
                if (!keep)
                    return {};
                return {named("out", out), named("dx", dx), named("dW", dW), named("db", db)};
            };
        }
        if (kind == "softmax_with_loss") {
            const Labels t = labels(arrays, x.rows, x.columns);
            const Real epsilon = real(request, "epsilon");
            return [=](bool keep) -> Arrays {
                const auto [loss, y, dx] = softmax_with_loss(x, t, epsilon);
                if (!keep)
                    return {};
                return {scalar("loss", loss), named("y", y), named("dx", dx)};
            };
        }
        const auto activation = kind == "relu" ? relu : sigmoid;
        const Matrix dout = matrix(arrays, "dout", x.rows, x.columns);
        return [=](bool keep) -> Arrays {
            const auto [out, dx] = activation(x, dout);
            if (!keep)
                return {};
            return {named("out", out), named("dx", dx)};
        };
    }

    static double accuracy(const Matrix& out, const Labels& t) {
        std::size_t right = 0;
        for (std::size_t i = 0; i < t.size(); ++i) {
            const Real* row = out.data.data() + i * out.columns;
            right += std::max_element(row, row + out.columns) - row == t[i];
        }
        return static_cast<double>(right) / static_cast<double>(t.size());
    }

    /// A gradient, and the update of every parameter; the loss.
    static Real step(Network& net, const Matrix& x, const Labels& t, Real rate) {
        const auto [loss, dW, db] = gradient(net, x, t);
        for (std::size_t l = 0; l < net.W.size(); ++l) {
            sgd(net.W[l].data, dW.at(l).data, rate);
            sgd(net.b[l], db.at(l), rate);
        }
        return loss;
    }

    static Real rate(const Message& request) {
        if (field(request, "optimizer") != "sgd")
            throw Unsupported("no optimizer " + field(request, "optimizer"));
        need("sgd");
        return real(request, "learning_rate");
    }

    Message time(const Message& request) {
        const std::string& operation = field(request, "operation");
        std::function<void()> call = [] {};
        Network copy = net;
        if (operation == "layer") {
            call = [made = layer(request)] { made(false); };
        } else if (operation == "predict") {
            need("predict"), loaded();
            call = [&] { predict(net, x); };
        } else if (operation == "gradient") {
            need("gradient"), loaded();
            call = [&] { gradient(net, x, t); };
        } else if (operation == "train_step") {
            need("gradient"), loaded();
            call = [&, rate = rate(request)] { step(copy, x, t, rate); };
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
    const Images& images(const std::string& name) const {
        loaded();
        const auto found = sets.find(name);
        const auto fits = [&](const Images& set) {
            const auto known = [&](std::uint8_t label) { return label < net.W.back().columns; };
            return set.inputs == net.W.front().rows && std::all_of(set.labels.begin(), set.labels.end(), known);
        };
        if (found == sets.end() || !fits(found->second))
            throw Refusal("expected the set " + name + ", with images and labels that fit the loaded network");
        return found->second;
    }

    /// These rows of the set.
    static std::pair<Matrix, Labels> batch(const Images& set, const std::int32_t* rows, std::size_t count) {
        Matrix x{count, set.inputs};
        Labels t(count);
        for (std::size_t i = 0; i < count; ++i) {
            const auto row = static_cast<std::size_t>(rows[i]);
            for (std::size_t j = 0; j < set.inputs; ++j)
                x(i, j) = set.pixels[row * set.inputs + j] / set.scale;
            t[i] = set.labels[row];
        }
        return {std::move(x), std::move(t)};
    }

    Message train(const Message& request) {
        need("gradient");
        const Real rate = this->rate(request);
        const Images& set = images("train");
        const Shape& shape = find(request.arrays, "batches", dtype<std::int32_t>, 2).shape;
        const auto rows = elements<std::int32_t>(request.arrays, "batches", shape);
        for (std::int32_t row : rows)
            if (row < 0 || static_cast<std::size_t>(row) >= set.labels.size())
                throw Refusal("expected rows of the set, came " + std::to_string(row));
        Vector losses;
        const auto steps = [&] {
            for (std::size_t i = 0; i < shape[0]; ++i) {
                const auto [x, t] = batch(set, rows.data() + i * shape[1], shape[1]);
                losses.push_back(step(net, x, t, rate));
            }
        };
        const double nanoseconds = elapsed(steps, 1, 1)[0];
        return ok({named("loss", losses), scalar("nanoseconds", nanoseconds)});
    }

    Message evaluate(const Message& request) {
        need("predict"), need("gradient");
        const Images& set = images(field(request, "set"));
        std::vector<std::int32_t> rows(set.labels.size());
        std::iota(rows.begin(), rows.end(), 0);
        const auto [x, t] = batch(set, rows.data(), rows.size());
        return ok({scalar("loss", std::get<0>(gradient(net, x, t))), scalar("accuracy", accuracy(predict(net, x), t))});
    }
};

} // namespace

Message answer(const Message& request) {
    static Port port;
    return port.answer(request);
}

} // namespace gradparity
