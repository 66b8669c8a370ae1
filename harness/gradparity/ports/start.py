"""Start a runner: its build, its process, and what it says of itself, or why it cannot run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..check.records import RunnerInfo, State
from .build import StepFailed, ensure_built
from .conversation import Conversation
from .manifest import Runner
from .session import Failure, PortFailure

One = TypeVar("One", bound=Conversation)


def start(runner: Runner, new_session: Callable[[], One]) -> tuple[RunnerInfo, One | None]:
    """Build the port where that is due, and start a process. Trouble is in the info; then there is no session."""
    manifest = runner.port.manifest
    about: dict[str, Any] = {"runner": runner.label, "port": manifest.name, "language": manifest.language}
    about["option"] = runner.option or runner.label
    perhaps = f"if something is missing: {manifest.hint}"
    try:
        if not runner.lacking:
            ensure_built(runner.port)
        session = new_session()
    except StepFailed as failure:
        hint = perhaps if failure.ran else manifest.hint
        trouble: dict[str, Any] = {"reason": failure.what, "hint": hint, "stderr": failure.output}
        return RunnerInfo(**about, state=State.FAILED, **trouble), None
    except PortFailure as failure:
        lacking = failure.kind is Failure.NOT_AVAILABLE
        hint = manifest.hint if lacking else perhaps
        trouble = {"reason": failure.what, "hint": hint, "stderr": failure.stderr}
        return RunnerInfo(**about, state=State.NOT_AVAILABLE if lacking else State.FAILED, **trouble), None
    hello = session.hello
    told = {"version": hello.version, "blas": hello.blas, "threads": hello.threads}
    return RunnerInfo(**about, **told, state=State.READY, operations=sorted(hello.operations)), session
