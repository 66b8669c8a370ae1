#include "request.hpp"

#include "text.hpp"

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

} // namespace gradparity
