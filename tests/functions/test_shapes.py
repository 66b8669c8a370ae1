"""Shapes in symbols."""

import pytest
from gradparity.functions.shapes import Shape, ShapeError, in_symbols


def test_a_shape_is_sizes_with_spaces_or_commas_between() -> None:
    shape = Shape.of("n 4*h, 3 2*k+1 (n-1)//2")
    assert shape.at({"n": 7, "h": 2, "k": 1}) == (7, 8, 3, 3, 3)
    assert shape.symbols == ["n", "h", "k"]


def test_no_text_is_a_number() -> None:
    assert Shape.of("").at({}) == ()


@pytest.mark.parametrize("text", ["n**2", "f(n)", "n.real", "1.5", "n -", "__import__('os')", "n if k else 2"])
def test_anything_else_is_refused_and_not_run(text: str) -> None:
    with pytest.raises(ShapeError, match="expected sizes such as n, 3 or"):
        Shape.of(text)


def test_a_result_s_shape_is_told_in_symbols() -> None:
    known = {"n": (5, 7), "d": (3, 4), "2*d": (6, 8)}
    assert in_symbols((5, 3, 6, 3, 9), (7, 4, 8, 3, 8), known) == ("n", "d", "2*d", "3", "?")
