#include "../src/numerical.hpp"

#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

void backward_gives_what_central_differences_give() {
    for (const std::string activation : {"relu", "sigmoid", "tanh"}) {
        auto network = random_network<double>({4, 5, 6, 2}, activation);
        const Matrix<double> x = noise<double>(3, 4, 99);
        const Target<double> t = Labels{0, 1, 1};
        const Matrix<double> W = network.affines[1].W;
        const auto estimate = central_difference(network, x, t, 1e-6);
        expect(network.affines[1].W == W, "each parameter is put back exactly");
        network.backpropagate(x, t);
        std::size_t k = 0;
        network.each_parameter([&](std::span<double>, std::span<const double> dp) {
            for (std::size_t i = 0; i < dp.size(); ++i)
                expect(std::abs(dp[i] - estimate[k][i]) < 1e-8, activation);
            ++k;
        });
    }
}

} // namespace

void test_numerical() { backward_gives_what_central_differences_give(); }
