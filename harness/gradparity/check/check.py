"""A whole check: the ports are built, a live table shows how far it is, and the record grows."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

from ..consoles import to_stderr
from ..functions.soundness import Soundness
from ..parts import Growing
from ..ports.building import build_ports
from ..ports.info import RunnerInfo
from ..ports.manifest import Runner
from .options import Options
from .question import Spec
from .records import CaseResult, CheckResult
from .run import run_check
from .show import LiveTable


def check_ports(
    runners: list[Runner],
    required: list[str],
    specs: Mapping[str, Spec],
    seeds: list[int],
    left_out: list[str],
    options: Options,
    keep: Callable[[CheckResult], object] = lambda part: None,
    command: str = "",
    references: Sequence[Soundness] = (),
) -> CheckResult:
    """Every runner on every case and seed; after an interrupt, what was found until then."""
    command = command or shlex.join(["gradparity", *sys.argv[1:]])
    found = Growing(CheckResult(), keep)
    begun = CheckResult(command=command, required=required, left_out=left_out, references=list(references))
    begun = begun.model_copy(update={"strict": True}) if options.strict else begun
    found.add(begun.model_copy(update={"interrupted": True}))  # until its end
    build_ports(runners)
    with LiveTable(to_stderr(), [runner.label for runner in runners], len(specs) * len(seeds)) as live:

        def progress(news: RunnerInfo | CaseResult) -> None:
            live(news)
            found.add(CheckResult(runners=[news]) if isinstance(news, RunnerInfo) else CheckResult(cases=[news]))

        infos, cases, interrupted = run_check(runners, specs, seeds, options, progress)
    found.add(CheckResult(runners=infos, interrupted=interrupted))
    return found.whole.model_copy(update={"cases": cases})  # by runner, not by time
