#include "../src/network.hpp"

#include <algorithm>

#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

void the_example_of_the_reference() {
    auto network = random_network<double>({2, 2, 2}, "relu");
    for (std::size_t i : {0, 2}) {
        layer<Affine<double>>(network, i).W.setIdentity();
        layer<Affine<double>>(network, i).b.setZero();
    }
    const Matrix<double> x{{2, 1}};
    expect(network.predict(x) == x);
    expect_near(network.loss(x, Labels{0}), 0.31326168751822286);
    expect(network.accuracy(x, Labels{1}) == 0);
}

void a_single_layer_is_a_network() {
    auto network = random_network<float>({3, 2}, "sigmoid");
    network.backpropagate(noise<float>(4, 3, 1), Labels{0, 1, 1, 0});
    expect(network.parameters.size() == 2 && network.parameters[1].name == "b");
}

void batches_of_other_sizes_may_follow() {
    auto used = random_network<double>({3, 4, 2}, "relu");
    for (Index rows : {5, 1, 7}) {
        auto fresh = random_network<double>({3, 4, 2}, "relu");
        const Matrix<double> x = noise<double>(rows, 3, 2);
        const Labels t(static_cast<std::size_t>(rows), 1);
        expect(used.backpropagate(x, t) == fresh.backpropagate(x, t));
        for (std::size_t i = 0; i < used.parameters.size(); ++i)
            expect(std::ranges::equal(used.parameters[i].slopes, fresh.parameters[i].slopes));
    }
}

void blocks_of_rows_are_as_all_rows() {
    // Rows so long that a block has few of them.
    const auto make = [] {
        std::vector<NamedLayer<double>> layers;
        const Windows filters{1, 40, 40, 3, 3, 1, 1};
        const Row<double> b = noise<double>(1, 4, 2);
        layers.push_back(
            {"convolution", "1", std::make_unique<Convolution<double>>(noise<double>(4, 9, 1), b, filters)});
        layers.push_back({"tanh", "1", std::make_unique<Tanh<double>>(Sizes{4, 40, 40})});
        layers.push_back({"max_pooling", "1", std::make_unique<MaxPooling<double>>(Windows{4, 40, 40, 20, 40, 20, 0})});
        return layers;
    };
    auto network = network_of(make());
    const Matrix<double> x = noise<double>(7, 1600, 3);
    network.backpropagate(x, Labels{0, 1, 2, 3, 4, 5, 6});
    const auto layers = make();
    const Matrix<double>*out = &x, *dout = &network.last->dx;
    for (const auto& layer : layers)
        out = &layer.layer->forward(*out);
    expect(*out == network.layers[2].layer->out);
    for (std::size_t i = 3; i-- > 0;)
        dout = &layers[i].layer->backward(i == 0 ? x : layers[i - 1].layer->out, *dout);
    expect(dynamic_cast<Convolution<double>&>(*layers[0].layer).dW == layer<Convolution<double>>(network, 0).dW);
    expect(network.layers[0].layer->dx.size() == 0, "nobody owes the gradient of the data");
}

void only_training_moves_running_statistics() {
    auto network = random_images_network<double>();
    const Matrix<double> x = noise<double>(4, 40, 9);
    const Target<double> t = Labels{0, 1, 2, 0};
    auto& norm = layer<BatchNorm<double>>(network, 4);
    const Row<double> before = norm.running_mean;
    const Matrix<double> logits = network.predict(x);
    network.backpropagate(x, t);
    network.trace(x, t);
    expect(norm.running_mean == before && network.predict(x) == logits);
    network.backpropagate(x, t);
    network.move_on();
    expect(norm.running_mean != before && network.predict(x) != logits);
}

void weight_decay_is_of_weights_alone() {
    auto with = random_images_network<double>(0.5), without = random_images_network<double>();
    const Matrix<double> x = noise<double>(4, 40, 9);
    const Target<double> t = Labels{0, 1, 2, 0};
    double squares = 0;
    const double more = with.backpropagate(x, t) - without.backpropagate(x, t);
    for (std::size_t k = 0; k < with.parameters.size(); ++k) {
        const auto &p = with.parameters[k], &q = without.parameters[k];
        for (std::size_t i = 0; i < p.values.size(); ++i) {
            expect(p.slopes[i] == q.slopes[i] + (p.name == "W" ? 0.5 * p.values[i] : 0), std::string(p.name));
            squares += p.name == "W" ? p.values[i] * p.values[i] : 0;
        }
    }
    expect(std::abs(more - squares / 4) < 1e-12);
}

void the_trace_has_all_in_order() {
    auto network = random_network<double>({3, 4, 2}, "relu");
    const Matrix<double> x = noise<double>(5, 3, 2);
    std::string names;
    for (const auto& [name, array] : network.trace(x, Labels{0, 1, 1, 0, 1}))
        names += name + " ";
    expect_same(names, "affine1.out relu1.out affine2.out softmax.y loss softmax.dx affine2.dx affine2.dW affine2.db "
                       "relu1.dx affine1.dx affine1.dW affine1.db ");
    names.clear();
    auto images = random_images_network<double>();
    const auto record = images.trace(noise<double>(4, 40, 2), Labels{0, 1, 1, 0});
    for (const auto& [name, array] : record)
        names += name + " ";
    expect_same(names, "convolution1.out relu1.out max_pooling1.out affine2.out batch_norm3.out "
                       "batch_norm3.running_mean batch_norm3.running_var dropout3.out affine4.out softmax.y loss "
                       "softmax.dx affine4.dx affine4.dW affine4.db dropout3.dx batch_norm3.dx batch_norm3.dgamma "
                       "batch_norm3.dbeta affine2.dx affine2.dW affine2.db max_pooling1.dx relu1.dx convolution1.dx "
                       "convolution1.dW convolution1.db ");
    expect(record[0].second.sizes == Sizes{4, 3, 5, 5} && record.rbegin()[1].second.sizes == Sizes{3, 2, 3, 2});
}

} // namespace

void test_network() {
    the_example_of_the_reference();
    a_single_layer_is_a_network();
    batches_of_other_sizes_may_follow();
    blocks_of_rows_are_as_all_rows();
    only_training_moves_running_statistics();
    weight_decay_is_of_weights_alone();
    the_trace_has_all_in_order();
}
