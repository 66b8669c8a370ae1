"""Reading a record: what is damaged is left out, and said, and everything else stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from ..errors import UsageError
from ..parts import join_all
from ..ports.info import RunnerInfo, State
from ..version import SCHEMA
from .damage import PARTS, leave_out, short
from .older import as_run
from .run import RECORD, Run

MOST_SAID = 20


@dataclass
class Recorded:
    """A run as it was read, and in words what of its record was not."""

    path: Path
    run: Run
    lost: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The run's; 3 for 0 where something was lost, as that may have been a disagreement."""
        return self.run.exit_code or (3 if self.lost else 0)


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
    lost: list[str] = []
    found = [_run(where, document, path, lost) for where, document in _documents(data, lost)]
    parts = [part for part in found if part is not None]
    if not parts:
        raise UsageError(f"{path}: nothing in it can be read: {'; '.join(lost[:3]) or 'it is empty'}")
    run = _complete(join_all([Run(gradparity="unknown"), *parts]))
    return Recorded(path, run, lost[:MOST_SAID] + [f"and {len(lost) - MOST_SAID} more"] * (len(lost) > MOST_SAID))


def _documents(data: bytes, lost: list[str]) -> Iterator[tuple[str, Any]]:
    """The JSON documents: the whole file, where it is one, or one a line."""
    lines = data.split(b"\n")
    if lines[0].strip() == b"{" and not any(line.startswith(b"{") for line in lines[1:]):  # of --json, indented
        lines = [data]
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield f"line {number}", from_json(line)  # unlike json, it refuses text that is no Unicode
        except ValueError as error:
            cut = number == len(lines)  # without its end
            lost.append(f"line {number}: {'cut off' if cut else f'not JSON ({error})'}; what it said is left out")


def _run(where: str, document: Any, path: Path, lost: list[str]) -> Run | None:
    """The part of the run that a document is, without what is damaged in it; None where nothing is left."""
    if not isinstance(document, dict):
        lost.append(f"{where}: expected an object, came {short(document)}; it is left out")
        return None
    version = document.get("schema_version", SCHEMA)
    if type(version) is not int or not 1 <= version <= SCHEMA:
        raise UsageError(
            f"{path}: the record is of schema {short(version)}, and this gradparity reads 1 to {SCHEMA}: "
            "install the gradparity that wrote it, or a newer one"
        )
    document = as_run(document, version)
    if not document or {} in (document.get(part) for part in PARTS):
        lost.append(f"{where}: something is missing, as it says nothing")
    while document:
        try:
            return Run.model_validate(document)
        except ValidationError as error:
            lost += [f"{where}: {line}" for line in leave_out(document, error.errors(include_url=False))]
    return None


def _complete(run: Run) -> Run:
    """What a part does not say holds as for the whole run, and whoever has results is named."""
    told: dict[str, Any] = {}
    for part in run.parts:
        update: dict[str, Any] = {}
        if "gradparity" not in part.model_fields_set:
            update["gradparity"] = run.gradparity
        if part.kind == "check":
            update["runners"] = _named(part.runners, [case.runner for case in part.cases])
        if part.kind == "train":
            labels = [*(one.runner for one in part.results), *(one.runner for one in part.updates)]
            update["runners"] = _named(part.runners, labels)
            known = {recipe.name for recipe in part.recipes}
            unknown = dict.fromkeys(one.recipe for one in part.results if one.recipe not in known)
            notes = [
                f"what the recipe {name} was is not in the record: only its verdicts are shown" for name in unknown
            ]
            update["notes"] = [*part.notes, *notes]
        told[part.kind] = part.model_copy(update=update)
    return run.model_copy(update=told)


def _named(runners: list[RunnerInfo], labels: list[str]) -> list[RunnerInfo]:
    """The runners, and those of whom nothing but their results is left."""
    known = {info.runner for info in runners}
    absent = dict.fromkeys(label for label in labels if label not in known)
    bare = [RunnerInfo(runner=one, port=one.partition(":")[0], language="", state=State.READY) for one in absent]
    return [*runners, *bare]
