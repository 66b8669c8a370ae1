"""Every chart of every kind of run: valid, whole, harmless, and without the runners that the page hides."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest
import vl_convert
from gradparity.record.run import Run
from gradparity.report.charts import agreement, costs, scaling, speed, training
from gradparity.report.charts.chart import Chart
from gradparity.report.charts.palette import palette
from gradparity.texts import plain
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_run import ALPHA, agreeing
from samples import HOSTILE, NAMES, cut_short, disagreeing, hostile, incomplete

FUNCTIONS: tuple[Callable[[Run], list[Chart]], ...] = (
    agreement.of_cases, agreement.beside_speed, speed.gradients, speed.roofline, speed.operations, scaling.scaling,
    costs.startup, costs.warm_up, training.loss, training.accuracy, training.deviation,
)  # fmt: skip
RUNS = {
    "agreeing": agreeing,
    "disagreeing": disagreeing,
    "hostile": hostile,
    "incomplete": incomplete,
    "cut short": cut_short,
}
SPREAD = 14  # charts of a whole run: some functions give one for each dtype
BOUNDED = {"epsilon", "scale", "weight_decay"}  # fields whose values a record refuses where they are out of bounds


def charts(run: Run) -> list[Chart]:
    return [chart for function in FUNCTIONS for chart in function(run)]


@cache
def of(name: str) -> list[Chart]:
    return charts(RUNS[name]())


every_run = pytest.mark.parametrize("name", RUNS)


def strict(spec: dict[str, Any]) -> str:
    """As JSON, which has no NaN and no infinity."""
    return json.dumps(spec, allow_nan=False)


def svg(chart: Chart, hidden: tuple[str, ...] = ()) -> str:
    """As the page would draw it, 300 pixels wide."""
    spec = {**chart.spec, "width": 300, "params": [{"name": "hidden", "value": list(hidden)}]}
    return vl_convert.vegalite_to_svg(spec)


@every_run
def test_each_compiles(name: str) -> None:
    for chart in of(name):
        strict(chart.spec)
        assert vl_convert.vegalite_to_vega(chart.spec)["marks"], chart.id


@every_run
def test_each_has_what_the_page_needs(name: str) -> None:
    for chart in of(name):
        assert re.fullmatch(r"[a-z0-9-]+", chart.id)
        assert chart.title and chart.how.endswith(".") and chart.told.endswith("."), chart.id
        assert chart.command.startswith("gradparity "), chart.id
        assert chart.spec["description"] == chart.told, chart.id
        assert chart.spec["width"] == "container" and chart.spec["height"] > 0, chart.id
        assert "config" not in chart.spec, chart.id
        assert chart.has_log == ('"type": "log"' in strict(chart.spec)), chart.id


def test_a_whole_run_has_all_charts_and_no_id_twice() -> None:
    ids = [chart.id for chart in of("agreeing")]
    assert len(set(ids)) == len(ids) == SPREAD


def test_a_run_without_parts_has_no_charts() -> None:
    assert charts(Run()) == []


def test_a_run_cut_short_has_the_charts_of_what_there_is() -> None:
    ids = {chart.id for chart in of("cut short")}
    assert {"agreement", "gradient-ratio-float64"} <= ids
    assert not any(chart.id.startswith(("loss", "accuracy", "deviation", "scaling")) for chart in of("cut short"))


def test_a_hidden_runner_is_gone_and_the_others_keep_their_colours() -> None:
    styles = palette(agreeing())

    def shown(picture: str) -> set[str]:
        return {name for name, style in styles.items() if style.colour in picture}

    for chart in of("agreeing"):
        there = shown(svg(chart))
        assert ALPHA in there, chart.id
        assert shown(svg(chart, hidden=(ALPHA,))) == there - {ALPHA}, chart.id


def test_every_mark_can_be_asked_what_it_is() -> None:
    """Lines have no tooltip of their own, but large points over them."""
    for chart in of("agreeing"):
        kinds = [(layer["mark"]["type"], "tooltip" in layer["encoding"]) for layer in chart.spec["layer"]]
        silent = {kind for kind, has_tooltip in kinds if not has_tooltip}
        assert silent <= {"line", "text"}, chart.id
        assert any(has_tooltip for kind, has_tooltip in kinds if kind != "line"), chart.id


def test_a_ports_words_are_text_and_never_code() -> None:
    hostile_words = ("window.hurt", "hurt=1", "drawkcab", "longlong")
    for chart in of("hostile"):
        texts = expressions(vl_convert.vegalite_to_vega(chart.spec))
        assert [text for text in texts if any(word in text for word in hostile_words)] == [], chart.id


def expressions(part: Any, key: str = "") -> Iterator[str]:
    """Every Vega expression, and every name of a field."""
    if isinstance(part, dict):
        for name, one in part.items():
            if key != "values":
                yield from expressions(one, name)
    elif isinstance(part, list):
        for one in part:
            yield from expressions(one, key)
    elif isinstance(part, str) and key in ("signal", "expr", "test", "field", "as", "fields", "update"):
        yield part


def test_a_ports_words_make_no_elements() -> None:
    allowed = {"svg", "g", "path", "text", "line", "rect", "defs", "clipPath", "title", "tspan"}
    for chart in of("hostile"):
        tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg(chart)).iter()}
        assert tags <= allowed, chart.id


def test_names_are_drawn_as_the_page_calls_them() -> None:
    names = {row["runner"] for row in of("hostile")[0].spec["data"]["values"]}
    assert {plain(name) for name in NAMES.values()} <= names
    assert HOSTILE[0] not in names


def poisoned(part: Any, dice: random.Random, bad: float, key: str = "") -> Any:
    """The record with one in three of its figures replaced."""
    if isinstance(part, dict):
        return {name: poisoned(one, dice, bad, name) for name, one in part.items()}
    if isinstance(part, list):
        return [poisoned(one, dice, bad, key) for one in part]
    if isinstance(part, float) and key not in BOUNDED and dice.random() < 1 / 3:
        return bad
    return part


@settings(max_examples=4)
@given(st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -1.0, 1e308, 5e-324]), st.integers(0, 1000))
def test_figures_that_are_none_do_no_harm(bad: float, seed: int) -> None:
    document = poisoned(disagreeing().model_dump(mode="python"), random.Random(seed), bad)
    found = charts(Run.model_validate(document))
    assert found
    for chart in found:
        strict(chart.spec)
        assert vl_convert.vegalite_to_vega(chart.spec)["marks"]
