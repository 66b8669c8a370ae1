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
    const Matrix<double> x{{1, -0.5, 0, -0.0, least, nan}};
    const auto& out = relu.forward(x);
    expect(out.leftCols(5) == Matrix<double>{{1, 0, 0, 0, least}} && std::isnan(out(5)));
    const auto& dx = relu.backward(x, Matrix<double>{{5, 6, 7, 8, 9, 10}});
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
    expect(tanh.backward(tanh.out, Matrix<T>{{1, 2, 3}}) == Matrix<T>{{0, 2, 0}});
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

void batch_norm_is_that_of_the_protocol() {
    const Row<double> gamma{{1, 2}}, beta{{0, 1}}, mean{{1, -1}}, var{{4, 1}};
    BatchNorm<double> norm(gamma, beta, mean, var, 0.75, 0);
    const Matrix<double> x{{1, 2}, {3, 0}}, dout{{1, -1}, {2, 0.5}};
    expect(norm.forward(x) == Matrix<double>{{-1, 3}, {1, -1}});
    expect(norm.backward(x, dout).isZero(1e-15), "two rows become -1 and 1, whatever they are");
    expect(norm.running_mean == mean && norm.running_var == var);
    norm.move_on();
    expect(norm.running_mean == Row<double>{{1.25, -0.5}} && norm.running_var == Row<double>{{3.25, 1}});
    BatchNorm<double> test(gamma, beta, mean, var, 0.75, 0);
    test.training = false;
    expect(test.forward(x) == Matrix<double>{{0, 7}, {1, 3}});
    expect(test.backward(x, dout) == Matrix<double>{{0.5, -2}, {1, 1}});
    expect(test.dgamma == Row<double>{{2, -2.5}} && test.dbeta == Row<double>{{3, -0.5}});
}

void dropout_keeps_what_the_mask_keeps() {
    Dropout<double> dropout(Mask{{0, 1}}, 0.25);
    const Matrix<double> x{{1, -2}}, dout{{4, 8}};
    expect(dropout.forward(x) == Matrix<double>{{0, -2}} && dropout.backward(x, dout) == Matrix<double>{{0, 8}});
    dropout.training = false;
    expect(dropout.forward(x) == Matrix<double>{{0.75, -1.5}} && dropout.backward(x, dout) == Matrix<double>{{3, 6}});
}

void a_convolution_does_not_flip() {
    // Two channels; of a filter of 3 by 2 the middle row, at every second column of the padded images: 0 1 2 3 0.
    Convolution<double> convolution(Matrix<double>{{0, 0, 1, 10, 0, 0, 0, 0, 100, 1000, 0, 0}}, Row<double>{{0.5}},
                                    {2, 1, 3, 3, 2, 2, 1});
    const Matrix<double> x{{1, 2, 3, 4, 5, 6}}, dout{{1, 2}};
    for (int again = 0; again < 2; ++again) {
        expect(convolution.forward(x) == Matrix<double>{{4010.5, 6532.5}});
        expect(convolution.backward(x, dout) == Matrix<double>{{10, 2, 20, 1000, 200, 2000}});
        expect(convolution.dW == Matrix<double>{{0, 0, 4, 7, 0, 0, 0, 0, 10, 16, 0, 0}}
               && convolution.db == Row<double>{{3}});
    }
}

template <typename T> void max_pooling_takes_the_first_of_equals() {
    MaxPooling<T> overlapping({1, 2, 2, 2, 2, 1, 1});
    const Matrix<T> x{{1, 1, -1, 0}}, dout{{1, 2, 3, 4, 5, 6, 7, 8, 9}};
    expect(overlapping.forward(x) == Matrix<T>{{1, 1, 1, 1, 1, 1, 0, 0, 0}}, "zeros around it take part");
    expect(overlapping.backward(x, dout) == Matrix<T>{{12, 9, 0, 17}});
    // Equal ones in different columns: the first row by row is not the first column by column.
    MaxPooling<T> apart({2, 2, 2, 2, 2, 2, 0}), high({1, 4, 2, 4, 2, 1, 0}), wide({1, 2, 4, 2, 4, 3, 0});
    const Matrix<T> y{{0, 3, 3, 0, -1, -2, -2, -1}};
    expect(apart.forward(y) == Matrix<T>{{3, -1}});
    expect(apart.backward(y, Matrix<T>{{5, 7}}) == Matrix<T>{{0, 5, 0, 0, 7, 0, 0, 0}});
    const Matrix<T> z{{0, 1, 1, 2, 2, 0, 2, 1}};
    expect(high.forward(z)(0) == 2 && high.backward(z, Matrix<T>{{9}}) == Matrix<T>{{0, 0, 0, 9, 0, 0, 0, 0}});
    expect(wide.forward(z)(0) == 2 && wide.backward(z, Matrix<T>{{9}}) == Matrix<T>{{0, 0, 0, 9, 0, 0, 0, 0}});
    expect(std::isnan(wide.forward(Matrix<T>{{0, 1, 1, 2, 2, std::numeric_limits<T>::quiet_NaN(), 2, 1}})(0)));
}

void squared_error_is_half_the_squares() {
    SquaredError<double> loss;
    expect(loss.forward(Matrix<double>{{1, 2}, {0.5, 1}}, Labels{1, 0}) == 0.8125);
    expect(loss.backward() == Matrix<double>{{0.5, 0.5}, {-0.25, 0.5}});
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
    batch_norm_is_that_of_the_protocol();
    dropout_keeps_what_the_mask_keeps();
    a_convolution_does_not_flip();
    max_pooling_takes_the_first_of_equals<double>();
    max_pooling_takes_the_first_of_equals<float>();
    squared_error_is_half_the_squares();
    the_loss_is_finite_where_p_underflows();
    one_hot_rows_and_labels_are_the_same();
    argmax_is_that_of_numpy();
}
