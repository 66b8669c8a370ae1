"""`gradparity new`."""

from __future__ import annotations

from pathlib import Path

import click

from ..ports.new import find_template, make_port, next_steps, templates


@click.command()
@click.option("--language", required=True, metavar="LANGUAGE", help=f"{', '.join(templates())}.")
@click.option("--name", metavar="NAME", help="What tables call the port. Default: the folder's name.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def new(language: str, name: str | None, folder: Path) -> int:
    """Make a port to fill in: it builds, runs and speaks the protocol; the mathematics is left to you."""
    template = find_template(language)
    port = make_port(template, folder, name)
    click.echo(next_steps(template, port, folder))
    return 0
