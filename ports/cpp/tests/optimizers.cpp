#include "../src/optimizers.hpp"

#include "../src/training.hpp"
#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

/// p after two updates of p = 1, with dp = 2 and then dp = -1.
double two_updates(const Rule& rule) {
    std::vector<double> p{1};
    State<double> state(state_names(rule).size(), {0});
    const std::vector<double> first{2}, second{-1};
    update_one<double>(rule, 1, p, first, state);
    update_one<double>(rule, 2, p, second, state);
    return p[0];
}

void the_formulas() {
    const double rate1 = 0.0625 * std::sqrt(0.125) / 0.25, rate2 = 0.0625 * std::sqrt(15.0 / 64) / (7.0 / 16);
    const std::vector<double> expected{
        0.5,
        0.5,
        0.5,
        1 - 0.25 / (2 + 1e-7) + 0.125 / (std::sqrt(5) + 1e-7),
        1 - 0.125 / (1 + 1e-7) + 0.0625 / (1 + 1e-7),
        1 - rate1 * 0.5 / (std::sqrt(0.5) + 1e-7) - rate2 * 0.125 / (0.75 + 1e-7),
    };
    for (std::size_t i = 0; i < rules.size(); ++i)
        expect_near(two_updates(rules[i]), expected[i]);
}

void one_minus_a_number_is_rounded_once() {
    std::vector<float> p{0};
    const std::vector<float> dp{1};
    State<float> state{{0}, {0}};
    update_one<float>(Adam{0.001, 0.9, 0.999}, 1, p, dp, state);
    expect(state == State<float>{{static_cast<float>(1 - 0.9)}, {static_cast<float>(1 - 0.999)}});
    expect(state[1][0] != 1 - 0.999f);
}

void a_slope_of_zero_moves_nothing() {
    for (const Rule& rule : rules) {
        std::vector<double> p{3};
        const std::vector<double> dp{0};
        State<double> state(state_names(rule).size(), {0});
        update_one<double>(rule, 1, p, dp, state);
        expect(p[0] == 3 && state == State<double>(state.size(), {0}));
    }
}

void a_rule_must_have_its_state() {
    std::vector<double> p{1};
    const std::vector<double> dp{1};
    State<double> none;
    expect(thrown([&] { update_one<double>(rules[1], 1, p, dp, none); }) != "nothing thrown");
}

void a_hundred_steps_lower_the_loss() {
    for (const Rule& rule : rules)
        for (const std::string activation : {"relu", "sigmoid", "tanh"}) {
            auto network = random_network<double>({4, 5, 3}, activation);
            const Matrix<double> x = noise<double>(3, 4, 7);
            const Target<double> t = Labels{0, 1, 2};
            Optimizer<double> optimizer(rule, network);
            const double before = train_step(network, x, t, optimizer);
            for (int step = 0; step < 100; ++step)
                train_step(network, x, t, optimizer);
            expect(network.loss(x, t) < before / 2, activation);
        }
}

} // namespace

void test_optimizers() {
    the_formulas();
    one_minus_a_number_is_rounded_once();
    a_slope_of_zero_moves_nothing();
    a_rule_must_have_its_state();
    a_hundred_steps_lower_the_loss();
}
