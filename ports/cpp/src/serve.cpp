// Answers requests on stdin until it closes.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <unistd.h>

#include "operations.hpp"
#include "request.hpp"
#include "wire.hpp"

namespace gradparity {

/// stdout belongs to the protocol: whatever else prints there goes to stderr from here on.
std::FILE* take_stdout() {
    const int stdout_alone = dup(STDOUT_FILENO);
    std::FILE* sink = stdout_alone < 0 ? nullptr : fdopen(stdout_alone, "wb");
    if (sink == nullptr || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        throw WireError("stdout cannot be taken over");
    return sink;
}

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

Message answer(Port& port, const Message& request) {
    try {
        return port.answer(request);
    } catch (const Unsupported& unsupported) {
        return failure("unsupported", unsupported.what());
    } catch (const std::exception& error) {
        return failure("error", error.what());
    }
}

void serve() {
    std::FILE* sink = take_stdout();
    Port port;
    while (const auto request = decode(stdin))
        encode(sink, answer(port, *request));
}

} // namespace gradparity

int main() {
    try {
        gradparity::serve();
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "serve: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
