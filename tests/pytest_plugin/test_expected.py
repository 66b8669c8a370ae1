"""The file of expected failures: what a line covers, and one line of error for nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradparity.errors import UsageError
from gradparity.pytest_plugin.expected import FILE, read_expected, stale

CASE = "random-9-6-4-relu-n7-float64"


def write(folder: Path, text: str | bytes) -> Path:
    (folder / FILE).write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def test_without_a_file_nothing_is_expected(tmp_path: Path) -> None:
    assert read_expected(tmp_path) == []


def test_lines_are_patterns_and_reasons_between_comments(tmp_path: Path) -> None:
    found = read_expected(write(tmp_path, f"\ufeff# why: not\n\n  *-float32 : single: slow\r\n{CASE}[2]: once\n"))
    assert [(one.pattern, one.reason) for one in found] == [("*-float32", "single: slow"), (f"{CASE}[2]", "once")]
    assert found[1].line == f"{tmp_path / FILE}:4: {CASE}[2]: once"


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [(CASE, {CASE, f"{CASE}[2]"}), (f"{CASE}[2]", {f"{CASE}[2]"}), ("*-relu-*", {CASE, f"{CASE}[2]"}), ("*-x", set())],
)
def test_a_pattern_covers_all_seeds_and_a_tests_name_one(pattern: str, covered: set[str], tmp_path: Path) -> None:
    tests = [(CASE, CASE), (f"{CASE}[2]", CASE), ("random-5-4-3-sigmoid-n7-float64",) * 2]
    [one] = read_expected(write(tmp_path, f"{pattern}: because"))
    assert {test for test, case in tests if one.covers(test, case)} == covered
    assert stale([one], tests) == ([] if covered else [one])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", ":1: expected `pattern: why it fails`, came 'nonsense'"),
        ("# x\n\n*-float32:", ":3: expected `pattern: why it fails`, came '*-float32:'"),
        (": why", ":1: expected `pattern: why it fails`"),
        ("two words: why", ":1: expected `pattern: why it fails`"),
        ("a: x\nb: y\na: z", f"{FILE}:3: a is there already, at "),
        (b"\xff\xfe: x", "can't decode byte"),
    ],
)
def test_nonsense_is_one_line_that_names_the_place(text: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_expected(write(tmp_path, text))
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / FILE))
    assert "\n" not in str(caught.value)


def test_a_folder_of_that_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(UsageError, match=FILE):
        read_expected(tmp_path)
