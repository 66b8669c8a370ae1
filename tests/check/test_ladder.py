"""The ladder says what a growing port can by now, and what comes next."""

from __future__ import annotations

import io

import pytest
from conftest import MakePort
from gradparity.arithmetic.verdicts import Verdict
from gradparity.cases import CaseSpec
from gradparity.check.ladder import Rung, Stage, is_growing, ladder
from gradparity.check.options import Options
from gradparity.check.records import CheckResult, Quantity
from gradparity.check.run import run_check
from gradparity.check.show import check_report
from gradparity.ports.info import RunnerInfo, State
from rich.console import Console

SPEC = CaseSpec(sizes=(5, 4, 3), batch=2)


def checked(make_port: MakePort, script: str, argument: str, *specs: CaseSpec) -> CheckResult:
    runners = make_port(script, argument).runners
    asked = {spec.name: spec for spec in specs or [SPEC]}
    infos, cases, _ = run_check(runners, asked, [0], Options(), lambda news: None)
    return CheckResult(runners=infos, cases=cases)


def climbed(make_port: MakePort, argument: str, script: str = "wrong.py") -> list[Rung]:
    result = checked(make_port, script, argument)
    return ladder(result, result.runners[0])


@pytest.mark.parametrize(
    ("only", "passed", "following"),
    [
        ("hello,load/", [Stage.HELLO, Stage.TRAIN], "one layer"),
        ("hello,load,layer/affine", [Stage.HELLO, Stage.LAYER], "predict, the logits"),
        ("hello,load,layer,predict/affine", [Stage.HELLO, Stage.LAYER, Stage.FORWARD], "softmax_with_loss"),
        ("hello,load,layer,predict/affine,softmax_with_loss", list(Stage)[:4], "gradient, the loss"),
        ("hello,load,layer,predict,gradient/affine", list(Stage)[:5], "data, train, params and evaluate"),
    ],
)
def test_the_lowest_rung_that_is_not_passed_says_what_comes_next(
    only: str, passed: list[Stage], following: str, make_port: MakePort
) -> None:
    rungs = climbed(make_port, f"only={only}")
    assert [rung.stage for rung in rungs] == list(Stage)
    assert {rung.stage for rung in rungs if rung.passed} == set(passed) - {Stage.TRAIN}
    [first] = [rung for rung in rungs if rung.next]
    assert following in first.next and first is next(rung for rung in rungs if not rung.passed)
    assert is_growing(rungs)


def test_a_port_of_functions_is_told_that_it_wants_their_file() -> None:
    info = RunnerInfo(runner="f", port="f", language="C", state=State.READY, operations=["call", "inputs"])
    last = ladder(CheckResult(runners=[info], cases=[]), info)[-1]
    assert (last.stage, last.verdict) == (Stage.LAYER, Verdict.NOT_IMPLEMENTED)
    assert "--reference FILE" in last.next


def test_a_rung_says_what_is_not_there_yet(make_port: MakePort) -> None:
    rungs = {rung.stage: rung for rung in climbed(make_port, "only=hello,load,layer/affine")}
    told = rungs[Stage.LAYER].told
    assert told == "the port does not list relu; the port does not list softmax_with_loss"
    assert rungs[Stage.FORWARD].verdict is Verdict.NOT_IMPLEMENTED
    assert rungs[Stage.TRAIN].told == "not in hello: data, evaluate, params, train"


def test_a_wrong_rung_leads_to_its_finding(make_port: MakePort) -> None:
    rungs = {rung.stage: rung for rung in climbed(make_port, "one-element")}
    assert rungs[Stage.GRADIENT].verdict is Verdict.WRONG and "dW1[" in rungs[Stage.GRADIENT].told
    assert "finding" in rungs[Stage.GRADIENT].next


def test_a_port_with_everything_needs_no_ladder(make_port: MakePort) -> None:
    assert not is_growing(climbed(make_port, "nothing")) and not is_growing(climbed(make_port, "one-element"))


def test_a_port_that_breaks_the_protocol_stands_on_no_rung(make_port: MakePort) -> None:
    result = checked(make_port, "nothing_there.py", "x")
    rungs = ladder(result, result.runners[0])
    assert not rungs[0].passed and all(rung.verdict is None for rung in rungs[1:]) and rungs[0].next
    out = io.StringIO()
    Console(file=out, width=200).print(check_report(result))
    assert (
        "how far fake has come" in out.getvalue() and "next: mend that: what happened is told above" in out.getvalue()
    )
    assert "\n    \n" not in out.getvalue(), "no empty line for a hint that is not given"


def test_what_broke_is_to_be_mended_before_what_it_kept_from_being_reached(make_port: MakePort) -> None:
    result = checked(make_port, "faulty.py", "exit")
    rungs = {rung.stage: rung for rung in ladder(result, result.runners[0])}
    assert rungs[Stage.LAYER].passed
    assert rungs[Stage.LOSS].verdict is None, "the softmax called alone says nothing of the loss that did not come"
    assert [stage for stage, rung in rungs.items() if rung.next] == [Stage.GRADIENT]
    assert rungs[Stage.GRADIENT].next.startswith("mend that")


@pytest.mark.parametrize(
    ("argument", "spec", "why", "following"),
    [
        ("no-float32", {"dtype": "float32"}, "the port has no float32", "--case 'random-9-6-4-*-n7-float64'"),
        ("relu-only", {"activation": "sigmoid"}, "load: no sigmoid", "the port refuses these cases (supports"),
    ],
)
def test_a_port_that_takes_none_of_the_cases_is_told_why_once(
    argument: str, spec: dict[str, str], why: str, following: str, make_port: MakePort
) -> None:
    result = checked(make_port, "wrong.py", argument, SPEC.model_copy(update=spec))
    rungs = ladder(result, result.runners[0])
    assert [rung.told for rung in rungs[1:-1] if rung.told] == [why]
    [advice] = [rung.next for rung in rungs if rung.next]
    assert following in advice


def test_a_long_list_of_reasons_is_cut(make_port: MakePort) -> None:
    result = checked(make_port, "wrong.py", "only=hello,load/")
    long = (
        result.cases[0].cells[0].model_copy(update={"quantity": Quantity.LAYERS, "detail": "load: came [(9, 6)] " * 99})
    )
    result = result.model_copy(update={"cases": [result.cases[0].model_copy(update={"cells": [long]})]})
    assert len(ladder(result, result.runners[0])[1].told) <= 160
