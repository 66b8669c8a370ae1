"""`gradparity mutants`."""

from __future__ import annotations

import click
from pydantic import TypeAdapter

from ..check.options import Options
from ..consoles import to_stderr, to_stdout
from ..meta.mutants import MutantResult, run_mutants
from ..meta.show_mutants import mutants_report
from ..ports.manifest import own_ports, select_runners
from ..suite import select_cases, with_data
from . import options


@click.command()
@options.port
@options.case
@click.option("--mutant", "pattern", default="*", metavar="NAME", help="A name or a pattern with *. Default: all.")
@options.json
def mutants(ports: tuple[str, ...], cases: tuple[str, ...], pattern: str, as_json: bool) -> int:
    """Check ports made wrong on purpose: is each found, and named?"""
    asked = select_runners(ports)
    runners = asked if ports else [port.runners[-1] for port in own_ports()]
    specs, _ = with_data(select_cases(cases), None, asked=False)
    told = to_stderr()

    def progress(outcome: MutantResult) -> None:
        told.print(f"{outcome.port}: {outcome.mutant.name}")

    outcomes = run_mutants(runners, pattern, specs, Options(), progress)
    if as_json:
        click.echo(TypeAdapter(list[MutantResult]).dump_json(outcomes, indent=1).decode())
    else:
        to_stdout().print(mutants_report(outcomes))
    return 0 if outcomes and all(outcome.right for outcome in outcomes) else 1
