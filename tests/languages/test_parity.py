"""Cross-language gradient equality: one test for each runner and case of the default suite.

And the runners of one port, embedded and native, on the same runtime: equal bit for bit, so the bridge alters nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import RUNNERS, Sessions
from gradparity.cases import CaseSpec, draw
from gradparity.check.case_check import CaseCheck
from gradparity.ports.manifest import own_ports
from gradparity.ports.session import Failure, PortFailure, Session
from gradparity.reference import Reference, shared_reference
from gradparity.suite import default_suite
from threadpoolctl import threadpool_limits

SUITE = {spec.name: spec for spec in default_suite()}
SEED = 0
BRIDGED = [port for port in own_ports() if len(port.runners) > 1]


def ready(label: str, spec: CaseSpec, sessions: Sessions, have_mnist: bool) -> Session:
    """The session, where it and the case's data and dtype are there."""
    session = sessions.get(label)
    if spec.dtype not in session.hello.dtypes:
        pytest.skip(f"{label} has no {spec.dtype}")
    if spec.data == "mnist" and not have_mnist:
        pytest.skip("MNIST is not here: set GRADPARITY_DATA")
    return session


@pytest.mark.parametrize("name", SUITE)
@pytest.mark.parametrize("label", RUNNERS)
def test_equal(label: str, name: str, sessions: Sessions, data_dir: Path | None, have_mnist: bool) -> None:
    session = ready(label, SUITE[name], sessions, have_mnist)
    with threadpool_limits(1):
        check = CaseCheck(
            session, shared_reference(SUITE[name], SEED, session.hello.epsilon, session.hello.step, data_dir)
        )
        check.run()
    failed = [cell for cell in check.cells if not cell.verdict.passes]
    assert not failed, "\n".join(f"{c.quantity} {c.array}: {c.verdict}: {c.detail}; ratio {c.ratio}" for c in failed)


@pytest.mark.parametrize("name", SUITE)
@pytest.mark.parametrize("port", BRIDGED, ids=lambda port: port.manifest.name)
def test_embedded_and_native_are_bit_equal(port, name: str, sessions: Sessions, data_dir, have_mnist: bool) -> None:  # type: ignore[no-untyped-def]
    spec = SUITE[name]
    first, second = (ready(runner.label, spec, sessions, have_mnist) for runner in port.runners)
    if first.hello.version != second.hello.version:
        pytest.skip(f"two runtimes: {first.hello.version} and {second.hello.version}")
    reference = Reference(draw(spec, SEED, data_dir))
    for operation in reference.operations:
        expect = {key: (value.shape, value.dtype) for key, value in getattr(reference, operation).items()}
        fields = {"step": "1.0"} if operation == "numerical_gradient" else {}
        replies = []
        for session in (first, second):
            session.request("load", reference.case.fields, reference.case.arrays)
            replies.append(session.request(operation, fields, expect=expect).arrays)
        for key in expect:
            assert replies[0][key].tobytes("C") == replies[1][key].tobytes("C"), f"{operation} {key}"


@pytest.mark.parametrize("label", RUNNERS)
def test_a_request_that_makes_no_sense_is_an_error_and_the_port_goes_on(label: str, sessions: Sessions) -> None:
    """Wrong shapes, an unknown layer, a missing field: an answer in words, and the next request is served."""
    session = sessions.get(label)
    x = np.ones((2, 3))
    for word, fields, arrays in (
        ("layer", {"kind": "affine"}, {"x": x, "W": np.ones((4, 2)), "b": np.ones(2), "dout": np.ones((2, 2))}),
        ("layer", {"kind": "convolution"}, {"x": x, "dout": x}),
        ("layer", {}, {"x": x, "dout": x}),
        ("load", {"sizes": "3,2"}, {"x": x}),
    ):
        with pytest.raises(PortFailure) as caught:
            session.request(word, fields, arrays)
        assert caught.value.kind in (Failure.ERROR, Failure.UNSUPPORTED), f"{word} {fields}: {caught.value}"
    expect = {"out": ((2, 3), np.float64), "dx": ((2, 3), np.float64)}
    assert session.request("layer", {"kind": "relu"}, {"x": x, "dout": x}, expect).arrays["out"].sum() == 6


@pytest.mark.parametrize("label", RUNNERS)
def test_a_nan_is_not_hidden(label: str, sessions: Sessions) -> None:
    session = sessions.get(label)
    x = np.array([[np.nan, 1.0], [-1.0, 0.0]])
    dout = np.array([[2.0, 3.0], [np.nan, 5.0]])
    expect = {"out": (x.shape, np.float64), "dx": (x.shape, np.float64)}
    came = session.request("layer", {"kind": "relu"}, {"x": x, "dout": dout}, expect).arrays
    assert np.array_equal(came["out"], np.array([[np.nan, 1], [0, 0]]), equal_nan=True)
    assert np.array_equal(came["dx"], [[2, 3], [0, 0]])


@pytest.mark.parametrize("label", RUNNERS)
def test_what_is_printed_is_no_part_of_the_protocol(label: str, sessions: Sessions) -> None:
    """File descriptor 1 leads to stderr, whoever writes there: code, a C library, a child process."""
    session = sessions.get(label)
    folder = Path(f"/proc/{session.process.pid}/fd")
    if not folder.is_dir():
        pytest.skip("no /proc here")
    assert (folder / "1").resolve() == (folder / "2").resolve()
