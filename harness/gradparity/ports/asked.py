"""What a recording was asked, in a file beside its transcripts, so that it can be asked again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ..cases import CaseSpec
from ..errors import UsageError, first_problem
from ..functions.cases import FunctionSpec, named_case
from ..functions.function import Function, naming_the_line

ASKED = "asked.json"


class RecordedCases(BaseModel):
    """The network's cases, by what ``--case`` called them, or those of functions; and the seeds.

    A function's case is a name, as a file has the function itself; ``calls`` has a digest of its inputs for each seed.
    """

    cases: dict[str, CaseSpec] = {}
    calls: dict[str, dict[int, str]] = {}
    seeds: list[int]


def note_cases(folder: Path, cases: Mapping[str, CaseSpec | FunctionSpec], seeds: Sequence[int]) -> None:
    """Put down in the recording's folder what is going to be asked. Raises UsageError."""
    asked = RecordedCases(
        cases={name: spec for name, spec in cases.items() if isinstance(spec, CaseSpec)},
        calls={
            name: {seed: _digest(spec, seed) for seed in seeds}
            for name, spec in cases.items()
            if isinstance(spec, FunctionSpec)
        },
        seeds=list(seeds),
    )
    try:
        (folder / ASKED).write_text(asked.model_dump_json(indent=1) + "\n")
    except OSError as error:
        raise UsageError(f"--record {folder}: {error.strerror}") from None


def read_cases(folder: Path) -> RecordedCases:
    """What the recording was asked. Raises UsageError."""
    try:
        return RecordedCases.model_validate_json((folder / ASKED).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--replay {folder}: {ASKED}: {error.strerror}; which --case was it?") from None
    except ValidationError as error:
        raise UsageError(f"--replay {folder}: {ASKED}: {first_problem(error)}") from None


def recorded_calls(
    folder: Path, functions: Mapping[str, Function], seeds: Sequence[int] | None
) -> tuple[dict[str, FunctionSpec], list[int]]:
    """The cases of these functions that were recorded, and the seeds: these, or those that were.

    Raises UsageError where functions are not what was recorded, or these are others than those that were.
    """
    asked = read_cases(folder)
    if not asked.calls:
        raise UsageError(f"--replay {folder}: no functions were recorded there: leave out --reference")
    found = {name: named_case(functions, name) for name in asked.calls}
    specs = {name: spec for name, spec in found.items() if spec}
    other = f"--replay {folder}: this is not the reference that was recorded"
    if lost := [name for name in found if name not in specs]:
        raise UsageError(f"{other}: it has no case {lost[0]}")
    chosen = list(seeds or asked.seeds)
    for name, spec in specs.items():
        for seed in [seed for seed in chosen if seed in asked.calls[name]]:
            if asked.calls[name][seed] != _digest(spec, seed):
                raise UsageError(f"{other}: the inputs of {name}, seed {seed}, were others then")
    return specs, chosen


def _digest(spec: FunctionSpec, seed: int) -> str:
    """Of the inputs of a case."""
    found = hashlib.sha256()
    with naming_the_line(spec.function):
        for name, one in spec.drawn(seed).items():
            found.update(f"{name} {one.dtype} {one.shape}\n".encode() + one.tobytes())
    return found.hexdigest()[:16]
