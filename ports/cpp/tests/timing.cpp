#include "../src/timing.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <thread>

#include "../src/roofline.hpp"
#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

void a_sample_is_the_time_of_all_its_calls() {
    int calls = 0;
    expect(elapsed([&] { ++calls; }, 3, 4).size() == 4 && calls == 12);
    const auto sleep = [] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
    const auto start = std::chrono::steady_clock::now();
    const auto nanoseconds = elapsed(sleep, 3, 2);
    const std::chrono::duration<double, std::nano> whole = std::chrono::steady_clock::now() - start;
    expect(std::ranges::all_of(nanoseconds, [](double sample) { return sample >= 6e6; }));
    expect(std::accumulate(nanoseconds.begin(), nanoseconds.end(), 0.0) <= whole.count());
}

void products_are_those_of_the_layers() {
    auto network = random_network<double>({5, 4, 3}, "relu");
    const Matrix<double> x = noise<double>(2, 5, 9);
    const auto inputs = layer_inputs(network, x, {1, 2});
    products(network, inputs);
    const Affine<double>& second = network.affines[1];
    expect(inputs[1].second == network.activations[0]->out);
    expect(second.out.isApprox(inputs[1].second.lazyProduct(second.W)));
    expect(second.dW.isApprox(inputs[1].second.transpose().lazyProduct(second.out)));
    expect(second.dx.isApprox(second.out.lazyProduct(second.W.transpose())));
    expect(network.affines[0].dx.size() == 0, "nobody owes the gradient of the data");
}

void products_of_some_layers_leave_the_others_alone() {
    auto network = random_network<float>({5, 4, 3}, "sigmoid");
    const Matrix<float> x = noise<float>(2, 5, 9);
    const auto inputs = layer_inputs(network, x, {2});
    const Matrix<float> W = network.affines[1].W;
    products(network, inputs);
    expect(inputs.size() == 1 && inputs[0].first == 2);
    expect(network.affines[0].dW.isZero(0) && network.affines[1].W == W);
}

} // namespace

void test_timing() {
    a_sample_is_the_time_of_all_its_calls();
    products_are_those_of_the_layers();
    products_of_some_layers_leave_the_others_alone();
}
