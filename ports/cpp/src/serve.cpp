// Answers requests on stdin until it closes.

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <unistd.h>

#include "operations.hpp"
#include "server.hpp"

namespace gradparity {

/// stdout belongs to the protocol: whatever else prints there goes to stderr from here on.
std::FILE* take_stdout() {
    const int stdout_alone = dup(STDOUT_FILENO);
    std::FILE* sink = stdout_alone < 0 ? nullptr : fdopen(stdout_alone, "wb");
    if (sink == nullptr || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        throw WireError("stdout cannot be taken over");
    return sink;
}

} // namespace gradparity

int main() {
    try {
        gradparity::Port port;
        gradparity::serve(stdin, gradparity::take_stdout(),
                          [&](const gradparity::Message& request) { return port.answer(request); });
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "serve: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
