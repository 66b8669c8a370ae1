"""Cases are drawn the same for everyone, and hold what hides bugs elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from gradparity.cases import CaseSpec, draw, read_case_file
from gradparity.cases.spec import OfSizes
from gradparity.errors import UsageError
from gradparity.functions.layers import ACTIVATIONS
from gradparity.serve import layer_specs
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_seed_gives_the_same_bytes_every_time(dtype: Any) -> None:
    spec = CaseSpec(sizes=(5, 4, 3), dtype=dtype)
    a, b, other = draw(spec, 3), draw(spec, 3), draw(spec, 4)
    assert [x.tobytes() for x in a.arrays.values()] == [x.tobytes() for x in b.arrays.values()]
    assert a.x.tobytes() != other.x.tobytes()


def test_the_bytes_are_those_of_every_other_machine() -> None:
    case = draw(CaseSpec(sizes=(3, 2), batch=2), 0)
    assert case.x[0].tolist() == pytest.approx(
        [-1.298634578133077, -0.10694043993621469, 0.15439999606447635], rel=1e-15
    )


def test_arrays_are_read_only_and_of_the_cases_dtype_and_order() -> None:
    case = draw(CaseSpec(sizes=(5, 4, 3), dtype="float32", order="F", labels="integer"), 0)
    assert {a.dtype.str for name, a in case.arrays.items() if name != "t"} == {"<f4"}
    assert case.t.dtype.str == "<i4"
    assert case.x.flags.f_contiguous
    assert not case.x.flags.c_contiguous
    with pytest.raises(ValueError, match="read-only"):
        case.x[0, 0] = 1


def test_what_load_sends_is_in_the_order_of_the_protocol() -> None:
    case = draw(CaseSpec(sizes=(5, 4, 3)), 0)
    assert list(case.arrays) == ["x", "t", "W1", "b1", "W2", "b2"]
    assert [a.shape for a in case.arrays.values()] == [(7, 5), (7, 3), (5, 4), (4,), (4, 3), (3,)]
    assert case.fields == {"sizes": "5,4,3", "activation": "relu", "dtype": "float64", "epsilon": "0.0"}


def test_quirks_do_what_their_names_say() -> None:
    def quirk(name: Any) -> Any:
        return draw(CaseSpec(sizes=(9, 6, 4), quirk=name), 0)

    assert not quirk("zero-rows").x[::2].any()
    exact = quirk("exact-zeros")
    z = exact.x @ exact.params["W1"] + exact.params["b1"]
    assert (z == 0).mean() > 0.5
    denormal = quirk("denormals").x
    assert ((denormal != 0) & (abs(denormal) < np.finfo(np.float64).tiny)).any()
    saturated = quirk("saturated")
    logits = saturated.network().predict(saturated.x)
    assert (np.exp(logits - logits.max(axis=1, keepdims=True)) == 0).any()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_quirks_of_the_logits_tell_which_is_the_largest(dtype: Any) -> None:
    """For each other way to choose one there is another accuracy, whatever the seed."""

    def drawn(quirk: Any, seed: int) -> tuple[Any, Any, float]:
        case = draw(CaseSpec(sizes=(9, 6, 5), quirk=quirk, dtype=dtype), seed)
        network = case.network()
        return network.predict(case.x), case.labels, network.accuracy(case.x, case.t)

    for seed in range(20):
        logits, labels, accuracy = drawn("negative-logits", seed)
        assert not np.exp(logits).any()
        assert accuracy > 0.5
        logits, labels, accuracy = drawn("tied-logits", seed)
        last = logits.shape[1] - 1 - logits[:, ::-1].argmax(axis=1)
        assert len({accuracy, (last == labels).mean(), (labels == 0).mean()}) == 3
        logits, labels, accuracy = drawn("nan-logits", seed)
        assert (np.isnan(logits).any(axis=1) & ~np.isnan(logits).all(axis=1)).all()
        last = logits.shape[1] - 1 - np.isnan(logits[:, ::-1]).argmax(axis=1)
        chosen = np.nanargmax(logits, axis=1), last, np.full(len(labels), -1)
        assert len({accuracy, *((one == labels).mean() for one in chosen)}) == 4


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_steep_case_has_units_far_out_to_either_side_and_no_sum_that_is_only_those(dtype: Any) -> None:
    case = draw(CaseSpec(sizes=(13, 9, 4), activation="sigmoid", batch=67, quirk="steep", dtype=dtype), 0)
    z = case.network().trace(case.x, case.t)["affine1.out"]
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(z)).any() and np.isinf(np.exp(-z) ** 2).any()
    assert ((z > 20) & (z < 36)).any() and ((z < -20) & (z > -36)).any()
    assert ((abs(z) < 3).sum(axis=0) > 10).all() and (abs(case.x) < 9).all()


def test_no_relu_is_decided_by_rounding() -> None:
    for seed in range(20):
        case = draw(CaseSpec(sizes=(40, 30, 20, 10), batch=50, dtype="float32"), seed)
        single = case.network().trace(case.x, case.t)
        double = case.network(np.float64).trace(case.x.astype(np.float64), case.t)
        for i in (1, 2):
            assert np.array_equal(single[f"affine{i}.out"] > 0, double[f"affine{i}.out"] > 0)


def test_digits_are_in_the_right_place() -> None:
    case = draw(CaseSpec(data="digits", sizes=(64, 12, 10), batch=200, labels="integer"), 0)
    assert (case.x.min(), case.x.max()) == (0, 1)
    assert set(case.t) == set(range(10))


def test_a_case_file_is_a_case(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('sizes = [6, 5, 2]\nactivation = "sigmoid"\nbatch = 3\nlabels = "integer"\n')
    assert read_case_file(path).name == "random-6-5-2-sigmoid-n3-float64-integer"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected sizes, of affine layers, or a network, of any layers: one of them"),
        ('sizes = [6, 5]\nnetwork = "6-affine5"', "expected sizes, of affine layers, or a network"),
        ('network = "1x6x6-convolution3k7-affine2"', "expected windows within the image, came 7x7 in 1x6x6"),
        ('network = "6-affine5"\nquirk = "saturated"', "expected sizes, and no network, where the quirk is saturated"),
        ('data = "digits"\nnetwork = "1x8x9-affine10"', "expected digits to have 64 inputs and 10 classes"),
        ("sizes = [6]", "expected at least two sizes"),
        ("sizes = [6, 0]", "expected every size to be from 1 to 100000"),
        ('sizes = [6, 5]\nactivation = "softplus"', "activation: expected one of relu, sigmoid, tanh"),
        ("sizes = [6, 5]\nbatch = 0", "batch: input should be greater than or equal to 1, came 0"),
        ("sizes = [6, 5]\nspeed = 9", "speed: extra inputs are not permitted"),
        ('data = "mnist"\nsizes = [6, 5]', "expected mnist to have 784 inputs and 10 classes"),
        ("sizes = [6, 5", "Unclosed array (at end of document)"),
        ("sizes = [6, 5]\nepsilon = nan", "epsilon: "),
    ],
)
def test_a_malformed_case_file_is_one_clear_line(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_case_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_network_of_any_layers_is_loaded_by_its_layers() -> None:
    network = "1x5x4-convolution2k2p1-relu-max_pooling2-affine4-batch_norm-dropout0.3-affine3-squared_error"
    case = draw(CaseSpec(network=network, batch=3, weight_decay=0.5, dtype="float32"), 0)
    assert case.fields == {
        "layers": "convolution,relu,max_pooling,affine,batch_norm,dropout,affine,squared_error",
        "dtype": "float32",
        "epsilon": "0.0",
        "weight_decay": "0.5",
        "convolution1.stride": "1",
        "convolution1.pad": "1",
        "max_pooling1.height": "2",
        "max_pooling1.width": "2",
        "max_pooling1.stride": "2",
        "max_pooling1.pad": "0",
        "batch_norm3.momentum": "0.9",
        "batch_norm3.epsilon": "1e-06",
        "dropout3.ratio": "0.3",
    }
    assert case.x.shape == (3, 1, 5, 4)
    assert layer_specs(case.fields) == list(case.spec.kinds)


def test_weight_decay_alone_makes_a_network_of_any_layers() -> None:
    fields = draw(CaseSpec(sizes=(5, 4, 3), weight_decay=0.5), 0).fields
    assert fields["layers"] == "affine,relu,affine,softmax_with_loss"
    assert "sizes" not in fields


def test_no_maximum_of_a_window_is_decided_by_rounding() -> None:
    spec = CaseSpec(network="2x9x8-convolution4k3-relu-max_pooling2s1-affine3", batch=20, dtype="float32")
    for seed in range(5):
        case = draw(spec, seed)
        single, double = case.network(), case.network(np.float64)
        single.trace(case.x, case.t)
        double.trace(case.x.astype(np.float64), case.t)
        layers = [network.layers["max_pooling1"] for network in (single, double)]
        assert np.array_equal(*(layer.largest for layer in layers))  # type: ignore[attr-defined]


def test_a_case_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_case_file(tmp_path / "none.toml")


@given(
    data=st.sampled_from(["random", "digits", "mnist"]),
    hidden=st.lists(st.integers(1, 999), min_size=0, max_size=4),
    about=st.fixed_dictionaries(
        {
            "activation": st.sampled_from(ACTIVATIONS),
            "batch": st.integers(1, 10_000),
            "dtype": st.sampled_from(["float64", "float32"]),
            "labels": st.sampled_from(["onehot", "integer"]),
            "order": st.sampled_from(["C", "F"]),
            "epsilon": st.sampled_from([0.0, 1e-7, 0.25]),
            "scale": st.sampled_from([1.0, 30.0, 0.01, 1e-5]),
            "quirk": st.sampled_from([None, "zero-rows", "denormals", *get_args(OfSizes)]),
            "numerical": st.booleans(),
            "weight_decay": st.sampled_from([0.0, 0.1, 1e-5]),
        }
    ),
)
def test_a_case_is_found_again_by_its_name(data: str, hidden: list[int], about: dict[str, Any]) -> None:
    sizes = ({"digits": 64, "mnist": 784}.get(data, 5), *hidden, 10)
    spec = CaseSpec.model_validate({"data": data, "sizes": sizes, **about})
    assert CaseSpec.named(spec.name) == spec


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nope",
        "random-5-4-relu",
        "mnist-5-4-relu-n7-float64",
        "random-5-4-softplus-n7-float64",
        "random-05-4-relu-n7-float64",
        "random-5-4-relu-n7-float64-nope",
    ],
)
def test_what_is_no_cases_name(name: str) -> None:
    assert CaseSpec.named(name) is None
