#include "../src/training.hpp"

#include <algorithm>

#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

/// So many images of four pixels, of three kinds.
Images images(int count) {
    Images images{{}, {}, 4, 255};
    for (int i = 0; i < count; ++i) {
        for (int j = 0; j < 4; ++j)
            images.pixels.push_back(static_cast<std::uint8_t>(i * 37 + j * 101 + i * j));
        images.labels.push_back(static_cast<std::uint8_t>(i * i % 3));
    }
    return images;
}

/// Their pixels, (n, 4).
template <typename T> Matrix<T> pixels(const Images& images) {
    const Eigen::Map<const Matrix<std::uint8_t>> bytes(images.pixels.data(), std::ssize(images.labels), 4);
    return bytes.cast<T>() / T(255);
}

/// Whether the parameters are.
template <typename T> bool same(const Network<T>& a, const Network<T>& b) {
    return std::ranges::equal(a.parameters, b.parameters,
                              [](const auto& p, const auto& q) { return std::ranges::equal(p.values, q.values); });
}

template <typename T> void training_is_its_steps() {
    const Images set = images(20);
    const Matrix<std::int32_t> batches{{0, 7, 19}, {3, 3, 4}, {5, 1, 2}};
    for (const Rule& rule : rules) {
        auto network = random_network<T>({4, 5, 3}, "relu"), by_hand = random_network<T>({4, 5, 3}, "relu");
        Optimizer<T> optimizer(rule, network), optimizer_by_hand(rule, by_hand);
        const auto losses = train(network, set, batches, optimizer);
        for (Index step = 0; step < batches.rows(); ++step) {
            const auto rows = batches.row(step);
            const Matrix<T> x = pixels<T>(set)(rows.reshaped(), Eigen::all);
            Labels labels;
            for (std::int32_t row : rows)
                labels.push_back(set.labels[static_cast<std::size_t>(row)]);
            expect(train_step<T>(by_hand, x, labels, optimizer_by_hand) == losses[static_cast<std::size_t>(step)]);
        }
        expect(same(network, by_hand));
    }
}

void work_arrays_are_kept_from_step_to_step() {
    const Images set = images(20);
    auto network = random_network<float>({4, 5, 3}, "sigmoid");
    Optimizer<float> optimizer(rules[0], network);
    const auto arrays = [&] {
        train(network, set, Matrix<std::int32_t>{{0, 1}, {2, 3}}, optimizer);
        std::vector<const float*> arrays;
        for (const auto& [kind, number, layer] : network.layers) {
            arrays.insert(arrays.end(), {layer->out.data(), layer->dx.data()});
            for (const auto& p : layer->parameters())
                arrays.insert(arrays.end(), {p.values.data(), p.slopes.data()});
        }
        return arrays;
    };
    expect(arrays() == arrays());
}

void each_step_has_its_masks() {
    Images set{{}, {0, 1, 2, 0, 1}, 40, 255};
    for (int i = 0; i < 200; ++i)
        set.pixels.push_back(static_cast<std::uint8_t>(i * 71));
    auto network = random_images_network<double>(0.1), by_hand = random_images_network<double>(0.1);
    auto& dropout = layer<Dropout<double>>(by_hand, 5);
    const Mask loaded = *dropout.mask();
    const std::vector<std::uint8_t> masks{1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1};
    Optimizer<double> optimizer(rules[1], network), optimizer_by_hand(rules[1], by_hand);
    const Matrix<std::int32_t> batches{{0, 1}, {4, 2}};
    const auto losses = train(network, set, batches, optimizer, {masks});
    Batch<double> batch;
    for (Index step = 0; step < 2; ++step) {
        batch.draw(set, std::span(batches.row(step).data(), 2));
        *dropout.mask() = Eigen::Map<const Mask>(masks.data() + 8 * step, 2, 4);
        expect(train_step<double>(by_hand, batch.x, batch.t, optimizer_by_hand) == losses[std::size_t(step)]);
        by_hand.move_on();
    }
    expect(same(network, by_hand));
    expect(layer<BatchNorm<double>>(network, 4).running_var == layer<BatchNorm<double>>(by_hand, 4).running_var);
    expect(*layer<Dropout<double>>(network, 5).mask() == loaded, "the loaded mask is back");
}

void a_set_is_evaluated_as_if_at_once() {
    for (int count : {1, 999, 1000, 2345}) {
        const Images set = images(count);
        auto network = random_network<double>({4, 5, 3}, "relu");
        const auto [loss, accuracy] = evaluate(network, set);
        const Matrix<double> x = pixels<double>(set);
        const Target<double> t = Labels(set.labels.begin(), set.labels.end());
        expect_near(loss, network.loss(x, t));
        expect(accuracy == network.accuracy(x, t));
    }
}

} // namespace

void test_training() {
    training_is_its_steps<double>();
    training_is_its_steps<float>();
    work_arrays_are_kept_from_step_to_step();
    each_step_has_its_masks();
    a_set_is_evaluated_as_if_at_once();
}
