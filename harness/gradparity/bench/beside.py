"""Whom the ports are timed beside: the reference as a runner, in a process like theirs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import OptionError
from ..ports.manifest import Manifest, Port, Runner, RunnerSpec, own_ports
from .records import CONTROL

REFERENCE = "python"  # the port
OF_FUNCTIONS = "reference"


def reference_runner(file: Path | None) -> Runner:
    """The Python port; of functions, their own file, served by ``serve_reference``."""
    if file is None:
        return next(runner for port in own_ports() for runner in port.runners if runner.label == REFERENCE)
    command = ["{python}", "-P", "-m", "gradparity.bench.serve_reference", str(file.resolve())]
    spec = RunnerSpec(name="native", command=command)
    about = Manifest(name=OF_FUNCTIONS, language="Python", hint=f"it needs what {file} imports", runner=[spec])
    return Runner(Port(Path.cwd(), about), spec)


def demand_other_names(runners: Iterable[Runner], reference: Runner) -> None:
    """Raises UsageError for a port with a name of the reference, except the Python port, which is the reference."""
    for runner in runners:
        if runner.label in {CONTROL, reference.label} - {REFERENCE}:
            what = f"{runner.label} is a name of the reference in a benchmark: give the port another, in its port.toml"
            raise OptionError("--port", runner.option or runner.label, what)
