"""Reading a record: what is damaged is left out, and said, and everything else stands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..errors import UsageError
from ..parts import join
from ..results import SCHEMA
from .records import RECORD, Run

PARTS = ("check", "bench", "train")
MOST_SAID = 20


@dataclass
class Recorded:
    """A run as it was read, and in words what of its record was not."""

    path: Path
    run: Run
    lost: list[str] = field(default_factory=list)


def read_run(path: Path) -> Recorded:
    """The run of this folder, record, or JSON file of check, bench or train.

    Raises UsageError where there is none, and where all of it is damaged or of a schema that this version cannot read.
    """
    file = path / RECORD if path.is_dir() else path
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: no run there: expected a folder with a {RECORD}, or a file of --json") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    found, known = Recorded(path, Run()), False
    for where, document in _documents(data, found.lost):
        for part in _runs(where, document, found.lost):
            found.run, known = join(found.run, part), True
    if not known:
        raise UsageError(f"{path}: nothing in it can be read: {'; '.join(found.lost[:3]) or 'it is empty'}")
    if len(found.lost) > MOST_SAID:
        found.lost[MOST_SAID:] = [f"and {len(found.lost) - MOST_SAID} more"]
    return found


def _documents(data: bytes, lost: list[str]) -> Iterator[tuple[str, Any]]:
    """The JSON documents: the whole file, where it is one, or one a line."""
    lines = data.split(b"\n")
    if len(lines) > 1 and lines[0].strip() == b"{":  # of --json, indented
        lines = [data]
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield f"line {number}", json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            cut = number == len(lines)
            lost.append(f"line {number}: {'cut off' if cut else f'not JSON ({error})'}; what it said is left out")


def _runs(where: str, document: Any, lost: list[str]) -> Iterable[Run]:
    """The part of the run that a document is, without what is damaged in it."""
    if not isinstance(document, dict):
        lost.append(f"{where}: expected an object, came {_short(document)}")
        return
    version = document.get("schema_version", SCHEMA)
    if not isinstance(version, int) or not 1 <= version <= SCHEMA:
        raise UsageError(
            f"the record is of schema {_short(version)}, and this gradparity reads 1 to {SCHEMA}: "
            "install the gradparity that wrote it, or a newer one"
        )
    document = _as_run(document)
    while True:
        try:
            yield Run.model_validate(document)
            return
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            where_in, left_out = _leave_out(document, problem["loc"], unknown=problem["type"] == "extra_forbidden")
            came = "" if problem["type"] in ("missing", "extra_forbidden") else f", came {_short(problem['input'])}"
            what = "unknown to this version" if problem["type"] == "extra_forbidden" else problem["msg"].lower()
            lost.append(f"{where}: {where_in}: {what}{came}; {left_out} is left out")


def _as_run(document: dict[str, Any]) -> dict[str, Any]:
    """A document of --json, which is one part alone, as a run; in schema 1 a check did not say that it is one."""
    kind = document.get("kind", "check" if "runners" in document or "cases" in document else "run")
    if kind not in PARTS:
        return document
    shared = {key: document[key] for key in ("gradparity", "command", "machine") if key in document}
    return {**shared, kind: {**document, "kind": kind}}


def _leave_out(document: Any, location: tuple[int | str, ...], unknown: bool) -> tuple[str, str]:
    """Take out what is damaged: an unknown field, else the smallest record of a list that holds it, else the field.

    Where it was, and what has been taken out.
    """
    steps: list[tuple[Any, Any]] = []  # each container on the way, and the key into it
    at = document
    for key in location:
        inside = (isinstance(at, dict) and key in at) or (isinstance(at, list) and isinstance(key, int))
        if not inside:
            break
        steps.append((at, key))
        at = at[key]
    path = ".".join(str(key) for _, key in steps)
    missing = ".".join(str(key) for key in location[len(steps) :])
    where = ".".join(part for part in (path, missing) if part)
    if unknown:
        container, key = steps[-1]
        del container[key]
        return where, f"{key}"
    records = [i for i, (holder, key) in enumerate(steps) if isinstance(holder, list) and isinstance(holder[key], dict)]
    depth = records[-1] if records else len(steps) - 1
    container, key = steps[depth]
    del container[key]
    return where, ".".join(str(key) for _, key in steps[: depth + 1])


def _short(value: Any) -> str:
    return f"{value!r:.60}"
