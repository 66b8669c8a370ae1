// The port as a process.

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "check.hpp"

namespace {

std::string content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Output {
    bool success;
    std::string out, err;
};

/// What the port answers when this comes on its stdin.
Output serve(const std::string& input) {
    std::ofstream("target/in", std::ios::binary) << input;
    const int status = std::system("target/serve <target/in >target/out 2>target/err");
    return {status == 0, content("target/out"), content("target/err")};
}

void it_answers_and_ends_with_its_input() {
    const auto [success, out, err] = serve("sing loudly=1\ntime operation=sing calls=1 samples=1\nlayer kind=affine\n"
                                           "gradient\nnull\nhello protocol=1\n");
    expect(success && err.empty(), err);
    const std::string expected = "unsupported message=no%20operation%20sing\n"
                                 "error message=nothing%20is%20loaded%20yet:%20send%20load%20first\n"
                                 "error message=expected%20an%20array%20x,%20came%20none\n"
                                 "error message=nothing%20is%20loaded%20yet:%20send%20load%20first\n"
                                 "ok\n"
                                 "ok name=cpp language=C++ version=";
    expect_same(out.substr(0, expected.size()), expected);
}

void a_broken_stream_is_one_line_on_stderr() {
    using namespace std::string_literals;
    const std::pair<std::string, std::string> broken[]{
        {"hello protocol=1", "serve: expected a line of at most 65536 bytes and a newline, came 'hello protocol=1'\n"},
        {"\0\n"s, "serve: expected a line 'word key=value ...', came '\\x00\\n'\n"},
        {"load arrays=x\n\x93NUM", "serve: array x: expected 8 more bytes, the stream ended before\n"}};
    for (const auto& [input, message] : broken) {
        const auto [success, out, err] = serve(input);
        expect(!success && out.empty());
        expect_same(err, message);
    }
}

void answers_to_long_words_stay_short() {
    const auto [success, out, err] = serve(std::string(65'000, 'a') + "\n");
    expect(success && out.size() < 4000);
}

} // namespace

void test_serve() {
    it_answers_and_ends_with_its_input();
    a_broken_stream_is_one_line_on_stderr();
    answers_to_long_words_stay_short();
}
