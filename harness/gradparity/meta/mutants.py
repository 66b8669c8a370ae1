"""Would the checker notice? Ports with one line made wrong, as real porting bugs made it; each must be found and named.

A port's mutants.toml lists them: a file, the text in it, and the text that replaces it. So a mutant is real code of the
port's own language, and a list of them reads as a list of diffs. It must be killed (no verdict of agreement) and its
bug named as listed. Equivalent mutants change the code and not what it computes: these must survive, or their
reason is wrong.

A mutant whose numbers fit no known bug must be killed, and be given no name: its bug is "unnamed". One that shows in
few cases says which: they are checked beside those that were chosen.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from time import perf_counter

import gradparity_reference
from pydantic import BaseModel, ConfigDict, ValidationError

from ..arithmetic.verdicts import Verdict
from ..cases import CaseSpec
from ..check.findings import changed_arguments, findings, names
from ..check.options import Options
from ..check.records import CheckResult
from ..check.run import run_check
from ..check.wording import first_divergence
from ..diagnosis.bugs import KNOWN
from ..errors import UsageError, first_problem
from ..ports.build import StepFailed, ensure_built
from ..ports.building import build_ports
from ..ports.info import State
from ..ports.manifest import Port, Runner, read_port
from ..suite import select_cases

GALLERY = "mutants.toml"
COULD_NOT_RUN = "could not run"
UNNAMED = "unnamed"
MUTATED = "argument mutated"
NAMES = {one.name for one in KNOWN} | {COULD_NOT_RUN, UNNAMED}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mutant(_Table):
    """One change of one file; the hypothesis that must name it, or why it is equivalent: it changes no result.

    ``cases`` are those of the suite that show it, as ``--case`` takes them, where few do.
    """

    name: str
    file: str
    old: str
    new: str
    bug: str = ""
    equivalent: str = ""
    cases: tuple[str, ...] = ()


class Gallery(_Table):
    """mutants.toml. ``reference`` copies the reference's sources beside the port, to be mutated too.

    ``serial`` checks one mutant after the other, as they share something outside; ``not_applicable`` are bugs that the
    port cannot have, and why.
    """

    reference: bool = False
    serial: bool = False
    not_applicable: dict[str, str] = {}
    mutant: list[Mutant]


class MutantResult(_Table):
    """What the checker made of a mutant; ``named`` are the known bugs of its findings, the first first."""

    port: str
    mutant: Mutant
    killed: bool
    named: list[str] = []
    where: str = ""
    seconds: float = 0.0
    trouble: str = ""

    @property
    def right(self) -> bool:
        """Killed and named first as it should be; or, where it changes nothing, survived."""
        if self.trouble:
            return False
        return not self.killed if self.mutant.equivalent else self.killed and self.named[:1] == [self.mutant.bug]


def read_gallery(port: Port) -> Gallery | None:
    """The port's mutants; None where it lists none. Raises UsageError."""
    path = port.folder / GALLERY
    if not path.is_file():
        return None
    try:
        gallery = Gallery.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error)}") from None
    for mutant in gallery.mutant:
        if bool(mutant.bug) == bool(mutant.equivalent) or (mutant.bug and mutant.bug not in NAMES):
            known = ", ".join(sorted(NAMES))
            raise UsageError(f"{path}: {mutant.name}: expected a bug of {known}; or the reason why it is equivalent")
    return gallery


def run_mutants(
    runners: list[Runner],
    pattern: str,
    specs: dict[str, CaseSpec],
    options: Options,
    progress: Callable[[MutantResult], None],
) -> list[MutantResult]:
    """Check every mutant whose name matches, through these runners. ``progress`` hears of each outcome."""
    with tempfile.TemporaryDirectory(prefix="gradparity-") as folder:
        queues: list[list[tuple[_Workshop, Mutant]]] = []  # what is in one queue is done one after the other
        for number, runner in enumerate(runners):
            gallery = read_gallery(runner.port)
            if gallery:
                workshop = _Workshop(runner, gallery, Path(folder, str(number)))
                jobs = [(workshop, mutant) for mutant in gallery.mutant if fnmatchcase(mutant.name, pattern)]
                queues += [jobs] if workshop.serial else [[job] for job in jobs]

        build_ports(workshop.runner for queue in queues for workshop, _ in queue)  # the copies begin with that

        def work(queue: list[tuple[_Workshop, Mutant]]) -> list[MutantResult]:
            outcomes = []
            for workshop, mutant in queue:
                outcomes.append(workshop.check(mutant, specs, options))
                progress(outcomes[-1])
            return outcomes

        longest_first = sorted(queues, key=len, reverse=True)
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            done = {
                id(queue): outcomes
                for queue, outcomes in zip(longest_first, pool.map(work, longest_first), strict=True)
            }
        return [outcome for queue in queues for outcome in done[id(queue)]]


class _Workshop:
    """Makes mutated copies of a port: one a mutant, or, where a build is to be used again, one after the other."""

    def __init__(self, runner: Runner, gallery: Gallery, folder: Path) -> None:
        self.runner, self.gallery, self.folder = runner, gallery, folder
        self.serial = runner.port.manifest.build is not None or gallery.serial
        self.numbers = count()

    def check(self, mutant: Mutant, specs: dict[str, CaseSpec], options: Options) -> MutantResult:
        """Make the mutant, check it, and leave the folder as it was."""
        label = self.runner.label
        folder = self._copy()
        path = folder / mutant.file
        original = path.read_text(encoding="utf-8") if path.is_file() else ""
        if original.count(mutant.old) != 1:
            trouble = f"expected the old text once in {mutant.file}, found it {original.count(mutant.old)} times"
            return MutantResult(port=label, mutant=mutant, killed=False, trouble=trouble)
        path.write_text(original.replace(mutant.old, mutant.new), encoding="utf-8")
        try:
            port = read_port(folder)
            ensure_built(port)
            began = perf_counter()
            runner = replace(self.runner, port=port, option=label)
            specs = specs | (select_cases(mutant.cases) if mutant.cases else {})
            infos, cases, _ = run_check([runner], specs, [0], options, lambda _: None)
            result = CheckResult(runners=infos, cases=cases)
            return self._outcome(mutant, result, perf_counter() - began)
        except StepFailed as failure:
            return MutantResult(port=label, mutant=mutant, killed=False, trouble=f"{failure}: {failure.output}")
        finally:
            path.write_text(original, encoding="utf-8")

    def _outcome(self, mutant: Mutant, result: CheckResult, seconds: float) -> MutantResult:
        [info] = result.runners
        label = self.runner.label
        if info.state is State.NOT_AVAILABLE:
            return MutantResult(port=label, mutant=mutant, killed=False, trouble=f"not available: {info.reason}")
        found = findings(result)
        told, changed = [one for one in found if one.shown], changed_arguments(found)
        named = list(dict.fromkeys([*names(told), *([MUTATED] if changed else [])]))
        where = "; ".join([*(first_divergence(one.shown.diagnosis) for one in told if one.shown), *changed[:1]])
        crashed = info.state is State.FAILED or any(case.verdict is Verdict.COULD_NOT_RUN for case in result.cases)
        if not told and crashed:
            named, where = [COULD_NOT_RUN], _last_word(result)
        elif told and not named:
            named = [UNNAMED]
        killed = result.exit_code != 0 or any(one.verdict.noted for one in found)
        return MutantResult(port=label, mutant=mutant, killed=killed, named=named, where=where, seconds=seconds)

    def _copy(self) -> Path:
        """A fresh copy of the port, or the one whose build is used again."""
        folder = self.folder if self.serial else self.folder / str(next(self.numbers))
        if not folder.exists():
            shutil.copytree(self.runner.port.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
            if self.gallery.reference:
                reference = Path(gradparity_reference.__file__).parent
                shutil.copytree(reference, folder / reference.name, ignore=shutil.ignore_patterns("__pycache__"))
        return folder


def _last_word(result: CheckResult) -> str:
    """What the port said of itself where it did not run."""
    for case in result.cases:
        for cell in case.cells:
            if cell.verdict is Verdict.COULD_NOT_RUN:
                return cell.detail
    return result.runners[0].reason
