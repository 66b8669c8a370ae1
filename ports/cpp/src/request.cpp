#include "request.hpp"

#include <algorithm>

namespace gradparity {

Rule rule(const Message& request) {
    const std::string& name = field(request, "optimizer");
    const auto number = [&](std::string_view name) { return gradparity::number<double>(request, name); };
    if (name == "sgd")
        return SGD{number("learning_rate")};
    if (name == "momentum")
        return Momentum{number("learning_rate"), number("momentum")};
    if (name == "nesterov")
        return Nesterov{number("learning_rate"), number("momentum")};
    if (name == "adagrad")
        return AdaGrad{number("learning_rate")};
    if (name == "rmsprop")
        return RMSProp{number("learning_rate"), number("decay")};
    if (name == "adam")
        return Adam{number("learning_rate"), number("beta1"), number("beta2")};
    throw Unsupported("no optimizer " + name);
}

const std::string& field(const Message& request, std::string_view name) {
    for (const auto& [key, value] : request.fields)
        if (key == name)
            return value;
    throw Refusal("expected the field " + std::string(name) + " in " + request.word);
}

std::vector<std::size_t> numbers(const Message& request, std::string_view name) {
    const std::string& text = field(request, name);
    std::vector<std::size_t> numbers;
    for (std::string_view part : split(text, ',')) {
        const auto number = parsed<std::size_t>(std::string(part));
        if (!number)
            throw Refusal("expected numbers as " + std::string(name) + ", came " + text);
        numbers.push_back(*number);
    }
    return numbers;
}

const Array& find(const Arrays& arrays, const std::string& name) {
    std::string came;
    for (const auto& [other, array] : arrays) {
        if (other == name)
            return array;
        came += (came.empty() ? "" : ", ") + other;
    }
    throw Refusal("expected an array " + name + ", came " + (came.empty() ? "none" : came));
}

const Array& find(const Arrays& arrays, const std::string& name, const Dtype& dtype, std::size_t dimensions) {
    const Array& array = find(arrays, name);
    if (array.dtype != dtype || array.shape.size() != dimensions)
        throw Refusal("array " + name + ": expected " + std::string(dtype.name) + " of " + std::to_string(dimensions)
                      + " dimensions, came " + describe(array));
    return array;
}

const Array& find_shaped(const Arrays& arrays, const std::string& name, const Dtype& dtype, const Shape& shape) {
    const Array& array = find(arrays, name, dtype, shape.size());
    if (array.shape != shape)
        throw Refusal("array " + name + ": expected shape " + tuple(shape) + ", came " + tuple(array.shape));
    return array;
}

void copy_by_rows(const Array& array, void* rows) {
    auto to = static_cast<std::byte*>(rows);
    if (!array.fortran_order || array.shape.size() < 2) {
        std::ranges::copy(array.data, to);
        return;
    }
    const std::size_t size = array.dtype.size, height = array.shape[0], width = array.shape[1];
    for (std::size_t i = 0; i < height; ++i)
        for (std::size_t j = 0; j < width; ++j)
            to = std::copy_n(&array.data[(j * height + i) * size], size, to);
}

std::vector<std::int32_t> labels(const Arrays& arrays, std::size_t batch, std::size_t classes) {
    auto labels = elements<std::int32_t>(arrays, "t", {batch});
    for (std::int32_t label : labels)
        if (label < 0 || static_cast<std::size_t>(label) >= classes)
            throw Refusal("array t: expected labels from 0 to " + std::to_string(classes - 1) + ", came "
                          + std::to_string(label));
    return labels;
}

} // namespace gradparity
