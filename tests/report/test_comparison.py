"""A comparison in Markdown and on the terminal: the same tables, short enough, and words that stay words."""

from __future__ import annotations

import io

import pytest
from gradparity.record.reading import Recorded
from gradparity.record.run import Run
from gradparity.report.changes import RunComparison, compare_runs
from gradparity.report.comparison import comparison_markdown, comparison_tables, comparison_terminal, speed_words
from gradparity.report.markdown import LIMIT
from markdown_it import MarkdownIt
from rich.console import Console
from samples import ALPHA, BETA, PAIRS, RUNS, agreeing, disagreeing, hostile, incomplete, recorded


def compared(before: Run, after: Run) -> RunComparison:
    return compare_runs(recorded(before), recorded(after))


def printed(found: RunComparison, width: int = 120) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(comparison_terminal(found))
    return out.getvalue()


def slower() -> Run:
    """One port takes 1.5 times as long in everything."""
    bench = agreeing().bench
    assert bench
    groups = [
        group.model_copy(
            update={
                "series": [
                    one.model_copy(update={"samples": [[1.5 * s for s in turn] for turn in one.samples]})
                    if one.runner == ALPHA
                    else one
                    for one in group.series
                ]
            }
        )
        for group in bench.groups
    ]
    return agreeing().model_copy(update={"bench": bench.model_copy(update={"groups": groups})})


def test_worse_is_said_first_then_in_tables() -> None:
    text = comparison_markdown(compared(agreeing(), disagreeing()))
    assert text.startswith(f"## ❌ Worse\n\n{BETA} became wrong (layers, ")
    assert f"| {BETA} | gradient | rounding 0.302 | ❌ **wrong** inf |" in text
    assert f"| {BETA} | became wrong | 3 | random-5-4-3-relu-n2-float64-numerical \\[0\\], random-9-6-4" in text
    assert "### Training" in text and "### Speed" not in text and "40 of 40 times have not changed" in text
    assert "from 2026-11-21T14:05:59+00:00 (gradparity 0.1.0) to 2026" in text


def test_the_terminal_has_the_same_with_the_verdict_last() -> None:
    found = compared(agreeing(), disagreeing())
    text = printed(found)
    assert f"{BETA}  became wrong  3      random-5-4-3-relu-n2-float64-numerical [0] and 2 more" in text
    assert text.splitlines()[-2].startswith(f"worse - {BETA} became wrong (layers, ")
    assert speed_words(found) in text


def test_what_became_slower_is_shown_with_its_interval() -> None:
    found = compared(agreeing(), slower())
    count = len(found.beyond_noise)
    assert count == len([one for one in found.speed if one.runner == ALPHA]) > 1
    text = comparison_markdown(found)
    assert text.startswith(f"## ❌ Worse\n\n{ALPHA} became slower in {count} of {count} timed operations.")
    assert f"| {ALPHA} | gradient | 1.500 | \\[1." in text and "| slower |" in text
    assert f"{len(found.speed) - count} of {len(found.speed)} times have not changed beyond noise" in text
    assert "1.500  [1." in printed(found) and "slower" in printed(found)


def test_the_same_is_short() -> None:
    text = comparison_markdown(compared(agreeing(), agreeing()))
    assert text.startswith("## ✅ No change beyond noise\n\nNothing that both runs have") and len(text) < 400
    assert "no change beyond noise - Nothing" in printed(compared(agreeing(), agreeing()))


def test_unlike_benchmarks_are_warned_of() -> None:
    bench = agreeing().bench
    assert bench
    other = agreeing().model_copy(update={"bench": bench.model_copy(update={"method": "another"})})
    found = compared(agreeing(), other)
    assert "⚠️ not comparable: the times before are of another benchmark" in comparison_markdown(found)
    assert "not comparable: the times before are of another benchmark" in printed(found)


def test_damage_of_either_record_is_said_at_the_top() -> None:
    whole = recorded(agreeing())
    damaged = Recorded(whole.path, agreeing(), ["line 3: cut off"])
    assert "**Parts of the first record are damaged" in comparison_markdown(compare_runs(damaged, whole))
    assert "**Parts of the second record are damaged" in comparison_markdown(compare_runs(whole, damaged))


def test_runners_of_one_run_alone_are_listed() -> None:
    tables = {one.title: one for one in comparison_tables(compared(agreeing(), incomplete()))}
    rows = [[value.text for value in line] for line in tables["only in one of the runs"].rows]
    assert rows == [["gamma", "second"], ["delta", "second"]]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_words_stay_words_and_it_stays_short(before: str, after: str) -> None:
    found = compared(RUNS[before](), RUNS[after]())
    text = comparison_markdown(found)
    assert len(text) < LIMIT
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    tokens = [*blocks, *(child for block in blocks for child in block.children or [])]
    assert not {token.type for token in tokens} & {"link_open", "image", "html_block", "em_open", "code_block"}
    tags = {token.content for token in tokens if token.type == "html_inline"}
    assert tags <= {"<span>", "</span>", "<br>", "<sub>", "</sub>"}
    assert sum(token.type == "table_open" for token in tokens) == len(comparison_tables(found))
    assert not any(c in printed(found) for c in "\x1b\x07\x00\u202e")


def test_a_cell_and_its_row_are_one_to_one() -> None:
    for one in comparison_tables(compared(hostile(), disagreeing())):
        assert one.rows and all(len(line) == len(one.headings) for line in one.rows), one.title
