// What a benchmark needs of a port: its own clock around its own calls.

#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace gradparity {

/// Nanoseconds of `calls` calls in a row, measured `samples` times: (samples,).
template <typename Call> std::vector<double> elapsed(Call call, std::uint64_t calls, std::uint64_t samples) {
    using Clock = std::chrono::steady_clock;
    std::vector<double> nanoseconds(samples);
    for (double& sample : nanoseconds) {
        const auto start = Clock::now();
        for (std::uint64_t i = 0; i < calls; ++i) {
            call();
            std::atomic_signal_fence(std::memory_order_seq_cst); // or the compiler may leave calls out
        }
        sample = std::chrono::duration<double, std::nano>(Clock::now() - start).count();
    }
    return nanoseconds;
}

} // namespace gradparity
