#include "npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "text.hpp"

namespace gradparity {

namespace {

static_assert(std::endian::native == std::endian::little, "the elements of arrays travel as they are in memory");

constexpr std::size_t max_header = 4096;
/// Bytes for which room is made at a time: memory is taken as the data come.
constexpr std::size_t chunk = 65536;

constexpr std::array dtypes{dtype<double>, dtype<float>, dtype<std::int32_t>, dtype<std::uint8_t>};

constexpr std::string_view magic = "\x93NUMPY";

/// So many bytes from the stream.
void fill(std::FILE* source, const std::string& name, void* bytes, std::size_t count) {
    if (std::fread(bytes, 1, count, source) == count)
        return;
    if (std::ferror(source))
        throw WireError(std::string("the pipe broke: ") + std::strerror(errno));
    throw WireError("array " + name + ": expected " + std::to_string(count) + " more bytes, the stream ended before");
}

std::string fill(std::FILE* source, const std::string& name, std::size_t count) {
    std::string bytes(count, '\0');
    fill(source, name, bytes.data(), count);
    return bytes;
}

std::optional<std::string_view> unquoted(std::string_view text) {
    const bool right = text.size() >= 2 && (text[0] == '\'' || text[0] == '"') && text.back() == text[0];
    return right ? std::optional(text.substr(1, text.size() - 2)) : std::nullopt;
}

std::optional<Shape> parse_shape(std::string_view text) {
    if (!text.starts_with('(') || !text.ends_with(')'))
        return std::nullopt;
    text = trim(text.substr(1, text.size() - 2));
    Shape shape;
    if (text.empty())
        return shape;
    auto numbers = split(text, ',');
    if (numbers.size() < 2) // (3) is a number, (3,) a shape
        return std::nullopt;
    if (trim(numbers.back()).empty())
        numbers.pop_back();
    for (std::string_view number : numbers) {
        number = trim(number);
        const char* end = number.data() + number.size();
        const auto [stop, error] = std::from_chars(number.data(), end, shape.emplace_back());
        if (error != std::errc() || stop != end)
            return std::nullopt;
    }
    return shape;
}

struct Header {
    std::string_view descr;
    bool fortran_order;
    Shape shape;
};

/// The dtype, order and shape in `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`; none if it is no such.
std::optional<Header> parse_header(std::string_view text) {
    text = trim(text);
    if (!text.starts_with('{') || !text.ends_with('}'))
        return std::nullopt;
    std::optional<std::string_view> descr;
    std::optional<bool> fortran_order;
    std::optional<Shape> shape;
    for (text = trim(text.substr(1, text.size() - 2)); !text.empty();) {
        const std::size_t colon = text.find(':');
        if (colon == text.npos)
            return std::nullopt;
        const auto key = unquoted(trim(text.substr(0, colon)));
        text = trim(text.substr(colon + 1));
        const bool nested = text.starts_with('(');
        const std::size_t end = nested ? text.find(')') : text.find(',');
        if (nested && end == text.npos)
            return std::nullopt;
        const std::string_view value = trim(text.substr(0, nested ? end + 1 : end));
        if (key == "descr" && unquoted(value))
            descr = unquoted(value);
        else if (key == "fortran_order" && (value == "True" || value == "False"))
            fortran_order = value == "True";
        else if (key == "shape" && parse_shape(value))
            shape = parse_shape(value);
        else
            return std::nullopt;
        text = end == text.npos ? "" : trim(text.substr(nested ? end + 1 : end));
        if (!text.empty() && !text.starts_with(','))
            return std::nullopt;
        text = text.empty() ? text : trim(text.substr(1));
    }
    if (!descr || !fortran_order || !shape)
        return std::nullopt;
    return Header{*descr, *fortran_order, *shape};
}

std::vector<std::byte> read_data(std::FILE* source, const std::string& name, std::size_t count) {
    std::vector<std::byte> data;
    try {
        data.reserve(count);
    } catch (const std::bad_alloc&) {
        throw WireError("array " + name + ": no memory for " + std::to_string(count) + " bytes");
    }
    while (data.size() < count) {
        const std::size_t before = data.size(), more = std::min(chunk, count - before);
        data.resize(before + more);
        fill(source, name, data.data() + before, more);
    }
    return data;
}

} // namespace

std::string tuple(const Shape& shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + (shape.size() == 1 ? ",)" : ")");
}

std::string describe(const Array& array) { return std::string(array.dtype.name) + " " + tuple(array.shape); }

void write(std::FILE* sink, const void* bytes, std::size_t count) {
    if (count > 0 && std::fwrite(bytes, 1, count, sink) != count)
        throw WireError(std::string("the pipe broke: ") + std::strerror(errno));
}

void write_array(std::FILE* sink, const Array& array) {
    std::string header = "{'descr': '" + std::string(array.dtype.descr) + "', 'fortran_order': "
                         + (array.fortran_order ? "True" : "False") + ", 'shape': " + tuple(array.shape) + ", }";
    const std::size_t before = magic.size() + 4, whole = (before + header.size() + 1 + 63) / 64 * 64;
    header.resize(whole - before - 1, ' ');
    const std::string begin = std::string(magic) + '\1' + '\0' + static_cast<char>(header.size() + 1) + '\0';
    write(sink, (begin + header + '\n').data(), whole);
    write(sink, array.data.data(), array.data.size());
}

Array read_array(std::FILE* source, const std::string& name, std::size_t& max_bytes) {
    const auto require = [&](bool right, const std::string& what) {
        if (!right)
            throw WireError("array " + name + ": " + what);
    };
    const std::string begin = fill(source, name, magic.size() + 2);
    const bool version1 = begin == std::string(magic) + '\1' + '\0',
               version2 = begin == std::string(magic) + '\2' + '\0';
    require(version1 || version2, "expected an .npy record, beginning with \\x93NUMPY, came " + show(begin));
    std::uint32_t length = 0;
    fill(source, name, &length, version1 ? 2 : 4);
    require(length <= max_header, "expected a header of at most " + std::to_string(max_header) + " bytes, came one of "
                                      + std::to_string(length));
    const std::string text = fill(source, name, length);
    const auto header = parse_header(text);
    require(header.has_value(), "not a valid .npy header: " + show(text));

    const std::string shape = tuple(header->shape);
    require(header->shape.size() <= 2, "expected at most two dimensions, came shape " + shape);
    const auto dtype = std::ranges::find(dtypes, header->descr, &Dtype::descr);
    require(dtype != dtypes.end(), "expected dtype <f8, <f4, <i4 or |u1, came " + std::string(header->descr));
    std::size_t count = dtype->size;
    for (std::size_t n : header->shape) {
        // Where there are no data, as in (0, 2^60), the sizes must be such all the same.
        const bool fits = n == 0 || std::max(count, dtype->size) <= max_bytes / n;
        require(fits, "expected at most " + std::to_string(max_bytes) + " bytes of data, came shape " + shape);
        count *= n;
    }
    max_bytes -= count;
    return {header->shape, header->fortran_order, *dtype, read_data(source, name, count)};
}

} // namespace gradparity
