"""Whatever an object does, there is one clear outcome, as with a process; and nothing of it is hidden by being here."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import gradparity
import numpy as np
import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.records import CaseResult, Quantity
from gradparity_reference import MultiLayerNet

SMALL = CaseSpec(sizes=(5, 4, 3), batch=2)
SINGLE = CaseSpec(sizes=(5, 4, 3), batch=2, dtype="float32")

Found = dict[str, Any]
Spoil = Callable[["Spoiled", Found, Any, Any], Any]


class Spoiled(MultiLayerNet):
    """The reference, with its gradient spoiled."""

    calls = 0
    spoil: Spoil

    def __init__(self, weights: Any, biases: Any, activation: str, epsilon: float) -> None:
        super().__init__(weights, biases, activation, epsilon)
        self.own: Found = {}

    def gradient(self, x: Any, t: Any) -> Any:
        self.calls += 1
        return type(self).spoil(self, super().gradient(x, t), x, t)


def checked(spoil: Spoil, spec: CaseSpec = SMALL) -> CaseResult:
    """The result of one case."""
    port = type("Mine", (Spoiled,), {"spoil": spoil})
    [case] = gradparity.compare(port, cases=spec).cases
    return case


def of(case: CaseResult, quantity: Quantity) -> dict[str, Verdict]:
    return {cell.array: cell.verdict for cell in case.cells if cell.quantity is quantity}


def detail(case: CaseResult, quantity: Quantity = Quantity.GRADIENT) -> str:
    return " ".join(cell.detail for cell in case.cells if cell.quantity is quantity)


def wrong(case: CaseResult) -> set[tuple[Quantity, str]]:
    return {(cell.quantity, cell.array) for cell in case.cells if cell.verdict is Verdict.WRONG}


def test_a_gradient_that_drifts_is_found_by_asking_twice() -> None:
    def drift(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        return {**found, "db1": found["db1"] + (net.calls > 1)}

    assert wrong(checked(drift)) == {(Quantity.STATE, "gradient db1")}


@pytest.mark.parametrize("name", ["x", "t", "W1", "b2"])
def test_an_argument_changed_in_place_is_found(name: str) -> None:
    def change(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        found = {key: np.array(value) for key, value in found.items()}
        {"x": x, "t": t, **net.params}[name][...] += 1
        return found

    case = checked(change)
    assert (Quantity.STATE, f"load {name}") in wrong(case)
    assert "changed its input" in detail(case, Quantity.STATE)


def test_a_result_that_the_next_call_changes_is_found() -> None:
    buffers: Found = {}

    def reuse(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        buffers.setdefault("dW1", np.array(found["dW1"]))[...] = found["dW1"]
        return {**found, **buffers}

    case = checked(reuse)
    assert wrong(case) == {(Quantity.STATE, "result of gradient dW1")}
    assert case.diagnosis and case.diagnosis.explanations[0].sentence.endswith("own array: its next call changes it")


def test_a_result_that_is_used_again_for_the_next_one_is_found() -> None:
    def keep(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        kept: Found = net.own.setdefault(f"{x.tolist()} {t.tolist()}", found)
        return dict(kept)

    case = checked(keep)
    assert wrong(case) == {(Quantity.STATE, f"result of gradient {name}") for name in ("dW1", "db1", "dW2", "db2")}
    assert case.diagnosis and case.diagnosis.explanations[0].sentence.endswith(
        "written into it changes its next answer"
    )


@pytest.mark.parametrize("call", [3, 5, 11])
def test_what_is_wrong_in_one_call_of_many_is_found(call: int) -> None:
    def slip(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        return {**found, "db1": found["db1"] + (net.calls == call)}

    assert wrong(checked(slip)) == {(Quantity.STATE, "gradient db1")}


KEPT: dict[str, Callable[[list[int]], int]] = {
    "first": lambda seen: seen[0],
    "largest": lambda seen: max(seen),
    "last": lambda seen: seen[-2:][0],
}


@pytest.mark.parametrize("kept", KEPT)
def test_what_a_network_keeps_of_a_batch_is_found_though_each_load_makes_a_new_one(kept: str) -> None:
    def spoil(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        seen = net.own.setdefault("sizes", [])
        seen.append(len(x))
        return {**found, "db1": found["db1"] * (len(x) / KEPT[kept](seen))}

    case = checked(spoil)
    assert (Quantity.STATE, "second batch db1") in wrong(case)
    assert case.diagnosis and case.diagnosis.explanations[0].name == "stale state"


def test_the_mask_of_an_array_is_not_lost_in_silence() -> None:
    def mask(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        return {**found, "dW1": np.ma.masked_less(found["dW1"], np.inf), "db1": np.ma.masked_array(found["db1"])}

    case = checked(mask)
    assert "dW1: expected an array, came a masked one, whose mask would be lost" in detail(case)
    assert set(of(case, Quantity.GRADIENT).values()) == {Verdict.COULD_NOT_RUN}


def test_what_one_network_leaves_to_the_next_is_found() -> None:
    kept: Found = {}

    def keep(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        first: Found = kept.setdefault("first", found)
        return first

    assert (Quantity.STATE, "next case dW1") in wrong(checked(keep))


SHAPES: dict[str, tuple[Callable[[Found], Any], str]] = {
    "nan": (lambda f: {**f, "dW1": f["dW1"] * np.nan}, "dW1[0, 0]=nan, but should be"),
    "transposed": (lambda f: {**f, "dW1": f["dW1"].T}, "dW1: expected float64 (5, 4), came float64 (4, 5)"),
    "a row": (lambda f: {**f, "db1": f["db1"][None]}, "db1: expected float64 (4,), came float64 (1, 4)"),
    "single": (lambda f: {**f, "dW1": f["dW1"].astype("f4")}, "dW1: expected float64 (5, 4), came float32 (5, 4)"),
    "integers": (lambda f: {**f, "dW1": np.zeros((5, 4), int)}, "dW1: expected float64 (5, 4), came int64 (5, 4)"),
    "None": (lambda f: {**f, "dW1": None}, "dW1: expected float64 (5, 4), came None"),
    "missing": (lambda f: {k: f[k] for k in f if k != "db1"}, "came loss, dW1, dW2, db2"),
    "more": (lambda f: {**f, "W3": f["dW1"]}, "came loss, dW1, db1, dW2, db2, dW3"),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_what_is_not_exactly_as_expected_is_wrong(kind: str) -> None:
    spoil, words = SHAPES[kind]
    case = checked(lambda net, found, x, t: spoil(found))
    assert Verdict.WRONG in of(case, Quantity.GRADIENT).values()
    assert words in detail(case)
    assert set(of(case, Quantity.TRACE).values()) == {Verdict.IDENTICAL}


ERRORS: dict[str, tuple[Callable[[Found], Any], str]] = {
    "exception": (lambda f: 1 // 0, "gradient: ZeroDivisionError: integer division or modulo by zero"),
    "exit": (lambda f: sys.exit(3), "gradient: SystemExit: 3"),
    "recursion": (lambda f: ERRORS["recursion"][0](f), "gradient: RecursionError"),
    "ragged": (lambda f: {**f, "dW1": [[1.0], [2.0, 3.0]]}, "gradient: ValueError"),
    "exchanged": (
        lambda f: (f, f["loss"]),
        "expected gradient to give (loss, gradients), came (gradients, loss): exch",
    ),
    "list": (lambda f: list(f.values()), "expected gradient to give a dict of arrays by name, came list"),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_fails_its_operation_and_nothing_else(kind: str) -> None:
    spoil, words = ERRORS[kind]
    case = checked(lambda net, found, x, t: spoil(found))
    assert set(of(case, Quantity.GRADIENT).values()) == {Verdict.COULD_NOT_RUN}
    assert words in detail(case)
    assert set(of(case, Quantity.PREDICT).values()) == {Verdict.IDENTICAL}


def test_the_traceback_is_theirs_and_not_ours() -> None:
    def fail(net: Spoiled, found: Found, x: Any, t: Any) -> Any:
        raise ArithmeticError("it does not add up")

    lines = checked(fail).stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert __file__ in lines[1]
    assert lines[-1] == "ArithmeticError: it does not add up"
    assert not any("gradparity/objects" in line for line in lines)


def test_an_error_of_the_class_itself_is_said_for_each_case() -> None:
    class Broken:
        def __init__(self, weights: Any, biases: Any) -> None:
            raise ValueError("no weights, please")

    result = gradparity.compare(Broken, cases=[SMALL, SINGLE])
    assert {case.verdict for case in result.cases} == {Verdict.COULD_NOT_RUN}
    broken = [cell for case in result.cases for cell in case.cells if cell.verdict is Verdict.COULD_NOT_RUN]
    assert {cell.detail for cell in broken} == {"load: ValueError: no weights, please"}
    assert "no weights, please" in result.cases[1].stderr
    assert result.exit_code == 3


def test_what_is_no_network_could_not_run() -> None:
    [case] = gradparity.compare(type("Odd", (MultiLayerNet,), {"gradient": None}), cases=SMALL).cases
    assert case.verdict is Verdict.COULD_NOT_RUN
    assert "expected Odd to have a method gradient(x, t)" in detail(case)


def test_methods_that_are_not_there_are_not_implemented() -> None:
    lacks = dict.fromkeys(("accuracy", "trace"))
    [case] = gradparity.compare(type("Bare", (MultiLayerNet,), lacks), cases=SMALL).cases
    assert set(of(case, Quantity.ACCURACY).values()) == {Verdict.NOT_IMPLEMENTED}
    assert set(of(case, Quantity.TRACE).values()) == {Verdict.NOT_IMPLEMENTED}
    assert case.verdict is Verdict.IDENTICAL


def test_ctrl_c_passes_through() -> None:
    def interrupt(net: Spoiled, found: Found, x: Any, t: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checked(interrupt)


def test_gradients_without_a_loss_are_an_error() -> None:
    def alone(x: Any, t: Any, weights: Any, biases: Any) -> Found:
        found = MultiLayerNet(weights, biases).gradient(x, t)
        del found["loss"]
        return found

    [case] = gradparity.compare(alone, cases=SMALL).cases
    assert "expected gradient to give (loss, gradients), or a method loss(x, t)" in detail(case)


def test_a_python_float_is_a_loss_where_it_loses_nothing() -> None:
    exact = checked(lambda net, found, x, t: {**found, "loss": float(found["loss"])}, SINGLE)
    assert exact.verdict is Verdict.IDENTICAL
    finer = checked(lambda net, found, x, t: {**found, "loss": float(found["loss"]) + 1e-12}, SINGLE)
    assert "loss: expected float32 (), came float64 ()" in detail(finer)


def test_prints_go_where_they_go(capsys: pytest.CaptureFixture[str]) -> None:
    def chatter(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        print("hello from the port")
        return found

    assert checked(chatter).verdict is Verdict.IDENTICAL
    assert "hello from the port" in capsys.readouterr().out


def test_numpys_errors_are_theirs_in_their_code_and_ours_in_ours() -> None:
    def divide(net: Spoiled, found: Found, x: Any, t: Any) -> Found:
        np.ones(1) / np.zeros(1)
        return found

    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        case = checked(lambda net, found, x, t: found, SMALL.model_copy(update={"scale": 1.0, "quirk": "saturated"}))
        strict = checked(divide)
    assert "FloatingPointError" not in detail(case, Quantity.LOSS)
    assert "FloatingPointError: divide by zero" in detail(strict)


def test_the_arrays_can_be_written_to_and_keep_their_order() -> None:
    seen: list[tuple[bool, bool]] = []

    class Looks(MultiLayerNet):
        def __init__(self, weights: Any, biases: Any, activation: str) -> None:
            super().__init__(weights, biases, activation)
            seen.extend((W.flags.writeable, W.flags.f_contiguous) for W in weights)

    gradparity.compare(Looks, cases=["random-9-6-4-relu-n7-float64-integer-fortran", "random-9-6-4-relu-n7-float64"])
    assert {writeable for writeable, _ in seen} == {True}
    assert {fortran for _, fortran in seen} == {True, False}
