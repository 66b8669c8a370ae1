#include "../src/numerical.hpp"

#include <algorithm>

#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

void check(Network<double> network, const Matrix<double>& x, const Target<double>& t, const std::string& what) {
    const auto values = network.parameters[2].values;
    const std::vector<double> before(values.begin(), values.end());
    const auto estimate = central_difference(network, x, t, 1e-6);
    expect(std::ranges::equal(before, values), "each parameter is put back exactly");
    network.backpropagate(x, t);
    for (std::size_t k = 0; k < estimate.size(); ++k)
        for (std::size_t i = 0; i < estimate[k].size(); ++i)
            expect(std::abs(network.parameters[k].slopes[i] - estimate[k][i]) < 1e-8, what);
}

void backward_gives_what_central_differences_give() {
    for (const std::string activation : {"relu", "sigmoid", "tanh"})
        check(random_network<double>({4, 5, 6, 2}, activation), noise<double>(3, 4, 99), Labels{0, 1, 1}, activation);
    check(random_images_network<double>(), noise<double>(4, 40, 99), Labels{0, 1, 2, 1}, "images");
    check(random_images_network<double>(0.5), noise<double>(4, 40, 99), Labels{0, 1, 2, 1}, "weight decay");
}

} // namespace

void test_numerical() { backward_gives_what_central_differences_give(); }
