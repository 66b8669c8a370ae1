"""What every report says of a check of functions: by function, with the smallest case, and nothing of a network."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CheckResult
from gradparity.record.reading import Recorded, read_run
from gradparity.record.run import Run
from gradparity.report.cases import case_data
from gradparity.report.changes import compare_runs
from gradparity.report.charts import agreement
from gradparity.report.comparison import comparison_markdown
from gradparity.report.html import html
from gradparity.report.junit import junit
from gradparity.report.markdown import markdown
from gradparity.report.terminal import run_report
from gradparity.report.verdict import conclusion, headline, matrix
from rich.console import Console
from sample_functions import called, right
from sample_run import ALPHA, BETA
from samples import recorded, write


def terminal(found: Recorded) -> str:
    out = io.StringIO()
    Console(file=out, width=1000, highlight=False).print(run_report(found))
    return out.getvalue()


def check_of(run: Run) -> CheckResult:
    assert run.check
    return run.check


def test_the_sentence_names_the_functions() -> None:
    assert headline(recorded(called())) == (
        "beta:native disagrees with the reference in 8 of 14 cases (center); one other agrees."
    )
    assert headline(recorded(right())) == (
        "One runner agrees with the reference: rounding explains every difference in 14 cases of center and slope."
    )


def test_many_functions_are_counted() -> None:
    check = check_of(right())
    cases = [case.model_copy(update={"function": f"f{number}"}) for number, case in enumerate(check.cases[:5])]
    found = recorded(Run(check=check.model_copy(update={"cases": cases})))
    assert headline(found).endswith("in 5 cases of five functions.")


def test_the_matrix_has_a_column_for_each_function() -> None:
    found = matrix(called())
    assert found.columns == found.functions == ["center", "slope"]
    wrong = found.cells[BETA, "center"]
    assert (wrong.verdict, wrong.judged, wrong.cases) == (Verdict.WRONG, 8, 8) and wrong.ratio and wrong.ratio > 1e6
    assert found.cells[ALPHA, "center"].verdict.passes and found.cells[BETA, "slope"].verdict.passes


def test_what_another_case_decides_is_agreement() -> None:
    check = check_of(right())
    cell = check.cases[0].cells[0].model_copy(update={"verdict": Verdict.UNRESOLVED})
    first = check.cases[0].model_copy(update={"cells": [cell, *check.cases[0].cells[1:]]})
    found = recorded(Run(check=check.model_copy(update={"cases": [first, *check.cases[1:]]})))
    assert conclusion(found) == "agreement" and headline(found).startswith("One runner agrees")


@pytest.mark.parametrize("form", [html, markdown, terminal])
@pytest.mark.parametrize("make", [called, right])
def test_nothing_is_said_of_a_network(make: Callable[[], Run], form: Callable[[Recorded], str]) -> None:
    text = re.sub(r"(?s)<(script|style).*?</\1>", "", form(recorded(make())))
    for word in ("layer", "trace", "loss", "predict", "accuracy", "Speed", "Training", "how far"):
        assert word not in text
    assert 'id="speed"' not in text and 'id="training"' not in text


@pytest.mark.parametrize("form", [html, markdown, junit, terminal])
def test_every_report_has_the_extent_the_smallest_case_and_its_command(form: Callable[[Recorded], str]) -> None:
    check = check_of(called())
    [small] = [case.smallest for case in check.cases if case.smallest]
    text = form(recorded(called()))
    assert "all of it" in text and f"smallest, {small.case}: " in text and "with x=" in text
    assert small.command.replace("'", "&#39;" if form is html else "'") in text


def test_a_case_of_the_page_knows_its_function_and_its_smallest_case() -> None:
    [found] = [one for one in case_data(check_of(called())) if one["smallest"]]
    assert found["function"] == "center" and found["smallest"][0].startswith("smallest, center-")


def test_the_chart_has_a_row_for_each_function_and_a_lane_for_each_port() -> None:
    [chart] = agreement.of_cases(called())
    dots = chart.spec["data"]["values"]
    assert {dot["function"] for dot in dots} == {"center", "slope"}
    assert max(dot["offset"] for dot in dots if dot["runner"] == ALPHA) < 0
    assert min(dot["offset"] for dot in dots if dot["runner"] == BETA) > 0
    assert chart.told.startswith("Beyond the limit: beta:native in 8 cases of center. ")
    assert chart.how.endswith("In each row lie, from above: alpha, beta:native. Filled is float64, hollow float32.")


def test_two_runs_are_compared_by_function() -> None:
    check = check_of(called())
    cases = check_of(right()).cases
    mended = [*cases, *(case.model_copy(update={"runner": BETA}) for case in cases)]
    after = called().model_copy(update={"check": check.model_copy(update={"cases": mended})})
    text = comparison_markdown(compare_runs(recorded(called()), recorded(after)))
    assert "| runner | function | before | after |" in text and "beta:native went from wrong to" in text
    assert "(center)" in text and "8 cases mended" in text


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read_run(write(called(), tmp_path / "run"))
    assert not found.lost and found.run.check == called().check
