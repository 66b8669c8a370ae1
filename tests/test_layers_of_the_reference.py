"""The layers of chapters 6 and 7 in the reference, against numbers made by hand, and against the complex step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradparity.cases import CaseSpec, draw
from gradparity_reference import BatchNorm, Convolution, Dropout, MaxPooling, Network, SquaredError, complex_step

NETWORKS = [
    "2x6x5-convolution3k3x2s2p1-relu-max_pooling2s1-affine4-tanh-affine3",
    "1x7x7-convolution2k2-sigmoid-max_pooling3x2s1p1-convolution3k2s2-tanh-affine3-squared_error",
    "6-affine5-batch_norm-relu-dropout0.3-affine4-batch_norm-sigmoid-dropout-affine3",
    "6-batch_norm-affine4-tanh-affine3-squared_error",
]


@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("network", NETWORKS)
def test_gradient_equals_the_complex_step(network: str, decay: float) -> None:
    for seed in range(3):
        case = draw(CaseSpec(network=network, batch=5, weight_decay=decay), seed)
        came = case.network().gradient(case.x, case.t)
        for name, expected in complex_step(case.network(), case.x, case.t).items():
            terms = max(1e-3, float(np.max(abs(expected))))
            assert np.max(abs(came[name] - expected)) <= 1e-12 * terms, name


def images(*rows: list[float]) -> Any:
    return np.array(rows)[None, None]


def test_a_convolution_lays_the_filter_unflipped() -> None:
    layer = Convolution(images([1.0, 0], [0, -1]), np.array([0.5]))
    assert layer.forward(images([1.0, 2, 3], [4, 5, 6])).tolist() == [[[[1 - 5 + 0.5, 2 - 6 + 0.5]]]]
    assert layer.backward(images([1.0, 2])).tolist() == [[[[1, 2, 0], [0, -1, -2]]]]
    assert layer.dW.tolist() == [[[[1 + 4, 2 + 6], [4 + 10, 5 + 12]]]]
    assert layer.db.tolist() == [3]


def test_padding_stands_on_all_four_sides_and_a_stride_leaves_windows_out() -> None:
    layer = Convolution(images([1.0]), np.zeros(1), stride=2, pad=1)
    assert layer.forward(images([1.0, 2, 3], [4, 5, 6])).tolist() == [[[[0, 0, 0], [0, 5, 0]]]]


def test_of_equal_elements_the_first_row_by_row_gets_the_gradient() -> None:
    layer = MaxPooling(2, 2, stride=2)
    assert layer.forward(images([0.0, 7], [7, 7])).tolist() == [[[[7]]]]
    assert layer.backward(images([3.0])).tolist() == [[[[0, 3], [0, 0]]]]


def test_gradients_add_up_where_windows_overlap() -> None:
    layer = MaxPooling(1, 2, stride=1)
    assert layer.forward(images([1.0, 9, 2])).tolist() == [[[[9, 9]]]]
    assert layer.backward(images([3.0, 4])).tolist() == [[[[0, 7, 0]]]]


def test_zeros_of_the_padding_take_part_and_their_gradient_is_lost() -> None:
    layer = MaxPooling(2, 2, stride=2, pad=1)
    assert layer.forward(images([-1.0, 2], [3, -4])).tolist() == [[[[0, 2], [3, 0]]]]
    assert layer.backward(images([5.0, 6], [7, 8])).tolist() == [[[[0, 6], [7, 0]]]]


def batch_norm(**numbers: float) -> BatchNorm:
    return BatchNorm(np.array([2.0]), np.array([1.0]), np.array([4.0]), np.array([9.0]), **numbers)


def test_batch_normalization_by_the_batch_in_training() -> None:
    layer = batch_norm(momentum=0.75, epsilon=0.0)
    assert layer.forward(np.array([[1.0], [3.0]])).tolist() == [[-1], [3]]
    assert layer.running_mean.tolist() == [0.75 * 4 + 0.25 * 2]
    assert layer.running_var.tolist() == [0.75 * 9 + 0.25 * 1]  # the mean of the squares: not divided by n - 1


def test_batch_normalization_by_the_running_statistics_in_the_test() -> None:
    layer = batch_norm(epsilon=0.0)
    layer.training = False
    assert layer.forward(np.array([[1.0], [7.0]])).tolist() == [[-1], [3]]
    assert layer.backward(np.array([[3.0], [6.0]])).tolist() == [[2], [4]]
    assert (layer.running_mean.tolist(), layer.running_var.tolist()) == ([4], [9])


def test_the_epsilon_is_inside_the_root() -> None:
    layer = batch_norm(epsilon=16.0)
    layer.training = False
    assert layer.forward(np.array([[9.0]])).tolist() == [[3]]  # 2 (9 - 4) / sqrt(9 + 16) + 1


def test_dropout_masks_in_training_and_scales_in_the_test() -> None:
    layer, x = Dropout(np.array([[0, 1]], np.uint8), ratio=0.25), np.array([[8.0, 4.0]])
    assert (layer.forward(x).tolist(), layer.backward(x).tolist()) == ([[0, 4]], [[0, 4]])
    layer.training = False
    assert (layer.forward(x).tolist(), layer.backward(x).tolist()) == ([[6, 3]], [[6, 3]])


@pytest.mark.parametrize("t", [np.array([1, 0]), np.array([[0, 1], [1, 0]])])
def test_the_squared_error_is_halved_and_a_mean_over_the_batch(t: Any) -> None:
    last = SquaredError()
    assert last.forward(np.array([[1.0, 3.0], [1.0, 2.0]]), t) == (1 + 4 + 0 + 4) / 2 / 2
    assert last.backward().tolist() == [[0.5, 1], [0, 1]]


def test_weight_decay_is_of_weights_alone() -> None:
    arrays = {"W1": np.array([[2.0]]), "b1": np.array([5.0])}
    x, t = np.zeros((1, 1)), np.array([0])
    plain, decayed = (Network(["affine"], arrays, weight_decay=decay).gradient(x, t) for decay in (0.0, 0.5))
    assert decayed["loss"] - plain["loss"] == 0.5 / 2 * 4
    assert (decayed["dW1"] - plain["dW1"]).tolist() == [[1]]
    assert decayed["db1"].tolist() == plain["db1"].tolist()


def test_images_become_rows_channel_by_channel() -> None:
    W = np.eye(8)
    x = np.arange(8.0).reshape(1, 2, 2, 2)
    net = Network(["affine"], {"W1": W, "b1": np.zeros(8)})
    assert net.predict(x).tolist() == [list(range(8))]


def test_the_test_phase_is_that_of_predict_and_training_that_of_the_gradient() -> None:
    case = draw(CaseSpec(network="6-affine5-batch_norm-relu-dropout-affine3", batch=4), 0)
    net = case.network()
    before = net.predict(case.x)
    net.gradient(case.x, case.t)
    assert not np.array_equal(net.predict(case.x), before), "the running statistics have moved on"
    net.hold(case.held)
    assert np.array_equal(net.predict(case.x), before)
    assert not np.array_equal(net.trace(case.x, case.t)["affine3.out"], before)
