#include "request.hpp"

#include <algorithm>

namespace gradparity {

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
        std::copy(array.data.begin(), array.data.end(), to);
        return;
    }
    // Along an axis, neighbours are as many bytes apart as all that comes before it takes.
    const Shape& shape = array.shape;
    const std::size_t size = array.dtype.size, axes = shape.size();
    Shape apart(axes, size), index(axes);
    for (std::size_t k = 1; k < axes; ++k)
        apart[k] = apart[k - 1] * shape[k - 1];
    std::size_t from = 0;
    for (std::size_t left = array.data.size(); left > 0; left -= size) {
        to = std::copy_n(&array.data[from], size, to);
        // The next element row by row: the last index goes up first.
        for (std::size_t k = axes; k-- > 0;) {
            from += apart[k];
            if (++index[k] < shape[k])
                break;
            from -= apart[k] * shape[k];
            index[k] = 0;
        }
    }
}

} // namespace gradparity
