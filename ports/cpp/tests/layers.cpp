#include "../src/layers.hpp"

#include <limits>

#include "check.hpp"
#include "samples.hpp"

using namespace gradparity;

namespace {

Matrix<double> one(double number) { return Matrix<double>::Constant(1, 1, number); }

void two_apples_cost_220() {
    Multiply<double> apples, price;
    const auto apple = one(100), number = one(2), tax = one(1.1);
    expect_near(price.forward(apples.forward(apple, number), tax)(0), 220);
    price.backward(apples.out, tax, one(1));
    apples.backward(apple, number, price.dx);
    expect_near(apples.dx(0), 2.2);
    expect_near(apples.dy(0), 110);
    expect_near(price.dy(0), 200);
}

void relu_cuts_and_has_no_slope_at_zero() {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), least = 5e-324;
    Relu<double> relu;
    const auto& out = relu.forward(Matrix<double>{{1, -0.5, 0, -0.0, least, nan}});
    expect(out.leftCols(5) == Matrix<double>{{1, 0, 0, 0, least}} && std::isnan(out(5)));
    const auto& dx = relu.backward(Matrix<double>{{5, 6, 7, 8, 9, 10}});
    expect(dx == Matrix<double>{{5, 0, 0, 0, 9, 10}});
}

template <typename T> void a_sigmoid_has_the_same_bits_alone_and_among_others() {
    Sigmoid<T> all, alone;
    const Matrix<T> x = noise<T>(13, 17, 1);
    all.forward(x);
    for (Index i = 0; i < x.size(); ++i)
        expect(alone.forward(x.reshaped()(Eigen::seqN(i, 1)))(0) == all.out.reshaped()(i));
    expect(all.forward(Matrix<T>{{-1000, 0, 1000}}) == Matrix<T>{{0, T(0.5), 1}});
}

template <typename T> void tanh_is_near_the_librarys() {
    Tanh<T> tanh;
    const Matrix<T> x = noise<T>(13, 17, 1) * 4;
    tanh.forward(x);
    for (Index i = 0; i < x.size(); ++i) {
        const T right = std::tanh(x.reshaped()(i));
        expect(std::abs(tanh.out.reshaped()(i) - right) <= 3 * std::numeric_limits<T>::epsilon() * std::abs(right));
    }
    expect(tanh.forward(Matrix<T>{{-1000, T(-1e-20), 1000}}) == Matrix<T>{{-1, T(-1e-20), 1}});
    expect(tanh.backward(Matrix<T>{{1, 2, 3}}) == Matrix<T>{{0, 2, 0}});
    expect(std::isnan(tanh.forward(Matrix<T>{{std::numeric_limits<T>::quiet_NaN()}})(0)));
}

void affine_is_x_times_w_plus_b() {
    Affine<double> affine(Matrix<double>{{1, 0}, {0, 1}, {2, 3}}, Row<double>{{0.5, -1}});
    const Matrix<double> x{{1, 2, 3}, {4, 5, 6}}, dout{{1, -1}, {2, 0}};
    for (int again = 0; again < 2; ++again) {
        expect(affine.forward(x) == Matrix<double>{{7.5, 10}, {16.5, 22}});
        expect(affine.backward(x, dout) == Matrix<double>{{1, -1, -1}, {2, 0, 4}});
        expect(affine.dW == Matrix<double>{{9, -1}, {12, -2}, {15, -3}});
        expect(affine.db == Row<double>{{3, -1}});
    }
}

void the_loss_is_finite_where_p_underflows() {
    const Matrix<double> x{{1000, -1000}};
    expect_near(SoftmaxWithLoss<double>().forward(x, Labels{1}), 2000);
    expect_near(SoftmaxWithLoss<double>(1e-7).forward(x, Labels{1}), -std::log(1e-7));
}

void one_hot_rows_and_labels_are_the_same() {
    SoftmaxWithLoss<float> a, b;
    const Matrix<float> x = noise<float>(2, 3, 1), one_hot{{0, 0, 1}, {1, 0, 0}};
    expect(a.forward(x, one_hot) == b.forward(x, Labels{2, 0}) && a.backward() == b.backward());
}

void argmax_is_that_of_numpy() {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    const Matrix<double> x{{1, 3, 3}, {9, nan, nan}};
    expect(argmax(x, 0) == 1 && argmax(x, 1) == 1);
}

} // namespace

void test_layers() {
    two_apples_cost_220();
    relu_cuts_and_has_no_slope_at_zero();
    a_sigmoid_has_the_same_bits_alone_and_among_others<double>();
    a_sigmoid_has_the_same_bits_alone_and_among_others<float>();
    tanh_is_near_the_librarys<double>();
    tanh_is_near_the_librarys<float>();
    affine_is_x_times_w_plus_b();
    the_loss_is_finite_where_p_underflows();
    one_hot_rows_and_labels_are_the_same();
    argmax_is_that_of_numpy();
}
