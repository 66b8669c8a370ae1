"""`gradparity report`."""

from __future__ import annotations

from pathlib import Path

import click

from ..consoles import to_stdout
from ..record.schema import schema_text
from . import options


def _print_schema(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(schema_text(), nl=False)
        context.exit()


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=options.FOLDER, metavar="FOLDER", help="For the files. Default: the run's own folder.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the Markdown, and write no files.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
              help="Print the JSON Schema of the record.")  # fmt: skip
@options.json
def report(run: Path, other: Path | None, out: Path | None, as_markdown: bool, as_json: bool) -> int:
    """Render a recorded run: HTML, Markdown, JUnit XML, terminal. Of two runs, what has changed from RUN to OTHER."""
    from ..report.report import report_runs  # Jinja, Altair and Vega, which `gradparity --help` does not wait for

    report_runs(run, other, out, "markdown" if as_markdown else "json" if as_json else "terminal", to_stdout())
    return 0
