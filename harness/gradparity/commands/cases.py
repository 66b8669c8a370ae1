"""`gradparity cases`."""

from __future__ import annotations

import click

from ..suite import default_suite


@click.command()
def cases() -> int:
    """List the default suite."""
    for spec in default_suite():
        click.echo(spec.name)
    return 0
