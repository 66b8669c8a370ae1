"""The Markdown of a run: what is in it and where, that it stays short, and that a port's words stay words."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from gradparity.arithmetic.verdicts import Verdict
from gradparity.check.records import CaseResult, Cell, CheckResult, Quantity
from gradparity.ports.info import RunnerInfo, State
from gradparity.record.reading import Recorded
from gradparity.record.run import Run
from gradparity.report.markdown import LIMIT, markdown
from markdown_it import MarkdownIt
from markdown_it.token import Token
from sample_run import of_functions
from samples import ALPHA, BETA, HOSTILE, agreeing, cut_short, disagreeing, hostile, incomplete, recorded

RUNS = {run.__name__: run for run in (agreeing, disagreeing, hostile, incomplete, cut_short)}
OURS = {"<span>", "</span>", "<br>", "<sub>", "</sub>"}


def rendered(text: str) -> list[Token]:
    """The tokens of a real renderer, those within a line among them."""
    found = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or [])]
    return found


def headings(text: str) -> list[str]:
    """Of every level, in order."""
    tokens = rendered(text)
    return [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]


def test_agreement_comes_first_and_everything_else_in_order() -> None:
    text = markdown(recorded(agreeing()))
    assert text.startswith("## ✅ Agreement\n\nThree runners agree with the reference: ")
    assert headings(text) == ["✅ Agreement", "What did not run", "Speed", "Training"]
    assert text.index("| runner | cases | layers |") < text.index("Closest call: ") < text.index("### Speed")
    assert f"| {ALPHA} | 6 | rounding<br>0.399 |" in text and f"| {BETA} | 3 of 6 |" in text
    assert "- left out: 6 MNIST cases: not here, and there is no network" in text
    assert "| runner | median | x python | interval | verdict | x products |" in text and "noise floor" in text
    assert "| runner | train | test | last loss | of envelope | verdict |" in text
    assert "| r-post | about 3 minutes | 180 |" in text
    environment = text[text.index("<details>") : text.index("</details>")]
    for fact in ("A Processor, 2 cores", "load average 0.25 before, 0.75 after", "numpy 2.4.6", "OpenBLAS of alpha",
                 "| seeds | 0 |", "gradparity run --out runs/sample"):  # fmt: skip
        assert fact in environment, f"the environment does not say {fact}"


def test_a_finding_says_where_first_why_and_how_to_see_it_again() -> None:
    text = markdown(recorded(disagreeing()))
    assert text.startswith(f"## ❌ Disagreement\n\n{BETA} disagrees with the reference in 3 of 6 cases")
    assert "❌ **wrong**<br>5e+09" in text and "❌ **wrong**<br>inf" in text
    finding = text[text.index("### Findings") : text.index("### Speed")]
    assert f"❌ **{BETA} wrong in 3 cases, first at** affine1 forward out (called alone, too); relu1.out and" in finding
    assert "<br>\n↳ bias recycled: the bias is recycled down the columns" in finding
    assert "```text\nWarning message:\nlonger object\n```" in finding
    assert (
        f"```sh\ngradparity check --port {BETA} --case random-5-4-3-relu-n2-float64-numerical --seeds 0\n```" in finding
    )
    assert "from step 13 on:** step 13: the loss is off by 1e-2" in finding
    assert "```sh\ngradparity train --recipe python-post --recipe r-post --seeds 0" in finding


def test_what_could_not_run_is_said_with_its_reason() -> None:
    text = markdown(recorded(incomplete()))
    assert text.startswith("## ⚠️ Incomplete\n")
    assert "- ⚠️ **gamma** not available: no runtime here. install gamma" in text
    assert "- ⚠️ **delta** failed: it exited with status 1\n\n  ```text\n  cannot find my library\n  ```" in text
    assert f"- ⚠️ **{ALPHA}, timed:** time: it was killed by SIGKILL" in text
    assert "- ⚠️ **train:** it did not come to its end" in text
    assert "- ⚠️ **bench:** it did not come to its end" in markdown(recorded(cut_short()))


def test_a_runner_that_is_not_here_is_no_warning_where_the_port_has_another() -> None:
    ready = RunnerInfo(runner="a:x", port="a", language="A", state=State.READY)
    gone = RunnerInfo(
        runner="a:y", port="a", language="A", state=State.NOT_AVAILABLE, reason="no bridge", hint="get it"
    )
    text = markdown(recorded(Run(check=CheckResult(runners=[ready, gone]))))
    assert "- **a:y** not available: no bridge\n" in text and "get it" not in text


def test_damage_is_said_at_the_top() -> None:
    lost = [f"line {i}: <b>not JSON</b>" for i in range(9)]
    text = markdown(Recorded(recorded(agreeing()).path, agreeing(), lost))
    top = text[: text.index("| runner |")]
    assert "⚠️ **Parts of the record are damaged, and left out:**" in top
    assert "line 4: &#60;b&#62;not JSON" in top and "line 5" not in top and "↳ and 4 more" in top


@pytest.mark.parametrize("part", ["check", "bench", "train"])
@pytest.mark.parametrize("name", RUNS)
def test_one_part_alone_has_a_report(name: str, part: str) -> None:
    run = RUNS[name]()
    alone = run.model_copy(update={other: None for other in ("check", "bench", "train") if other != part})
    text = markdown(recorded(alone))
    assert text.startswith("## ") and "<details>" in text
    assert ("### Speed" in text) == (alone.bench is not None and bool(alone.bench.groups))
    assert ("### Training" in text) == (alone.train is not None)


def test_times_alone_are_no_agreement() -> None:
    text = markdown(recorded(agreeing().model_copy(update={"check": None, "train": None})))
    assert text.startswith("## ⏱️ Measured\n\nThe ports were timed, and their gradients were not compared.")


def test_an_empty_run_has_a_report() -> None:
    assert markdown(recorded(Run())).startswith("## ⚠️ Incomplete\n")


@pytest.mark.parametrize("name", RUNS)
def test_every_table_is_one_and_nothing_is_a_link_a_picture_or_a_tag(name: str) -> None:
    tokens = rendered(markdown(recorded(RUNS[name]())))
    kinds = {token.type for token in tokens}
    assert not kinds & {"link_open", "image", "code_inline", "em_open", "s_open", "code_block"}, kinds
    assert {token.content for token in tokens if token.type == "html_inline"} <= OURS
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    if name != "hostile":  # so many words that the environment is left out
        assert blocks[0].startswith("<details>\n<summary>") and blocks[1:] == ["</details>"]
    width, at = 0, 0
    for token in tokens:
        if token.type in ("thead_open", "tr_open", "tr_close"):
            if token.type == "tr_close":
                width = width or at
                assert at == width, f"a row of {at} cells in a table of {width}"
            width, at = (0, 0) if token.type == "thead_open" else (width, 0)
        at += token.type in ("td_open", "th_open")
    assert width, "no table at all"


def test_a_hostile_port_is_quoted_in_full() -> None:
    texts = [
        token.content for token in rendered(markdown(recorded(hostile()))) if token.type in ("text", "text_special")
    ]
    shown = "".join(texts)
    for words in HOSTILE[:3]:
        assert words in shown
    assert "\\x1b[2J" in shown and not any(c in shown for c in "\x1b\x07\u202e")


def many(findings: int, words: str) -> Run:
    """A run in which so many runners are wrong."""
    cell = Cell(quantity=Quantity.GRADIENT, array="dW1", verdict=Verdict.WRONG, ratio=5e9, detail=words)
    names = [f"port{i}" for i in range(findings)]
    infos = [RunnerInfo(runner=name, port=name, language="A", state=State.READY) for name in names]
    cases = [
        CaseResult(runner=name, case="c", seed=0, dtype="float64", command=f"run {name}", cells=[cell], stderr=words)
        for name in names
    ]
    return agreeing().model_copy(update={"check": CheckResult(runners=infos, cases=cases)})


@pytest.mark.parametrize("words", ["a short detail", "$@|" * 2000, "\n".join(["a long line " * 90] * 9)])
def test_it_stays_short_with_fifty_findings_and_says_what_it_leaves_out(words: str) -> None:
    text = markdown(recorded(many(50, words)))
    assert len(text) < LIMIT
    assert text.startswith("## ❌ Disagreement") and "❌ **port0 wrong in 1 case, for one:**" in text
    assert "and 38 more findings: port12 wrong, port13 wrong" in text or "Left out to stay below" in text
    assert "```sh\nrun port0\n```" in text


def test_what_is_cut_is_named() -> None:
    text = markdown(recorded(many(50, "$@|" * 2000)))
    assert text.rstrip().endswith("The HTML report has all of it.")
    assert "Left out to stay below 20,000 characters: finding " in text


def test_functions_that_were_timed_have_a_table_and_what_is_wrong_is_the_headline() -> None:
    told = markdown(Recorded(Path("x"), Run(bench=of_functions())))
    assert f"{ALPHA} disagrees with the reference in 1 case; what disagrees was not timed." in told
    assert "**ridge, time of a call**" in told and "| n 5, d 4, float32 | - | - |  | ❌ **wrong** |" in told
