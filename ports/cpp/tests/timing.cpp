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
    const auto all = products(network, x);
    for (const auto& [number, call] : all)
        call();
    expect(all.size() == 2 && all[1].first == 2);
    const auto& second = layer<Affine<double>>(network, 2);
    const Matrix<double>& input = network.layers[1].layer->out;
    expect(second.out.isApprox(input.lazyProduct(second.W)));
    expect(second.dW.isApprox(input.transpose().lazyProduct(second.out)));
    expect(second.dx.isApprox(second.out.lazyProduct(second.W.transpose())));
    expect(network.layers[0].layer->dx.size() == 0, "nobody owes the gradient of the data");
}

void products_of_some_layers_leave_the_others_alone() {
    auto network = random_images_network<float>();
    const Matrix<float> x = noise<float>(4, 40, 9);
    const auto all = products(network, x);
    expect(all.size() == 3 && all[0].first == 1 && all[2].first == 4);
    auto& convolution = layer<Convolution<float>>(network, 0);
    const Matrix<float> W = convolution.W;
    all[0].second();
    const Matrix<float> col = convolution.windows_of(x, 3);
    expect(convolution.channels(std::as_const(convolution.out), 3).isApprox(W.lazyProduct(col)));
    expect(layer<Affine<float>>(network, 3).dW.isZero(0) && convolution.W == W);
}

} // namespace

void test_timing() {
    a_sample_is_the_time_of_all_its_calls();
    products_are_those_of_the_layers();
    products_of_some_layers_leave_the_others_alone();
}
