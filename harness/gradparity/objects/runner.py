"""A runner that is an object in this process: nothing is built, and no process is started."""

from __future__ import annotations

from pathlib import Path

from ..ports.manifest import Manifest, Port, Runner, RunnerSpec


def object_runner(label: str) -> Runner:
    """The runner of this name."""
    spec = RunnerSpec(name="object", command=[label])
    return Runner(Port(Path(), Manifest(name=label, language="Python", hint="", runner=[spec])), spec)
