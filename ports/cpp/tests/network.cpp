#include "../src/network.hpp"

#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

void the_example_of_the_reference() {
    const Affine<double> same(Matrix<double>::Identity(2, 2), Row<double>::Zero(2));
    Network<double> network({same, same}, "relu", 0);
    const Matrix<double> x{{2, 1}};
    expect(network.predict(x) == x);
    expect_near(network.loss(x, Labels{0}), 0.31326168751822286);
    expect(network.accuracy(x, Labels{1}) == 0);
    expect_same(thrown([&] { Network<double>({same}, "tanh", 0); }),
                "expected the activation relu or sigmoid, came tanh");
}

void a_single_layer_is_a_network() {
    auto network = random_network<float>({3, 2}, "sigmoid");
    const auto gradient = network.gradient(noise<float>(4, 3, 1), Labels{0, 1, 1, 0});
    expect(gradient.size() == 3 && gradient[2].first == "db1");
}

void batches_of_other_sizes_may_follow() {
    auto used = random_network<double>({3, 4, 2}, "relu");
    for (Index rows : {5, 1, 7}) {
        auto fresh = random_network<double>({3, 4, 2}, "relu");
        const Matrix<double> x = noise<double>(rows, 3, 2);
        const Labels t(static_cast<std::size_t>(rows), 1);
        const auto came = used.gradient(x, t), expected = fresh.gradient(x, t);
        for (std::size_t i = 0; i < expected.size(); ++i)
            expect(came[i].second.values == expected[i].second.values, expected[i].first);
    }
}

void the_trace_has_all_in_order() {
    auto network = random_network<double>({3, 4, 2}, "relu");
    const Matrix<double> x = noise<double>(5, 3, 2);
    std::string names;
    for (const auto& [name, array] : network.trace(x, Labels{0, 1, 1, 0, 1}))
        names += name + " ";
    expect_same(names, "affine1.out relu1.out affine2.out softmax.y loss softmax.dx affine2.dx affine2.dW affine2.db "
                       "relu1.dx affine1.dx affine1.dW affine1.db ");
}

} // namespace

void test_network() {
    the_example_of_the_reference();
    a_single_layer_is_a_network();
    batches_of_other_sizes_may_follow();
    the_trace_has_all_in_order();
}
