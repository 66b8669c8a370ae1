"""`gradparity setup`."""

from __future__ import annotations

from collections.abc import Callable

import click

from ..ports.build import StepFailed, ensure_built, set_up
from ..ports.building import build_ports
from ..ports.manifest import Port, own_ports
from ..texts import last_lines


@click.command()
def setup() -> int:
    """Install what the ports need, as far as we may, and build them."""
    ports = own_ports()
    ready = [port for port in ports if _went_well(set_up, port)]
    build_ports(runner for port in ready for runner in port.runners)
    built = [port for port in ready if _went_well(ensure_built, port)]
    return 0 if len(built) == len(ports) else 3


def _went_well(step: Callable[[Port], object], port: Port) -> bool:
    """Whether this step of the port did; else it says what did not."""
    try:
        step(port)
    except StepFailed as failure:
        output = "\n".join(last_lines(failure.output))
        click.echo(f"{failure}\n{output}\n  {port.manifest.hint}".replace("\n\n", "\n"), err=True)
        return False
    return True
