"""The HTML report: one file with everything in it, which asks nothing of a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..bench.tables import conditions_words, ledger_table, relative_table, speed_tables
from ..check.records import CheckResult, Quantity
from ..check.summary import check_table, closest_call
from ..check.wording import told_findings
from ..ports.info import State
from ..record.reading import Recorded
from ..record.run import Run
from ..train.tables import gradient_check_table, posts_table, recipe_table, updates_table
from ..train.wording import told_conventions, told_troubles
from .cases import case_data
from .charts import agreement, costs, scaling, speed, training
from .charts.chart import Chart
from .charts.palette import palette
from .render import page
from .reproduce import commands
from .verdict import conclusion, headline, matrix, runners

CHARTS: dict[str, Sequence[Sequence[Callable[[Run], list[Chart]]]]] = {
    "agreement": [[agreement.of_cases], [agreement.beside_speed]],
    "speed": [[speed.gradients], [speed.roofline], [scaling.scaling], [speed.operations]],
    "costs": [[costs.startup, costs.warm_up]],
    "training": [[training.loss, training.accuracy], [training.deviation]],
}
"""Of each section the rows of charts."""


def html(found: Recorded) -> str:
    """The page of one run."""
    run = found.run
    charts = {name: [[chart for draw in row for chart in draw(run)] for row in of] for name, of in CHARTS.items()}
    return page(
        "page.html.j2",
        {"cases": case_data(run.check) if run.check else []},
        [chart for rows in charts.values() for row in rows for chart in row],
        found=found,
        run=run,
        headline=headline(found),
        word=conclusion(found),
        matrix=matrix(run),
        told=[*(told_findings(run.check) if run.check else []), *(told_troubles(run.train) if run.train else [])],
        closest=closest_call(run.check) if run.check else None,
        absent=[info for info in runners(run) if info.state is not State.READY],
        runners=runners(run),
        palette=palette(run),
        charts=charts,
        commands=commands(run),
        **_tables(run),
    )


def _quantities(check: CheckResult) -> list[str]:
    there = {cell.quantity for case in check.cases for cell in case.cells}
    return [str(quantity) for quantity in Quantity if quantity in there]


def _tables(run: Run) -> dict[str, Any]:
    bench, train = run.bench, run.train
    return {
        "check_table": check_table(run.check) if run.check else None,
        "quantities": _quantities(run.check) if run.check else [],
        "speed_tables": speed_tables(bench) if bench else [],
        "relative": relative_table(bench) if bench else None,
        "ledger": ledger_table(bench.runners) if bench else None,
        "conditions": conditions_words(bench) if bench else "",
        "blas": {one.info.runner: ", ".join(one.blas) for one in bench.runners} if bench else {},
        "updates": updates_table(train) if train else None,
        "conventions": told_conventions(train) if train else [],
        "recipes": [recipe_table(recipe, train) for recipe in train.recipes] if train else [],
        "posts": posts_table(train) if train else None,
        "gradient_checks": gradient_check_table(train) if train else None,
    }
