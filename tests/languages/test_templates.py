"""The templates of `gradparity new`, filled in: tests/solutions has each language's one file as a user would write it.

That these agree proves the plumbing: both memory orders, both dtypes, one-hot and integer labels, every operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec, draw
from gradparity.check.records import Quantity
from gradparity.ports.info import State
from gradparity.ports.session import Failure, Session
from gradparity.train.images import load_images
from gradparity.train.recipes import RECIPES
from gradparity.train.records import TrainRun
from gradparity.train.rules import RULES
from gradparity.train.train import TrainOptions, train_ports
from made_ports import FILLED, SPECS, Checked, fill_in, refused

NETWORK = "1x8x8-convolution2k3s2-relu-max_pooling2s1-affine12-batch_norm-relu-dropout0.2-affine10"
DTYPES = {language: {"float64", "float32"} for language in ("javascript", "julia", "python")}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """Every template with its solution."""
    folder = tmp_path_factory.mktemp("filled")
    checked = Checked({name: fill_in(name, folder / name) for name in FILLED})
    yield checked
    for session in checked.sessions.values():
        session.close()


@pytest.mark.parametrize("name", FILLED)
def test_filled_in_it_agrees_in_both_orders_and_dtypes(name: str, filled: Checked) -> None:
    _, results = filled.of(name)
    dtypes = {"float32"} if "-float32" in name else DTYPES.get(name, {"float64"})
    for result in results:
        if result.dtype not in dtypes:
            assert {cell.verdict for cell in result.cells} == {Verdict.NOT_IMPLEMENTED}
            continue
        failed = [
            f"{cell.quantity} {cell.array}: {cell.verdict}: {cell.detail}"
            for cell in result.cells
            if not cell.verdict.passes and cell.verdict is not Verdict.NOT_IMPLEMENTED
        ]
        assert not failed, "\n".join([result.case, *failed, result.stderr])
        passed = {cell.quantity for cell in result.cells if cell.verdict.passes}
        everything = {
            Quantity.LAYERS, Quantity.LOSS, Quantity.GRADIENT, Quantity.PREDICT, Quantity.ACCURACY, Quantity.STATE
        }  # fmt: skip
        assert passed == everything | ({Quantity.NUMERICAL} if "numerical" in result.case else set())
        lacking = {cell.array for cell in result.cells if cell.verdict is Verdict.NOT_IMPLEMENTED}
        assert lacking <= {"", "multiply", "add"}
    assert len(results) == len(SPECS)


@pytest.fixture(scope="module")
def trained(filled: Checked) -> TrainRun:
    """A short training of every port that is here."""
    runners = [port.runners[0] for name, port in filled.ports.items() if filled.infos[name].state is State.READY]
    images = load_images("digits", None)
    posts = {"post-float64": "python-post", "post-float32": "rust-ch6-sgd"}
    recipes = [
        replace(RECIPES[post].on(images), name=name, steps=8, epochs=2, sizes=(64, 12, 10))
        for name, post in posts.items()
    ]
    momentum: Any = {"optimizer": "momentum", "numbers": {"learning_rate": 0.01, "momentum": 0.9}}
    layers: Any = {"sizes": (), "network": NETWORK, "weight_decay": 0.1, "batch": 20}
    for dtype in ("float64", "float32"):
        dense: Any = replace(recipes[0], name=f"momentum-{dtype}", dtype=dtype, **momentum)
        recipes += [dense, replace(dense, name=f"layers-{dtype}", **layers)]
    return train_ports(runners, [], recipes, (0,), images, [], TrainOptions())


@pytest.mark.parametrize("name", FILLED)
def test_filled_in_it_trains_the_references_network(name: str, filled: Checked, trained: TrainRun) -> None:
    filled.of(name)
    found = [one for one in trained.results if one.runner == name]
    dtypes = {"float32"} if "-float32" in name else DTYPES.get(name, {"float64"})
    for one in found:
        absent = one.verdict is Verdict.NOT_IMPLEMENTED
        expected = one.verdict.passes if one.recipe.split("-")[1] in dtypes else absent
        assert expected, f"{one.recipe}: {one.detail}"
    [updates] = [one for one in trained.updates if one.runner == name]
    assert {cell.array.split(" ")[0] for cell in updates.cells} == set(RULES)
    assert {cell.verdict for cell in updates.cells} <= {Verdict.ROUNDING, Verdict.IDENTICAL}
    assert all(one.seconds and one.gradient_seconds for one in found if one.verdict.passes)


@pytest.mark.parametrize("name", FILLED)
def test_what_it_times_leaves_the_case_as_it_was(name: str, filled: Checked) -> None:
    session = filled.session(name)
    dtype: Any = "float32" if name.endswith("float32") else "float64"
    case = draw(CaseSpec(sizes=(5, 4, 3), dtype=dtype), 0)
    session.request("load", case.fields, case.arrays)
    sgd = {"optimizer": "sgd", "learning_rate": "0.5"}
    for operation in ("null", "predict", "gradient", "train_step"):
        came = timed(session, operation, sgd if operation == "train_step" else {}, {})
        assert operation == "null" or np.all(came > 0), operation
    sent = {key: (array.shape, array.dtype) for key, array in case.arrays.items()}
    for word in ("inputs", "params"):
        expect = {key: value for key, value in sent.items() if word == "inputs" or key[0] in "Wb"}
        now = session.request(word, expect=expect).arrays
        assert all(np.array_equal(now[key], case.arrays[key]) for key in expect), word
    assert np.all(timed(session, "layer", {"kind": "relu"}, {"x": case.x, "dout": case.x}) > 0)
    nothing = {"operation": "products", "calls": "1", "samples": "1"}
    assert "products" in refused(session, Failure.UNSUPPORTED, "time", nothing, {})


@pytest.mark.parametrize("name", ["javascript", "julia", "r", "rust"])
def test_to_time_a_layer_leaves_what_inputs_gives(name: str, filled: Checked) -> None:
    session = filled.session(name)
    case = draw(CaseSpec(sizes=(5, 4, 3)), 0)
    session.request("load", case.fields, case.arrays)
    timed(session, "layer", {"kind": "relu"}, {"x": 2 * case.x, "dout": case.x})
    expect = {key: (array.shape, array.dtype) for key, array in case.arrays.items()}
    now = session.request("inputs", expect=expect).arrays
    assert all(np.array_equal(now[key], case.arrays[key]) for key in expect)


def timed(session: Session, operation: str, fields: dict[str, str], arrays: dict[str, Any]) -> Any:
    """Nanoseconds of three samples."""
    fields = {"operation": operation, "calls": "2", "samples": "3", **fields}
    return session.request("time", fields, arrays, {"nanoseconds": ((3,), np.float64)}).arrays["nanoseconds"]


@pytest.mark.parametrize("name", FILLED)
def test_a_request_that_lacks_something_is_an_error_and_the_next_one_is_served(name: str, filled: Checked) -> None:
    session = filled.session(name)
    dtype: Any = "float32" if name.endswith("float32") else "float64"
    x = np.ones((2, 3), dtype)
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("layer", {"kind": "affine"}, {"x": x}),
        ("layer", {}, {"x": x}),
        ("train", {"optimizer": "sgd", "learning_rate": "1"}, {"batches": np.zeros((1, 1), np.int32)}),
        ("evaluate", {"set": "train"}, {}),
    ]
    for word, fields, arrays in requests:
        assert refused(session, Failure.ERROR, word, fields, arrays)
    expect = {"out": (x.shape, x.dtype), "dx": (x.shape, x.dtype)}
    assert np.all(session.request("layer", {"kind": "relu"}, {"x": x, "dout": x}, expect).arrays["dx"] == 1)
