"""`gradparity mutants`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from pydantic import TypeAdapter

from ..check.options import Options
from ..consoles import to_stderr, to_stdout
from ..errors import OptionError, UsageError
from ..functions.cases import select_function_cases
from ..functions.loading import read_reference
from ..meta.faults.measure import FaultResult, Measure, measured_ones
from ..meta.function_mutants import FunctionMutants, run_function_mutants
from ..meta.mutants import MutantResult, run_mutants
from ..meta.show_faults import faults_report
from ..meta.show_function_mutants import function_mutants_report
from ..meta.show_mutants import mutants_report
from ..ports.manifest import own_ports, select_runners
from ..progress import shown_progress
from ..seeds import SEED_LIMIT
from ..suite import select_cases, with_data
from . import options


@click.command()
@options.reference
@click.option("--function", "names", multiple=True, metavar="NAME", help="Of the --reference. Default: all.")
@options.port
@options.case
@click.option("--mutant", "pattern", metavar="NAME", help="A name or a pattern with *. Default: all.")
@click.option("--random", "number", type=click.IntRange(min=1), help="Compose this many random faults instead.")
@click.option("--seed", type=click.IntRange(0, SEED_LIMIT - 1), help="Of the random faults. Default: 0.")
@click.option("--from", "first", type=click.IntRange(min=0), metavar="INDEX", help="The first of them. Default: 0.")
@options.json
def mutants(
    reference: Path | None,
    names: tuple[str, ...],
    ports: tuple[str, ...],
    cases: tuple[str, ...],
    pattern: str | None,
    number: int | None,
    seed: int | None,
    first: int | None,
    as_json: bool,
) -> int:
    """Check ports made wrong on purpose: is each found, and named?

    With --reference: the functions of that file, made wrong. What their suite does not find are its blind spots.

    With --random: small faults, one or two at a time, in the reference. Is each name that is given true?
    """
    if number is not None:
        others = {"--reference": reference, "--function": names, "--port": ports, "--case": cases, "--mutant": pattern}
        for option, given in others.items():
            if given:
                raise UsageError(
                    f"{option}: --random puts faults into the reference, on cases of its own: leave it out"
                )
        return _at_random(range(first or 0, (first or 0) + number), seed or 0, as_json)
    if seed is not None or first is not None:
        raise UsageError(f"{'--from' if seed is None else '--seed'}: expected with --random N")
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


def _at_random(indices: Sequence[int], seed: int, as_json: bool) -> int:
    found: list[FaultResult] = []
    with shown_progress() as tell:
        for one in measured_ones(seed, indices):
            found.append(one)
            tell("random faults", len(found), len(indices))
    result = Measure(seed=seed, results=found)
    click.echo(result.model_dump_json(indent=1)) if as_json else to_stdout().print(faults_report(result))
    return result.exit_code


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
