// Messages: one line of text, then the arrays that it announces, each a standard .npy record.
//
//     ok epsilon=0 arrays=loss,dW1\n <npy of loss> <npy of dW1>
//
// docs/protocol.md is the specification; this is its C++ reading, with the standard library alone. The records are in
// npy.hpp.

#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "npy.hpp"

namespace gradparity {

/// Free text by name, in order.
using Fields = std::vector<std::pair<std::string, std::string>>;
/// Arrays by name, in order.
using Arrays = std::vector<std::pair<std::string, Array>>;

/// A word (an operation, or the outcome of one), its fields, and its arrays.
struct Message {
    std::string word;
    Fields fields;
    Arrays arrays;
    bool operator==(const Message&) const = default;
};

/// Writes the message, and flushes. Throws WireError.
void encode(std::FILE* sink, const Message& message);

/// The next message, or none at a clean end of the stream. Throws WireError.
std::optional<Message> decode(std::FILE* source);

} // namespace gradparity
