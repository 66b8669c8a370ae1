// The server: answers requests until their source ends.

#pragma once

#include <cstdio>
#include <functional>

#include "wire.hpp"

namespace gradparity {

/// Replies to each request with what `answer` makes of it, or, where that throws, with what the exception says.
void serve(std::FILE* source, std::FILE* sink, const std::function<Message(const Message&)>& answer);

} // namespace gradparity
