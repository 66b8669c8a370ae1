"""A chart: a Vega-Lite specification, and beside it in words what is seen there.

What is no runner's has no colour here but a style, which the page's theme colours: "limit" (beyond it is wrong),
"bound" (a line to compare with), "band" (an area that is noise, or rounding) and "label" (text).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

STEP = 28  # pixels of a runner's row
TALL = 260  # pixels of a chart without rows
SHOWN = "indexof(hidden, datum.runner) < 0"
BESIDE = alt.expr("datum.offset")  # pixels, as Vega-Lite's own channel for it makes expressions of the names
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Chart:
    """``id`` is unique in the page. ``told`` says what the data show, ``how`` how the chart is read.

    ``spec`` is Vega-Lite, ``command`` measures these numbers again.
    """

    id: str
    title: str
    told: str
    how: str
    spec: dict[str, Any]
    command: str

    @property
    def has_log(self) -> bool:
        """Whether some scale is logarithmic."""
        return _has_log(self.spec)


def _has_log(part: Any) -> bool:
    if isinstance(part, dict):
        return part.get("type") == "log" or any(_has_log(value) for value in part.values())
    return isinstance(part, list) and any(_has_log(value) for value in part)


def drawing(
    rows: Sequence[Row], layers: Sequence[alt.Chart], told: str, height: float, flatten: Sequence[str] = ()
) -> dict[str, Any]:
    """The specification: layers over these rows, of which each has a "runner" that the page can hide.

    Fields to ``flatten`` hold a list each: a row for each of its elements is drawn. ``height`` is in pixels.
    """
    transform: list[Any] = [alt.FilterTransform(SHOWN)]
    if flatten:
        transform.append(alt.FlattenTransform(list(flatten)))
    # All at once, and the rows at the end: Altair copies what it has at each step.
    chart = alt.layer(
        *layers,
        data=alt.NamedData("rows"),
        transform=transform,
        width="container",
        height=height,
        description=told,
    )
    spec: dict[str, Any] = chart.to_dict(validate=False)
    del spec["config"]  # Altair's own default: the page has one for its theme
    spec["params"] = [{"name": "hidden", "value": []}]
    spec["data"] = {"values": [dict(row) for row in rows]}
    return spec


def values(rows: Sequence[Row]) -> alt.Data:
    """These rows as data within the specification."""
    return alt.Data(values=[dict(row) for row in rows])  # type: ignore[no-untyped-call]


def tips(**titles: str) -> list[alt.Tooltip]:
    """A tooltip that shows these fields under these titles."""
    return [alt.Tooltip(field=field, type="nominal", title=title) for field, title in titles.items()]


def rule(axis: alt.X | alt.Y, field: Literal["x", "y"], at: float, style: str, says: str) -> alt.Chart:
    """A line across the chart, with what it means for a tooltip."""
    rows = [{field: at, "says": says}]
    line: alt.Chart = alt.Chart(values(rows)).mark_rule(style=style).encode(axis, tooltip=tips(says="line"))
    return line


def brief(value: float) -> float:
    """A finite number in five digits, to keep the page small."""
    return float(f"{value:.5g}")
