"""The names that a check gives."""

from __future__ import annotations

from dataclasses import dataclass

from ...check.records import CheckResult
from ...check.summary import diagnosis
from ...diagnosis.records import Diagnosis, Where


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
    """Those that are told, each once."""
    found = []
    for info in result.runners:
        told = diagnosis(result, info.runner)
        if told and told.explanation:
            found.append(Named(place_of(told.diagnosis), told.explanation.name, told.explanation.constant))
    return list(dict.fromkeys(found))


def place_of(told: Diagnosis) -> str:
    """Where it is, in whichever layer of the kind."""
    where: Where = told.where
    words = (where.operation, where.layer.rstrip("0123456789"), where.array.rstrip("0123456789"), where.asked)
    return " ".join(word for word in words if word)
