#include "text.hpp"

#include <charconv>
#include <cstddef>
#include <system_error>

namespace gradparity {

namespace {

std::string hexadecimal(unsigned char byte) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    return {digits[byte / 16], digits[byte % 16]};
}

} // namespace

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

std::string_view trim(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    return first == text.npos ? "" : text.substr(first, text.find_last_not_of(space) + 1 - first);
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (std::size_t end; (end = text.find(at)) != text.npos; text.remove_prefix(end + 1))
        parts.push_back(text.substr(0, end));
    parts.push_back(text);
    return parts;
}

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

} // namespace gradparity
