"""What is damaged in a document: taken out, with as little around it as can be, and told."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from pydantic_core import ErrorDetails

PARTS = ("check", "bench", "train")
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")  # of a model, of a dataclass
Location = tuple[int | str, ...]


def leave_out(document: dict[str, Any], problems: Sequence[ErrorDetails]) -> list[str]:
    """Take out what these problems are about, and say what and why: an unknown field, or the record that is damaged."""
    told: dict[Location, str] = {}
    for problem in problems:
        there = _there(document, problem["loc"])
        if problem["type"] in UNKNOWN:
            told.setdefault(there, f"{_dotted(there)}: unknown to this version; it is left out")
            continue
        came = "" if problem["type"].startswith("missing") else f", came {short(problem['input'])}"
        damaged = _record(document, there)
        what = f"{_dotted(problem['loc'])}: {problem['msg'].lower()}{came}"
        told.setdefault(damaged, f"{what}; {_dotted(damaged) or 'all of it'} is left out")
    for location in sorted(told, reverse=True):  # from the end of each list on, so that the numbers before stand
        _take_out(document, location)
    inside = {location for location in told if any(location[:n] in told for n in range(len(location)))}
    return [line for location, line in told.items() if location not in inside]


def _there(document: Any, location: Location) -> Location:
    """The location, as far as the document has it; in a union it has the kind of record as well, as one key more."""
    at: Any = document
    found: Location = ()
    for key, after in zip_longest(location, location[1:]):
        inside = key in at if isinstance(at, dict) else isinstance(at, list) and isinstance(key, int)
        if inside:
            found, at = (*found, key), at[key]
        elif not (isinstance(at, dict) and after in at):
            break
    return found


def _record(document: Any, location: Location) -> Location:
    """The smallest record that has this location; of the run itself, and of its parts, the field."""
    inner, at = location, document
    for depth, key in enumerate(location):
        at = at[key]
        if isinstance(at, dict) and location[: depth + 1] not in {(part,) for part in PARTS}:
            inner = location[: depth + 1]
    return inner


def _take_out(document: Any, location: Location) -> None:
    if not location:
        document.clear()
        return
    *way, last = location
    for key in way:
        document = document[key]
    del document[last]


def _dotted(location: Location) -> str:
    return ".".join(str(key) if isinstance(key, int) or key.isidentifier() else short(key) for key in location)


def short(value: Any) -> str:
    """A value in a few characters, all of them printable."""
    return ascii(value) if isinstance(value, (int, float)) and abs(value) < 1e9 else reprlib.repr(value)
