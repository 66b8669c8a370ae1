"""`gradparity mutants`."""

from __future__ import annotations

from pathlib import Path

import click
from pydantic import TypeAdapter

from ..check.options import Options
from ..consoles import to_stderr, to_stdout
from ..errors import OptionError, UsageError
from ..functions.cases import select_function_cases
from ..functions.loading import read_reference
from ..meta.function_mutants import FunctionMutants, run_function_mutants
from ..meta.mutants import MutantResult, run_mutants
from ..meta.show_function_mutants import function_mutants_report
from ..meta.show_mutants import mutants_report
from ..ports.manifest import own_ports, select_runners
from ..progress import shown_progress
from ..suite import select_cases, with_data
from . import options


@click.command()
@options.reference
@click.option("--function", "names", multiple=True, metavar="NAME", help="Of the --reference. Default: all.")
@options.port
@options.case
@click.option("--mutant", "pattern", metavar="NAME", help="A name or a pattern with *. Default: all.")
@options.json
def mutants(
    reference: Path | None,
    names: tuple[str, ...],
    ports: tuple[str, ...],
    cases: tuple[str, ...],
    pattern: str | None,
    as_json: bool,
) -> int:
    """Check ports made wrong on purpose: is each found, and named?

    With --reference: the functions of that file, made wrong. What their suite does not find are its blind spots.
    """
    if reference:
        for option, given in (("--port", ports), ("--mutant", pattern)):
            if given:
                raise UsageError(f"{option}: the mutants of --reference are made of that file: leave out {option}")
        result = _of_functions(reference, names, cases)
        click.echo(result.model_dump_json(indent=1)) if as_json else to_stdout().print(function_mutants_report(result))
        return result.exit_code
    if names:
        raise UsageError("--function: expected with --reference FILE, which declares it")
    return _of_ports(ports, cases, pattern or "*", as_json)


def _of_functions(path: Path, names: tuple[str, ...], cases: tuple[str, ...]) -> FunctionMutants:
    reference = read_reference(path)
    if unknown := [name for name in names if name not in reference.functions]:
        there = ", ".join(reference.functions)
        raise OptionError("--function", unknown[0], f"{path} declares no such function; there are {there}")
    functions = {name: one for name, one in reference.functions.items() if not names or name in names}
    specs = select_function_cases(functions, cases)
    with shown_progress() as tell:
        return run_function_mutants(reference, specs, tell)


def _of_ports(ports: tuple[str, ...], cases: tuple[str, ...], pattern: str, as_json: bool) -> int:
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
