"""The folder of a run: its record is appended line by line, so that nothing is lost when the run is killed."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from io import FileIO
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Literal

from ..bench.records import BenchResult
from ..check.records import CheckResult
from ..errors import UsageError
from ..machine import packages, this_command, this_machine
from ..train.records import TrainRun
from ..version import SCHEMA, __version__
from .reading import read_run
from .run import RECORD, Run

Part = Literal["check", "bench", "train"]


class NotRecorded(UsageError):
    """The record cannot be written."""


def new_folder(parent: Path) -> Path:
    """A name for a new run, of the time now: 2026-11-21T14-05-59Z."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    names = (f"{stamp}-{number}" if number > 1 else stamp for number in count(1))
    return next(parent / name for name in names if not (parent / name).exists())


class Recorder:
    """Appends these parts to the record of a folder, new or not; without a folder, it keeps nothing.

    Raises NotRecorded where it cannot be written, and UsageError where it has one of the parts already, or is of
    another machine or gradparity.
    """

    def __init__(self, folder: Path | None, *parts: Part) -> None:
        self._folder = folder
        self._file: FileIO | None = None
        if folder is None:
            return
        path = folder / RECORD
        try:
            folder.mkdir(parents=True, exist_ok=True)
            new = not path.exists() or path.stat().st_size == 0
            if not new:
                _refuse(folder, parts)
            self._file = path.open("ab", buffering=0)  # so that nothing is left to write after a failure
        except OSError as error:
            raise self._trouble(error) from None
        if new:
            self._add(_head())
        else:
            self._write(b"\n")  # whatever the last line is, it ends here

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
            self._write(part.model_dump_json(exclude_unset=True).encode() + b"\n")

    def _write(self, data: bytes) -> None:
        assert self._file
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise self._trouble(error) from None

    def _trouble(self, error: OSError) -> NotRecorded:
        return NotRecorded(f"{self._folder}: cannot be written to: {error.strerror}")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()


def _head() -> Run:
    return Run(
        schema_version=SCHEMA,
        gradparity=__version__,
        command=this_command(),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        machine=this_machine(),
        packages=packages(),
    )


def _refuse(folder: Path, parts: Sequence[Part]) -> None:
    there = read_run(folder).run
    for part in parts:
        if getattr(there, part) is not None:
            raise UsageError(f"{folder}: this run has a {part} already; name another folder")
    if (there.machine, there.gradparity) != (this_machine(), __version__):
        raise UsageError(f"{folder}: this run is of another machine or gradparity; name another folder")
