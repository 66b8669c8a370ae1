"""The names that a check gives."""

from __future__ import annotations

from dataclasses import dataclass

from ...check.findings import findings, general
from ...check.records import CheckResult
from ...diagnosis.records import Diagnosis

NO_NAME = "not a number"  # says what came, and not why


@dataclass(frozen=True)
class Named:
    """A name in a finding, with its constant, and the place: "gradient dW", "trace affine.out", whatever the layer's
    number.
    """

    place: str
    name: str
    constant: float | None = None

    def __str__(self) -> str:
        return f"{self.name}{'' if self.constant is None else f' {self.constant:.6g}'} at {self.place}"


def names_in(result: CheckResult) -> list[Named]:
    """Those of its findings, each once for each place that a finding is at."""
    told = [(one.explanation, at.diagnosis) for one in findings(result) if one.explanation for at in one.explained]
    found = (Named(place_of(at), one.name, one.constant) for one, at in told if one.name != NO_NAME)
    return list(dict.fromkeys(found))


def place_of(told: Diagnosis) -> str:
    """Where it is, in whichever layer of the kind."""
    where = general(told.where)
    return " ".join(word for word in (where.operation, where.layer, where.array, where.asked) if word)
