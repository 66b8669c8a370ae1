"""A port's own words, cut down to what tells most."""

from __future__ import annotations

import pytest
from gradparity.texts import LINE, last_lines

REST = [f"note {i}" for i in range(9)]
FIRST = {
    "gcc": ["net.c:3:5: error: 'x' undeclared", "    3 |     x = 1;", "      |     ^"],
    "javac": ["Net.java:3: error: cannot find symbol", "        x = 1;", "        ^"],
    "rustc": ["error[E0425]: cannot find value `x`", " --> src/net.rs:3:5", "  |"],
    "go": ["./net.go:3:5: undefined: x"],
}


@pytest.mark.parametrize("compiler", FIRST)
def test_a_compilers_first_error_comes_with_its_source(compiler: str) -> None:
    assert last_lines("\n".join(["compiling", *FIRST[compiler], *REST])) == [*FIRST[compiler], "...", *REST[-6:]]


def test_of_many_errors_the_first_alone_does() -> None:
    errors = [line for at in range(9) for line in (f"net.c:{at}:1: error: wrong", f"    {at} | x = 1;")]
    assert last_lines("\n".join(errors)) == [*errors[:3], errors[10], "...", *errors[-6:]]


def test_an_assertion_is_shown_with_its_condition_before_a_long_backtrace() -> None:
    words = f"net.cpp:40: softmax({'Matrix<double>, ' * 40}): Assertion `sum > 0' failed."
    shown = last_lines("\n".join(["starting", words, *["#1 a frame"] * 40]))
    assert shown[0].startswith("net.cpp:40: softmax(") and shown[0].endswith("Assertion `sum > 0' failed.")
    assert len(shown[0]) <= LINE and shown[1] == "..."


def test_words_without_an_error_begin_with_how_they_began() -> None:
    assert last_lines("\n".join(["cannot go on", *["#1 a frame"] * 40])) == ["cannot go on", "...", *["#1 a frame"] * 6]
