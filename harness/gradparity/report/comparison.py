"""What has changed between two runs, as tables, in Markdown and on the terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ..bench.tables import what
from ..record.reading import Recorded
from ..tables import Table, Value, row
from ..terminal import table_of
from ..texts import number, plain
from .changes import Outcome, RunComparison
from .gfm import table, text
from .markdown import fitted, lost
from .verdict import MatrixCell

SYMBOLS = {Outcome.WORSE: "❌", Outcome.BETTER: "✅", Outcome.CHANGED: "⚠️", Outcome.SAME: "✅"}
STYLES = {
    Outcome.WORSE: "bold red",
    Outcome.BETTER: "bold green",
    Outcome.CHANGED: "yellow",
    Outcome.SAME: "bold green",
}


def comparison_tables(c: RunComparison, most_names: int = 10) -> list[Table]:
    """Verdicts, cases, speed, training, the environment, and what only one run has; none is empty.

    Of cases that changed alike, so many are named.
    """
    found = [_verdicts(c), _cases(c, most_names), _speed(c), _training(c), _environment(c), _only_in_one(c)]
    return [one for one in found if one.rows]


def comparison_markdown(c: RunComparison) -> str:
    """For a pull request: short enough for a comment."""
    word = f"{SYMBOLS[c.word]} {str(c.word).capitalize()}"
    damaged = lost(c.before, "the first record") + lost(c.after, "the second record")
    head = f"## {word}\n\n{text(c.headline)}\n\n<sub>{text(_both(c))}</sub>{damaged}"
    blocks = [("the headline", head)]
    if c.not_comparable:
        lines = "<br>\n".join(f"⚠️ not comparable: {text(one)}" for one in c.not_comparable)
        blocks.append(("what is not comparable", lines))
    same = f"<sub>{text(speed_words(c))}</sub>"
    for one in comparison_tables(c):
        after = f"\n\n{same}" if one.title == "speed" else ""
        blocks.append((one.title, f"### {text(one.title.capitalize())}\n\n{table(one)}{after}"))
    return fitted([*blocks, ("speed", same if c.speed and not c.beyond_noise else "")])


def comparison_terminal(c: RunComparison) -> RenderableType:
    """What has changed, and in a last line how it is to be taken."""
    parts: list[RenderableType] = []
    for one in comparison_tables(c, most_names=1):
        parts += [*table_of(one), ""]
    parts += [Text(speed_words(c), "dim")] if c.speed else []
    parts += [Text.assemble(("not comparable: ", "yellow"), plain(line)) for line in c.not_comparable]
    parts += [Text(plain(_both(c)), "dim"), Text.assemble((str(c.word), STYLES[c.word]), f" - {plain(c.headline)}")]
    return Group(*parts)


def speed_words(c: RunComparison) -> str:
    """How many times did not change."""
    return f"{len(c.speed) - len(c.beyond_noise)} of {len(c.speed)} times have not changed beyond noise"


def _both(c: RunComparison) -> str:
    return f"from {_named(c.before)} to {_named(c.after)}"


def _named(found: Recorded) -> str:
    """When it was, where the record says it."""
    run = found.run
    return f"{run.started or found.path.name} (gradparity {run.gradparity})"


def _verdicts(c: RunComparison) -> Table:
    rows = [row(one.runner, one.column, _cell(one.before), _cell(one.after)) for one in c.verdicts]
    of = "function" if c.after.run.check and c.after.run.check.functions else "quantity"
    return Table("verdicts", ("runner", of, "before", "after"), rows, names=2)


def _cell(cell: MatrixCell) -> Value:
    figure = f" {number(cell.ratio)}" if cell.ratio else ""
    return Value.of(cell.verdict, figure)


def _cases(c: RunComparison, most_names: int) -> Table:
    rows = []
    for one in c.cases:
        more = len(one.names) - most_names
        names = ", ".join(one.names[:most_names]) + (f" and {more} more" if more > 0 else "")
        rows.append(row(one.runner or "all", one.what, str(len(one.names)), names))
    return Table("cases", ("runner", "change", "count", "which"), rows, names=4)


def _speed(c: RunComparison) -> Table:
    rows = []
    for one in c.beyond_noise:
        interval = f"[{one.low:.3f}, {one.high:.3f}]"
        rows.append(row(one.runner, what(one.group, one.operation), f"{one.ratio:.3f}", interval, Value.of(one.word)))
    return Table("speed", ("runner", "operation", "times as long", "interval", "change"), rows, names=2)


def _training(c: RunComparison) -> Table:
    rows = []
    for one in c.training:
        told = "; ".join(f"{name} {then:.4f}, now {now:.4f}" for name, (then, now) in one.accuracies.items())
        verdicts = (Value.of(one.before.verdict), Value.of(one.after.verdict))
        rows.append(row(one.after.runner, f"{one.after.recipe}, seed {one.after.seed}", told or "-", *verdicts))
    return Table("training", ("runner", "recipe", "accuracy", "before", "after"), rows, names=3)


def _environment(c: RunComparison) -> Table:
    rows = [row(one.what, one.before or "-", one.after or "-") for one in c.environment]
    return Table("environment", ("what", "before", "after"), rows, names=3)


def _only_in_one(c: RunComparison) -> Table:
    rows = [row(one.what, "second" if one.after else "first") for one in c.only_in_one]
    return Table("only in one of the runs", ("what", "run"), rows, names=2)
