"""Runs of every kind for the tests of the reports, all made from `sample_run.agreeing`; and their records on disk."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cache, reduce
from pathlib import Path
from typing import Any

from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench.records import BenchResult, Timed
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.diagnosis.records import Alone, Diagnosis, Explanation, Where
from gradparity.functions.layers import Phase
from gradparity.parts import join
from gradparity.ports.info import RunnerInfo, State
from gradparity.record.reading import Recorded
from gradparity.record.run import RECORD, Run
from gradparity.train.records import TrainResult, TrainRun
from sample_run import ALPHA, BETA, RECIPE, REFERENCE, SPECS, STEPS, agreeing, losses

LEFT_AT = 12
WRONG = {"affine1.out": 5e9, "relu1.out": math.inf, "affine2.out": math.inf, "loss": 2e9, "dW1": math.inf}
GROWING = ("runners", "cases", "groups", "updates", "gradient_checks", "envelopes", "results")

HOSTILE = (
    "<script>window.hurt=1</script>",
    "<img src=x onerror=window.hurt=1>",
    "</script></style></textarea><svg onload=window.hurt=1>",
    "\" onmouseover='window.hurt=1'",
    "]]><!-- &amp; &#60;",
    "| a `cell` ``` ![x](http://example.org/x.png) [y](javascript:window.hurt=1) @someone #1",
    "{{ 7 * 7 }} {% raw %} ${hurt}",
    "\x1b[2J\x1b]0;hurt\x07 \x00\x01\x08\x0b\x7f\x85\x9b \r\n\t \ufffe\uffff",
    "\u202e drawkcab \u2066 \u200b \u2028 \u2029",
    "🦀 👩\u200d🔬 e\u0301 " + "a\u0300\u0301\u0302\u0303" * 20,
    "[bold red]markup[/bold red] [/]",
)
"""What must be shown as text and nothing else."""
HURTS = " ".join(HOSTILE)
NAMES = {ALPHA: "<img src=x onerror=window.hurt=1>", BETA: "x]]>|`\x1b[2J\u202e\x00🦀:" + "long" * 50}
ENUMS = ("phase", "asked")  # of a place, whose other words are a port's
SAID = (
    "version", "blas", "threads", "language", "reason", "hint", "stderr", "detail", "trouble", "memory_note",
    "sentence", "where", "inherited", "warnings", "notes", "command", "left_out", "cpu", "packages",
)  # fmt: skip
"""The fields whose text comes from a port, or from a machine."""


def _parts_of(run: Run) -> tuple[CheckResult, BenchResult, TrainRun]:
    assert run.check and run.bench and run.train
    return run.check, run.bench, run.train


@cache
def disagreeing() -> Run:
    """The second port is wrong: in its cases, infinitely so in some arrays, in an update, and in the training."""
    check, _, train = _parts_of(agreeing())
    cases = [_wrong(case) if (case.runner, case.dtype) == (BETA, "float64") else case for case in check.cases]
    bad = {"verdict": Verdict.WRONG, "ratio": 8.5e8, "detail": "sign: the step goes uphill"}
    updates = [
        one.model_copy(update={"cells": [one.cells[0].model_copy(update=bad), *one.cells[1:]]})
        if one.runner == BETA
        else one
        for one in train.updates
    ]
    results = [_strayed(one) if one.runner == BETA else one for one in train.results]
    return agreeing().model_copy(
        update={
            "check": check.model_copy(update={"cases": cases}),
            "train": train.model_copy(update={"updates": updates, "results": results}),
        }
    )


def _wrong(case: CaseResult) -> CaseResult:
    cells = [_wrong_cell(cell) if cell.array in WRONG else cell for cell in case.cells]
    sentence = "the bias is recycled down the columns, where each belongs to a column"
    told = Diagnosis(
        where=Where(operation="trace", layer="affine1", phase=Phase.FORWARD, array="out"),
        alone=Alone.WRONG,
        inherited=["relu1.out", "affine2.out", "loss", "dW1"],
        explanations=[Explanation(name="bias recycled", sentence=sentence, residual=0.0, numbers=12)],
    )
    return case.model_copy(update={"cells": cells, "diagnoses": [told], "stderr": "Warning message:\nlonger object"})


def _wrong_cell(cell: Cell) -> Cell:
    ratio = WRONG[cell.array]
    figures = {"ratio": ratio, "ulp": ratio, "bit_equal": 0.0, "relative": 0.5, "relative_max": math.nan}
    detail = f"{cell.array}[0, 1]=1.25, and the reference's is 0.75"
    return cell.model_copy(update={**figures, "verdict": Verdict.WRONG, "detail": detail})


def _strayed(one: TrainResult) -> TrainResult:
    own = [loss * (1 + 0.01 * max(0, step - LEFT_AT + 1)) for step, loss in enumerate(losses(REFERENCE))]
    told = {"detail": f"step {LEFT_AT + 1}: the loss is off by 1e-2", "left_at": LEFT_AT, "ratio": 7e9}
    return one.model_copy(update={"verdict": Verdict.WRONG, "losses": own, "stderr": "last words", **told})


@cache
def hostile() -> Run:
    """As ``disagreeing``, with words of the ports and names that would hurt wherever they are not shown as text."""
    return Run.model_validate(_hurt(json.loads(disagreeing().model_dump_json())))


def _hurt(value: Any, said: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: one if key in ENUMS else _hurt(one, said or key in SAID) for key, one in value.items()}
    if isinstance(value, list):
        return [_hurt(one, said) for one in value]
    if isinstance(value, str) and value in NAMES:
        return NAMES[value]
    return f"{value} {HURTS}" if isinstance(value, str) and said else value


@cache
def incomplete() -> Run:
    """The first port breaks, a third is not available, a fourth does not start; the training was interrupted."""
    check, bench, train = _parts_of(agreeing())
    absent = [
        RunnerInfo(runner="gamma", port="gamma", language="Gamma", state=State.NOT_AVAILABLE, reason="no runtime here",
                   hint="install gamma"),
        RunnerInfo(runner="delta", port="delta", language="Delta", state=State.FAILED, reason="it exited with status 1",
                   stderr="cannot find my library"),
    ]  # fmt: skip
    broke = "gradient: it was killed by SIGKILL"
    cell = Cell(quantity=Quantity.GRADIENT, array="", verdict=Verdict.COULD_NOT_RUN, detail=broke)
    cases = [
        case.model_copy(update={"cells": [*case.cells[:4], cell], "stderr": "out of memory"})
        if case.runner == ALPHA
        else case
        for case in check.cases
    ]
    timed = [
        one.model_copy(update={"trouble": "time: it was killed by SIGKILL", "stderr": "out of memory"})
        if one.info.runner == ALPHA
        else one
        for one in bench.runners
    ]
    trained = [
        one.model_copy(update={"verdict": Verdict.COULD_NOT_RUN, "detail": "train: it was killed", "epochs": []})
        if one.runner == ALPHA
        else one
        for one in train.results
        if one.runner != BETA
    ]
    return agreeing().model_copy(
        update={
            "check": check.model_copy(update={"runners": [*check.runners, *absent], "cases": cases}),
            "bench": bench.model_copy(update={"runners": [*timed, *(Timed(info=one) for one in absent)]}),
            "train": train.model_copy(
                update={"runners": [*train.runners, *absent], "results": trained, "interrupted": True}
            ),
        }
    )


@cache
def cut_short() -> Run:
    """As ``agreeing``, but killed during the benchmark, after its first group."""
    said = list(parts(agreeing()))
    first = next(number for number, part in enumerate(said) if part.bench and part.bench.groups)
    return reduce(join, said[: first + 1], Run())


RUNS = {run.__name__: run for run in (agreeing, disagreeing, hostile, incomplete, cut_short)}
OTHERS = [name for name in RUNS if name != "agreeing"]
PAIRS = [
    *(("agreeing", name) for name in OTHERS),
    *((name, "agreeing") for name in OTHERS),
    ("hostile", "incomplete"),
    ("cut_short", "disagreeing"),
]
"""Runs to compare, each in both places."""


def recorded(run: Run) -> Recorded:
    """The run as if it had been read, undamaged."""
    return Recorded(Path("runs/sample"), run)


def parts(run: Run) -> Iterator[Run]:
    """The run as it is recorded, part by part: what is known at first, each new record, and the end of each part."""
    yield Run(**{name: getattr(run, name) for name in Run.model_fields if name not in ("check", "bench", "train")})
    for kind in ("check", "bench", "train"):
        whole = getattr(run, kind)
        if whole is not None:
            make = type(whole)
            lists = [name for name in make.model_fields if name in GROWING]
            about = {name: getattr(whole, name) for name in make.model_fields if name not in lists}
            grown = [make(**{name: [one]}) for name in lists for one in getattr(whole, name)]
            for part in (make(**{**about, "interrupted": True}), *grown, make(interrupted=whole.interrupted)):
                yield Run(**{kind: part})


def write(run: Run, folder: Path) -> Path:
    """The folder with the run's record, as a Recorder writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [part.model_dump_json(exclude_unset=True) + "\n" for part in parts(run)]
    (folder / RECORD).write_text("".join(lines), encoding="utf-8")
    return folder


__all__ = [
    "ALPHA",
    "BETA",
    "HOSTILE",
    "LEFT_AT",
    "NAMES",
    "PAIRS",
    "RECIPE",
    "REFERENCE",
    "RUNS",
    "SPECS",
    "STEPS",
    "agreeing",
    "cut_short",
    "disagreeing",
    "hostile",
    "incomplete",
    "parts",
    "recorded",
    "write",
]  # fmt: skip
