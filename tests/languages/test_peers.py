"""The peers of benchmarks/peers: the same gradients by a framework's autodiff. Skipped where the framework is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench.products import large_products
from gradparity.cases import CaseSpec, draw
from gradparity.check.options import Options
from gradparity.check.records import Quantity
from gradparity.check.run import run_check
from gradparity.ports.manifest import Runner, read_port
from gradparity.ports.session import Failure, PortFailure, Session
from gradparity.reference import Reference
from gradparity_reference import LAYERS, LOSSES

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"
RUNNERS = {path.parent.name: read_port(path.parent).runners[0] for path in sorted(PEERS.glob("*/port.toml"))}
OPERATIONS = {"hello", "load", "predict", "accuracy", "gradient", "inputs", "null", "time"}
CASES = [
    CaseSpec(sizes=(9, 6, 4), order="F"),
    CaseSpec(sizes=(11, 8, 5, 3), activation="sigmoid", labels="integer", dtype="float32"),
    CaseSpec(network="1x9x8-convolution3k3s2p1-relu-max_pooling2s1p1-affine6-relu-affine4", order="F"),
    CaseSpec(network="2x5x5-max_pooling3x2s2p1-convolution4k2-tanh-affine3", dtype="float32", labels="integer"),
    CaseSpec(network="6-affine5-batch_norm-sigmoid-dropout0.3-affine3-squared_error", weight_decay=0.25),
    CaseSpec(
        network="6-batch_norm-affine5-relu-batch_normm0.7e0.01-dropout-affine3", weight_decay=0.1, dtype="float32"
    ),
]
SGD = {"optimizer": "sgd", "learning_rate": "0.5"}


@pytest.fixture(scope="module", params=RUNNERS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A running session of each peer whose framework is here."""
    try:
        with Session(RUNNERS[request.param]) as running:
            yield running
    except PortFailure as failure:
        if failure.kind is not Failure.NOT_AVAILABLE:
            raise
        pytest.skip(f"{request.param}: {failure.what}")


@pytest.fixture
def runner(session: Session) -> Runner:
    """The session's runner."""
    return RUNNERS[session.label]


def test_there_are_two() -> None:
    assert list(RUNNERS) == ["jax", "torch"]


def test_hello(session: Session) -> None:
    hello = session.hello
    assert (hello.name, hello.language, hello.threads) == (session.label, "Python", "1")
    assert hello.operations == OPERATIONS
    assert hello.dtypes == {"float32", "float64"}
    assert hello.optimizers == {"sgd"}
    assert hello.layers == {*LAYERS, *LOSSES} - {"multiply", "add"} and hello.any_network
    assert hello.epsilon == 0
    assert hello.blas


def test_what_it_implements_agrees_with_the_reference(runner: Runner) -> None:
    specs = {spec.name: spec for spec in CASES}
    _, results, _ = run_check([runner], specs, [0], Options(), lambda _: None)
    assert [result.case for result in results] == list(specs)
    for result in results:
        told = [cell for cell in result.cells if cell.verdict is not Verdict.NOT_IMPLEMENTED]
        assert {cell.quantity for cell in told} == {
            Quantity.LOSS, Quantity.GRADIENT, Quantity.PREDICT, Quantity.ACCURACY, Quantity.STATE,
        }  # fmt: skip
        failed = [f"{cell.quantity} {cell.array}: {cell.detail}" for cell in told if not cell.verdict.passes]
        assert not failed, "\n".join(failed)


@pytest.mark.parametrize("spec", CASES, ids=lambda spec: spec.name)
def test_time_answers_and_leaves_the_case_as_it_was(session: Session, spec: CaseSpec) -> None:
    reference = Reference(draw(spec, 0))
    case = reference.case
    session.request("load", case.fields, case.arrays)
    expect = {name: (array.shape, array.dtype) for name, array in reference.gradient.items()}
    before = session.request("gradient", expect=expect).arrays
    for operation, fields in {
        "null": {},
        "predict": {},
        "gradient": {},
        "train_step": SGD,
        "products": {"affines": ",".join(map(str, large_products(spec)))},
    }.items():
        fields = {"operation": operation, "calls": "2", "samples": "3", **fields}
        came = session.request("time", fields, expect={"nanoseconds": ((3,), np.float64)})
        assert np.all(came.arrays["nanoseconds"] > 0), operation
    after = session.request("gradient", expect=expect).arrays
    assert all(after[name].tobytes("C") == before[name].tobytes("C") for name in expect)
    sent = {name: (array.shape, array.dtype) for name, array in case.arrays.items()}
    now = session.request("inputs", expect=sent).arrays
    assert all(np.array_equal(now[name], case.arrays[name]) for name in sent)


@pytest.mark.parametrize("operation", ["layer", "numerical_gradient", "train_step"])
def test_what_it_has_not_is_not_implemented(session: Session, operation: str) -> None:
    fields = {"operation": operation, "calls": "1", "samples": "1", "optimizer": "adam", "learning_rate": "0.01"}
    with pytest.raises(PortFailure) as caught:
        session.request("time", fields)
    assert caught.value.kind is Failure.UNSUPPORTED
    assert operation in caught.value.what


@pytest.mark.parametrize("name", RUNNERS)
def test_without_its_framework_it_is_not_available(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{name}.py").write_text('raise ImportError("not\\ntoday")')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PortFailure) as caught:
        Session(RUNNERS[name])
    assert caught.value.kind is Failure.NOT_AVAILABLE
    assert caught.value.what == f"cannot import {name}: ImportError: not today"
