"""A training on the terminal: verdicts, curves, and the posts' figures beside ours."""

from __future__ import annotations

import plotext
from rich.console import Group, RenderableType
from rich.text import Text

from ..arithmetic.verdicts import Verdict
from ..check.show import told_lines
from ..ports.info import State
from ..tables import Table
from ..terminal import STYLES, absent, table_of
from ..texts import plain
from .records import TrainResult, TrainRun
from .tables import gradient_check_table, posts_table, recipe_table, updates_table
from .wording import told_conventions, told_troubles

CURVE_WIDTH, CURVE_HEIGHT = 100, 15


def train_report(run: TrainRun) -> RenderableType:
    """The optimizers' updates, each recipe's table and curve, the posts' figures, what went wrong, the sum."""
    parts: list[RenderableType] = [Text(f"note: {note}", "yellow") for note in run.notes]
    parts += _shown(updates_table(run))
    for recipe in run.recipes:
        results = [one for one in run.results if one.recipe == recipe.name]
        if results:
            parts += [*table_of(recipe_table(recipe, run)), _curve(results), ""]
    parts += [*_shown(posts_table(run)), *_shown(gradient_check_table(run))]
    parts += [Text(plain(line), "dim") for line in told_conventions(run)]
    parts += [line for told in told_troubles(run) for line in told_lines(told)]
    parts += _refusals(run)
    parts += absent(run.runners, run.missing)
    parts += ["", sum_line(run)]
    return Group(*parts)


def _shown(table: Table) -> list[RenderableType]:
    return [*table_of(table), ""] if table.rows else []


def _refusals(run: TrainRun) -> list[RenderableType]:
    """Why a runner did not train: what it said of itself, and what to do about it."""
    found = [one for one in run.results if one.verdict is Verdict.NOT_IMPLEMENTED]
    lines = dict.fromkeys((f"{one.runner} not implemented: ", plain(one.detail)) for one in found)
    return [Text.assemble((who, STYLES[Verdict.NOT_IMPLEMENTED]), why) for who, why in lines]


def _curve(results: list[TrainResult]) -> RenderableType:
    """The test accuracy after each epoch of the first seed, all runners over each other."""
    trained = [one for one in results if len(one.epochs) > 1 and one.seed == results[0].seed]
    if not trained:
        return Text("")
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(CURVE_WIDTH, CURVE_HEIGHT)
    for one in trained:
        points = [(e.steps, e.accuracy["test"]) for e in one.epochs if 0 <= e.accuracy.get("test", -1) <= 1]
        plotext.plot([step for step, _ in points], [share for _, share in points], label=one.runner)
    plotext.title("test accuracy by step")
    return Text.from_ansi(plotext.build())


def sum_line(run: TrainRun) -> Text:
    """The whole training in one line."""
    words = {0: ("agreement", "bold green"), 1: ("disagreement", "bold red")}
    word, style = words.get(run.exit_code, ("incomplete", "bold yellow"))
    found = [one.verdict for one in run.results]
    told = ", ".join(f"{found.count(verdict)} {verdict}" for verdict in Verdict if verdict in found)
    ready = sum(info.state is State.READY for info in run.runners)
    recipes = len({one.recipe for one in run.results})
    text = (
        f" - {recipes} recipe{'s' * (recipes != 1)} x {ready} runner{'s' * (ready != 1)}: {told or 'nothing trained'}"
    )
    wrong = [cell for one in run.updates for cell in one.cells if cell.verdict is Verdict.WRONG]
    text += f"; {len(wrong)} updates wrong, first {wrong[0].array}: {wrong[0].detail}" if wrong else ""
    text += "; interrupted" if run.interrupted else ""
    text += f"; could not run: {', '.join(info.runner for info in run.missing)}" if run.missing else ""
    return Text.assemble((word, style), text)
