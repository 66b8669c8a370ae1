#include "wire.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "text.hpp"

namespace gradparity {

namespace {

constexpr std::size_t max_line = 65536;
/// Of the data of one message: more is refused before memory is taken.
constexpr std::size_t max_data = std::size_t{1} << 33;

/// The line with its newline, where it has one.
std::string read_line(std::FILE* source) {
    std::string line;
    while (line.size() < max_line && !line.ends_with('\n')) {
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
    require(line.ends_with('\n'), "a line of at most 65536 bytes and a newline");
    require(is_utf8(line), "a line of UTF-8 text");
    const auto parts = split(line.substr(0, line.size() - 1), ' ');
    const auto in_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    require(!parts[0].empty() && std::ranges::all_of(parts[0], in_word), "a line 'word key=value ...'");

    Message message{std::string(parts[0]), {}, {}};
    std::vector<std::string> names;
    for (std::string_view part : std::span(parts).subspan(1)) {
        const std::size_t equals = part.find('=');
        require(equals != part.npos, "each field as key=value");
        const std::string_view key = part.substr(0, equals), value = part.substr(equals + 1);
        const bool again = std::ranges::count(message.fields, key, [](const auto& field) { return field.first; }) > 0;
        require(!key.empty() && !again && names.empty(), "each field once, as key=value, and arrays last");
        if (key == "arrays") {
            for (std::string_view name : split(value, ',')) {
                const bool own = !name.empty() && std::ranges::count(names, name) == 0;
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

} // namespace gradparity
