"""What a soak of functions found: the closest call of each result, and the false alarms."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class ResultTally(_Record):
    """A result of a function in one dtype: how often it was judged, and the closest call of what was resolved."""

    function: str
    result: str
    dtype: str
    arrays: int = 0
    differing: int = 0  # not bit-equal to the reference's
    unresolved: int = 0  # of these, those in which no relative error of 1e-3 would have been seen
    ratio: float = 0.0
    arithmetic: str = ""
    case: str = ""
    seed: int = 0

    def plus(self, other: ResultTally) -> ResultTally:
        """Both together."""
        worse = other if other.ratio > self.ratio else self
        sums = {key: getattr(self, key) + getattr(other, key) for key in ("arrays", "differing", "unresolved")}
        return worse.model_copy(update=sums)


class FunctionAlarm(_Record):
    """A correct result judged wrong: the smallest case that shows it, the case it was found in, and the command."""

    function: str
    result: str
    arithmetic: str
    case: str
    seed: int
    ratio: float
    found: str
    command: str


class FunctionSoak(_Record):
    """A whole soak. ``skipped``: arithmetics that a function cannot be run in, cases that say nothing, and why."""

    cases: int
    checks: int
    seconds: float
    tallies: list[ResultTally]
    alarms: list[FunctionAlarm]
    skipped: list[str]

    @property
    def exit_code(self) -> int:
        """0 without an alarm, else 1."""
        return 1 if self.alarms else 0
