"""A training on the terminal: verdicts, curves, and the posts' figures beside ours."""

from __future__ import annotations

import plotext
from rich.console import Group, RenderableType
from rich.text import Text

from ..results import State
from ..show import STYLES, absent, last_lines, table_of
from ..tables import Table
from ..texts import plain
from ..verdicts import Verdict
from .records import TrainResult, TrainRun
from .tables import gradient_check_table, posts_table, recipe_table, updates_table

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
    parts += [line for one in run.results for line in _trouble(one)]
    parts += absent(run.runners, run.missing)
    parts += ["", sum_line(run)]
    return Group(*parts)


def _shown(table: Table) -> list[RenderableType]:
    return [*table_of(table), ""] if table.rows else []


def _curve(results: list[TrainResult]) -> RenderableType:
    """The test accuracy after each epoch of the first seed, all runners over each other."""
    trained = [one for one in results if len(one.epochs) > 1 and one.seed == results[0].seed]
    if not trained:
        return Text("")
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(CURVE_WIDTH, CURVE_HEIGHT)
    for one in trained:
        steps, shares = [e.steps for e in one.epochs], [e.accuracy["test"] for e in one.epochs]
        plotext.plot(steps, shares, label=one.runner)
    plotext.title("test accuracy by step")
    return Text.from_ansi(plotext.build())


def _trouble(one: TrainResult) -> list[RenderableType]:
    if one.verdict.passes or one.verdict is Verdict.NOT_IMPLEMENTED:
        return []
    where = f"{one.runner} {one.verdict} in {one.recipe}, seed {one.seed}"
    where += f", from step {one.left_at + 1} on" if one.left_at is not None else ""
    lines: list[RenderableType] = [Text.assemble((f"{where}: ", STYLES[one.verdict]), plain(one.detail))]
    if one.diagnosis:
        told = [f"{e.name}: {e.sentence}" for e in one.diagnosis.explanations] or ["no known bug gives these numbers"]
        lines.append(Text(f"    at that step first wrong: {one.diagnosis.where}; {told[0]}"))
    elif one.left_at is not None:
        lines.append(
            Text("    the gradient of that step is right: look at the update, and at what is kept from step to step")
        )
    lines += [Text(f"    | {line}", "dim") for line in last_lines(one.stderr)]
    return lines


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
