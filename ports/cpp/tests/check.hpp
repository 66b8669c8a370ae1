// What every test needs: expectations that name their line.

#pragma once

#include <cmath>
#include <cstdio>
#include <functional>
#include <source_location>
#include <string>

inline int failures = 0;

inline void expect(bool right, const std::string& what = "",
                   std::source_location at = std::source_location::current()) {
    if (right)
        return;
    ++failures;
    std::fprintf(stderr, "%s:%u: not as expected %s\n", at.file_name(), at.line(), what.c_str());
}

inline void expect_near(double came, double expected, std::source_location at = std::source_location::current()) {
    const bool near = std::abs(came - expected) <= 1e-12 * std::abs(expected);
    expect(near, "(came " + std::to_string(came) + ", expected " + std::to_string(expected) + ")", at);
}

inline void expect_same(const std::string& came, const std::string& expected,
                        std::source_location at = std::source_location::current()) {
    expect(came == expected, "\n    came     " + came + "\n    expected " + expected, at);
}

/// What the exception says that f throws.
inline std::string thrown(const std::function<void()>& f) {
    try {
        f();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing thrown";
}
