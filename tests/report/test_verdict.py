"""The sentence and the matrix at the top of every report."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CheckResult
from gradparity.record.reading import Recorded
from gradparity.record.run import Run
from gradparity.report.verdict import TRAINING, headline, matrix, runners
from gradparity.train.records import TrainRun
from samples import ALPHA, BETA, NAMES, REFERENCE, agreeing, cut_short, disagreeing, hostile, incomplete, recorded


def damaged(run: Run) -> Recorded:
    return Recorded(Path("run"), run, ["line 3: cut off; what it said is left out"])


def only(run: Run, *parts: str) -> Run:
    """The run without its other parts."""
    return run.model_copy(update={kind: None for kind in ("check", "bench", "train") if kind not in parts})


AGREE = "Three runners agree with the reference: rounding explains every difference in"
WRONG = "beta:native disagrees with the reference"
TRAINED = "in an optimizer's update and in training python-post, r-post"


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (agreeing(), f"{AGREE} 6 cases and 30 steps of training."),
        (only(agreeing(), "check"), f"{AGREE} 6 cases."),
        (only(agreeing(), "train"), f"{AGREE} 30 steps of training."),
        (only(agreeing(), "bench"), "The ports were timed, and their gradients were not compared."),
        (only(agreeing()), "Nothing was compared."),
        (disagreeing(), f"{WRONG} in 3 of 6 cases, {TRAINED}; two others agree."),
        (only(disagreeing(), "train"), f"{WRONG} {TRAINED}; two others agree."),
        (
            incomplete(),
            "Incomplete: gamma, delta and alpha could not run; it was interrupted; "
            "what was compared of two runners agrees.",
        ),
        (cut_short(), "Incomplete: it was interrupted; what was compared of three runners agrees."),
        (Run(check=CheckResult(), train=TrainRun()), "Incomplete: nothing was compared."),
    ],
)
def test_the_sentence(run: Run, told: str) -> None:
    assert headline(recorded(run)) == told


def test_several_that_disagree_are_all_named() -> None:
    check = disagreeing().check
    assert check
    others = [case.model_copy(update={"runner": ALPHA}) for case in check.cases if case.runner == BETA]
    run = Run(check=check.model_copy(update={"cases": [*check.cases, *others]}))
    assert (
        headline(recorded(run))
        == "alpha and beta:native disagree with the reference in 3 of 6 cases; one other agrees."
    )


def test_a_damaged_record_is_no_agreement_and_says_so() -> None:
    assert headline(damaged(agreeing())) == (
        "Incomplete: what was compared of three runners agrees; parts of the record are damaged, and left out."
    )
    for run in (disagreeing(), incomplete(), only(agreeing(), "bench"), only(agreeing())):
        assert headline(damaged(run)).endswith("; parts of the record are damaged, and left out.")


def test_who_implements_nothing_that_was_asked_does_not_agree() -> None:
    check = agreeing().check
    assert check
    single = [case for case in check.cases if case.dtype == "float32"]
    assert "Two runners agree" in headline(recorded(Run(check=check.model_copy(update={"cases": single}))))


def test_what_resolves_too_little_is_no_agreement() -> None:
    check = agreeing().check
    assert check
    cell = check.cases[-3].cells[0].model_copy(update={"verdict": Verdict.UNRESOLVED})
    case = check.cases[0].model_copy(update={"cells": [cell]})
    told = headline(recorded(Run(check=check.model_copy(update={"cases": [case, *check.cases[1:]]}))))
    assert told == "Incomplete: for python some cases resolve too little; what was compared of two runners agrees."


def test_the_sentence_is_one_line_of_harmless_text_whoever_is_in_it() -> None:
    told = headline(recorded(hostile()))
    assert told.isprintable() and r"`\x1b[2J\x202e\x00🦀" in told


def test_the_matrix_has_every_runner_and_quantity() -> None:
    found = matrix(agreeing())
    assert [info.runner for info in found.runners] == [REFERENCE, ALPHA, BETA]
    assert found.columns == [
        "layers", "trace", "loss", "gradient", "numerical gradient", "predict", "accuracy", "state", "update", TRAINING
    ]  # fmt: skip
    assert {cell.verdict for cell in found.row(REFERENCE) if cell} == {Verdict.IDENTICAL, Verdict.ROUNDING}
    assert {cell.verdict for cell in found.row(ALPHA)[:4] if cell} == {Verdict.ROUNDING}


def test_a_cell_counts_what_was_compared() -> None:
    cells = matrix(agreeing()).cells
    assert (cells[ALPHA, "gradient"].judged, cells[ALPHA, "gradient"].cases) == (6, 6)
    assert (cells[BETA, "gradient"].judged, cells[BETA, "gradient"].cases) == (3, 6), "it has no float32"
    assert (cells[ALPHA, "numerical gradient"].judged, cells[ALPHA, TRAINING].judged) == (2, 1)


def test_a_cell_has_the_worst_verdict_and_ratio() -> None:
    cells = matrix(disagreeing()).cells
    assert (cells[BETA, "gradient"].verdict, cells[BETA, "gradient"].ratio) == (Verdict.WRONG, float("inf"))
    assert (cells[BETA, "update"].verdict, cells[BETA, "update"].ratio) == (Verdict.WRONG, 8.5e8)
    assert (cells[BETA, TRAINING].verdict, cells[BETA, TRAINING].ratio) == (Verdict.WRONG, 7e9)
    assert cells[BETA, "predict"].verdict is Verdict.ROUNDING


def test_what_was_not_asked_of_a_runner_has_no_cell() -> None:
    found = matrix(incomplete())
    assert found.row("gamma") == [None] * len(found.columns)
    assert (BETA, TRAINING) not in found.cells and found.cells[ALPHA, TRAINING].verdict is Verdict.COULD_NOT_RUN


def test_an_empty_run_has_an_empty_matrix() -> None:
    found = matrix(Run())
    assert (found.runners, found.columns, found.cells) == ([], [], {})


def test_the_references_control_is_no_runner() -> None:
    assert [info.runner for info in runners(only(agreeing(), "bench"))] == [REFERENCE, ALPHA, BETA]


def test_hostile_names_are_kept_as_they_are_in_the_matrix() -> None:
    assert {info.runner for info in matrix(hostile()).runners} == {REFERENCE, *NAMES.values()}
