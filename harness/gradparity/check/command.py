"""What `gradparity check` does: the cases whose data is here, the live table, the record as it grows."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from ..cases import CaseSpec
from ..consoles import to_stderr
from ..data import find_mnist, load_mnist
from ..errors import DataMissing
from ..parts import Growing
from ..ports.building import build_ports
from ..ports.info import RunnerInfo
from ..ports.manifest import Runner
from .records import CaseResult, CheckResult
from .run import Options, run_check
from .show import LiveTable


def check(
    runners: list[Runner],
    required: list[str],
    specs: dict[str, CaseSpec],
    seeds: list[int],
    left_out: list[str],
    options: Options,
    keep: Callable[[CheckResult], object] = lambda part: None,
    command: str = "",
) -> CheckResult:
    """Every runner on every case and seed; after an interrupt, what was found until then."""
    command = command or shlex.join(["gradparity", *sys.argv[1:]])
    found = Growing(CheckResult(), keep)
    found.add(CheckResult(command=command, required=required, left_out=left_out, interrupted=True))  # until its end
    build_ports(runners)
    with LiveTable(to_stderr(), [runner.label for runner in runners], len(specs) * len(seeds)) as live:

        def progress(news: RunnerInfo | CaseResult) -> None:
            live(news)
            found.add(CheckResult(runners=[news]) if isinstance(news, RunnerInfo) else CheckResult(cases=[news]))

        infos, cases, interrupted = run_check(runners, specs, seeds, options, progress)
    found.add(CheckResult(runners=infos, interrupted=interrupted))
    return found.whole.model_copy(update={"cases": cases})  # by runner, not by time


def with_data(specs: dict[str, CaseSpec], data_dir: Path | None, asked: bool) -> tuple[dict[str, CaseSpec], list[str]]:
    """The cases whose data is here; the rest, with the reason, is left out.

    Raises DataMissing where the rest was asked for, or there is nothing else.
    """
    if not any(spec.data == "mnist" for spec in specs.values()):
        return specs, []
    try:
        load_mnist("test", find_mnist(data_dir))
    except DataMissing as missing:
        kept = {option: spec for option, spec in specs.items() if spec.data != "mnist"}
        if asked or not kept:
            raise
        return kept, [f"{len(specs) - len(kept)} MNIST cases: {missing}"]
    return specs, []
