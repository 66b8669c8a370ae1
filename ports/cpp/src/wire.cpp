#include "wire.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <system_error>

namespace gradparity {

namespace {

// Text: taken apart, quoted and shown.

std::string hexadecimal(unsigned char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    return {digits[byte / 16], digits[byte % 16]};
}

/// The beginning of what came, for an error message.
std::string show(std::string_view bytes) {
    std::string shown = "'";
    for (char c : bytes.substr(0, 80)) {
        if (c == '\n')
            shown += "\\n";
        else if (c >= ' ' && c <= '~')
            shown += c;
        else
            shown.append("\\x").append(hexadecimal(static_cast<unsigned char>(c)));
    }
    return shown + (bytes.size() > 80 ? "'..." : "'");
}

/// Without the white space around it.
std::string_view trim(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(space) + 1 - first);
}

/// Spaces, percent signs, control characters and whatever is not ASCII become %XX.
std::string quote(std::string_view value) {
    std::string quoted;
    for (char c : value) {
        if (c > ' ' && c <= '~' && c != '%')
            quoted += c;
        else
            quoted.append("%").append(hexadecimal(static_cast<unsigned char>(c)));
    }
    return quoted;
}

/// None where a % does not begin %XX.
std::optional<std::string> unquote(std::string_view value) {
    std::string bytes;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] != '%') {
            bytes += value[i];
            continue;
        }
        const std::string_view digits = value.substr(i + 1, 2);
        unsigned byte = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
        if (error != std::errc() || end != value.data() + i + 3)
            return std::nullopt;
        bytes += static_cast<char>(byte);
        i += 2;
    }
    return bytes;
}

/// Whether the bytes are UTF-8: no sequence cut short, longer than it need be, or of what is no character.
bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
        const unsigned lead = byte(i), next = byte(i + 1);
        const std::size_t length = lead < 0x80   ? 1
                                   : lead < 0xC2 ? 0
                                   : lead < 0xE0 ? 2
                                   : lead < 0xF0 ? 3
                                   : lead < 0xF5 ? 4
                                                 : 0;
        if (length == 0 || (lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F)
            || (lead == 0xF0 && next < 0x90) || (lead == 0xF4 && next > 0x8F))
            return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((byte(i + k) & 0xC0) != 0x80)
                return false;
        i += length;
    }
    return true;
}

// Arrays.

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the elements of arrays travel as they are in memory, which must be little-endian"
#endif

constexpr std::size_t max_header = 4096;
constexpr std::size_t max_dimensions = 32;
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

bool begins_with(std::string_view text, char begin) { return !text.empty() && text.front() == begin; }

bool is_within(std::string_view text, char begin, char end) {
    return text.size() >= 2 && text.front() == begin && text.back() == end;
}

std::optional<Shape> parse_shape(std::string_view text) {
    if (!is_within(text, '(', ')'))
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
    if (!is_within(text, '{', '}'))
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
        const bool nested = begins_with(text, '(');
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
        if (!text.empty() && !begins_with(text, ','))
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

/// Writes these bytes. Throws WireError.
void write(std::FILE* sink, const void* bytes, std::size_t count) {
    if (count > 0 && std::fwrite(bytes, 1, count, sink) != count)
        throw WireError(std::string("the pipe broke: ") + std::strerror(errno));
}

void write_array(std::FILE* sink, const Array& array) {
    std::string header = "{'descr': '" + std::string(array.dtype.descr) + "', 'fortran_order': "
                         + (array.fortran_order ? "True" : "False") + ", 'shape': " + tuple(array.shape) + ", }";
    const std::size_t before = magic.size() + 4, whole = (before + header.size() + 1 + 63) / 64 * 64;
    header.resize(whole - before - 1, ' ');
    const std::size_t length = header.size() + 1;
    const std::string begin =
        std::string(magic) + '\1' + '\0' + static_cast<char>(length % 256) + static_cast<char>(length / 256);
    write(sink, (begin + header + '\n').data(), whole);
    write(sink, array.data.data(), array.data.size());
}

/// The next record, of the array of this name. Its data must not take more than `max_bytes`, which is lowered by what
/// they take. Throws WireError.
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
    require(header->shape.size() <= max_dimensions,
            "expected at most " + std::to_string(max_dimensions) + " dimensions, came shape " + shape);
    const auto dtype =
        std::find_if(dtypes.begin(), dtypes.end(), [&](const Dtype& dtype) { return dtype.descr == header->descr; });
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

// Lines.

constexpr std::size_t max_line = 65536;
/// Of the data of one message: more is refused before memory is taken.
constexpr std::size_t max_data = std::size_t{1} << 33;

/// The line with its newline, where it has one.
std::string read_line(std::FILE* source) {
    std::string line;
    while (line.size() < max_line && (line.empty() || line.back() != '\n')) {
        const int byte = std::fgetc(source);
        if (byte == EOF)
            break;
        line += static_cast<char>(byte);
    }
    if (std::ferror(source))
        throw WireError(std::string("the pipe broke: ") + std::strerror(errno));
    return line;
}

/// The message but for its arrays, and the names of these.
std::pair<Message, std::vector<std::string>> parse_line(std::string_view line) {
    const auto require = [&](bool right, const std::string& expected) {
        if (!right)
            throw WireError("expected " + expected + ", came " + show(line));
    };
    require(!line.empty() && line.back() == '\n', "a line of at most 65536 bytes and a newline");
    require(is_utf8(line), "a line of UTF-8 text");
    const auto parts = split(line.substr(0, line.size() - 1), ' ');
    const auto in_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    require(!parts[0].empty() && std::all_of(parts[0].begin(), parts[0].end(), in_word), "a line 'word key=value ...'");

    Message message{std::string(parts[0]), {}, {}};
    std::vector<std::string> names;
    for (std::size_t i = 1; i < parts.size(); ++i) {
        const std::string_view part = parts[i];
        const std::size_t equals = part.find('=');
        require(equals != part.npos, "each field as key=value");
        const std::string_view key = part.substr(0, equals), value = part.substr(equals + 1);
        const auto same = [&](const auto& field) { return field.first == key; };
        const bool again = std::any_of(message.fields.begin(), message.fields.end(), same);
        require(!key.empty() && !again && names.empty(), "each field once, as key=value, and arrays last");
        if (key == "arrays") {
            for (std::string_view name : split(value, ',')) {
                const bool own = !name.empty() && std::count(names.begin(), names.end(), name) == 0;
                require(own, "each array to have a name of its own");
                names.emplace_back(name);
            }
        } else {
            const auto text = unquote(value);
            require(text && is_utf8(*text), "% to begin %XX, a byte of UTF-8 text");
            message.fields.emplace_back(key, *text);
        }
    }
    return {std::move(message), std::move(names)};
}

} // namespace

std::string tuple(const Shape& shape) {
    std::string text = "(";
    for (std::size_t i = 0; i < shape.size(); ++i)
        text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
    return text + (shape.size() == 1 ? ",)" : ")");
}

std::string describe(const Array& array) { return std::string(array.dtype.name) + " " + tuple(array.shape); }

void encode(std::FILE* sink, const Message& message) {
    std::string line = message.word;
    for (const auto& [key, value] : message.fields)
        line += " " + key + "=" + quote(value);
    for (const auto& [name, array] : message.arrays)
        line += (&name == &message.arrays.front().first ? " arrays=" : ",") + name;
    line += '\n';
    write(sink, line.data(), line.size());
    for (const auto& [name, array] : message.arrays)
        write_array(sink, array);
    if (std::fflush(sink) != 0)
        throw WireError(std::string("the pipe broke: ") + std::strerror(errno));
}

std::optional<Message> decode(std::FILE* source) {
    const std::string line = read_line(source);
    if (line.empty())
        return std::nullopt;
    auto [message, names] = parse_line(line);
    std::size_t max_bytes = max_data;
    for (const std::string& name : names)
        message.arrays.emplace_back(name, read_array(source, name, max_bytes));
    return std::move(message);
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (std::size_t end; (end = text.find(at)) != text.npos; text.remove_prefix(end + 1))
        parts.push_back(text.substr(0, end));
    parts.push_back(text);
    return parts;
}

} // namespace gradparity
