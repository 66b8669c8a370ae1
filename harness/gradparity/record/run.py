"""The record of a run. Its JSON Schema is docs/record.schema.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..bench.records import BenchResult
from ..check.records import CheckResult
from ..machine import Machine
from ..train.records import TrainRun
from ..version import SCHEMA, __version__

RECORD = "record.jsonl"  # in the folder of a run


class Run(BaseModel):
    """A whole run, or a part of it: a line of the record is a Run, too, with only some fields set.

    ``started`` is UTC, in ISO 8601; ``packages`` are versions, Python's among them. What was not asked for is None.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)

    schema_version: int = SCHEMA
    kind: Literal["run"] = "run"
    gradparity: str = __version__
    command: str = ""
    started: str = ""
    machine: Machine = Machine()
    packages: dict[str, str] = {}
    check: CheckResult | None = None
    bench: BenchResult | None = None
    train: TrainRun | None = None

    @property
    def parts(self) -> Iterator[CheckResult | BenchResult | TrainRun]:
        """Those that there are."""
        yield from (part for part in (self.check, self.bench, self.train) if part is not None)

    @property
    def exit_code(self) -> int:
        """1 where a port disagrees, else 3 where something asked for could not run, or nothing was; else 0."""
        codes = [part.exit_code for part in self.parts]
        return 1 if 1 in codes else max(codes, default=3)
