"""The folder of a run: its record is appended line by line, so that nothing is lost when the run is killed."""

from __future__ import annotations

import datetime
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal

from .. import __version__
from ..bench.records import BenchResult
from ..errors import UsageError
from ..machine import packages, this_machine
from ..results import SCHEMA, CheckResult
from ..train.records import TrainRun
from .reading import read_run
from .records import RECORD, Run

Part = Literal["check", "bench", "train"]


def new_folder(parent: Path) -> Path:
    """A name for a new run, of the time now: 2026-11-21T14-05-59Z."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    taken = sum(1 for _ in parent.glob(f"{stamp}*"))
    return parent / (f"{stamp}-{taken + 1}" if taken else stamp)


class Recorder:
    """Appends these parts to the record of a folder, new or not; without a folder, it keeps nothing.

    Raises UsageError where it cannot be written, or has one of the parts already.
    """

    def __init__(self, folder: Path | None, *parts: Part) -> None:
        self._file: BinaryIO | None = None
        if folder is None:
            return
        path = folder / RECORD
        try:
            folder.mkdir(parents=True, exist_ok=True)
            new = not path.exists() or path.stat().st_size == 0
            if not new:
                _refuse_twice(folder, parts)
            self._file = path.open("ab")
        except OSError as error:
            raise UsageError(f"{folder}: cannot be written to: {error.strerror}") from None
        if new:
            self._add(_head())
        else:
            self._file.write(b"\n")  # whatever the last line is, it ends here

    def check(self, part: CheckResult) -> None:
        """Record a part of the check."""
        self._add(Run(check=part))

    def bench(self, part: BenchResult) -> None:
        """Record a part of the benchmark."""
        self._add(Run(bench=part))

    def train(self, part: TrainRun) -> None:
        """Record a part of the training."""
        self._add(Run(train=part))

    def _add(self, part: Run) -> None:
        if self._file:
            self._file.write(part.model_dump_json(exclude_unset=True).encode() + b"\n")
            self._file.flush()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            os.fsync(self._file.fileno())
            self._file.close()


def _head() -> Run:
    return Run(
        schema_version=SCHEMA,
        gradparity=__version__,
        command=shlex.join(["gradparity", *sys.argv[1:]]),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        machine=this_machine(),
        packages=packages(),
    )


def _refuse_twice(folder: Path, parts: Sequence[Part]) -> None:
    there = read_run(folder).run
    for part in parts:
        if getattr(there, part) is not None:
            raise UsageError(f"{folder}: this run has a {part} already; name another folder")
