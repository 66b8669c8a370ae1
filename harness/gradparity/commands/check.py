"""`gradparity check`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from ..cases import CaseSpec, Dtype
from ..check.check import check_ports
from ..check.options import Options
from ..check.question import Spec, decidable
from ..check.show import check_report
from ..consoles import show
from ..errors import UsageError
from ..functions.cases import FunctionSpec, select_function_cases, usual_seeds
from ..functions.function import Function
from ..functions.loading import read_reference
from ..functions.soundness import Soundness, soundness
from ..ports import transcript
from ..ports.asked import note_cases, read_cases, recorded_calls
from ..ports.manifest import Runner, by_name, select_runners
from ..ports.session import REQUEST_SECONDS
from ..record.folder import Recorder
from ..suite import select_cases, with_data
from . import options

PICTURE_WIDTH = 100


@click.command()
@options.reference
@options.port
@options.case
@options.dtypes
@options.seeds
@options.threads
@click.option("--timeout", type=click.FloatRange(0.01, 86400), default=REQUEST_SECONDS, show_default=True,
              help="Seconds for one request.")  # fmt: skip
@options.data_dir
@options.strict
@options.svg
@click.option("--record", type=options.FOLDER, metavar="FOLDER",
              help="Write down there what the ports and the harness say to each other, byte by byte.")  # fmt: skip
@click.option(
    "--replay", type=options.FOLDER, metavar="FOLDER", help="Check what was recorded there, without the ports."
)
@options.run
@options.json
def check(
    reference: Path | None,
    ports: tuple[str, ...],
    cases: tuple[str, ...],
    dtypes: tuple[Dtype, ...],
    seeds: list[int] | None,
    threads: int,
    timeout: float,
    data_dir: Path | None,
    strict: bool,
    svg: Path | None,
    record: Path | None,
    replay: Path | None,
    run: Path | None,
    as_json: bool,
) -> int:
    """Compare the ports' gradients with the reference's on shared seeds; or functions of your own, by --reference."""
    runners = _heard(ports, record, replay)
    specs: Mapping[str, Spec]
    references: list[Soundness] = []
    if reference:
        if not (ports or replay):
            raise UsageError("--reference: name the ports of these functions, with --port; `gradparity new` makes one")
        functions = read_reference(reference).functions
        specs, seeds, left_out = _of_functions(functions, cases, dtypes, seeds, threads, replay)
        used = dict.fromkeys(spec.function.name for spec in specs.values())
        references = [soundness(functions[name]) for name in used]
    else:
        specs, seeds, left_out = _of_network(cases, dtypes, seeds, data_dir, replay)
    if record:
        note_cases(record, specs, seeds)
    settings = Options(threads=threads, seconds=timeout, data_dir=data_dir, reference=reference, strict=strict)
    with Recorder(run, "check") as recorder:
        result = check_ports(
            runners, by_name(runners, ports), specs, seeds, left_out, settings, recorder.check, references=references
        )
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        show(check_report(result, growing=reference is None), svg, "gradparity check", PICTURE_WIDTH)
    return result.exit_code


def _of_functions(
    functions: dict[str, Function],
    cases: tuple[str, ...],
    dtypes: tuple[Dtype, ...],
    seeds: list[int] | None,
    threads: int,
    replay: Path | None,
) -> tuple[dict[str, FunctionSpec], list[int], list[str]]:
    """The cases, the seeds, and what is left out."""
    if replay and not (cases or dtypes):
        specs, seeds = recorded_calls(replay, functions, seeds)
    else:
        specs, seeds = select_function_cases(functions, cases, dtypes), seeds or usual_seeds(functions.values())
    specs, left_out = decidable(specs, seeds, threads)
    return specs, seeds, left_out


def _of_network(
    cases: tuple[str, ...],
    dtypes: tuple[Dtype, ...],
    seeds: list[int] | None,
    data_dir: Path | None,
    replay: Path | None,
) -> tuple[dict[str, CaseSpec], list[int], list[str]]:
    """As of functions."""
    if replay and not (cases or dtypes):
        asked = read_cases(replay)
        if asked.calls:
            raise UsageError(
                f"--replay {replay}: functions were recorded there: give their file, too, as --reference FILE"
            )
        specs, seeds = asked.cases, seeds or asked.seeds
    else:
        specs, seeds = select_cases(cases, dtypes), seeds or [0]
    named = any(spec.data == "mnist" for option, spec in specs.items() if option in cases)  # itself, not by a pattern
    specs, left_out = with_data(specs, data_dir, asked=named or bool(data_dir))
    return specs, seeds, left_out


def _heard(ports: tuple[str, ...], record: Path | None, replay: Path | None) -> list[Runner]:
    """The runners, where asked as they are recorded, or as they were."""
    if replay:
        if ports or record:
            raise UsageError("--replay: the ports are those of the recording: leave out --port and --record")
        return transcript.replaying(replay)
    runners = select_runners(ports)
    if record is None:
        return runners
    transcript.demand_new(record)
    return [transcript.recording(runner, record) for runner in runners]
