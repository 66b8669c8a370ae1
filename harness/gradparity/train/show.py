"""A training on the terminal: verdicts, curves, and the posts' figures beside ours."""

from __future__ import annotations

import plotext
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..results import State
from ..show import STYLES, absent, last_lines, number, plain
from ..verdicts import Verdict
from .gradient_check import PRINTED
from .posts import beside_the_posts
from .recipes import Recipe
from .records import TrainResult, TrainRun

CURVE_WIDTH, CURVE_HEIGHT = 100, 15


def train_report(run: TrainRun) -> RenderableType:
    """The optimizers' updates, each recipe's table and curve, the posts' figures, what went wrong, the sum."""
    parts: list[RenderableType] = [Text(f"note: {note}", "yellow") for note in run.notes]
    if run.updates:
        parts += [Text("updates", "bold"), _updates(run), ""]
    for recipe in run.recipes:
        results = [one for one in run.results if one.recipe == recipe.name]
        if results:
            parts += [_title(recipe, run), _table(results), _curve(results), ""]
    parts += _posts(run)
    if run.gradient_checks:
        parts += [Text("gradient check on three images: mean |backpropagation - numerical|", "bold"), _checks(run), ""]
    parts += [line for one in run.results for line in _trouble(one)]
    parts += absent(run.runners, run.missing)
    parts += ["", sum_line(run)]
    return Group(*parts)


def _updates(run: TrainRun) -> Table:
    """For each runner and optimizer the worst of its updates."""
    names = list(dict.fromkeys(cell.array.split(" ")[0] for one in run.updates for cell in one.cells))
    table = _plain_table("runner", *names)
    for one in run.updates:
        cells = []
        for name in names:
            own = [cell for cell in one.cells if cell.array.split(" ")[0] == name]
            worst = max((cell.verdict for cell in own), key=list(Verdict).index, default=Verdict.NOT_IMPLEMENTED)
            cells.append(Text(str(worst), STYLES[worst]))
        table.add_row(one.runner, *cells)
    return table


def _title(recipe: Recipe, run: TrainRun) -> Text:
    numbers = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in recipe.numbers.items())
    resolved = [one.resolved for one in run.envelopes if one.recipe == recipe.name]
    about = f"{'-'.join(map(str, recipe.sizes))}, {recipe.dtype}, {recipe.optimizer}, {numbers}, batch {recipe.batch}"
    seen = f"; losses resolved to 1e-3 for {min(resolved)} steps" if resolved else ""
    return Text(f"{recipe.name}: {about}, {run.data}{seen}", "bold")


def _table(results: list[TrainResult]) -> Table:
    sets = list(results[0].epochs[-1].accuracy) if results[0].epochs else []
    several = len({one.seed for one in results}) > 1
    columns = [*(["seed"] if several else []), *sets, "last loss", "seconds", "beside the gradient", "of envelope", ""]
    table = _plain_table("runner", *columns)
    for one in results:
        seed = [str(one.seed)] if several else []
        verdict = Text(str(one.verdict), STYLES[one.verdict])
        if not one.epochs:
            table.add_row(one.runner, *seed, *["-"] * (len(sets) + 4), verdict)
            continue
        last = one.epochs[-1]
        rest = "-"
        if one.seconds and one.gradient_seconds:
            rest = f"{max(0.0, 1 - one.gradient_seconds / one.seconds):.0%}"
        figures = [f"{last.accuracy[name]:.4f}" for name in sets]
        figures += [f"{one.losses[-1]:.5f}", f"{one.seconds or 0:.2f}", rest, number(one.ratio)]
        table.add_row(one.runner, *seed, *figures, verdict)
    return table


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


def _posts(run: TrainRun) -> list[RenderableType]:
    rows = beside_the_posts(run.recipes, run.results)
    if not rows:
        return []
    runners = list(dict.fromkeys(runner for row in rows for runner in row.ours))
    table = _plain_table("post", "figure", "there", *runners)
    for row in rows:
        ours = [_spread(row.ours.get(runner, [])) for runner in runners]
        table.add_row(row.printed.post, row.printed.what, f"{row.printed.value:g}", *ours)
    several = any(len(values) > 1 for row in rows for values in row.ours.values())
    seeds = " (the mean over the seeds, and the smallest to the largest)" if several else ""
    return [Text(f"beside the posts{seeds}", "bold"), table, ""]


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    mean = f"{sum(values) / len(values):.4g}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.4g} to {max(values):.4g})"


def _checks(run: TrainRun) -> Table:
    table = _plain_table("runner", *PRINTED)
    for one in run.gradient_checks:
        table.add_row(one.runner, *(f"{one.differences[name]:.1e}" for name in PRINTED))
    if run.data == "mnist":
        table.add_row("the Julia post", *(f"{value:.1e}" for value in PRINTED.values()))
    return table


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


def _plain_table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
