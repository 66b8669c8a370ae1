"""How a case writes a network down: what it means, and what it says of a slip of the pen."""

from __future__ import annotations

import numpy as np
import pytest
from gradparity.cases import CaseSpec, draw
from gradparity.functions.notation import NETWORKS, described
from gradparity_reference import LayerSpec


def test_a_convolutional_network_is_read_layer_by_layer() -> None:
    network = described(
        "2x9x8-convolution4k3x2s2p1-relu-max_pooling2s1-affine6-batch_normm0.8e0.001-dropout0.3-affine3"
    )
    assert network.input == (2, 9, 8)
    assert network.layers[0] == LayerSpec("convolution", (("stride", 2), ("pad", 1)))
    assert dict(network.layers[2].numbers) == {"height": 2, "width": 2, "stride": 1, "pad": 0}
    assert dict(network.layers[4].numbers) == {"momentum": 0.8, "epsilon": 0.001}
    assert network.layers[-1] == LayerSpec("softmax_with_loss")
    assert network.arrays["W1"] == (4, 2, 3, 2)
    assert network.arrays["W2"] == (4 * 4 * 4, 6)  # (9 + 2 - 3) // 2 + 1 = 5 rows and columns, and one less pooled
    assert network.arrays["running_var3"] == (6,)
    assert network.masks == {"mask3": (6,)}
    assert network.classes == 3


def test_the_windows_of_pooling_do_not_overlap_unless_a_stride_says_so() -> None:
    assert dict(described("1x6x6-max_pooling3-affine2").layers[0].numbers)["stride"] == 3


@pytest.mark.parametrize("name", NETWORKS)
def test_the_books_networks_have_names(name: str) -> None:
    shape = "1x28x28" if "conv" in name else "784"
    case = CaseSpec(data="mnist", network=f"{shape}-{name}", batch=2)
    assert case.name == f"mnist-{shape}-{name}-n2-float64"
    assert CaseSpec.named(case.name) == case
    assert case.classes == 10


def test_simple_conv_net_has_the_books_shapes() -> None:
    arrays = described("1x28x28-simple_conv_net").arrays
    assert {name: shape for name, shape in arrays.items() if name[0] == "W"} == {
        "W1": (30, 1, 5, 5),
        "W2": (4320, 100),
        "W3": (100, 10),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("relu-affine3", "expected inputs (9), or channels x height x width (1x28x28), first, came 'relu'"),
        ("9", "expected layers after the shape of an input"),
        ("9-squared_error", "expected 1 to 65 layers, came 0"),
        ("9-softplus-affine3", "came 'softplus'"),
        ("9-affine-affine3", "came 'affine'"),
        ("9-multiply-affine3", "came 'multiply'"),
        (
            "9-convolution3k2-affine3",
            "convolution takes images, channels x height x width, and would be given rows of 9",
        ),
        ("1x3x3-convolution3k4-affine3", "expected windows within the image, came 4x4 in 1x3x3, pad 0"),
        ("1x3x3-max_pooling2s0-affine3", "expected windows and a stride of at least 1"),
        ("1x3x3-batch_norm-affine3", "batch_norm takes rows, and would be given images: 1x3x3"),
        ("1x3x3-relu", "expected an affine layer at the end, for the classes, came relu"),
        ("9-affine5-relu-relu-affine3", "between two of a kind that learn nothing"),
        ("9-affine0", "expected arrays of 1 to 100000000 numbers, came 9x0"),
        ("99999-affine99999", "expected arrays of 1 to 100000000 numbers, came 99999x99999"),
    ],
)
def test_a_slip_of_the_pen_is_told(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        described(text)
    assert words in str(caught.value)


def test_what_a_network_holds_is_drawn_as_its_layers_say() -> None:
    spec = CaseSpec(network="20-affine30-batch_norm-relu-dropout0.25-affine3", batch=40)
    case = draw(spec, 0)
    assert list(case.held) == ["W1", "b1", "gamma2", "beta2", "running_mean2", "running_var2", "mask2", "W3", "b3"]
    assert list(case.params) == ["W1", "b1", "gamma2", "beta2", "W3", "b3"]
    assert case.held["mask2"].dtype == np.uint8
    assert set(np.unique(case.held["mask2"])) == {0, 1}
    assert 0.7 < case.held["mask2"].mean() < 0.8
    assert (case.held["running_var2"] > 0).all()
