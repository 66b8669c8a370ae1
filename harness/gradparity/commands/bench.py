"""`gradparity bench`."""

from __future__ import annotations

from pathlib import Path

import click

from ..cases import Dtype
from ..check.question import Spec, decidable
from ..consoles import show, to_stdout
from ..errors import OptionError, UsageError
from ..functions.cases import select_function_cases
from ..functions.loading import read_reference
from ..ports.manifest import by_name, peers, select_runners
from ..record.folder import Recorder
from ..suite import select_cases
from . import options

PICTURE_WIDTH = 132


@click.command()
@options.reference
@options.port
@options.case
@options.dtypes
@click.option("--budget", type=click.FloatRange(0.1, 86400), default=75.0, show_default=True,
              help="Seconds for the rounds; less where all is known well enough before.")  # fmt: skip
@options.threads
@click.option("--peers", "with_peers", is_flag=True, help="PyTorch and JAX, too (the extra gradparity[peers]).")
@options.data_dir
@click.option("--save", metavar="NAME", help="Keep the result as a baseline: a name, or a file (.json).")
@click.option("--compare", metavar="NAME", help="Say what has changed beyond noise since this baseline.")
@click.option("--anyway", is_flag=True, help="Compare with a baseline of another machine or benchmark, too.")
@click.option("--blas", is_flag=True, help="Only say which BLAS each runner uses, and how to make them equal.")
@options.svg
@options.run
@options.json
def bench(
    reference: Path | None,
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
    """Time the ports beside the reference, and say what this machine can resolve and no more.

    By --reference functions of your own, where a port's answer is right: each at small sizes and at large ones.
    """
    from ..bench.bench import bench_ports, find_blas  # SciPy takes half a second, which `gradparity --help` has not
    from ..bench.run import BenchOptions
    from ..bench.show import bench_report, blas_report

    runners = select_runners(ports) + (peers() if with_peers else [])
    if blas:
        to_stdout().print(blas_report(find_blas(runners, threads)))
        return 0
    specs: list[Spec]
    if reference:
        specs = _of_functions(reference, ports, cases, dtypes, with_peers, threads)
    else:
        specs = [*select_cases(cases, dtypes).values()] if cases else []
    settings = BenchOptions(threads=threads, budget=budget, data_dir=data_dir, reference=reference)
    asked = by_name(runners, ports) + [runner.label for runner in runners if with_peers and runner in peers()]
    with Recorder(run, "bench") as recorder:
        result, changed = bench_ports(runners, asked, specs, dtypes, settings, save, compare, anyway, recorder.bench)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        show(bench_report(result, changed), svg, "gradparity bench", PICTURE_WIDTH)
    return result.exit_code


def _of_functions(
    file: Path,
    ports: tuple[str, ...],
    cases: tuple[str, ...],
    dtypes: tuple[Dtype, ...],
    with_peers: bool,
    threads: int,
) -> list[Spec]:
    """The cases of the functions in a file. Raises UsageError."""
    from ..bench.plan import SEED, usual_specs

    if with_peers:
        raise UsageError(
            "--peers: they are networks, and have no functions of your own: leave out --peers or --reference"
        )
    if not ports:
        raise UsageError("--reference: which port? Name its folder, as in --port ./my-port")
    functions = read_reference(file).functions
    if cases:
        chosen = select_function_cases(functions, cases, dtypes)
    else:
        usual = usual_specs(functions.values())
        chosen = {spec.name: spec for spec in usual if not dtypes or spec.dtype in dtypes}
    if not chosen:
        raise OptionError("--dtype", ", ".join(dtypes), f"no function in {file} has it")
    found, left_out = decidable(chosen, [SEED], threads)
    for line in left_out:
        click.echo(f"left out: {line}", err=True)
    if not found:
        raise UsageError("--case: the reference itself has no numbers in any of these cases")
    return [*found.values()]
