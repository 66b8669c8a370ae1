"""Whatever the figures are, each has a place on the axis, and the ends say what is drawn there."""

from __future__ import annotations

import math
from typing import Any

import pytest
from gradparity.report.charts.scales import LogAxis, log_axis
from hypothesis import given
from hypothesis import strategies as st

FIGURES = st.lists(st.floats(), max_size=8)


def drawn(axis: LogAxis) -> dict[str, Any]:
    found = axis.x().to_dict()
    assert isinstance(found, dict)
    return found


@given(FIGURES)
def test_every_figure_has_a_place(figures: list[float]) -> None:
    axis = log_axis("ratio", figures, "zero", "infinite")
    assert 0 < axis.low < axis.high < math.inf
    assert all(axis.low <= axis.place(figure) <= axis.high for figure in figures)


@given(FIGURES)
def test_an_axis_without_words_has_places_too(figures: list[float]) -> None:
    axis = log_axis("time", figures)
    assert 0 < axis.low < axis.high < math.inf
    assert all(axis.low <= axis.place(figure) <= axis.high for figure in figures)


@given(st.lists(st.floats(min_value=1e-290, max_value=1e290), min_size=1, max_size=8))
def test_what_is_larger_is_no_further_left(figures: list[float]) -> None:
    axis = log_axis("ratio", [0.0, *figures, math.inf], "zero", "infinite")
    places = [axis.place(figure) for figure in [0.0, *sorted(figures), math.inf]]
    assert places == sorted(places)
    assert places[0] < places[1] and places[-2] < places[-1]


@given(FIGURES)
def test_ticks_are_few_and_on_the_axis(figures: list[float]) -> None:
    axis = log_axis("ratio", figures, "zero", "infinite")
    ticks = drawn(axis)["axis"].get("values", [])
    assert len(ticks) <= 12
    assert ticks == sorted(set(ticks)) and all(axis.low <= tick <= axis.high for tick in ticks)


def test_the_ends_have_words_only_where_something_is_there() -> None:
    both = log_axis("ratio", [0.0, 0.1, math.nan], "identical", "infinite")
    neither = log_axis("ratio", [0.1, 0.2], "identical", "infinite")
    assert (both.zero, both.infinite) == ("identical", "infinite")
    assert (neither.zero, neither.infinite) == ("", "")
    assert "identical" in drawn(both)["axis"]["labelExpr"] and "infinite" in drawn(both)["axis"]["labelExpr"]


@pytest.mark.parametrize("worst", [0.2, 1.0])
def test_one_is_a_tick_where_it_is_on_the_axis(worst: float) -> None:
    axis = log_axis("ratio", [0.0, 1e-13, worst, 1.0], "identical")
    assert 1.0 in drawn(axis)["axis"]["values"]


def test_a_short_axis_has_round_ticks_equally_far_apart() -> None:
    assert drawn(log_axis("time", [0.62, 1.18]))["axis"]["values"] == [0.7, 0.8, 0.9, 1.0, 1.1, 1.2]
