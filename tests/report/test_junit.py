"""JUnit XML as CI servers read it: parsed back, with counts that are right and with words that cannot break it."""

from __future__ import annotations

import math
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.bench.records import BenchResult, Timed
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.diagnosis.records import Alone, Asked, Diagnosis, Explanation, Where
from gradparity.ports.info import RunnerInfo, State
from gradparity.record.reading import Recorded
from gradparity.record.run import Run
from gradparity.report.junit import junit
from gradparity.texts import plain
from gradparity.train.records import TrainResult, TrainRun
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml
from sample_run import of_functions
from samples import ALPHA, BETA, HURTS, agreeing, cut_short, disagreeing, hostile, incomplete

RUNS = {run.__name__: run for run in (agreeing, disagreeing, hostile, incomplete, cut_short)}
ELEMENTS = {
    "testsuites", "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-err",
}  # fmt: skip


def parsed(run: Run, lost: list[str] | None = None) -> ElementTree.Element:
    """The root element, after checking what every reader relies on."""
    text = junit(Recorded(Path("x"), run, lost or []))
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites')
    root = ElementTree.fromstring(text.encode())
    assert {element.tag for element in root.iter()} <= ELEMENTS
    for holder in [root, *root]:
        cases = list(holder.iter("testcase"))
        counts = Counter(element.tag for case in cases for element in case)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert holder.get(name) == str(counts[tag]), f"{holder.get('name')}: {name}"
        assert holder.get("tests") == str(len(cases))
    read = JUnitXml.fromstring(text.encode())
    assert sum(suite.tests for suite in read) == len(list(root.iter("testcase")))
    return root


def case_of(root: ElementTree.Element, classname: str, name: str) -> ElementTree.Element:
    """The one testcase."""
    found = [c for c in root.iter("testcase") if (c.get("classname"), c.get("name")) == (classname, name)]
    assert len(found) == 1, f"{len(found)} testcases {classname} {name}"
    return found[0]


def kinds(root: ElementTree.Element) -> Counter[str]:
    """How many testcases have each outcome."""
    outcomes = [[child.tag for child in case if child.tag != "system-err"] for case in root.iter("testcase")]
    return Counter("".join(tags) or "passed" for tags in outcomes)


def test_agreement_is_all_green_and_what_a_port_lacks_is_skipped() -> None:
    root = parsed(agreeing())
    assert set(kinds(root)) == {"passed", "skipped"}
    lacking = case_of(root, f"gradparity.check.{BETA}", "random-5-4-3-relu-n2-float32-numerical [0]")
    skipped = lacking.find("skipped")
    assert skipped is not None and skipped.get("type") == "not implemented"
    case_of(root, f"gradparity.check.{ALPHA}", "random-5-4-3-relu-n2-float32-numerical [0]")
    case_of(root, f"gradparity.train.{ALPHA}", "update sgd")
    case_of(root, f"gradparity.train.{ALPHA}", "python-post, r-post [0]")
    case_of(root, f"gradparity.bench.{ALPHA}", "is timed")
    assert "control" not in {suite.get("name", "").rpartition(".")[2] for suite in root}
    properties = {one.get("name"): one.get("value") for one in root[0].iter("property")}
    assert properties["gradparity"] == "0.1.0" and properties["machine"] == "A Processor, 2 cores, Linux 6.1"
    assert properties["command"] == "gradparity run --out runs/sample"


def test_what_is_wrong_fails_with_its_diagnosis_figures_and_command() -> None:
    root = parsed(disagreeing())
    case = case_of(root, f"gradparity.check.{BETA}", "random-5-4-3-relu-n2-float64-numerical [0]")
    failure = case.find("failure")
    assert failure is not None and failure.get("type") == "wrong" and failure.text
    assert failure.get("message", "").startswith("first at affine1 forward out (called alone, too)")
    lines = failure.text.splitlines()
    assert lines[1].startswith("bias recycled: ")
    assert "trace relu1.out: relu1.out[0, 1]=1.25, and the reference's is 0.75; ratio inf" in lines
    assert lines[-1] == f"gradparity check --port {BETA} --case random-5-4-3-relu-n2-float64-numerical --seeds 0"
    stderr = case.find("system-err")
    assert stderr is not None and stderr.text == "Warning message:\nlonger object"
    strayed = case_of(root, f"gradparity.train.{BETA}", "python-post, r-post [0]").find("failure")
    assert strayed is not None and strayed.text and "gradparity train --recipe python-post" in strayed.text
    update = case_of(root, f"gradparity.train.{BETA}", "update sgd").find("failure")
    assert update is not None and update.text and "sign: the step goes uphill" in update.text


def test_what_could_not_run_is_an_error_and_what_is_cut_short_too() -> None:
    root = parsed(incomplete())
    for classname, name in (
        (f"gradparity.check.{ALPHA}", "random-5-4-3-relu-n2-float64-numerical [0]"),
        (f"gradparity.train.{ALPHA}", "python-post, r-post [0]"),
        (f"gradparity.bench.{ALPHA}", "is timed"),
        ("gradparity.check.gamma", "starts"),
        ("gradparity.check.delta", "starts"),
        ("gradparity.train", "is complete"),
    ):
        assert case_of(root, classname, name).find("error") is not None, f"{classname} {name}"
    assert case_of(root, "gradparity.check.delta", "starts").findtext("system-err") == "cannot find my library"
    assert case_of(parsed(cut_short()), "gradparity.bench", "is complete").find("error") is not None


def test_a_runner_that_is_not_here_is_skipped_where_the_port_has_another() -> None:
    ready = RunnerInfo(runner="a:x", port="a", language="A", state=State.READY)
    gone = ready.model_copy(update={"runner": "a:y", "state": State.NOT_AVAILABLE, "reason": "no bridge"})
    root = parsed(Run(check=CheckResult(runners=[ready, gone])))
    skipped = case_of(root, "gradparity.check.a:y", "starts").find("skipped")
    assert skipped is not None and skipped.get("message") == "not available: no bridge"


def test_unresolved_is_a_failure_of_its_own_type() -> None:
    cell = Cell(quantity=Quantity.LOSS, array="loss", verdict=Verdict.UNRESOLVED, ratio=0.5)
    case = CaseResult(runner="a", case="c", seed=3, dtype="float64", command="again", cells=[cell], seconds=1.5)
    found = case_of(parsed(Run(check=CheckResult(cases=[case]))), "gradparity.check.a", "c [3]")
    failure = found.find("failure")
    assert failure is not None and failure.get("type") == "unresolved" and found.get("time") == "1.5"


def test_a_damaged_record_is_an_error() -> None:
    error = case_of(parsed(agreeing(), ["line 7: cut off"]), "gradparity.record", "record is whole").find("error")
    assert error is not None and error.text == "line 7: cut off"


@pytest.mark.parametrize("name", RUNS)
def test_every_run_is_whole_xml_with_consistent_counts(name: str) -> None:
    assert kinds(parsed(RUNS[name]())).total() > 10


@pytest.mark.parametrize("run", [Run(), Run(check=CheckResult()), Run(bench=BenchResult()), Run(train=TrainRun())])
def test_nothing_at_all_is_whole_xml_too(run: Run) -> None:
    assert not kinds(parsed(run))


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_none_does_not_break_the_sums(seconds: float) -> None:
    cell = Cell(quantity=Quantity.LOSS, array="loss", verdict=Verdict.IDENTICAL)
    case = CaseResult(runner="a", case="c", seed=0, dtype="float64", command="", cells=[cell], seconds=seconds)
    root = parsed(Run(check=CheckResult(cases=[case])))
    assert root.get("time") == "0.0"


WORDS = st.one_of(
    st.text(st.characters(min_codepoint=0, max_codepoint=sys.maxunicode, exclude_categories=["Cs"]), max_size=30),
    st.sampled_from([HURTS, "]]>", "\ufffe\uffff", "\x00", "<!--", "&amp;", "\r\n", "\ud800"]),
)


@given(name=WORDS, detail=WORDS, stderr=WORDS)
def test_no_words_can_break_it(name: str, detail: str, stderr: str) -> None:
    info = RunnerInfo.model_construct(
        runner=name, port=name, language=detail, state=State.FAILED, reason=detail, hint=stderr, stderr=stderr
    )
    told = Diagnosis.model_construct(
        where=Where.model_construct(operation=name, layer=name, phase=None, array=detail, asked=Asked.NEXT),
        alone=Alone.WRONG,
        inherited=[detail],
        explanations=[Explanation.model_construct(name=name, sentence=detail, residual=math.nan, numbers=1)],
        also=[],
    )
    cell = Cell.model_construct(quantity=Quantity.LOSS, array=name, verdict=Verdict.WRONG, ratio=None, detail=detail)
    case = CaseResult.model_construct(
        runner=name, case=name, seed=0, command=detail, cells=[cell], diagnoses=[told], stderr=stderr, seconds=0.0
    )
    trained = TrainResult.model_construct(
        runner=name, recipe=name, seed=0, verdict=Verdict.WRONG, detail=detail, stderr=stderr, epochs=[]
    )
    run = Run.model_construct(
        gradparity=name,
        command=detail,
        check=CheckResult.model_construct(runners=[info], cases=[case]),
        bench=BenchResult.model_construct(runners=[Timed.model_construct(info=info, trouble=detail, stderr=stderr)]),
        train=TrainRun.model_construct(runners=[info], results=[trained], command=detail),
    )
    root = parsed(run, [detail])
    found = [one for one in root.iter("testcase") if one.get("name") == f"{plain(name)} [0]"]
    failures = [one.find("failure") for one in found]
    assert len(found) == 2 and all(one is not None and plain(detail) in (one.text or "") for one in failures)


def test_a_function_that_is_wrong_and_not_timed_is_a_failure() -> None:
    xml = ElementTree.fromstring(junit(Recorded(Path("x"), Run(bench=of_functions()))))
    [failure] = xml.iter("failure")
    assert failure.get("type") == "wrong" and "but should be 2" in str(failure.get("message"))
    assert [case.get("name") for case in xml.iter("testcase") if case.find("failure") is not None] == [
        "ridge-n5-d4-float32 is timed"
    ]
