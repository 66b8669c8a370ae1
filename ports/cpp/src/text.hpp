// Text of messages: taken apart, quoted and shown.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradparity {

/// The beginning of what came, for an error message.
std::string show(std::string_view bytes);

/// Without the white space around it.
std::string_view trim(std::string_view text);

/// The parts between these characters: one more than there are of them.
std::vector<std::string_view> split(std::string_view text, char at);

/// Spaces, percent signs, control characters and whatever is not ASCII become %XX.
std::string quote(std::string_view value);

/// None where a % does not begin %XX.
std::optional<std::string> unquote(std::string_view value);

/// Whether the bytes are UTF-8: no sequence cut short, longer than it need be, or of what is no character.
bool is_utf8(std::string_view text);

} // namespace gradparity
