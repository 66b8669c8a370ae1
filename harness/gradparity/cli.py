"""The command line. Exit codes: 0 agreement, 1 a port disagrees, 2 wrong usage, 3 something asked for could not run."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click
from pydantic import TypeAdapter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from . import __version__
from .cases import Dtype
from .check.command import check as run_check
from .check.command import with_data
from .check.records import CheckResult
from .check.run import Options, RunnerCheck
from .check.show import check_report, doctor_report
from .consoles import picture, to_picture, to_stderr, to_stdout
from .errors import DataMissing, UsageError
from .meta.correct import CORRECT
from .meta.mutants import Outcome, run_mutants
from .meta.show_mutants import mutants_report
from .meta.show_soak import soak_report
from .meta.soak import run_soak, soak_cases
from .ports import transcript
from .ports.build import StepFailed, ensure_built, set_up
from .ports.building import build_ports
from .ports.manifest import Port, Runner, own_ports, peers, select_runners
from .ports.new import find_template, make_port, next_steps, templates
from .ports.session import REQUEST_SECONDS
from .run.folder import Recorder, new_folder
from .seeds import parse_seeds
from .suite import default_suite, select_cases
from .texts import last_lines

PICTURE_WIDTH = 100
BENCH_PICTURE_WIDTH = 132


class SeedList(click.ParamType[list[int]]):
    """ "3", "1,5,9" or "0-4"."""

    name = "SEEDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """The seeds in order, each once."""
        try:
            return parse_seeds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradparity")
def cli() -> None:
    """Do your ports compute the same gradients, and how fast?"""


port_option = click.option(
    "--port", "ports", multiple=True, metavar="PORT", help="rust, julia:native, or a port's folder. Default: all."
)
run_option = click.option(
    "--run", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Record it, for `report`."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the record as JSON instead of tables.")


@cli.command()
@port_option
@click.option("--case", "cases", multiple=True, metavar="CASE", help="A name, a pattern with *, or a .toml file.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(get_args(Dtype)), help="Default: both.")
@click.option("--seeds", type=SeedList(), show_default="0", help="3, or 1,5,9, or 0-4.")
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="For each runtime.")
@click.option("--timeout", type=click.FloatRange(0.01, 86400), default=REQUEST_SECONDS, show_default=True,
              help="Seconds for one request.")  # fmt: skip
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the four MNIST files.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Save the screen there.")
@click.option("--record", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Write down there what the ports and the harness say to each other, byte by byte.")  # fmt: skip
@click.option("--replay", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Check what was recorded there, without the ports.")  # fmt: skip
@run_option
@json_option
def check(
    ports: tuple[str, ...],
    cases: tuple[str, ...],
    dtypes: tuple[Dtype, ...],
    seeds: list[int] | None,
    threads: int,
    timeout: float,
    data_dir: Path | None,
    svg: Path | None,
    record: Path | None,
    replay: Path | None,
    run: Path | None,
    as_json: bool,
) -> int:
    """Compare the ports' gradients with the reference's on shared seeds."""
    runners = _heard(ports, record, replay)
    if replay and not (cases or dtypes):
        asked = transcript.read_asked(replay)
        specs, seeds = asked.cases, seeds or asked.seeds
    else:
        specs, seeds = select_cases(cases, dtypes), seeds or [0]
    named = any(spec.data == "mnist" for option, spec in specs.items() if option in cases)  # itself, not by a pattern
    specs, left_out = with_data(specs, data_dir, asked=named or bool(data_dir))
    if record:
        transcript.note_asked(record, specs, seeds)
    options = Options(threads=threads, seconds=timeout, data_dir=data_dir)
    with Recorder(run, "check") as recorder:
        result = run_check(runners, _by_name(runners, ports), specs, seeds, left_out, options, recorder.check)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
        return result.exit_code
    console = to_picture(PICTURE_WIDTH) if svg else to_stdout()
    console.print(check_report(result))
    if svg:
        svg.write_text(picture(console, "gradparity check"), encoding="utf-8")
    return result.exit_code


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


def _by_name(runners: list[Runner], ports: tuple[str, ...]) -> list[str]:
    """The runners that the user named one by one: for these another runner of the port is no substitute."""
    return [runner.label for runner in runners if runner.label in ports or runner.option in ports]


@cli.command()
@click.option("--language", required=True, metavar="LANGUAGE", help=f"{', '.join(templates())}.")
@click.option("--name", metavar="NAME", help="What tables call the port. Default: the folder's name.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def new(language: str, name: str | None, folder: Path) -> int:
    """Make a port to fill in: it builds, runs and speaks the protocol; the mathematics is left to you."""
    template = find_template(language)
    port = make_port(template, folder, name)
    click.echo(next_steps(template, port, folder))
    return 0


@cli.command()
@port_option
@json_option
def doctor(ports: tuple[str, ...], as_json: bool) -> int:
    """Say what is here, runtimes and BLAS, and what to install."""
    runners = select_runners(ports)
    checks = [RunnerCheck(runner, Options()) for runner in runners]
    build_ports(runners)
    infos = []
    for one in checks:
        infos.append(one.start())
        one.close()
    result = CheckResult(required=_by_name(runners, ports), runners=infos)
    if as_json:
        click.echo(result.model_dump_json(indent=1, include={"schema_version", "gradparity", "runners"}))
    else:
        to_stdout().print(doctor_report(infos, result.missing))
    return 3 if result.missing else 0


@cli.command()
@port_option
@click.option("--mutant", "pattern", default="*", metavar="NAME", help="A name or a pattern with *. Default: all.")
@json_option
def mutants(ports: tuple[str, ...], pattern: str, as_json: bool) -> int:
    """Check ports made wrong on purpose: is each found, and named?"""
    asked = select_runners(ports)
    runners = asked if ports else [port.runners[-1] for port in own_ports()]
    specs, _ = with_data(select_cases(()), None, asked=False)
    told = to_stderr()

    def progress(outcome: Outcome) -> None:
        told.print(f"{outcome.port}: {outcome.mutant.name}")

    outcomes = run_mutants(runners, pattern, specs, Options(), progress)
    if as_json:
        click.echo(TypeAdapter(list[Outcome]).dump_json(outcomes, indent=1).decode())
    else:
        to_stdout().print(mutants_report(outcomes))
    return 0 if outcomes and all(outcome.right for outcome in outcomes) else 1


@cli.command()
@click.option("--checks", type=click.IntRange(1, 10_000_000), default=20_000, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the random cases.")
@click.option(
    "--case", "cases", multiple=True, metavar="CASE", help="No random cases: a name, a pattern, a .toml file."
)
@click.option("--seeds", type=SeedList(), default="0", show_default=True, help="With --case: 3, or 1,5,9, or 0-4.")
@json_option
def soak(checks: int, seed: int, cases: tuple[str, ...], seeds: list[int], as_json: bool) -> int:
    """Search for false alarms: correct implementations that are judged wrong."""
    named = [(spec, s) for spec in select_cases(cases).values() for s in seeds] if cases else []
    columns = (TextColumn("soak"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=to_stderr(), transient=True) as bar:
        task = bar.add_task("soak", total=len(named) * len(CORRECT) if named else checks)
        advance = functools.partial(bar.advance, task)
        result = soak_cases(named, advance) if named else run_soak(checks, seed, advance)
    for alarm in result.alarms:  # what the printed commands read
        if not Path(alarm.file).exists():
            Path(alarm.file).write_text(alarm.toml, encoding="utf-8")
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        to_stdout().print(soak_report(result))
    return result.exit_code


@cli.command()
@port_option
@click.option("--case", "cases", multiple=True, metavar="CASE", help="A name, a pattern with *, or a .toml file.")
@click.option("--dtype", "dtypes", multiple=True, type=click.Choice(get_args(Dtype)), help="Default: both.")
@click.option("--budget", type=click.FloatRange(0.1, 86400), default=75.0, show_default=True,
              help="Seconds for the rounds; less where all is known well enough before.")  # fmt: skip
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="For each runtime.")
@click.option("--peers", "with_peers", is_flag=True, help="PyTorch and JAX, too (the extra gradparity[peers]).")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the four MNIST files.")
@click.option("--save", metavar="NAME", help="Keep the result as a baseline: a name, or a file (.json).")
@click.option("--compare", metavar="NAME", help="Say what has changed beyond noise since this baseline.")
@click.option("--anyway", is_flag=True, help="Compare with a baseline of another machine or benchmark, too.")
@click.option("--blas", is_flag=True, help="Only say which BLAS each runner uses, and how to make them equal.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False, writable=True), help="Save the screen there.")
@run_option
@json_option
def bench(
    ports: tuple[str, ...],
    cases: tuple[str, ...],
    dtypes: tuple[Dtype, ...],
    budget: float,
    threads: int,
    with_peers: bool,
    data_dir: Path | None,
    save: str | None,
    compare: str | None,
    anyway: bool,
    blas: bool,
    svg: Path | None,
    run: Path | None,
    as_json: bool,
) -> int:
    """Time the ports beside the reference, and say what this machine can resolve and no more."""
    from .bench import command  # SciPy takes half a second to import, and nothing else needs it

    runners = select_runners(ports) + (peers() if with_peers else [])
    if blas:
        to_stdout().print(command.blas(runners, threads))
        return 0
    specs = list(select_cases(cases, dtypes).values()) if cases else []
    options = command.BenchOptions(threads=threads, budget=budget, data_dir=data_dir)
    asked = _by_name(runners, ports) + [runner.label for runner in runners if with_peers and runner in peers()]
    with Recorder(run, "bench") as recorder:
        result, changed = command.bench(runners, asked, specs, dtypes, options, save, compare, anyway, recorder.bench)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
        return result.exit_code
    console = to_picture(BENCH_PICTURE_WIDTH) if svg else to_stdout()
    console.print(command.bench_report(result, changed))
    if svg:
        svg.write_text(picture(console, "gradparity bench"), encoding="utf-8")
    return result.exit_code


@cli.command()
@port_option
@click.option("--recipe", "names", multiple=True, metavar="RECIPE", help="A recipe of a post, or a pattern with *.")
@click.option("--sizes", metavar="784,50,10", help="A recipe of your own, with the options below.")
@click.option("--optimizer", type=click.Choice(["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]))
@click.option("--lr", type=click.FloatRange(0, 1e6, min_open=True), help="Learning rate.")
@click.option("--epochs", type=click.IntRange(1, 10_000), help="Over the training images.")
@click.option("--batch", type=click.IntRange(1, 10_000))
@click.option("--dtype", type=click.Choice(get_args(Dtype)))
@click.option("--data", type=click.Choice(["mnist", "digits"]), help="Default: MNIST, or digits where it is not here.")
@click.option("--seeds", type=SeedList(), default="0", show_default=True, help="3, or 1,5,9, or 0-4.")
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="For each runtime.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the four MNIST files.")
@run_option
@json_option
def train(
    ports: tuple[str, ...],
    names: tuple[str, ...],
    sizes: str | None,
    optimizer: str | None,
    lr: float | None,
    epochs: int | None,
    batch: int | None,
    dtype: Dtype | None,
    data: str | None,
    seeds: list[int],
    threads: int,
    data_dir: Path | None,
    run: Path | None,
    as_json: bool,
) -> int:
    """Train the posts' networks in every port, step by step beside the reference."""
    from .train import command, recipes  # plotext and the recipes, which nothing else needs

    runners = select_runners(ports)
    images, notes = command.find_images(data, data_dir)
    own = recipes.Own(sizes, optimizer, lr, epochs, batch, dtype)
    chosen = recipes.merged(recipe.on(images) for recipe in recipes.select_recipes(names, own))
    options = command.TrainOptions(threads=threads)
    with Recorder(run, "train") as recorder:
        result = command.train(runners, _by_name(runners, ports), chosen, seeds, images, notes, options, recorder.train)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        to_stdout().print(command.train_report(result))
    return result.exit_code


@cli.command(name="run")
@port_option
@click.option("--recipe", "names", multiple=True, metavar="RECIPE", help="As of train. Default: *-post.")
@click.option("--budget", type=click.FloatRange(0.1, 86400), default=60.0, show_default=True,
              help="Seconds for the benchmark's rounds.")  # fmt: skip
@click.option("--epochs", type=click.IntRange(1, 10_000), help="A short training of your own, in place of the recipe.")
@click.option("--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="For each runtime.")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the four MNIST files.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="Of the record and the report. Default: a new one in runs/.")  # fmt: skip
def run_all(
    ports: tuple[str, ...],
    names: tuple[str, ...],
    budget: float,
    epochs: int | None,
    threads: int,
    data_dir: Path | None,
    out: Path | None,
) -> int:
    """Check, benchmark and train the ports, and write the report: five minutes."""
    from .run import command

    options = command.RunOptions(names, budget, threads, data_dir, epochs, ports)
    runners = select_runners(ports)
    return command.run(runners, _by_name(runners, ports), options, out or new_folder(Path("runs")), to_stdout())


def _print_schema(context: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        from .run.schema import schema_text

        click.echo(schema_text(), nl=False)
        context.exit()


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
              help="For the files. Default: the run's own folder.")  # fmt: skip
@click.option("--markdown", is_flag=True, help="Print the Markdown, and write no files.")
@click.option("--schema", is_flag=True, is_eager=True, expose_value=False, callback=_print_schema,
              help="Print the JSON Schema of the record.")  # fmt: skip
@json_option
def report(run: Path, other: Path | None, out: Path | None, markdown: bool, as_json: bool) -> int:
    """Render a recorded run: HTML, Markdown, JUnit XML, terminal. Of two runs, what has changed from RUN to OTHER."""
    from .report import command

    command.report(run, other, out, "markdown" if markdown else "json" if as_json else "terminal", to_stdout())
    return 0


@cli.command(name="cases")
def list_cases() -> int:
    """List the default suite."""
    for spec in default_suite():
        click.echo(spec.name)
    return 0


@cli.command()
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


def main() -> None:
    """Run the command line; every expected trouble is one line on stderr, and no traceback."""
    try:
        code = cli.main(prog_name="gradparity", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = 2
    except click.ClickException as error:
        code = _trouble(error.format_message(), 2)
    except UsageError as error:
        code = _trouble(str(error), 2)
    except DataMissing as error:
        code = _trouble(str(error), 3)
    except (click.Abort, KeyboardInterrupt):
        code = _trouble("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        code = 141
    sys.exit(code)


def _trouble(text: str, code: int) -> int:
    click.echo(f"gradparity: {' '.join(text.split())}", err=True)
    return code
