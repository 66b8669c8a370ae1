// The program: it answers requests until there is none. serve.cpp includes it, and then what answers them.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

// Compiled at once, which is quicker than each by itself.
#include "request.cpp"
#include "server.cpp"
#include "wire.cpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 // as GCC does
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace gradparity {

#ifdef __SANITIZE_ADDRESS__
/// The one line that matters again, as only the end of stderr is shown.
void summarize(const char* report) {
    if (const char* at = std::strstr(report, "SUMMARY"))
        std::fprintf(stderr, "%.*s\n", static_cast<int>(std::strcspn(at, "\n")), at);
}
#endif

/// The reply. Throws Unsupported for what is not written, and other exceptions for what is wrong.
Message answer(const Message& request);

} // namespace gradparity

int main() {
#ifdef __SANITIZE_ADDRESS__
    __asan_set_error_report_callback(gradparity::summarize);
#endif
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // what you print is not lost where it crashes
    std::cout << std::unitbuf;
    std::FILE* replies = fdopen(3, "wb");
    if (replies == nullptr) {
        std::fprintf(stderr, "serve: no file descriptor 3: run it as port.toml does\n");
        return EXIT_FAILURE;
    }
    try {
        gradparity::serve(stdin, replies, gradparity::answer);
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "serve: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
