"""`gradparity new`."""

from __future__ import annotations

from pathlib import Path

import click

from ..functions.loading import read_reference
from ..ports.new import FUNCTION_TEMPLATES, NONE, TEMPLATES, Functions, find_template, make_port, next_steps, templates
from . import options


@click.command()
@click.option("--language", required=True, metavar="LANGUAGE", help=f"{', '.join(templates())}.")
@options.reference
@click.option("--name", metavar="NAME", help="What tables call the port. Default: the folder's name.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def new(language: str, reference: Path | None, name: str | None, folder: Path) -> int:
    """Make a port to fill in: it builds, runs and speaks the protocol; the mathematics is left to you."""
    functions = NONE
    if reference:
        signatures = [one.signature() for one in read_reference(reference).functions.values()]
        functions = Functions(str(reference), signatures)
    template = find_template(language, FUNCTION_TEMPLATES if reference else TEMPLATES)
    port = make_port(template, folder, name, functions)
    click.echo(next_steps(template, port, folder, functions))
    return 0
