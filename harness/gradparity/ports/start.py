"""Start a runner: its build, its process, and what it says of itself, or why it cannot run."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any, TypeVar

from .build import StepFailed, ensure_built
from .conversation import Conversation
from .info import RunnerInfo, State
from .manifest import Manifest, Runner
from .session import Failure, PortFailure

One = TypeVar("One", bound=Conversation)
MISSING = (126, 127)  # of a shell: a program that cannot be run, or none of that name
INTERRUPTED = (-signal.SIGINT, 130)  # a terminal's Ctrl-C is the build's, too


def start(runner: Runner, new_session: Callable[[], One]) -> tuple[RunnerInfo, One | None]:
    """Build the port where that is due, and start a process. Trouble is in the info; then there is no session.

    The port's hint, what to install, is in it where that may help: where a program is not found, and where a port has a
    setup, which may not have been run. Any other failure is more likely a mistake in the port, which its words tell.
    """
    manifest = runner.port.manifest
    about: dict[str, Any] = {"runner": runner.label, "port": manifest.name, "language": manifest.language}
    about["option"] = runner.option or runner.label
    try:
        if not runner.lacking:
            ensure_built(runner.port)
        session = new_session()
    except StepFailed as failure:
        if failure.status in INTERRUPTED:
            return RunnerInfo(**about, state=State.FAILED, reason="interrupted"), None
        hint = _perhaps(manifest, failure.status in MISSING) if failure.ran else manifest.hint
        trouble: dict[str, Any] = {"reason": failure.what, "hint": hint, "stderr": failure.output}
        return RunnerInfo(**about, state=State.FAILED, **trouble), None
    except PortFailure as failure:
        lacking = failure.kind is Failure.NOT_AVAILABLE
        missing = failure.kind is Failure.COULD_NOT_START or failure.status in MISSING
        hint = manifest.hint if lacking else _perhaps(manifest, missing)
        trouble = {"reason": failure.what, "hint": hint, "stderr": failure.stderr}
        return RunnerInfo(**about, state=State.NOT_AVAILABLE if lacking else State.FAILED, **trouble), None
    hello = session.hello
    about["language"] = manifest.language or hello.language  # of a replay, only the recording knows it
    told = {"version": hello.version, "blas": hello.blas, "threads": hello.threads}
    return RunnerInfo(
        **about, **told, state=State.READY, operations=sorted(hello.operations), declares=hello.declares.texts
    ), session


def _perhaps(manifest: Manifest, missing: bool) -> str:
    return f"if something is missing: {manifest.hint}" if missing or manifest.setup else ""
