// The plumbing between gradparity and my_network.hpp. You need not open this file.
//
// Requests come on stdin, replies leave by file descriptor 3: a line of text, then arrays as .npy records. gradparity's
// docs/protocol.md is the specification. All names are in the namespace serve, so that every other is yours.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 // as GCC does
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#include "my_network.hpp"

namespace serve {

using mine::affine, mine::gradient, mine::loss_epsilon, mine::Matrix, mine::Network, mine::predict, mine::Real;
using mine::relu, mine::sgd, mine::sigmoid, mine::softmax_with_loss, mine::supports, mine::written;

using Vector = std::vector<Real>;
using Labels = std::vector<int>;

constexpr const char* real_name = sizeof(Real) == 8 ? "float64" : "float32";
const std::vector<std::string> kinds = {"affine", "relu", "sigmoid", "softmax_with_loss"};
const std::vector<std::string> others = {"predict", "gradient", "sgd"};

/// Elements row by row, whichever way they came.
struct Array {
    std::vector<std::size_t> shape;
    std::variant<std::vector<double>, std::vector<float>, std::vector<std::int32_t>, std::vector<std::uint8_t>> data;
};

using Arrays = std::vector<std::pair<std::string, Array>>;

struct Request {
    std::string word;
    std::map<std::string, std::string> fields;
    Arrays arrays;
};

/// What a request is answered with, where that is not ok.
struct Refusal : std::runtime_error {
    std::string word;
    Refusal(std::string word, const std::string& what) : std::runtime_error(what), word(std::move(word)) {}
};

[[noreturn]] void refuse(const std::string& what) { throw Refusal("error", what); }
[[noreturn]] void unsupported(const std::string& what) { throw Refusal("unsupported", what); }

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> parts;
    std::istringstream stream(text);
    for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
    return parts;
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool has(const std::string& name) { return contains(written, name); }

void need(const std::string& name) {
    if (!has(name))
        unsupported(name + " is not written yet: fill it in in my_network.hpp, and add it to `written` there");
}

// Reading and writing.

template <typename T> const char* descr() {
    if (std::is_same_v<T, double>) return "<f8";
    if (std::is_same_v<T, float>) return "<f4";
    return std::is_same_v<T, std::int32_t> ? "<i4" : "|u1";
}

std::string read(std::size_t count) {
    std::string bytes(count, '\0');
    if (!std::cin.read(bytes.data(), static_cast<std::streamsize>(count)))
        throw std::runtime_error("stdin ended inside an array");
    return bytes;
}

template <typename T> std::vector<T> read_elements(const std::vector<std::size_t>& shape, bool by_columns) {
    std::size_t count = 1;
    for (std::size_t n : shape) count *= n;
    const std::string bytes = read(count * sizeof(T));
    std::vector<T> came(count), data(count);
    std::memcpy(came.data(), bytes.data(), bytes.size());
    if (!by_columns || shape.size() < 2) return came;
    for (std::size_t i = 0; i < count; ++i) data[i] = came[i % shape[1] * shape[0] + i / shape[1]];
    return data;
}

Array read_array() {
    const std::string start = read(10);
    if (start.compare(0, 6, "\x93NUMPY") != 0) throw std::runtime_error("expected an .npy record");
    const auto byte = [&](int i) { return static_cast<unsigned char>(start[i]); };
    const std::string header = read(byte(8) + 256u * byte(9) + (byte(6) > 1 ? 2 : 0));
    const auto after = [&](const std::string& key) {
        const std::size_t at = header.find(key);
        if (at == header.npos) throw std::runtime_error("expected an .npy header, came " + header);
        return header.substr(at + key.size());
    };
    Array array;
    for (const std::string& size : split(after("'shape': (").substr(0, after("'shape': (").find(')')), ','))
        if (size.find_first_of("0123456789") != size.npos) array.shape.push_back(std::stoul(size));
    const std::string name = after("'descr': '").substr(0, 3);
    const bool by_columns = after("'fortran_order': ").compare(0, 4, "True") == 0;
    if (name == "<f8")
        array.data = read_elements<double>(array.shape, by_columns);
    else if (name == "<f4")
        array.data = read_elements<float>(array.shape, by_columns);
    else if (name == "<i4")
        array.data = read_elements<std::int32_t>(array.shape, by_columns);
    else if (name == "|u1")
        array.data = read_elements<std::uint8_t>(array.shape, by_columns);
    else
        throw std::runtime_error("expected dtype <f8, <f4, <i4 or |u1, came " + name);
    return array;
}

bool read_request(Request& request) {
    request = {};
    std::string line;
    if (!std::getline(std::cin, line)) return false;
    for (const std::string& pair : split(line, ' ')) {
        const std::size_t at = pair.find('=');
        if (request.word.empty())
            request.word = pair;
        else
            request.fields[pair.substr(0, at)] = at == pair.npos ? "" : pair.substr(at + 1);
    }
    if (request.fields.count("arrays"))
        for (const std::string& name : split(request.fields["arrays"], ','))
            request.arrays.emplace_back(name, read_array());
    return true;
}

std::string quote(const std::string& value) {
    std::string text;
    for (unsigned char c : value) {
        char escaped[4];
        std::snprintf(escaped, sizeof escaped, c > ' ' && c < 127 && c != '%' ? "%c" : "%%%02X", c);
        text += escaped;
    }
    return text;
}

void write(std::FILE* out, std::string line, const Arrays& arrays) {
    for (const auto& [name, array] : arrays) line += (&name == &arrays[0].first ? " arrays=" : ",") + name;
    std::fprintf(out, "%s\n", line.c_str());
    for (const auto& named : arrays) {
        const auto& shape = named.second.shape;
        std::string sizes;
        for (std::size_t n : shape) sizes += std::to_string(n) + ", ";
        if (shape.size() > 1) sizes.resize(sizes.size() - 2);
        std::visit(
            [&](const auto& data) {
                using T = typename std::decay_t<decltype(data)>::value_type;
                const std::string header =
                    std::string("{'descr': '") + descr<T>() + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
                std::fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, out);
                std::fprintf(out, "%-117s\n", header.c_str());
                std::fwrite(data.data(), sizeof(T), data.size(), out);
            },
            named.second.data);
    }
    std::fflush(out);
}

// What a request holds, and what a reply does.

const std::string& field(const Request& request, const std::string& key) {
    const auto found = request.fields.find(key);
    if (found == request.fields.end()) refuse("expected the field " + key + " in the request " + request.word);
    return found->second;
}

Real number(const Request& request, const std::string& key) {
    return static_cast<Real>(std::stod(field(request, key)));
}

template <typename T> const std::vector<T>& elements(const Array& array, const std::string& name) {
    const auto* data = std::get_if<std::vector<T>>(&array.data);
    if (!data) refuse("expected " + name + " to be of dtype " + descr<T>());
    return *data;
}

const Array& given(const Request& request, const std::string& name, std::size_t dims) {
    for (const auto& [key, array] : request.arrays) {
        if (key != name) continue;
        if (array.shape.size() != dims) refuse("expected " + name + " to have " + std::to_string(dims) + " dimensions");
        return array;
    }
    refuse("expected the array " + name + " in the request " + request.word);
}

Matrix matrix(const Request& request, const std::string& name) {
    const Array& array = given(request, name, 2);
    return {array.shape[0], array.shape[1], elements<Real>(array, name)};
}

Matrix sized(const Request& request, const std::string& name, std::size_t rows, std::size_t columns) {
    Matrix a = matrix(request, name);
    if (a.rows != rows || a.columns != columns)
        refuse("expected " + name + " to be (" + std::to_string(rows) + ", " + std::to_string(columns) + ")");
    return a;
}

Vector vector(const Request& request, const std::string& name) { return elements<Real>(given(request, name, 1), name); }

/// As numbers, from numbers or from one-hot rows.
Labels labels(const Request& request) {
    for (const auto& [name, array] : request.arrays)
        if (name == "t" && array.shape.size() == 1) {
            const auto& numbers = elements<std::int32_t>(array, "t");
            return {numbers.begin(), numbers.end()};
        }
    const Matrix rows = matrix(request, "t");
    Labels t(rows.rows);
    for (std::size_t i = 0; i < rows.rows; ++i)
        while (t[i] + 1u < rows.columns && rows(i, t[i]) == 0) ++t[i];
    return t;
}

std::pair<std::string, Array> scalar(const std::string& name, Real value) { return {name, {{}, Vector{value}}}; }
std::pair<std::string, Array> precise(const std::string& name, double value) {
    return {name, {{}, std::vector<double>{value}}};
}
std::pair<std::string, Array> named(const std::string& name, const Vector& v) { return {name, {{v.size()}, v}}; }
std::pair<std::string, Array> named(const std::string& name, const Matrix& a) {
    if (a.data.size() != a.rows * a.columns) {
        refuse("expected " + name + " to hold " + std::to_string(a.rows) + " x " + std::to_string(a.columns) +
               " elements, came " + std::to_string(a.data.size()));
    }
    return {name, {{a.rows, a.columns}, a.data}};
}

Arrays parameters(const std::string& prefix, const std::vector<Matrix>& W, const std::vector<Vector>& b) {
    if (b.size() != W.size()) {
        refuse("expected as many " + prefix + "b as " + prefix + "W, came " + std::to_string(b.size()) + " and " +
               std::to_string(W.size()));
    }
    Arrays arrays;
    for (std::size_t l = 0; l < W.size(); ++l) {
        arrays.push_back(named(prefix + "W" + std::to_string(l + 1), W[l]));
        arrays.push_back(named(prefix + "b" + std::to_string(l + 1), b[l]));
    }
    return arrays;
}

// The operations.

struct Images {
    std::vector<std::uint8_t> pixels, labels;
    std::size_t inputs;
    Real scale;

    /// These rows as a batch.
    std::pair<Matrix, Labels> batch(const std::int32_t* rows, std::size_t count) const {
        Matrix x{count, inputs};
        Labels t(count);
        for (std::size_t i = 0; i < count; ++i) {
            if (rows[i] < 0 || static_cast<std::size_t>(rows[i]) >= labels.size()) refuse("expected rows of the set");
            for (std::size_t j = 0; j < inputs; ++j) x(i, j) = pixels[rows[i] * inputs + j] / scale;
            t[i] = labels[rows[i]];
        }
        return {x, t};
    }
};

Arrays last; ///< what came last, to be given back by inputs
Network net; ///< the loaded case
Matrix x;
Labels t;
std::map<std::string, Images> sets;

std::string hello() {
    for (const std::string& name : written)
        if (!contains(kinds, name) && !contains(others, name))
            refuse("`written` in my_network.hpp: expected functions of that file, came " + name);
    std::string layers;
    for (const std::string& kind : kinds)
        if (has(kind)) layers += (layers.empty() ? "" : ",") + kind;
    const bool all = std::all_of(others.begin(), others.end(), has);
    std::ostringstream line;
    line << "ok name=PORT_NAME language=C%2B%2B version=C%2B%2B" << __cplusplus / 100 % 100
         << " blas=none threads=1 dtypes=" << real_name << " layers=" << layers << " operations=hello,load"
         << (written.empty() ? "" : ",inputs,null,time") << (layers.empty() ? "" : ",layer")
         << (has("predict") ? ",predict,accuracy" : "") << (has("gradient") ? ",gradient" : "")
         << (has("sgd") ? ",update" : "") << (all ? ",data,train,params,evaluate" : "")
         << " optimizers=" << (has("sgd") ? "sgd" : "") << " epsilon=" << loss_epsilon;
    return line.str();
}

void loaded() {
    if (net.W.empty()) refuse("expected a case to be loaded");
}

void load(const Request& request) {
    if (field(request, "dtype") != real_name) unsupported("no " + field(request, "dtype"));
    const auto sizes = split(field(request, "sizes"), ',');
    Network read;
    read.relu = field(request, "activation") == "relu";
    read.epsilon = number(request, "epsilon");
    for (std::size_t l = 1; l < sizes.size(); ++l) {
        read.W.push_back(sized(request, "W" + std::to_string(l), std::stoul(sizes[l - 1]), std::stoul(sizes[l])));
        read.b.push_back(vector(request, "b" + std::to_string(l)));
    }
    if (!supports(read)) unsupported("no such network: supports in my_network.hpp says so");
    x = matrix(request, "x");
    t = labels(request);
    net = read;
    last = request.arrays;
}

/// A layer's call on the arrays of the request; its results are kept where it is told so.
std::function<Arrays(bool)> layer(const Request& request) {
    const std::string& kind = field(request, "kind");
    if (!contains(kinds, kind)) unsupported("no layer " + kind);
    need(kind);
    const Matrix x = matrix(request, "x");
    if (kind == "affine") {
        const Matrix W = matrix(request, "W"), dout = sized(request, "dout", x.rows, W.columns);
        const Vector b = vector(request, "b");
        return [=](bool keep) -> Arrays {
            const auto [out, dx, dW, db] = affine(x, W, b, dout);
            if (!keep) return {};
            return {named("out", out), named("dx", dx), named("dW", dW), named("db", db)};
        };
    }
    if (kind == "softmax_with_loss") {
        const Labels t = labels(request);
        const Real epsilon = number(request, "epsilon");
        return [=](bool keep) -> Arrays {
            const auto [loss, y, dx] = softmax_with_loss(x, t, epsilon);
            if (!keep) return {};
            return {scalar("loss", loss), named("y", y), named("dx", dx)};
        };
    }
    const auto activation = kind == "relu" ? relu : sigmoid;
    const Matrix dout = sized(request, "dout", x.rows, x.columns);
    return [=](bool keep) -> Arrays {
        const auto [out, dx] = activation(x, dout);
        if (!keep) return {};
        return {named("out", out), named("dx", dx)};
    };
}

double accuracy(const Matrix& out, const Labels& t) {
    std::size_t right = 0;
    for (std::size_t i = 0; i < t.size(); ++i) {
        const auto row = out.data.begin() + static_cast<std::ptrdiff_t>(i * out.columns);
        right += std::max_element(row, row + static_cast<std::ptrdiff_t>(out.columns)) - row == t[i];
    }
    return static_cast<double>(right) / static_cast<double>(t.size());
}

/// A gradient, and the update of every parameter; the loss.
Real step(Network& net, const Matrix& x, const Labels& t, Real rate) {
    const auto [loss, dW, db] = gradient(net, x, t);
    for (std::size_t l = 0; l < net.W.size(); ++l) {
        sgd(net.W[l].data, dW.at(l).data, rate);
        sgd(net.b[l], db.at(l), rate);
    }
    return loss;
}

Real rate_of(const Request& request) {
    if (field(request, "optimizer") != "sgd") unsupported("no optimizer " + field(request, "optimizer"));
    need("sgd");
    return number(request, "learning_rate");
}

double nanoseconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

Arrays timed(const Request& request) {
    const std::string& operation = field(request, "operation");
    std::function<void()> call = [] {};
    Network copy = net;
    if (operation == "layer") {
        const auto made = layer(request);
        last = request.arrays;
        call = [=] { made(false); };
    } else if (operation == "predict") {
        need("predict"), loaded();
        call = [] { predict(net, x); };
    } else if (operation == "gradient") {
        need("gradient"), loaded();
        call = [] { gradient(net, x, t); };
    } else if (operation == "train_step") {
        need("gradient"), loaded();
        call = [&copy, rate = rate_of(request)] { step(copy, x, t, rate); };
    } else if (operation != "null") {
        unsupported("no operation " + operation + " to time");
    }
    std::vector<double> took(std::stoul(field(request, "samples")));
    const std::size_t calls = std::stoul(field(request, "calls"));
    for (double& sample : took) {
        const double begin = nanoseconds();
        for (std::size_t k = 0; k < calls; ++k) call();
        sample = nanoseconds() - begin;
    }
    return {{"nanoseconds", {{took.size()}, took}}};
}

/// The set of this name, which must fit the loaded network.
const Images& images(const std::string& name) {
    loaded();
    const auto found = sets.find(name);
    const auto fits = [](const Images& set) {
        const auto& all = set.labels;
        return set.inputs == net.W.front().rows
               && (all.empty() || *std::max_element(all.begin(), all.end()) < net.W.back().columns);
    };
    if (found == sets.end() || !fits(found->second))
        refuse("expected the set " + name + ", with images and labels that fit the loaded network");
    return found->second;
}

Arrays train(const Request& request) {
    need("gradient");
    const Real rate = rate_of(request);
    const Images& set = images("train");
    const Array& batches = given(request, "batches", 2);
    const auto& rows = elements<std::int32_t>(batches, "batches");
    Vector losses;
    const double begin = nanoseconds();
    for (std::size_t i = 0; i < batches.shape[0]; ++i) {
        const auto [x, t] = set.batch(rows.data() + i * batches.shape[1], batches.shape[1]);
        losses.push_back(step(net, x, t, rate));
    }
    return {named("loss", losses), precise("nanoseconds", nanoseconds() - begin)};
}

Arrays evaluate(const Request& request) {
    need("predict"), need("gradient");
    const Images& set = images(field(request, "set"));
    std::vector<std::int32_t> rows(set.labels.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int32_t>(i);
    const auto [x, t] = set.batch(rows.data(), rows.size());
    return {scalar("loss", std::get<0>(gradient(net, x, t))), precise("accuracy", accuracy(predict(net, x), t))};
}

Arrays answer(const Request& request) {
    const std::string& word = request.word;
    if (word == "load") {
        load(request);
    } else if (word == "layer") {
        const Arrays results = layer(request)(true);
        last = request.arrays;
        return results;
    } else if (word == "inputs") {
        return last;
    } else if (word == "predict" || word == "accuracy") {
        need("predict"), loaded();
        const Matrix out = predict(net, x);
        return {word == "predict" ? named("out", out) : precise("accuracy", accuracy(out, t))};
    } else if (word == "gradient") {
        need("gradient"), loaded();
        const auto [loss, dW, db] = gradient(net, x, t);
        Arrays arrays = parameters("d", dW, db);
        arrays.insert(arrays.begin(), scalar("loss", loss));
        return arrays;
    } else if (word == "time") {
        return timed(request);
    } else if (word == "data") {
        const Array &pixels = given(request, "images", 2), &found = given(request, "labels", 1);
        sets[field(request, "set")] = {elements<std::uint8_t>(pixels, "images"),
                                       elements<std::uint8_t>(found, "labels"), pixels.shape[1],
                                       number(request, "scale")};
    } else if (word == "train") {
        return train(request);
    } else if (word == "params") {
        return parameters("", net.W, net.b);
    } else if (word == "evaluate") {
        return evaluate(request);
    } else if (word == "update") {
        Matrix p = matrix(request, "p");
        sgd(p.data, sized(request, "dp", p.rows, p.columns).data, rate_of(request));
        return {named("p", p)};
    } else if (word != "null") {
        unsupported("no operation " + word);
    }
    return {};
}

/// Answers requests until stdin closes.
void run(std::FILE* out) {
    for (Request request; read_request(request);) {
        try {
            if (request.word == "hello")
                write(out, hello(), {});
            else
                write(out, "ok", answer(request));
        } catch (const Refusal& refusal) {
            write(out, refusal.word + " message=" + quote(refusal.what()), {});
        } catch (const std::exception& thrown) {
            write(out, "error message=" + quote(thrown.what()), {});
        }
    }
}

#ifdef __SANITIZE_ADDRESS__
/// The one line that matters again, as only the end of stderr is shown.
void summarize(const char* report) {
    const char* at = std::strstr(report, "SUMMARY");
    if (at) std::fprintf(stderr, "%.*s\n", static_cast<int>(std::strcspn(at, "\n")), at);
}
#endif

} // namespace serve

int main() try {
#ifdef __SANITIZE_ADDRESS__
    __asan_set_error_report_callback(serve::summarize);
#endif
    std::ios::sync_with_stdio(false);
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // what you print is not lost where it crashes
    std::cout << std::unitbuf;
    std::FILE* out = fdopen(3, "wb");
    if (!out) throw std::runtime_error("no file descriptor 3: run it as port.toml does");
    serve::run(out);
} catch (const std::exception& thrown) {
    std::cerr << "serve: " << thrown.what() << '\n';
    return 1;
}
