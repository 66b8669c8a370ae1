"""The HTML report: one file with everything in it, which asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import altair
import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..bench.tables import conditions_words, gradient_table, ledger_table, relative_table
from ..results import State
from ..run.reading import Recorded
from ..run.records import Run
from ..summary import check_table, closest_call
from ..telling import told_findings
from ..texts import last_lines, number, plain
from ..train.tables import gradient_check_table, posts_table, recipe_table, updates_table
from ..train.telling import told_troubles
from .cases import case_data
from .changes import Comparison
from .charts import agreement, costs, scaling, speed, training
from .charts.chart import Chart
from .charts.palette import palette
from .charts.theme import CONFIG
from .comparison import comparison_tables, speed_words
from .reproduce import commands
from .verdict import headline, matrix, runners, word

CHARTS: dict[str, Sequence[Sequence[Callable[[Run], list[Chart]]]]] = {
    "agreement": [[agreement.cases], [agreement.beside_speed]],
    "speed": [[speed.gradients], [speed.roofline], [scaling.scaling], [speed.operations]],
    "costs": [[costs.start, costs.warm_up]],
    "training": [[training.loss, training.accuracy], [training.deviation]],
}
"""Of each section the rows of charts."""

VEGA_LITE = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])  # the version that Altair writes
SCRIPTS = ("charts.js", "tables.js", "cases.js", "page.js")


def html(found: Recorded) -> str:
    """The page of one run."""
    run = found.run
    charts = {name: [[chart for draw in row for chart in draw(run)] for row in of] for name, of in CHARTS.items()}
    return _page(
        "page.html.j2",
        {"cases": case_data(run.check) if run.check else []},
        [chart for rows in charts.values() for row in rows for chart in row],
        found=found,
        run=run,
        headline=headline(found),
        word=word(found),
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


def _tables(run: Run) -> dict[str, Any]:
    bench, train = run.bench, run.train
    return {
        "check_table": check_table(run.check) if run.check else None,
        "gradients": [gradient_table(g, bench) for g in bench.groups if g.kind == "pass"] if bench else [],
        "relative": relative_table(bench) if bench else None,
        "ledger": ledger_table(bench.runners) if bench else None,
        "conditions": conditions_words(bench) if bench else "",
        "blas": {one.info.runner: ", ".join(one.blas) for one in bench.runners} if bench else {},
        "updates": updates_table(train) if train else None,
        "recipes": [recipe_table(recipe, train) for recipe in train.recipes] if train else [],
        "posts": posts_table(train) if train else None,
        "gradient_checks": gradient_check_table(train) if train else None,
    }


def comparison_page(comparison: Comparison) -> str:
    """The page of two runs."""
    return _page(
        "comparison.html.j2",
        {},
        [],
        comparison=comparison,
        tables=comparison_tables(comparison),
        same=speed_words(comparison) if comparison.speed else "",
    )


def _page(template: str, data: dict[str, Any], drawn: Sequence[Chart], **context: Any) -> str:
    environment = _environment()
    data = {**data, "charts": {chart.id: _vega_of(chart) for chart in drawn}}
    scripts = ["\n".join(map(_source, SCRIPTS)), *([_vega()] if drawn else [])]
    return environment.get_template(template).render(
        data=_visible(data),
        style=Markup(_source("style.css")),
        scripts=[Markup(script) for script in scripts],
        hashes=[_hash(script) for script in scripts],
        **context,
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "page"),
        autoescape=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "last_lines": last_lines, "plain": plain}
    return environment


def _source(name: str) -> str:
    environment = _environment()
    assert environment.loader
    return environment.loader.get_source(environment, name)[0]


def _vega_of(chart: Chart) -> dict[str, Any]:
    """The chart compiled to Vega here, which saves the page half the time that it needs to draw."""
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(chart.spec, vl_version=VEGA_LITE, config=CONFIG)
    return compiled


@cache  # the bundle takes a second
def _vega() -> str:
    """Vega and what embeds it."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed", vl_version=VEGA_LITE)
    return str(bundle).replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    """For the content security policy: no other script may run, whatever a port says."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _visible(value: Any) -> Any:
    """The data with control characters made visible, in every text that it holds."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {_visible(key): _visible(one) for key, one in value.items()}
    return [_visible(one) for one in value] if isinstance(value, list | tuple) else value
