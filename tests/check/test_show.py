"""What a terminal is shown, against the whole text; and that a port's words cannot steer the terminal."""

from __future__ import annotations

import io
from typing import Any

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.check.show import LiveTable, check_report
from gradparity.ports.info import RunnerInfo, State
from gradparity.texts import last_lines, number, plain
from rich.console import Console

INFO: dict[str, Any] = {"port": "fake", "language": "Forth"}
GOOD = Cell(
    quantity=Quantity.GRADIENT, array="dW1", verdict=Verdict.ROUNDING, ratio=0.05, resolution=2e-15, ulp=3.0,
    bit_equal=0.9, relative=1e-16, relative_max=1e-15,
)  # fmt: skip
BAD = GOOD.model_copy(
    update={
        "verdict": Verdict.WRONG,
        "ratio": 5e9,
        "bit_equal": 0.0,
        "ulp": 1e12,
        "detail": "dW1[0, 1]=1.0, but \x1b[2J",
    }
)
LACKS = Cell(quantity=Quantity.PREDICT, array="", verdict=Verdict.NOT_IMPLEMENTED)


def result() -> CheckResult:
    ready = RunnerInfo(runner="fake:a", state=State.READY, version="1", **INFO)
    gone = RunnerInfo(runner="fake:b", state=State.NOT_AVAILABLE, reason="no Forth", hint="install Forth", **INFO)

    def case(seed: int, cell: Cell, stderr: str = "") -> CaseResult:
        command = "gradparity check --some --case"
        about = {"runner": "fake:a", "case": "some-case", "dtype": "float64", "command": command}
        return CaseResult.model_validate({**about, "seed": seed, "cells": [cell, LACKS], "stderr": stderr})

    return CheckResult(
        gradparity="test",
        runners=[ready, gone],
        left_out=["6 MNIST cases: no network"],
        cases=[case(0, GOOD), case(1, BAD, stderr="a warning\n\x07last words\n")],
    )


EXPECTED = """\
                          worst  resolves    max   bit-
port    quantity  cases   ratio   float64    ULP  equal  verdict
fake:a  gradient      2  5e+09     2e-15  1e+12   45 %  wrong
        predict   0 of 2      -         -      -      -  not implemented

fake:b not available: no Forth
left out: 6 MNIST cases: no network
fake:a wrong in 1 case, for one: gradient dW1: dW1[0, 1]=1.0, but \\x1b[2J; ratio 5e+09
    | a warning
    | \\x07last words
    gradparity check --some --case
how far fake:a has come
    hello     there           Forth 1
    one layer not reached
              next: one layer, such as relu or affine: name it in hello, or in the list of your one file
    forward   not implemented
    loss      not reached
    gradient  wrong           dW1[0, 1]=1.0, but \\x1b[2J
    train     not implemented not in hello: data, evaluate, params, train

disagreement - 1 runner x 2 cases: 1 rounding, 1 wrong
"""


def test_the_report() -> None:
    out = io.StringIO()
    Console(file=out, width=120, highlight=False).print(check_report(result()))
    shown = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert shown == [" ".join(line.split()) for line in EXPECTED.splitlines()]


def of_a_function(cell: Cell) -> str:
    about = {"runner": "fake:a", "case": "f-n5-float64", "dtype": "float64", "function": "f", "seed": 0, "command": "c"}
    cases = [CaseResult.model_validate({**about, "cells": [cell]})]
    ready = RunnerInfo(runner="fake:a", state=State.READY, **INFO)
    out = io.StringIO()
    report = check_report(CheckResult(gradparity="test", runners=[ready], cases=cases), growing=False)
    Console(file=out, width=200, highlight=False).print(report)
    return out.getvalue()


def test_why_a_port_has_nothing_of_a_function_is_told() -> None:
    cell = Cell.without_figures(Quantity.RESULTS, "f", Verdict.NOT_IMPLEMENTED, "the port does not list f: it lists g")
    assert "fake:a: f is not implemented: the port does not list f: it lists g" in of_a_function(cell)
    assert "is not implemented:" not in of_a_function(GOOD.model_copy(update={"quantity": Quantity.RESULTS}))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (3.0, "3"), (0.0469, "0.047"), (1.5, "1.500"), (4.2e-16, "4e-16"), (5e9, "5e+09"),
     (float("inf"), "inf")],
)  # fmt: skip
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert number(value) == text


def test_control_characters_are_made_visible() -> None:
    assert plain("a\x1b[31m\tb\nc\x00é") == "a\\x1b[31m\\x09b\nc\\x00é"


def test_a_ports_words_are_their_end_and_the_errors_that_came_before() -> None:
    errors, notes = ["net.c:3: error: first", "net.c:9: error: second"], ["note"] * 9
    words = ["compiling", errors[0], *notes, errors[1], *notes, "make: failed"]
    assert last_lines("\n".join(words)) == [*errors, "...", *["note"] * 5, "make: failed"]
    many = [f"{i}: ERROR" for i in range(20)]
    assert last_lines("\n".join(many)) == ["0: ERROR", "1: ERROR", "13: ERROR", "...", *many[-6:]]
    assert last_lines("one\n\ntwo\n") == ["one", "two"]


def test_markup_in_a_ports_words_is_shown_as_text() -> None:
    hostile = RunnerInfo(runner="x", state=State.FAILED, reason="[bold]boo[/bold]", hint="[red]", **INFO)
    out = io.StringIO()
    Console(file=out, width=100).print(check_report(CheckResult(gradparity="test", runners=[hostile])))
    assert "[bold]boo[/bold]" in out.getvalue()
    assert "[red]" in out.getvalue()


def test_the_live_table_follows_the_check() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, color_system=None)
    told = result()
    with LiveTable(console, ["fake:a", "fake:b"], total=2) as live:
        for info in told.runners:
            live(info)
        live(told.cases[0])
        live.live.refresh()
        live(told.cases[1])
        live.live.refresh()
    assert "1/2" in out.getvalue()
    assert "2/2" in out.getvalue()
    assert "not available" in out.getvalue()
    assert "some-case" in out.getvalue()
