"""`gradparity bench`."""

from __future__ import annotations

from pathlib import Path

import click

from ..cases import Dtype
from ..consoles import show, to_stdout
from ..ports.manifest import by_name, peers, select_runners
from ..record.folder import Recorder
from ..suite import select_cases
from . import options

PICTURE_WIDTH = 132


@click.command()
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
    from ..bench.bench import bench_ports, find_blas  # SciPy takes half a second, which `gradparity --help` has not
    from ..bench.run import BenchOptions
    from ..bench.show import bench_report, blas_report

    runners = select_runners(ports) + (peers() if with_peers else [])
    if blas:
        to_stdout().print(blas_report(find_blas(runners, threads)))
        return 0
    specs = list(select_cases(cases, dtypes).values()) if cases else []
    settings = BenchOptions(threads=threads, budget=budget, data_dir=data_dir)
    asked = by_name(runners, ports) + [runner.label for runner in runners if with_peers and runner in peers()]
    with Recorder(run, "bench") as recorder:
        result, changed = bench_ports(runners, asked, specs, dtypes, settings, save, compare, anyway, recorder.bench)
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    else:
        show(bench_report(result, changed), svg, "gradparity bench", PICTURE_WIDTH)
    return result.exit_code
