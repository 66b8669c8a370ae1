"""Each runner's colour, mark and dash: the same in every chart.

The colours have a contrast of 3:1 on white and on near-black, and stay apart for colour-blind people; they come round
after eight runners, marks and dashes after seven, so that 56 runners can be told apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from ...record.run import Run
from ...texts import plain
from ..verdict import runners

COLOURS = ("#2456f3", "#c68505", "#ad18b4", "#2798b6", "#fc3496", "#0e7345", "#9a7af8", "#ca1a04")
SHAPES = ("circle", "diamond", "square", "triangle-up", "cross", "triangle-down", "triangle-right")
DASHES = ((1, 0), (6, 2), (2, 2), (8, 2, 2, 2), (10, 4), (4, 4), (8, 2, 2, 2, 2, 2))


@dataclass(frozen=True)
class Style:
    """How a runner is drawn: a colour in hex, a Vega shape, and a dash in pixels, on and off."""

    colour: str
    shape: str
    dash: tuple[int, ...]


class Palette(dict[str, Style]):
    """The styles by the runner's name as it is shown (`show.plain`), in the runners' order.

    The encodings are of the field "runner", and know all runners, so that hiding one changes no other's colour.
    """

    @property
    def colour(self) -> alt.Color:
        """Of fills or strokes, whichever the mark has."""
        return alt.Color("runner:N", scale=self._scale([style.colour for style in self.values()]), legend=None)

    @property
    def outlined(self) -> list[alt.Fill | alt.Stroke]:
        """Of both, so that a mark whose fill is faint keeps its edge."""
        scale = self._scale([style.colour for style in self.values()])
        return [alt.Fill("runner:N", scale=scale, legend=None), alt.Stroke("runner:N", scale=scale, legend=None)]

    @property
    def shape(self) -> alt.Shape:
        """Of points."""
        return alt.Shape("runner:N", scale=self._scale([style.shape for style in self.values()]), legend=None)

    @property
    def dash(self) -> alt.StrokeDash:
        """Of lines."""
        dashes = [list(style.dash) for style in self.values()]
        return alt.StrokeDash("runner:N", scale=self._scale(dashes), legend=None)

    @property
    def nested(self) -> alt.StrokeWidth:
        """Of lines that lie on top of each other: each narrower than the one below it, so that all are seen."""
        widths = [1.2 + 3 * (len(self) - 1 - i) / len(self) for i in range(len(self))]
        return alt.StrokeWidth("runner:N", scale=self._scale(widths), legend=None)

    def _scale(self, values: list[str] | list[float] | list[list[int]]) -> alt.Scale:
        return alt.Scale(domain=list(self), range=values)


def palette(run: Run) -> Palette:
    """Of all runners of the run. Whoever is not among them is not drawn."""
    names = dict.fromkeys(plain(info.runner) for info in runners(run))
    return Palette({name: _style(i) for i, name in enumerate(names)})


def _style(i: int) -> Style:
    return Style(COLOURS[i % len(COLOURS)], SHAPES[i % len(SHAPES)], DASHES[i % len(DASHES)])
