"""Pages: one file each with everything in it, which asks nothing of a network, and in which nothing else can run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from typing import Any

import altair
import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from platformdirs import user_cache_path

from ..texts import last_lines, number, plain
from .charts.chart import Chart
from .charts.theme import CONFIG

VEGA_LITE = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])  # the version that Altair writes
SCRIPTS = ("charts.js", "tables.js", "cases.js", "page.js")


def page(template: str, data: dict[str, Any], drawn: Sequence[Chart], **context: Any) -> str:
    """The template, with what the page's scripts need: data, and charts to draw."""
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


@cache
def _vega() -> str:
    """Vega and what embeds it: kept in the user's cache, if there is one, as to bundle it takes more than a second."""
    kept = user_cache_path("gradparity") / f"vega-{VEGA_LITE}-{version('vl-convert-python')}.js"
    with suppress(OSError, UnicodeDecodeError):
        bundle, _, digest = kept.read_text(encoding="utf-8").rpartition("\n//")
        if digest == _hash(bundle):  # whole, and as it was written
            return bundle
    made = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed", vl_version=VEGA_LITE)
    bundle = str(made).replace("</script", "<\\/script").replace("<!--", "<\\!--")
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(f"{bundle}\n//{_hash(bundle)}", encoding="utf-8")
    return bundle


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
