#include "server.hpp"

#include <exception>
#include <string>

#include "request.hpp"

namespace gradparity {

namespace {

/// The text is cut, lest it outgrow a line.
Message failure(const std::string& word, std::string message) {
    constexpr std::size_t most = 1000;
    if (message.size() > most) {
        std::size_t end = most;
        while ((message[end] & 0xC0) == 0x80) // within a character
            --end;
        message.resize(end);
    }
    return {word, {{"message", message}}, {}};
}

} // namespace

void serve(std::FILE* source, std::FILE* sink, const std::function<Message(const Message&)>& answer) {
    const auto reply = [&](const Message& request) -> Message {
        try {
            return answer(request);
        } catch (const Unsupported& unsupported) {
            return failure("unsupported", unsupported.what());
        } catch (const std::exception& error) {
            return failure("error", error.what());
        }
    };
    while (const auto request = decode(source))
        encode(sink, reply(*request));
}

} // namespace gradparity
