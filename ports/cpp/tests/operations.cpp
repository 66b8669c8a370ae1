#include "../src/operations.hpp"

#include "../src/request.hpp"
#include "check.hpp"
#include "same.hpp"

using namespace gradparity;

namespace {

std::pair<std::string, Array> f64s(std::string name, Shape shape, const std::vector<double>& values) {
    return {std::move(name), array<double>(std::move(shape), values)};
}

std::pair<std::string, Array> labels(const std::vector<std::int32_t>& values) {
    return {"t", array<std::int32_t>({values.size()}, values)};
}

std::pair<std::string, Array> bytes(std::string name, Shape shape, const std::vector<std::uint8_t>& values) {
    return {std::move(name), array<std::uint8_t>(std::move(shape), values)};
}

const Arrays images{bytes("images", {3, 2}, {0, 1, 2, 3, 4, 5}), bytes("labels", {3}, {1, 0, 1})};

Arrays batches(const std::vector<std::int32_t>& rows, std::size_t steps = 1) {
    return {{"batches", array<std::int32_t>({steps, rows.size() / steps}, rows)}};
}

/// The line's fields have no escapes.
Arrays ask(Port& port, const std::string& line, Arrays arrays = {}) {
    Message request{line.substr(0, line.find(' ')), {}, std::move(arrays)};
    for (std::size_t at = line.find(' '); at != line.npos;) {
        const std::size_t end = line.find(' ', at + 1), equals = line.find('=', at);
        request.fields.emplace_back(line.substr(at + 1, equals - at - 1), line.substr(equals + 1, end - equals - 1));
        at = end;
    }
    return port.answer(request).arrays;
}

std::string error(Port& port, const std::string& line, const Arrays& arrays = {}) {
    return thrown([&] { ask(port, line, arrays); });
}

const std::string load = "load sizes=2,3,2 activation=relu dtype=float64 epsilon=0";

/// The case of docs/protocol.md.
Arrays protocol_case() {
    return {f64s("x", {1, 2}, {1, -2}),
            f64s("t", {1, 2}, {0, 1}),
            f64s("W1", {2, 3}, {1, 2, -1, 0.5, 1.5, -1}),
            f64s("b1", {3}, {0.25, -0.5, 0}),
            f64s("W2", {3, 2}, {1, -1, 0.5, 0.5, -1, 2}),
            f64s("b2", {2}, {0, 0.5})};
}

/// The same arrays, column by column.
Arrays in_columns(Arrays arrays) {
    for (auto& [name, array] : arrays)
        if (array.shape.size() == 2) {
            const auto rows = elements<double>({{name, array}}, name, array.shape);
            std::vector<double> columns;
            for (std::size_t j = 0; j < array.shape[1]; ++j)
                for (std::size_t i = 0; i < array.shape[0]; ++i)
                    columns.push_back(rows[i * array.shape[1] + j]);
            array = gradparity::array<double>(array.shape, columns);
            array.fortran_order = true;
        }
    return arrays;
}

void neither_order_nor_kind_of_label_matters() {
    Port port;
    ask(port, load, protocol_case());
    const Arrays gradient = ask(port, "gradient");
    expect(ask(port, "gradient") == gradient && ask(port, "inputs") == protocol_case());
    ask(port, load, in_columns(protocol_case()));
    expect(ask(port, "gradient") == gradient && ask(port, "inputs") == protocol_case());
    Arrays with_labels = protocol_case();
    with_labels[1] = labels({1});
    ask(port, load, with_labels);
    expect(ask(port, "gradient") == gradient && ask(port, "inputs") == with_labels);
}

void time_leaves_the_case_as_it_was() {
    Port port;
    ask(port, load, protocol_case());
    for (const std::string what : {"predict", "gradient", "numerical_gradient step=1e-4", "products affines=1,2",
                                   "train_step optimizer=adam learning_rate=0.1 beta1=0.9 beta2=0.999"}) {
        const Arrays reply = ask(port, "time calls=2 samples=3 operation=" + what);
        expect(reply[0].second.shape == Shape{3}, what);
        expect(ask(port, "inputs") == protocol_case(), what);
    }
}

void what_is_wrong_is_told() {
    struct {
        std::string line;
        Arrays arrays;
        std::string message;
    } const requests[]{
        {"sing", {}, "no operation sing"},
        {"gradient", {}, "nothing is loaded yet: send load first"},
        {"layer kind=affine", {}, "expected an array x, came none"},
        {"layer kind=affine", {f64s("x", {1, 2}, {1, 2})}, "expected an array b, came x"},
        {"layer kind=affine", {f64s("x", {2}, {1, 2})}, "array x: expected float64 of 2 dimensions, came float64 (2,)"},
        {"layer kind=relu",
         {f64s("x", {1, 2}, {1, 2}), f64s("dout", {2}, {1, 2})},
         "array dout: expected float64 of 2 dimensions, came float64 (2,)"},
        {"layer kind=lstm", {f64s("x", {1, 2}, {1, 2})}, "no layer lstm"},
        {"layer kind=dropout ratio=0.5",
         {f64s("x", {1, 2}, {1, 2}), bytes("mask", {2}, {1, 0})},
         "array mask: expected uint8 of 2 dimensions, came uint8 (2,)"},
        {"layer kind=dropout",
         {f64s("x", {1, 2}, {1, 2}), bytes("mask", {1, 2}, {1, 0})},
         "expected the field ratio in layer"},
        {"layer kind=batch_norm momentum=0.5 epsilon=0",
         {f64s("x", {1, 2}, {1, 2}), f64s("gamma", {3}, {1, 2, 3})},
         "array gamma: expected shape (2,), came (3,)"},
        {"layer kind=convolution stride=1 pad=0",
         {f64s("x", {1, 2}, {1, 2}), f64s("W", {1, 1, 2, 2}, {1, 2, 3, 4}), f64s("b", {1}, {1})},
         "convolution: expected an input (batch, channels, height, width), came (1, 2)"},
        {"layer kind=convolution stride=1 pad=1",
         {f64s("x", {1, 1, 1, 2}, {1, 2}), f64s("W", {1, 1, 4, 1}, {1, 2, 3, 4}), f64s("b", {1}, {1})},
         "convolution: expected windows from (1, 1) to (3, 4), came (4, 1)"},
        {"layer kind=convolution stride=1 pad=0",
         {f64s("x", {1, 1, 1, 2}, {1, 2}), f64s("W", {1, 2, 1, 2}, {1, 2, 3, 4}), f64s("b", {1}, {1})},
         "array W: expected shape (1, 1, 1, 2), came (1, 2, 1, 2)"},
        {"layer kind=max_pooling height=1 width=1 stride=0 pad=0",
         {f64s("x", {1, 1, 1, 2}, {1, 2})},
         "max_pooling: expected a stride from 1, came 0"},
        {"load layers=affine,relu dtype=float64 epsilon=0", protocol_case(),
         "expected layers, and softmax_with_loss or squared_error as the last, came affine,relu"},
        {"load layers=affine,lstm,softmax_with_loss dtype=float64 epsilon=0", protocol_case(), "no layer lstm"},
        {"load layers=affine,relu,relu,squared_error dtype=float64 epsilon=0", protocol_case(),
         "expected each layer's name once, came relu1 twice"},
        {"load layers=affine,max_pooling,squared_error dtype=float64 epsilon=0 max_pooling1.height=1 "
         "max_pooling1.width=1",
         protocol_case(), "max_pooling1: expected an input (batch, channels, height, width), came (1, 3)"},
        {"load layers=affine,dropout,squared_error dtype=float64 epsilon=0", protocol_case(),
         "expected an array mask1, came x, t, W1, b1, W2, b2"},
        {"load sizes=2,3,2 activation=elu dtype=float64 epsilon=0", protocol_case(),
         "expected the activation relu, sigmoid or tanh, came elu"},
        {"layer kind=softmax_with_loss epsilon=0",
         {f64s("x", {1, 2}, {1, 2}), labels({2})},
         "array t: expected labels from 0 to 1, came 2"},
        {"layer kind=softmax_with_loss epsilon=0",
         {f64s("x", {1, 0}, {}), f64s("t", {1, 0}, {})},
         "array x: expected a class or more, came float64 (1, 0)"},
        {"load sizes=2,4,2 activation=relu dtype=float64 epsilon=0", protocol_case(),
         "array W1: expected shape (2, 4), came (2, 3)"},
        {"load sizes=2,x activation=relu dtype=float64 epsilon=0", protocol_case(),
         "expected numbers as sizes, came 2,x"},
        {"load sizes=2 activation=relu dtype=float64 epsilon=0", protocol_case(),
         "expected sizes as inputs,...,classes, came 2"},
        {"load sizes=2,3,2 activation=relu dtype=float64", protocol_case(), "expected the field epsilon in load"},
        {"load sizes=2,3,2 activation=relu dtype=float64 epsilon=none", protocol_case(),
         "expected a number as epsilon, came none"},
        {"data set=all scale=1", {}, "expected the set train, validation, test, came all"},
        {"update optimizer=lion", {f64s("p", {1}, {1})}, "no optimizer lion"},
        {"update optimizer=sgd learning_rate=1 iteration=0",
         {f64s("p", {1}, {1})},
         "expected an iteration from 1, came 0"},
    };
    Port port;
    for (const auto& [line, arrays, message] : requests)
        expect_same(error(port, line, arrays), message);

    ask(port, load, protocol_case());
    const std::string train = "train optimizer=sgd learning_rate=1";
    expect_same(error(port, train, batches({0})), "there is no set train yet: send data first");
    ask(port, "data set=train scale=4", images);
    expect_same(error(port, train, batches({0, 3})), "array batches: expected rows from 0, of 3 images, came 3");
    expect_same(error(port, train, batches({-1})), "array batches: expected rows from 0, of 3 images, came -1");
    expect_same(error(port, "time operation=products calls=1 samples=1 affines=3"),
                "expected numbers of affine and convolution layers, came 3");
    expect_same(error(port, "time operation=gradient calls=1.5 samples=1"), "expected a number as calls, came 1.5");
    ask(port, "data set=train scale=4", {bytes("images", {1, 2}, {0, 0}), bytes("labels", {1}, {2})});
    expect_same(error(port, train, batches({0})), "expected labels of images from 0 to 1, came 2");
    expect(ask(port, "inputs") == protocol_case(), "nothing has moved");
}

void the_optimizer_goes_on() {
    Port whole, parts;
    const std::string train = "train optimizer=momentum learning_rate=0.1 momentum=0.5";
    for (Port* port : {&whole, &parts}) {
        ask(*port, "data set=train scale=4", images);
        ask(*port, load, protocol_case());
    }
    ask(whole, train, batches({0, 1, 2, 0}, 2));
    ask(parts, train, batches({0, 1}));
    ask(parts, train + "0", batches({2, 0})); // 0.50 is the same number
    expect(ask(whole, "params") == ask(parts, "params"));
}

} // namespace

void test_operations() {
    neither_order_nor_kind_of_label_matters();
    time_leaves_the_case_as_it_was();
    what_is_wrong_is_told();
    the_optimizer_goes_on();
}
