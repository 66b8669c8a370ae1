"""What a runner says of itself, or why it cannot be asked, as validated records."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class State(StrEnum):
    """Whether a runner can be asked at all."""

    READY = "ready"
    NOT_AVAILABLE = "not available"  # its runtime is not on this machine
    FAILED = "failed"  # it should have started, and did not


class RunnerInfo(BaseModel):
    """What a runner said of itself, or why it could not be asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    runner: str
    port: str
    language: str
    state: State
    version: str = ""
    blas: str = ""
    threads: str = ""
    option: str = ""  # what --port calls it
    operations: list[str] = []
    declares: list[str] = []  # what it does on purpose otherwise than the reference
    reason: str = ""
    hint: str = ""
    stderr: str = ""


def missing(runners: Iterable[RunnerInfo], required: Iterable[str]) -> list[RunnerInfo]:
    """The runners that should have run: those that failed, those asked for, and all of a port with none ready."""
    runners, required = list(runners), set(required)
    ready = {info.port for info in runners if info.state is State.READY}
    return [
        info
        for info in runners
        if info.state is State.FAILED
        or (info.state is State.NOT_AVAILABLE and (info.port not in ready or info.runner in required))
    ]
